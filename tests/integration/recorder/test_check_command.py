"""`recorder-agent check` as the installer sees it: a line per step, a remedy under each failure, 0 or 1 at the end."""

import io
import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import sound_cards
from alsa_microphone import AlsaMicrophone
from check_bench import settings

from recorder.check import report, run_check
from recorder.check.result import Step
from recorder.ledger.ledger import Ledger
from recorder.microphone import microphone
from recorder.timing.clock import SystemClock

RATE = 48_000
Heard = Callable[[np.ndarray], None]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "BEAT_S", 0.0)


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Heard:
    """Lets the PCM `mic` hear these samples, whenever it is opened."""
    sound, rc = tmp_path / "heard.raw", tmp_path / "asoundrc"
    rc.write_text(f'pcm.mic {{ type file slave.pcm {{ type null }} file /dev/null infile "{sound}" format raw }}\n')
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"/usr/share/alsa/alsa.conf:{rc}")
    return lambda samples: sound.write_bytes(samples.astype("<i2").tobytes()) and None


def check(folder: Path, language: str = "en", *, root: Path = Path("/"), **given: object) -> tuple[int, str]:
    """→ exit status and what was printed."""
    options = {name: given.pop(name) for name in ("as_json", "yes", "prompts", "offline") if name in given}
    out = io.StringIO()
    lang = "ru" if language == "ru" else "en"
    code = run_check(settings(folder, **given), lang=lang, out=out, root=root, **{"offline": True, **options})
    return code, out.getvalue()


def remedy(text: str, line: str) -> str:
    """Of the line that contains `line`."""
    lines = text.splitlines()
    (at,) = (number for number, one in enumerate(lines) if line in one)
    assert lines[at].startswith("✗")
    assert lines[at + 1].startswith("  → ")
    return lines[at + 1]


@pytest.mark.parametrize(
    ("language", "line", "mend"),
    [
        ("en", "there is no sound card at all", "plug the USB microphone in"),
        ("ru", "звуковых карт нет вообще", "подключите USB-микрофон"),
    ],
)
def test_no_card(tmp_path: Path, language: str, line: str, mend: str) -> None:
    code, text = check(tmp_path, language, root=tmp_path)

    assert code == 1
    assert mend in remedy(text, line)


@pytest.mark.parametrize(
    ("language", "line", "mend"),
    [
        ("en", "no sound card can record", "HDMI and the headphone socket only play"),
        ("ru", "ни одна звуковая карта не умеет записывать", "HDMI и гнездо наушников только воспроизводят"),
    ],
)
def test_only_outputs(tmp_path: Path, language: str, line: str, mend: str) -> None:
    sound_cards.write(tmp_path / "proc", *sound_cards.PI_4)

    code, text = check(tmp_path, language, root=tmp_path)

    assert code == 1
    assert mend in remedy(text, line)


@pytest.mark.parametrize(
    ("language", "line", "mend"),
    [
        ("en", "pure silence", "unmute it in `alsamixer`"),
        ("ru", "чистую тишину", "снимите глушение в `alsamixer`"),
    ],
)
def test_silent_card(tmp_path: Path, heard: Heard, language: str, line: str, mend: str) -> None:
    heard(np.zeros(6 * RATE))

    code, text = check(tmp_path, language, audio_device="mic", yes=True)

    assert code == 1
    assert mend in remedy(text, line)
    assert text.count("✗") == 1, "what could not be measured is left out, not failed"


@pytest.mark.parametrize(
    ("language", "line", "mend"),
    [
        ("en", "speech is clipped", "lower the microphone's gain"),
        ("ru", "речь срезана", "убавьте усиление"),
    ],
)
def test_clipping(tmp_path: Path, heard: Heard, language: str, line: str, mend: str) -> None:
    turns = np.arange(6 * RATE) / RATE * 2 * np.pi
    heard(np.clip(np.sin(200 * turns) * np.sin(2 * turns) * 100_000, -32768, 32767))

    code, text = check(tmp_path, language, audio_device="mic", yes=True)

    assert code == 1
    assert mend in remedy(text, line)


@pytest.mark.parametrize(
    ("language", "holder", "line", "mend"),
    [
        ("en", ("arecord", None), "another program holds it: arecord (pid 812)", "sudo kill 812"),
        ("ru", ("arecord", None), "занят другой программой: arecord (pid 812)", "sudo kill 812"),
        ("en", ("darkice", "darkice.service"), "another service holds it", "systemctl disable --now darkice.service"),
        ("ru", ("darkice", "darkice.service"), "занят другой службой", "systemctl disable --now darkice.service"),
        ("en", ("pipewire", "user@1000.service"), "desktop's sound server", "Raspberry Pi OS Lite"),
        ("ru", ("pipewire", "user@1000.service"), "сервером рабочего стола", "Raspberry Pi OS Lite"),
    ],
)
def test_busy(tmp_path: Path, language: str, holder: tuple[str, str | None], line: str, mend: str) -> None:
    proc = sound_cards.write(tmp_path / "proc", *sound_cards.PI_4, sound_cards.usb())
    sound_cards.run_process(proc, 812, *holder)
    sound_cards.hold(proc, 3, 812)

    code, text = check(tmp_path, language, root=tmp_path)

    assert code == 1
    assert mend in remedy(text, line)


@pytest.mark.parametrize(
    ("language", "line"), [("en", "which one is hidden"), ("ru", "имя этому пользователю не видно")]
)
def test_busy_by_nobody_that_can_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, line: str
) -> None:
    with AlsaMicrophone(tmp_path, np.ones(RATE, np.int16)) as microphone:
        for name, value in microphone.env.items():
            monkeypatch.setenv(name, value)
        microphone.occupy()
        code, text = check(tmp_path, language, audio_device=microphone.pcm)

    assert code == 1
    assert "sudo" in remedy(text, line)


def test_nothing_wrong_ends_with_0_and_warnings_do_not_change_that(tmp_path: Path, heard: Heard) -> None:
    heard(np.random.default_rng(1).standard_normal(6 * RATE) * 20)

    code, text = check(tmp_path, audio_device="mic", timezone="Europe/Belgrade", max_spool_gb=100_000)

    assert code == 0
    assert "✗" not in text
    assert text.rstrip().splitlines()[-1].startswith("Works; better mend: Disk")


def test_json_is_a_list_of_every_step_and_the_prompts_go_elsewhere(tmp_path: Path, heard: Heard) -> None:
    heard(np.random.default_rng(1).standard_normal(6 * RATE) * 20)
    prompts = io.StringIO()

    code, text = check(
        tmp_path,
        "ru",
        audio_device="mic",
        as_json=True,
        yes=True,
        offline=False,
        prompts=prompts,
        ingest_base_url="http://127.0.0.1:9",
    )

    rows = json.loads(text)
    assert code == 1
    assert [row["step"] for row in rows] == [step.value for step in Step]
    assert {row["state"] for row in rows} <= {"ok", "warn", "fail", "skip"}
    assert all(row["message"] and row["title"] for row in rows)
    assert all(row["remedy"] for row in rows if row["state"] == "fail")
    assert "3… 2… 1…" in prompts.getvalue()
    assert "Встаньте у кассы" in prompts.getvalue()


def test_the_microphone_that_the_agent_used_last_is_the_one_checked(tmp_path: Path) -> None:
    spool, twins = tmp_path / "spool", (sound_cards.usb(), sound_cards.usb("Device_1", port="1.4"))
    spool.mkdir()
    swapped = (sound_cards.usb("Device", port="1.4"), sound_cards.usb("Device_1", port="1.3"))
    used = microphone.find("hw:0,0", proc=sound_cards.write(tmp_path / "before", *twins))
    with closing(Ledger(spool / "ledger.db", SystemClock())) as ledger:
        ledger.remember(microphone.MEMORY, used.memory)
    sound_cards.write(tmp_path / "proc", *swapped)

    _, text = check(spool, root=tmp_path, audio_device="hw:0,0")

    assert "plughw:CARD=Device_1,DEV=0" in text


def test_colours_are_for_terminals_only(tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    run_check(settings(tmp_path), offline=True, out=terminal, root=tmp_path)
    _, plain = check(tmp_path, root=tmp_path)

    assert "\033[31m✗\033[0m" in terminal.getvalue()
    assert "\033" not in plain
    bare = re.sub(r"\033\[\d+m", "", terminal.getvalue())
    assert bare.splitlines()[:2] == plain.splitlines()[:2]


def test_a_person_at_a_terminal_is_waited_for_before_each_recording() -> None:
    answers, out = io.StringIO("\n\n\n"), io.StringIO()
    stage = report.Stage(out, "en", present=True, waits=True, answers=answers)

    assert all(stage.cue(cue, 5.0) for cue in report.Cue)
    assert answers.read() == ""
    assert out.getvalue().count("Press Enter when ready.") == 3
    assert out.getvalue().count("3… 2… 1…") == 3
