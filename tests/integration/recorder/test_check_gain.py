"""What the check says of the volume after what it heard, with an amixer that says what such cards say."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import sound_cards
from check_bench import context_in, printed, run_steps

from recorder.check.context import Context
from recorder.check.levels import Levels
from recorder.check.result import Result, State, Step
from recorder.microphone import microphone

MIC = """Simple mixer control 'Mic',0
  Capabilities: cvolume cvolume-joined cswitch cswitch-joined
  Capture channels: Mono
  Limits: Capture 0 - 35
  Mono: Capture {value} [{percent}%] [{db}dB] [{switch}]
"""
CALM = Levels(length_s=5, median_dbfs=-60, loud_dbfs=-30, spread_db=20, peak_dbfs=-12, clippings=0, flat=False)
CLIPPED = Levels(length_s=5, median_dbfs=-40, loud_dbfs=-5, spread_db=20, peak_dbfs=0, clippings=400, flat=False)
Install = Callable[[str], Context]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts an amixer in the path that prints this, and a USB microphone in the Pi."""

    def make(contents: str) -> Context:
        program = tmp_path / "bin/amixer"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n[ \"$1 $2 $3\" = '-c Device scontents' ] || exit 1\ncat <<'E'\n{contents}E\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        proc = sound_cards.write(tmp_path / "proc", *sound_cards.PI_4, sound_cards.usb())
        context = context_in(tmp_path, root=tmp_path)
        context.microphone = microphone.find(None, proc=proc)
        context.recordings = {Step.QUIET: CALM, Step.TILL: CALM}
        return context

    return make


def gain(context: Context) -> Result:
    return run_steps(context, Step.GAIN)[Step.GAIN]


def test_a_volume_that_suits_is_left_alone(install: Install) -> None:
    result = gain(install(MIC.format(value=20, percent=57, db="8.00", switch="on")))

    assert (result.state, result.values["percent"]) == (State.OK, 57)


@pytest.mark.parametrize(("db", "change"), [("23.00", "6dB-"), ("none", "10%-")])
def test_after_an_overload_it_says_how_to_lower_the_volume_and_keep_it(install: Install, db: str, change: str) -> None:
    printed_by_card = MIC.format(value=35, percent=100, db=db, switch="on").replace(" [nonedB]", "")
    context = install(printed_by_card)
    context.recordings[Step.TILL] = CLIPPED

    result = gain(context)

    assert result.state is State.WARN
    for language, title in (("en", "! Gain"), ("ru", "! Усиление")):
        assert f"amixer -c Device sset 'Mic' {change}" in printed([result], language)[title]
        assert "sudo alsactl store" in printed([result], language)[title]


def test_after_faint_speech_it_says_how_to_raise_the_volume(install: Install) -> None:
    context = install(MIC.format(value=10, percent=29, db="-2.00", switch="on"))
    context.faintest_dbfs = -52.0

    assert "sset 'Mic' 6dB+" in printed([gain(context)], "en")["! Gain"]


def test_faint_speech_at_full_volume_is_a_matter_of_distance(install: Install) -> None:
    context = install(MIC.format(value=35, percent=100, db="23.00", switch="on"))
    context.faintest_dbfs = -52.0

    assert gain(context).state is State.OK


def test_a_microphone_that_is_switched_off_fails(install: Install) -> None:
    result = gain(install(MIC.format(value=20, percent=57, db="8.00", switch="off")))

    assert result.state is State.FAIL
    assert "sset 'Mic' cap" in printed([result], "ru")["✗ Усиление"]


def test_a_microphone_without_volume_or_a_card_without_mixer_is_no_fault(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = install("")
    fixed = gain(context)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (fixed.state, fixed.key) == (State.OK, "fixed")
    assert (gain(context).state, gain(context).key) == (State.SKIP, "no_mixer")
