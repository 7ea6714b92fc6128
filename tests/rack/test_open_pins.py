import pytest

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.boards.breadboard import BOARD
from ddsp_pi.rack.open_pins import BACKENDS, open_pins
from ddsp_pi.rack.simulated import SimPins

HERE = __name__
THERE = (f"{HERE}:Recorded", "ddsp-pi[there]")
ABSENT = ("ddsp_pi_absent.pins:Pins", "ddsp-pi[absent]")
HALF_ABSENT = (f"{HERE}:needs_a_library", "ddsp-pi[half]")
REFUSED = (f"{HERE}:refuse", "ddsp-pi[refused]")


class Recorded(SimPins):
    def __init__(self, lines):
        self.lines = lines


def needs_a_library(lines):
    import ddsp_pi_absent  # noqa: F401


def refuse(lines):
    raise BoardError("gate_in_1 is busy")


@pytest.mark.parametrize("first", [ABSENT, HALF_ABSENT])
def test_the_first_that_is_installed_is_taken(first):
    assert isinstance(open_pins(BOARD, "auto", {"gpiod": first, "rpi_gpio": THERE}), Recorded)


def test_it_gets_the_lines_of_the_board():
    assert open_pins(BOARD, "auto", {"gpiod": THERE}).lines == BOARD.lines


def test_one_that_was_named_is_the_only_one_tried():
    with pytest.raises(
        BoardError, match=r"gpiod \(No module named 'ddsp_pi_absent'\); pip install 'ddsp-pi\[absent\]'"
    ):
        open_pins(BOARD, "gpiod", {"gpiod": ABSENT, "rpi_gpio": THERE})
    assert isinstance(open_pins(BOARD, "rpi_gpio", {"gpiod": REFUSED, "rpi_gpio": THERE}), Recorded)


def test_if_none_is_installed_it_says_what_to_install():
    with pytest.raises(BoardError, match=r"gpiod .*, rpi_gpio .*; pip install 'ddsp-pi\[absent\]'"):
        open_pins(BOARD, "auto", {"gpiod": ABSENT, "rpi_gpio": HALF_ABSENT})


def test_one_that_is_installed_and_cannot_have_the_lines_is_not_passed_over():
    with pytest.raises(BoardError, match="gate_in_1 is busy"):
        open_pins(BOARD, "auto", {"gpiod": REFUSED, "rpi_gpio": THERE})


def test_gpiod_comes_first_and_the_extras_are_those_of_the_package():
    assert list(BACKENDS) == ["gpiod", "rpi_gpio"]
    assert [extra for _, extra in BACKENDS.values()] == ["ddsp-pi[rack]", "ddsp-pi[rpi-gpio]"]
