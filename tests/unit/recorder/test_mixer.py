"""The capture volume out of what amixer prints for microphones that are sold for the Pi."""

import pytest

from recorder.microphone import mixer
from recorder.microphone.mixer import Gain

USB_PNP = """\
Simple mixer control 'Speaker',0
  Capabilities: pvolume pswitch pswitch-joined
  Playback channels: Front Left - Front Right
  Limits: Playback 0 - 37
  Front Left: Playback 37 [100%] [0.00dB] [on]
  Front Right: Playback 37 [100%] [0.00dB] [on]
Simple mixer control 'Mic',0
  Capabilities: pvolume pvolume-joined cvolume cvolume-joined pswitch pswitch-joined cswitch cswitch-joined
  Playback channels: Mono
  Capture channels: Mono
  Limits: Playback 0 - 31 Capture 0 - 35
  Mono: Playback 23 [74%] [0.00dB] [off] Capture 35 [100%] [23.00dB] [on]
Simple mixer control 'Auto Gain Control',0
  Capabilities: pswitch pswitch-joined
  Playback channels: Mono
  Mono: Playback [on]
"""
BOUNDARY_MICROPHONE = """\
Simple mixer control 'Mic',0
  Capabilities: cvolume cvolume-joined cswitch cswitch-joined
  Capture channels: Mono
  Limits: Capture 0 - 100
  Mono: Capture 3 [3%] [off]
"""
HAT = """\
Simple mixer control 'Line Boost',0
  Capabilities: cvolume
  Capture channels: Front Left - Front Right
  Limits: Capture 0 - 3
  Front Left: Capture 0 [0%] [0.00dB]
  Front Right: Capture 0 [0%] [0.00dB]
Simple mixer control 'Capture',0
  Capabilities: cvolume cswitch
  Capture channels: Front Left - Front Right
  Limits: Capture 0 - 63
  Front Left: Capture 39 [62%] [-1.50dB] [on]
  Front Right: Capture 39 [62%] [-1.50dB] [on]
"""
HDMI = """\
Simple mixer control 'PCM',0
  Capabilities: pvolume pvolume-joined
  Playback channels: Mono
  Limits: Playback 0 - 255
  Mono: Playback 255 [100%] [0.00dB]
"""


@pytest.mark.parametrize(
    ("printed", "gain", "automatic"),
    [
        (USB_PNP, Gain("Mic", 100, 23.0, True), True),
        (USB_PNP.replace("Playback [on]", "Playback [off]"), Gain("Mic", 100, 23.0, True), False),
        (BOUNDARY_MICROPHONE, Gain("Mic", 3, None, False), False),
        (HAT, Gain("Capture", 62, -1.5, True), False),
        (HDMI, None, False),
        ("", None, False),
    ],
)
def test_the_microphones_own_volume_is_found(printed: str, gain: Gain | None, automatic: bool) -> None:
    assert mixer.parse(printed) == mixer.Mixer(gain, automatic)
