"""The right microphone is found, whatever else is plugged in and whatever number its card got at this boot."""

import subprocess
import sys
from pathlib import Path

import pytest
import sound_cards
from sound_cards import HAT, HDMI_0, HEADPHONES, LOOPBACK, PI_4, usb

from recorder.microphone import microphone
from recorder.microphone.microphone import MicrophoneBusy, NoMicrophone

LAVALIER = usb("Mic", "Lavalier Mic", "08bb:2902", "1.1")
WEBCAM = usb("C270", "HD Webcam C270", "046d:0825", "1.2")
TWIN = usb("Device_1", port="1.4")


@pytest.mark.parametrize(
    ("present", "pcm"),
    [
        ((*PI_4, usb()), "plughw:CARD=Device,DEV=0"),
        ((usb(), *PI_4), "plughw:CARD=Device,DEV=0"),
        ((HAT, HDMI_0, LAVALIER), "plughw:CARD=Mic,DEV=0"),
        ((HDMI_0, HAT), "plughw:CARD=sndrpigooglevoi,DEV=0"),
        ((LOOPBACK, HDMI_0, usb()), "plughw:CARD=Device,DEV=0"),
    ],
)
def test_the_usb_microphone_is_taken_before_any_other_and_outputs_never(
    tmp_path: Path, present: tuple[sound_cards.FakeCard, ...], pcm: str
) -> None:
    assert microphone.find(None, proc=sound_cards.write(tmp_path, *present)).pcm == pcm


@pytest.mark.parametrize("present", [(), PI_4, (LOOPBACK,)])
def test_without_a_microphone_the_error_lists_what_there_is(
    tmp_path: Path, present: tuple[sound_cards.FakeCard, ...]
) -> None:
    with pytest.raises(NoMicrophone) as caught:
        microphone.find("", proc=sound_cards.write(tmp_path, *present))

    assert [card.id for card in caught.value.present] == [card.id for card in present]
    assert all(card.id in str(caught.value) for card in present)


def test_a_machine_without_a_sound_system_has_no_microphone(tmp_path: Path) -> None:
    with pytest.raises(NoMicrophone, match="no microphone; sound cards: none"):
        microphone.find(None, proc=tmp_path)


def test_a_microphone_is_found_again_when_its_card_is_renumbered(tmp_path: Path) -> None:
    before = microphone.find(None, proc=sound_cards.write(tmp_path / "before", *PI_4, LAVALIER, WEBCAM))
    after = microphone.find(None, before.memory, proc=sound_cards.write(tmp_path / "after", WEBCAM, LAVALIER, *PI_4))

    assert (before.card_name, after.card_name) == ("Mic", "Mic")
    assert [card.id for card in after.others] == ["C270"]


def test_of_twins_whose_names_are_swapped_at_boot_the_one_in_the_same_socket_is_meant(tmp_path: Path) -> None:
    before = microphone.find(None, proc=sound_cards.write(tmp_path / "before", usb(port="1.3"), TWIN))
    swapped = (usb("Device", port="1.4"), usb("Device_1", port="1.3"))
    after = microphone.find(None, before.memory, proc=sound_cards.write(tmp_path / "after", *swapped))

    assert after.pcm == "plughw:CARD=Device_1,DEV=0"


def test_a_microphone_moved_to_another_socket_is_known_by_what_it_is(tmp_path: Path) -> None:
    before = microphone.find(None, proc=sound_cards.write(tmp_path / "before", LAVALIER, WEBCAM))
    moved = usb("Mic_1", "Lavalier Mic", "08bb:2902", "1.4")
    after = microphone.find(None, before.memory, proc=sound_cards.write(tmp_path / "after", WEBCAM, moved))

    assert after.card_name == "Mic_1"


def test_another_microphone_takes_the_place_of_one_that_is_gone(tmp_path: Path) -> None:
    before = microphone.find(None, proc=sound_cards.write(tmp_path / "before", *PI_4, LAVALIER))
    after = microphone.find(None, before.memory, proc=sound_cards.write(tmp_path / "after", *PI_4, usb()))

    assert after.card_name == "Device"


@pytest.mark.parametrize("setting", ["hw:1,0", "plughw:1,0", "hw:1", "hw:1,0,0", "hw:CARD=1,DEV=0"])
def test_a_card_set_by_number_is_the_one_that_had_it_when_it_was_first_found(tmp_path: Path, setting: str) -> None:
    before = microphone.find(setting, proc=sound_cards.write(tmp_path / "before", HDMI_0, LAVALIER, WEBCAM))
    after = microphone.find(
        setting, before.memory, proc=sound_cards.write(tmp_path / "after", HDMI_0, WEBCAM, LAVALIER)
    )

    assert before.pcm == after.pcm == "plughw:CARD=Mic,DEV=0"


def test_a_changed_setting_is_obeyed_whatever_is_remembered(tmp_path: Path) -> None:
    proc = sound_cards.write(tmp_path, HDMI_0, LAVALIER, WEBCAM)
    before = microphone.find("hw:1,0", proc=proc)

    assert microphone.find("hw:2,0", before.memory, proc=proc).card_name == "C270"


@pytest.mark.parametrize("setting", ["hw:CARD=C270,DEV=0", "plughw:C270,0", "hw:C270", "plughw:CARD=C270"])
def test_a_card_may_be_set_by_name(tmp_path: Path, setting: str) -> None:
    found = microphone.find(setting, proc=sound_cards.write(tmp_path, LAVALIER, WEBCAM))

    assert found.pcm == "plughw:CARD=C270,DEV=0"
    assert found.describe() == "HD Webcam C270 (plughw:CARD=C270,DEV=0)"


@pytest.mark.parametrize("setting", ["default", "shop_mic", "dsnoop:CARD=Device,DEV=0", "plug:'hw:1,0'"])
def test_any_other_pcm_is_used_as_it_is_set(tmp_path: Path, setting: str) -> None:
    found = microphone.find(setting, proc=sound_cards.write(tmp_path))

    assert (found.pcm, found.card) == (setting, None)


@pytest.mark.parametrize("setting", ["hw:1,0", "hw:9,0", "hw:CARD=Absent", "hw:CARD=Device,DEV=5"])
def test_a_set_card_that_is_absent_or_only_plays_is_no_microphone(tmp_path: Path, setting: str) -> None:
    with pytest.raises(NoMicrophone) as caught:
        microphone.find(setting, proc=sound_cards.write(tmp_path, usb(), HEADPHONES))

    assert caught.value.wanted == setting


@pytest.mark.parametrize("memory", ["Mic", "[]", "{", '{"setting": null}', '{"setting": null, "id": null}'])
def test_a_bare_card_name_is_a_memory_too_and_nonsense_is_none(tmp_path: Path, memory: str) -> None:
    found = microphone.find(None, memory, proc=sound_cards.write(tmp_path, WEBCAM, LAVALIER))

    assert found.card_name == ("Mic" if memory == "Mic" else "C270")


def test_a_busy_microphone_names_the_program_by_its_thread_and_its_unit(tmp_path: Path) -> None:
    proc = sound_cards.write(tmp_path, HDMI_0, usb())
    sound_cards.run_process(proc, 812, "ffmpeg", "recorder-agent.service", threads=(815,))
    sound_cards.hold(proc, 1, 815)

    with pytest.raises(MicrophoneBusy, match=r"held by ffmpeg \(pid 812\)") as caught:
        microphone.find_free(None, proc=proc)

    assert caught.value.holder
    assert caught.value.holder.is_our_service


def test_a_program_that_the_system_hides_is_still_named_by_its_number(tmp_path: Path) -> None:
    proc = sound_cards.write(tmp_path, usb())
    sound_cards.hold(proc, 0, 4711)

    assert str(microphone.holder(microphone.find(None, proc=proc), proc=proc)) == "? (pid 4711)"


def test_a_free_microphone_is_found_and_has_no_holder(tmp_path: Path) -> None:
    found = microphone.find_free(None, proc=sound_cards.write(tmp_path, usb()))

    assert microphone.holder(found, proc=tmp_path) is None


def test_a_real_process_that_has_the_device_open_is_named(tmp_path: Path) -> None:
    device = tmp_path / "dev" / "pcmC0D0c"
    device.parent.mkdir()
    device.touch()
    code = "import sys; held = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    found = microphone.find(None, proc=sound_cards.write(tmp_path / "proc", usb()))
    command = [sys.executable, "-c", code, str(device)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        holder = microphone.holder(found, proc=Path("/proc"), dev=device.parent)
        process.communicate()

    assert holder
    assert holder.pid == process.pid
    assert holder.name
    assert holder.name.startswith("python")
