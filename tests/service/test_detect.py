"""Which board a system shows."""

import pytest

from ddsp_pi.errors import BoardError
from ddsp_pi.service import detect
from ddsp_pi.service.detect import detect_board
from tests.service.broken import without_codec_card, without_spi
from tests.service.fake import CONFIG


def without_overlay(pi):
    pi.replace(CONFIG, "dtoverlay=rpi-proto\n", "")


def test_the_codec_s_card_tells_the_board(pi):
    assert detect_board(pi.host) == ("terminal-tedium-wm8731", "its codec is here as sound card sndrpiproto")


def test_the_other_codec_tells_the_other_board(pi):
    pi.write("/proc/asound/card1/id", "sndrpihifiberry\n")
    assert detect_board(pi.host).name == "terminal-tedium-pcm5102a"


def test_without_its_card_the_overlay_tells_it(pi):
    without_codec_card(pi)
    name, reason = detect_board(pi.host)
    assert name == "terminal-tedium-wm8731"
    assert reason == f"its codec's overlay rpi-proto is in {CONFIG}"


def test_an_overlay_for_another_model_tells_nothing(pi):
    without_codec_card(pi)
    pi.replace(CONFIG, "[all]", "[pi5]")
    assert detect_board(pi.host).name == "breadboard"


def test_spi_and_no_known_codec_is_a_breadboard(pi):
    without_codec_card(pi)
    without_overlay(pi)
    name, reason = detect_board(pi.host)
    assert name == "breadboard"
    assert reason == "/dev/spidev0.1 is there, and no board's codec is among the sound cards (vc4hdmi0)"


def test_no_spi_is_no_board(pi):
    without_spi(pi)
    name, reason = detect_board(pi.host)
    assert name is None
    assert "no /dev/spidev*" in reason


def test_the_other_chip_select_is_not_the_breadboard_s(pi):
    without_codec_card(pi)
    without_overlay(pi)
    pi.remove("/dev/spidev0.1")
    name, reason = detect_board(pi.host)
    assert name is None
    assert "/dev/spidev0.1 is not there: /dev/spidev0.0" in reason


def test_another_computer_s_spi_is_left_alone(pi):
    without_codec_card(pi)
    pi.remove(CONFIG, "/proc/device-tree/model")
    name, reason = detect_board(pi.host)
    assert name is None
    assert "not a Raspberry Pi: name the board" in reason


def test_the_doctor_knows_the_board_by_its_codec_while_spi_is_off(pi):
    without_spi(pi)
    view = pi.view()
    assert view.board.name == "terminal-tedium-wm8731"
    assert view.board_said == "its codec is here as sound card sndrpiproto"


@pytest.mark.parametrize(
    ("settings", "by_hand", "name", "reason"),
    [
        ("rack: {board: breadboard}", None, "breadboard", "named in rack.board"),
        ("rack: {board: breadboard}", "terminal-tedium-pcm5102a", "terminal-tedium-pcm5102a", "as you said"),
        ("rack: {board: auto}", "breadboard", "breadboard", "as you said"),
        ("rack: [", None, "terminal-tedium-wm8731", "its codec is here as sound card sndrpiproto"),
    ],
)
def test_who_names_the_board_is_right(pi, settings, by_hand, name, reason):
    pi.settings, pi.board = settings, by_hand
    view = pi.view()
    assert (view.board.name, view.board_said) == (name, reason)


def test_a_damaged_board_does_not_hide_the_others(pi, monkeypatch):
    def find(name):
        if name == "breadboard":
            raise BoardError("its entry point cannot be loaded")
        return found(name)

    found = detect.find_board
    monkeypatch.setattr(detect, "find_board", find)
    detect.boards.cache_clear()
    try:
        assert detect_board(pi.host).name == "terminal-tedium-wm8731"
    finally:
        detect.boards.cache_clear()
