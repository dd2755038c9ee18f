"""What the check makes of samples whose levels are known."""

import math
import random
from array import array

import pytest

from recorder.check import levels

RATE = 48_000


def sine(dbfs: float, hertz: float = 440.0, length_s: float = 1.0, offset: int = 0, limit: int = 32767) -> "array[int]":
    """Its mean power is `dbfs`; cut off at ± `limit`."""
    amplitude = 32768 * math.sqrt(2) * 10 ** (dbfs / 20)
    turns = (math.sin(2 * math.pi * hertz * at / RATE) for at in range(round(RATE * length_s)))
    return array("h", (max(-limit - 1, min(limit, round(amplitude * turn) + offset)) for turn in turns))


def noise(dbfs: float, length_s: float = 5.0, seed: int = 1) -> "array[int]":
    chance, spread = random.Random(seed), 32768 * 10 ** (dbfs / 20)
    return array("h", (round(chance.gauss(0, spread)) for _ in range(round(RATE * length_s))))


@pytest.mark.parametrize("dbfs", [-70.0, -40.0, -12.0])
def test_a_level_is_the_mean_power_against_full_scale(dbfs: float) -> None:
    assert levels.measure(sine(dbfs), RATE).median_dbfs == pytest.approx(dbfs, abs=0.1)


def test_a_constant_offset_is_no_noise() -> None:
    assert levels.measure(sine(-60.0, offset=5000), RATE).median_dbfs == pytest.approx(-60.0, abs=0.1)


def test_a_slam_of_a_second_does_not_change_the_noise_of_five() -> None:
    calm = noise(-60.0)
    slammed = calm[: 2 * RATE] + noise(-20.0, 1.0) + calm[3 * RATE :]

    assert levels.measure(slammed, RATE).median_dbfs == pytest.approx(-60.0, abs=0.2)


def test_speech_is_told_from_noise_of_the_same_strength_everywhere() -> None:
    quiet, same = levels.measure(noise(-50.0), RATE), levels.measure(noise(-50.0, seed=2), RATE)

    assert not levels.speech(same, quiet).heard


def test_half_a_second_of_sound_in_five_is_enough_to_be_heard() -> None:
    quiet = noise(-60.0)
    phrase = quiet[: 2 * RATE] + sine(-30.0, length_s=0.6) + quiet[round(2.6 * RATE) :]

    said = levels.speech(levels.measure(phrase, RATE), levels.measure(quiet, RATE))

    assert said.heard
    assert said.snr_db == pytest.approx(30.0 - levels.SPEECH_CREST_DB, abs=0.5)


def test_samples_that_are_all_alike_are_a_dead_microphone_and_a_single_bit_of_noise_is_not() -> None:
    dead, alive = array("h", [7] * RATE), array("h", [0, 1] * (RATE // 2))

    assert levels.measure(dead, RATE).flat
    assert levels.measure(dead, RATE).median_dbfs == levels.SILENCE_DBFS
    assert not levels.measure(alive, RATE).flat


@pytest.mark.parametrize("dbfs", [-3.2, -10.0])
@pytest.mark.parametrize("hertz", [50.0, 440.0, 3000.0])
def test_a_loud_sine_that_fits_is_not_overloaded(dbfs: float, hertz: float) -> None:
    assert levels.measure(sine(dbfs, hertz), RATE).clippings == 0


@pytest.mark.parametrize("hertz", [50.0, 440.0, 3000.0])
def test_a_sine_cut_off_at_full_scale_is_overloaded_twice_a_turn(hertz: float) -> None:
    measured = levels.measure(sine(0.0, hertz), RATE)

    assert measured.clippings == pytest.approx(2 * hertz, rel=0.05)
    assert measured.peak_dbfs == pytest.approx(0.0, abs=0.01)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        levels.measure(array("h", [1] * 100), RATE)
