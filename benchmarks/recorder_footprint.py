"""The recorder's capture: what telling the level each second costs ffmpeg, and what Python costs beside it.

    python benchmarks/recorder_footprint.py [--save] [--seconds 20]

The first part encodes four minutes of noise as fast as it goes, with and without the levels, by turns. The second
records a real ALSA microphone at real time in a process of its own. CPU time is user + system.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "integration" / "recorder")]

from alsa_microphone import AlsaMicrophone  # noqa: E402
from taping import RATE, agent, noise, processes_with, spec  # noqa: E402

from recorder.capture import ffmpeg  # noqa: E402

SOUND_S = 240
ROUNDS = 3


def main() -> int:
    """Prints two small tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--seconds", type=float, default=20, help="of recording at real time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = {**levels_cost(Path(folder)), **beside_ffmpeg(Path(folder), arguments.seconds)}
    for name, value in figures.items():
        print(f"{name:45} {value:10.3f}")
    if arguments.save:
        results = ROOT / "benchmarks" / "results" / "recorder_footprint.json"
        results.parent.mkdir(exist_ok=True)
        results.write_text(json.dumps({name: round(value, 3) for name, value in figures.items()}) + "\n")
    return 0


def levels_cost(folder: Path) -> dict[str, float]:
    """CPU time of encoding with the levels, by that without."""
    sound = folder / "sound.raw"
    sound.write_bytes(noise(SOUND_S).tobytes())
    with_s, without_s = [], []
    for _ in range(ROUNDS):
        with_s.append(encoding_cpu_s(sound, folder, has_levels=True))
        without_s.append(encoding_cpu_s(sound, folder, has_levels=False))
    return {
        "ffmpeg, CPU per second of sound, ms": statistics.median(with_s) * 1000 / SOUND_S,
        "ffmpeg with levels / without": statistics.median(with_s) / statistics.median(without_s),
    }


def encoding_cpu_s(sound: Path, folder: Path, *, has_levels: bool) -> float:
    """The recorder's own command, reading a file instead of the microphone."""
    levels_read, levels_write = os.pipe()
    list_read, list_write = os.pipe()
    words = ffmpeg.command(spec("microphone", 60), folder, levels_write, list_write)
    before, after = words[: words.index("-f")], words[words.index("-i") + 2 :]
    words = [*before, "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", str(sound), *after]
    if not has_levels:
        graph = words.index("-filter_complex") + 1
        words[graph] = words[graph].split(",asplit")[0] + "[sound]"
        words = words[: words.index("[levels]") - 1]
    began = os.times()
    # The levels of four minutes fit into a pipe's 64 KB.
    subprocess.run(words, pass_fds=(levels_write, list_write), check=True, stderr=subprocess.DEVNULL)
    ended = os.times()
    for descriptor in (levels_read, levels_write, list_read, list_write):
        os.close(descriptor)
    return ended.children_user - began.children_user + ended.children_system - began.children_system


def beside_ffmpeg(folder: Path, seconds: float) -> dict[str, float]:
    """What both processes take of one core while they record, and Python's memory."""
    recording = folder / "recording"
    with AlsaMicrophone(folder, noise(seconds + 30)) as microphone:
        process = agent(microphone, recording)
        while not microphone.heard:
            time.sleep(0.1)
        python, encoder = psutil.Process(process.pid), psutil.Process(processes_with(f"{recording}/")[0])
        before = {one.pid: sum(one.cpu_times()[:2]) for one in (python, encoder)}
        began = time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        python_s, encoder_s = (sum(one.cpu_times()[:2]) - before[one.pid] for one in (python, encoder))
        memory = python.memory_info().rss
        process.kill()
        process.wait()
    return {
        "Python, % of a core": python_s * 100 / passed,
        "ffmpeg, % of a core": encoder_s * 100 / passed,
        "Python / ffmpeg, CPU": python_s / encoder_s,
        "Python, MB of memory": memory / 1e6,
    }


if __name__ == "__main__":
    sys.exit(main())
