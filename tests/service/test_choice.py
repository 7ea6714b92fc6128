"""What plays where the settings leave it open."""

import pytest
from msgspec.structs import replace

from ddsp_pi.config import load_config
from ddsp_pi.errors import BoardError, ConfigError
from ddsp_pi.rack.boards import AUTO
from ddsp_pi.service.choice import choose, choose_for_service
from tests.service.broken import without_codec_card, without_spi

CONFIG = load_config()


def configured(board="auto", **audio):
    rack = replace(CONFIG.rack, board=board)
    return replace(CONFIG, rack=rack, audio=replace(CONFIG.audio, **audio))


def test_the_board_at_hand_plays_on_its_own_card(pi):
    choice = choose(pi.host, CONFIG, simulated=False)
    assert choice[:3] == ("terminal-tedium-wm8731", False, "sndrpiproto")
    assert any("sndrpiproto" in reason for reason in choice.reasons)


def test_a_board_that_is_named_plays_on_its_card_too(pi):
    assert choose(pi.host, configured("terminal-tedium-wm8731"), False).device == "sndrpiproto"
    assert choose(pi.host, configured("breadboard"), False).device is None
    without_codec_card(pi)
    assert choose(pi.host, configured("terminal-tedium-wm8731"), False).device is None


@pytest.mark.parametrize(
    "audio", [{"device": "hw:7"}, {"device": 3}, {"backend": "jack"}, {"backend": "null"}]
)
def test_what_the_settings_say_of_the_sound_stands(pi, audio):
    assert choose(pi.host, configured(**audio), False).device == audio.get("device")


def test_a_simulated_board_needs_nothing_of_all_that(pi):
    assert choose(pi.host, CONFIG, simulated=True)[:3] == ("sim", True, None)
    assert choose(pi.host, configured("sim"), simulated=False)[:3] == ("sim", True, None)
    assert choose(pi.host, configured("breadboard"), simulated=True)[:2] == ("breadboard", True)


def test_a_pi_without_a_board_is_told_why(pi):
    without_spi(pi)
    with pytest.raises(BoardError, match=r"spidev.*doctor.*--sim"):
        choose(pi.host, CONFIG, simulated=False)


def test_another_computer_without_a_board_plays_a_simulated_one_and_says_so(pi):
    without_spi(pi)
    pi.remove("/proc/device-tree/model")
    choice = choose(pi.host, CONFIG, simulated=False)
    assert choice[:2] == ("sim", True)
    assert "a simulated board plays" in choice.reasons[0]


def test_a_board_that_nobody_knows_is_refused(pi):
    for simulated in (False, True):
        with pytest.raises(BoardError, match="kazoo"):
            choose(pi.host, configured("kazoo"), simulated)


def test_a_service_waits_for_the_card_of_its_board(pi):
    without_codec_card(pi)
    named = choose_for_service(pi.host, configured("terminal-tedium-wm8731"))
    assert named[:3] == ("terminal-tedium-wm8731", False, "sndrpiproto")
    assert choose_for_service(pi.host, configured("terminal-tedium-wm8731", device="hw:7")).device == "hw:7"
    assert choose_for_service(pi.host, configured("breadboard")).device is None


def test_a_service_looks_for_a_board_as_long_as_there_is_none(pi):
    without_spi(pi)
    choice = choose_for_service(pi.host, CONFIG)
    assert choice[:2] == (AUTO, False)
    assert "spidev" in choice.reasons[0]


def test_a_service_on_another_computer_has_no_board_and_no_demo(pi):
    without_spi(pi)
    pi.remove("/proc/device-tree/model")
    choice = choose_for_service(pi.host, CONFIG)
    assert choice[:2] == ("sim", False)
    assert choose_for_service(pi.host, configured("sim"))[:2] == ("sim", True)


def test_a_board_that_nobody_knows_is_no_board_for_a_service_either(pi):
    with pytest.raises(BoardError, match="no board called 'nosuch'"):
        choose_for_service(pi.host, configured("nosuch"))


@pytest.mark.parametrize("choose_", [lambda host, config: choose(host, config, False), choose_for_service])
def test_a_codec_is_not_asked_for_inputs_that_it_has_not(pi, choose_):
    named = "terminal-tedium-pcm5102a"
    listening = configured(named, inputs=1, device="sndrpihifiberry")
    with pytest.raises(ConfigError, match=r"PCM5102A.*no audio input.*audio\.device"):
        choose_(pi.host, listening)
    assert choose_(pi.host, configured(named, inputs=1, device="USB")).device == "USB"
    assert choose_(pi.host, configured(named, device="sndrpihifiberry")).device == "sndrpihifiberry"
    assert choose_(pi.host, configured("terminal-tedium-wm8731", inputs=2)).device == "sndrpiproto"
