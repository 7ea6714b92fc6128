"""Which device a name means, on lists as PortAudio gives them."""

import pytest

from ddsp_pi.engine.devices import APIS, Device, MissingDeviceError, card_numbers, choose, listed
from ddsp_pi.errors import ConfigError

RACK = [
    Device(0, "bcm2835 Headphones: - (hw:0,0)", "ALSA", 8, 0, 44_100.0),
    Device(1, "snd_rpi_wsp: WM5102 AiFi wm5102-aif1-0 (hw:1,0)", "ALSA", 2, 2, 44_100.0),
    Device(2, "snd_rpi_wsp: HDMI (hw:1,3)", "ALSA", 2, 0, 44_100.0),
    Device(3, "USB Audio: Microphone (hw:2,0)", "ALSA", 0, 1, 44_100.0),
    Device(4, "sysdefault", "ALSA", 128, 0, 48_000.0),
    Device(5, "default", "ALSA", 128, 0, 48_000.0, default=True),
    Device(6, "system", "JACK Audio Connection Kit", 2, 2, 48_000.0, default=True),
    Device(7, "default system", "JACK Audio Connection Kit", 2, 2, 48_000.0),
]
CARDS = {"Headphones": 0, "sndrpiwsp": 1, "Device": 2}


def chosen(wanted, backend="alsa", inputs=False):
    return choose(RACK, wanted, backend, inputs, CARDS).index


@pytest.mark.parametrize(
    ("wanted", "index"),
    {
        "sndrpiwsp": 1,
        "hw:CARD=sndrpiwsp": 1,
        "hw:CARD=sndrpiwsp,DEV=0": 1,
        "hw:CARD=sndrpiwsp,DEV=3": 2,
        "plughw:CARD=sndrpiwsp": 1,
        "hw:sndrpiwsp": 1,
        "hw:1,3": 2,
        "hw:1": 1,
        "Headphones": 0,
        "wm5102": 1,
        "bcm2835": 0,
        "default": 5,
        "DEFAULT": 5,
        "sysd": 4,
        2: 2,
        None: 5,
    }.items(),
)
def test_a_device_is_found(wanted, index):
    assert chosen(wanted) == index


def test_an_ambiguous_name_is_refused_with_what_it_may_be():
    with pytest.raises(ConfigError) as refusal:
        chosen("snd_rpi_wsp")
    assert "1 'snd_rpi_wsp: WM5102 AiFi wm5102-aif1-0 (hw:1,0)' (ALSA), 2 'snd_rpi_wsp: HDMI" in str(
        refusal.value
    )


@pytest.mark.parametrize(
    ("backend", "wanted", "index"),
    [("jack", None, 6), ("jack", "system", 6), ("portaudio", "system", 6), ("portaudio", None, 5)],
)
def test_a_backend_is_an_interface(backend, wanted, index):
    assert chosen(wanted, backend) == index


@pytest.mark.parametrize("wanted", ["theremin", "hw:CARD=theremin", "hw:7", "system", "USB Audio", 6, 99])
def test_what_is_not_there_yet_is_worth_waiting_for(wanted):
    with pytest.raises(MissingDeviceError) as missing:
        chosen(wanted)
    assert repr(wanted) in str(missing.value)
    assert "'sysdefault' (ALSA)" in str(missing.value)


def test_who_listens_needs_inputs():
    assert chosen(None, "jack", inputs=True) == 6
    assert chosen("sndrpiwsp", inputs=True) == 1
    assert chosen("snd_rpi_wsp", inputs=True) == 1
    with pytest.raises(MissingDeviceError, match="outputs and inputs"):
        chosen("default", inputs=True)


def test_no_server_is_said():
    with pytest.raises(MissingDeviceError, match="no server is running"):
        choose(RACK[:6], None, "jack")


def test_the_same_card_at_two_interfaces_is_not_ambiguous():
    twice = [*RACK, Device(8, "snd_rpi_wsp: WM5102 AiFi (OSS)", "OSS", 2, 2, 48_000.0)]
    assert choose(twice, "WM5102", "portaudio").index == 1


def test_the_list_is_read_from_portaudio():
    rows = [
        {
            "name": "one",
            "hostapi": 0,
            "max_output_channels": 2,
            "max_input_channels": 0,
            "default_samplerate": 44_100.0,
        },
        {
            "name": "two",
            "hostapi": 1,
            "max_output_channels": 1,
            "max_input_channels": 4,
            "default_samplerate": 48_000.0,
        },
    ]
    apis = [{"name": "OSS", "default_output_device": -1}, {"name": "ALSA", "default_output_device": 1}]
    assert listed(rows, apis) == [
        Device(0, "one", "OSS", 2, 0, 44_100.0),
        Device(1, "two", "ALSA", 1, 4, 48_000.0, default=True),
    ]


def test_card_ids_are_read_as_the_kernel_writes_them(tmp_path, monkeypatch):
    cards = tmp_path / "cards"
    monkeypatch.setattr("ddsp_pi.engine.devices._CARDS", cards)
    assert card_numbers() == {}
    cards.write_text(
        " 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones\n"
        "                      bcm2835 Headphones\n"
        " 1 [sndrpiwsp      ]: RPi-WSP - snd_rpi_wsp\n"
        "                      snd_rpi_wsp [1 in]\n"
        "10 [Device         ]: USB-Audio - USB Audio Device\n"
    )
    assert card_numbers() == {"Headphones": 0, "sndrpiwsp": 1, "Device": 10}


def test_every_interface_is_a_backend():
    assert set(APIS) == {"portaudio", "jack", "alsa"}
