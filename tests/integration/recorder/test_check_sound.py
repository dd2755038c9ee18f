"""The microphone's steps on real ALSA devices: what is recorded is what the check judges."""

import subprocess
from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sound_cards
from alsa_microphone import AlsaMicrophone
from check_bench import Actor, context_in, printed, run_steps

from recorder.check import levels, sampling
from recorder.check.context import Cue
from recorder.check.result import State, Step
from recorder.check.sampling import CannotRecord, Why

RATE = 48_000
SOUND = (Step.MICROPHONE, Step.FREE, Step.QUIET, Step.TILL, Step.CUSTOMER, Step.CLIPPING, Step.GAIN)
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Shorts = np.ndarray[tuple[int], np.dtype[np.int16]]


def pink(count: int, seed: int) -> Floats:
    """Noise of mean power 1 that falls by 3 dB an octave, from 20 Hz on."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    shaped = np.where(hertz < 20, 0, spectrum / np.sqrt(np.maximum(hertz, 20)))
    noise = np.fft.irfft(shaped, count)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


@pytest.fixture(scope="module")
def speech(samples: Path) -> Floats:
    """Five seconds of real speech, mean power 1 while it sounds; its own faint noise between the words is cut out."""
    chunk = samples / "chunks/dev_en_20260302T091500Z.ogg"
    command = ["ffmpeg", "-v", "error", "-i", chunk, "-f", "s16le", "-ac", "1", "-ar", str(RATE), "-"]
    day = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, "<i2").astype(np.float64)
    part = max(
        (day[at : at + 5 * RATE] for at in range(0, len(day) - 5 * RATE, RATE)), key=lambda one: float(one.std())
    )
    frames = part.reshape(-1, RATE // 50)
    power = np.repeat(np.mean(frames**2, axis=1), RATE // 50)
    sounds = power > np.quantile(power, 0.97) / 10**2.0  # P.56 counts what is within 16 dB of the active level
    clean = np.where(sounds, part, 0.0)
    return np.asarray(clean / np.sqrt(np.mean(clean[sounds] ** 2)))


def shorts(sound: Floats) -> Shorts:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)


def level(dbfs: float) -> float:
    return float(10 ** (dbfs / 20))


@pytest.mark.parametrize("snr_db", [20, 12, 6])
@pytest.mark.parametrize("noise_dbfs", [-60, -40])
def test_real_speech_in_pink_noise_is_measured_to_two_decibels(speech: Floats, snr_db: int, noise_dbfs: int) -> None:
    quiet = shorts(pink(len(speech), 1) * level(noise_dbfs))
    phrase = shorts(pink(len(speech), 2) * level(noise_dbfs) + speech * level(noise_dbfs + snr_db))

    said = levels.speech(*(levels.measure(array("h", one.tobytes()), RATE) for one in (phrase, quiet)))

    assert said.snr_db == pytest.approx(snr_db, abs=2.0)
    assert said.level_dbfs == pytest.approx(noise_dbfs + snr_db, abs=2.0)


@pytest.fixture
def actor_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[Cue, Shorts]], Actor]:
    """A person whose doings are heard by the PCM `mic`: a file that stands for what sounds at each cue."""
    heard, rc = tmp_path / "heard.raw", tmp_path / "asoundrc"
    rc.write_text(
        f'pcm.mic {{ type file slave.pcm {{ type null }} file /dev/null infile "{heard}" format raw }}\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"/usr/share/alsa/alsa.conf:{rc}")
    heard.write_bytes(bytes(2 * RATE))

    def make(sounds: dict[Cue, Shorts]) -> Actor:
        click = shorts(np.full(round(sampling.SETTLING_S * RATE), 0.999))
        return Actor(lambda cue: heard.write_bytes(click.tobytes() + sounds[cue].tobytes()))

    return make


@pytest.mark.parametrize(
    ("till_db", "customer_db", "states"),
    [
        (25, 18, {Step.TILL: State.OK, Step.CUSTOMER: State.OK}),
        (20, 12, {Step.TILL: State.OK, Step.CUSTOMER: State.WARN}),
        (13, 6, {Step.TILL: State.WARN, Step.CUSTOMER: State.FAIL}),
    ],
)
def test_speech_passes_above_15_db_warns_above_10_and_fails_below(
    tmp_path: Path,
    speech: Floats,
    actor_at: Callable[[dict[Cue, Shorts]], Actor],
    till_db: int,
    customer_db: int,
    states: dict[Step, State],
) -> None:
    noise = -45
    sounds = {Cue.QUIET: shorts(pink(len(speech), 1) * level(noise))}
    for seed, (cue, snr_db) in enumerate(((Cue.TILL, till_db), (Cue.CUSTOMER, customer_db)), 2):
        sounds[cue] = shorts(pink(len(speech), seed) * level(noise) + speech * level(noise + snr_db))
    actor = actor_at(sounds)

    results = run_steps(context_in(tmp_path, actor, audio_device="mic"), *SOUND)

    assert actor.cues == [Cue.QUIET, Cue.TILL, Cue.CUSTOMER]
    assert {step: results[step].state for step in states} == states
    assert results[Step.QUIET].state is State.OK
    assert results[Step.QUIET].values["noise_dbfs"] == pytest.approx(noise, abs=1.0)
    assert results[Step.CLIPPING].state is State.OK, "the click of opening it is no overload"
    assert "dB over the noise" in "".join(printed([results[Step.TILL]], "en").values())
    assert "громче шума" in "".join(printed([results[Step.TILL]], "ru").values())


def test_a_phrase_that_nobody_said_fails_and_a_shop_that_was_not_quiet_is_named(
    tmp_path: Path, speech: Floats, actor_at: Callable[[dict[Cue, Shorts]], Actor]
) -> None:
    hum = shorts(pink(len(speech), 1) * level(-50))
    chatter = shorts(pink(len(speech), 1) * level(-60) + speech * level(-30))
    context = context_in(tmp_path, actor_at({Cue.QUIET: chatter, Cue.TILL: hum, Cue.CUSTOMER: hum}), audio_device="mic")

    results = run_steps(context, *SOUND)

    assert (results[Step.QUIET].state, results[Step.QUIET].key) == (State.WARN, "restless")
    assert (results[Step.TILL].state, results[Step.TILL].key) == (State.FAIL, "unheard")


def test_where_nobody_is_there_only_the_quiet_shop_is_recorded(
    tmp_path: Path, actor_at: Callable[[dict[Cue, Shorts]], Actor]
) -> None:
    actor_at({})
    hum = tmp_path / "heard.raw"
    hum.write_bytes(shorts(pink(2 * RATE, 1) * level(-60)).tobytes())

    results = run_steps(context_in(tmp_path, Actor(absent=True), audio_device="mic", listen_s=1.0), *SOUND)

    assert {results[step].key for step in (Step.TILL, Step.CUSTOMER)} == {"nobody"}
    assert State.FAIL not in {result.state for result in results.values()}


def test_a_microphone_that_opens_and_then_gives_nothing_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "PATIENCE_S", 1.0)
    with AlsaMicrophone(tmp_path, np.ones(RATE, np.int16)) as microphone:
        for name, value in microphone.env.items():
            monkeypatch.setenv(name, value)
        microphone.hang()
        results = run_steps(context_in(tmp_path, audio_device=microphone.pcm), Step.MICROPHONE, Step.FREE)

    assert (results[Step.FREE].state, results[Step.FREE].key) == (State.FAIL, "cannot_no_samples")


def test_without_arecord_the_remedy_is_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotRecord) as caught:
        sampling.record("default", RATE, 0.1)
    assert caught.value.why is Why.NO_ARECORD

    results = run_steps(context_in(tmp_path, audio_device="default"), Step.MICROPHONE, Step.FREE)
    assert "sudo apt install alsa-utils" in printed([results[Step.FREE]], "ru")["✗ Доступ к микрофону"]


def test_a_translated_system_does_not_hide_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    monkeypatch.setenv("LANGUAGE", "ru")
    with pytest.raises(CannotRecord, match="No such file or directory") as caught:
        sampling.record("no_such_pcm", RATE, 0.1)
    assert caught.value.why is Why.MISSING


def test_our_own_service_recording_is_well_but_leaves_nothing_to_measure(tmp_path: Path) -> None:
    proc = sound_cards.write(tmp_path / "proc", *sound_cards.PI_4, sound_cards.usb())
    sound_cards.run_process(proc, 812, "ffmpeg", "recorder-agent.service")
    sound_cards.hold(proc, 3, 812)

    results = run_steps(context_in(tmp_path, root=tmp_path), *SOUND)

    assert (results[Step.FREE].state, results[Step.FREE].key) == (State.OK, "ours")
    assert {results[step].state for step in SOUND[2:6]} == {State.SKIP}
    assert "systemctl stop recorder-agent" in printed([results[Step.FREE]], "en")["✓ Microphone access"]


def test_two_microphones_are_a_warning_that_says_how_to_choose(tmp_path: Path) -> None:
    sound_cards.write(
        tmp_path / "proc", sound_cards.usb(), sound_cards.usb("C270", "HD Webcam C270", "046d:0825", "1.2")
    )

    (result,) = run_steps(context_in(tmp_path, root=tmp_path), Step.MICROPHONE).values()

    assert result.state is State.WARN
    assert "audio_device: plughw:CARD=Device,DEV=0" in printed([result], "en")["! Microphone"]
