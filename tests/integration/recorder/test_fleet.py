"""A fleet of recorders after an outage of an hour, on a virtual clock: a fifth of what benchmarks/recorder_fleet.py
runs, against a server of a fifth of the speed."""

import pytest

from benchmarks.recorder_outage.model import Figures, Scene, simulate

SCENE = Scene(recorders=100, rate_per_s=22.2, in_flight=13)


@pytest.fixture(scope="module")
def figures() -> Figures:
    return simulate(SCENE)


def test_nothing_is_lost_and_nothing_is_stored_twice(figures: Figures) -> None:
    assert len(figures.cut_s) > 100 * 85
    assert (figures.lost, figures.doubled) == (0, 0)


def test_no_second_has_more_than_three_times_the_mean_of_requests(figures: Figures) -> None:
    assert sum(figures.busy.values()) > 0
    assert figures.peak_to_mean(SCENE)[0] <= 3.0


def test_live_audio_of_every_device_arrives_within_two_chunks(figures: Figures) -> None:
    assert figures.latest_device_s(SCENE) <= 2 * SCENE.chunk_s
    assert figures.latest_live_s(SCENE) <= 2 * SCENE.chunk_s


def test_the_backlog_drains_in_little_more_than_the_server_needs(figures: Figures) -> None:
    needed_s = SCENE.down_s / SCENE.chunk_s * SCENE.recorders / (SCENE.rate_per_s - SCENE.recorders / SCENE.chunk_s)
    assert figures.drained_s(SCENE) - SCENE.back_s <= 2 * needed_s
