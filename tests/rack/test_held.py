"""A button that is down before anything else is."""

import pytest

from ddsp_pi.config import load_config
from ddsp_pi.errors import BoardError
from ddsp_pi.rack import held
from ddsp_pi.rack.boards import board_names, find_board
from ddsp_pi.rack.pins import Change
from ddsp_pi.rack.simulated import SimPins

SETTINGS = load_config().rack
REAL = [name for name in board_names() if find_board(name).buttons and not find_board(name).simulated]


class Panel(SimPins):
    """Simulated lines that keep count of who has them."""

    def __init__(self, *changes):
        super().__init__()
        self.closed = False
        for name, active in changes:
            self.move(name, active, 0)

    def close(self):
        super().close()
        self.closed = True


@pytest.fixture
def look(monkeypatch):
    def look(board, pins):
        asked = []

        def open_pins(spec, backend):
            asked.extend(spec.lines)
            return pins

        monkeypatch.setattr(held, "open_pins", open_pins)
        found = held.button_held(find_board(board), SETTINGS)
        assert all(name.startswith("button_") for name in asked)
        return found

    return look


@pytest.mark.parametrize("board", REAL)
def test_a_button_that_is_down_is_seen_and_the_lines_are_let_go(look, board):
    pins = Panel(("button_1", True))
    assert look(board, pins)
    assert pins.closed
    assert not look(board, Panel())
    assert not look(board, Panel(("button_1", True), ("button_1", False)))


def test_a_board_that_is_not_there_has_no_button_down(monkeypatch):
    def refuse(spec, backend):
        raise BoardError("no chip")

    monkeypatch.setattr(held, "open_pins", refuse)
    assert not held.button_held(find_board(REAL[0]), SETTINGS)
    assert not held.button_held(find_board("sim"), SETTINGS)


def test_lines_that_cannot_be_read_are_no_button_and_are_let_go(look):
    class Sick(Panel):
        def changes(self) -> list[Change]:
            raise BoardError("gone")

    pins = Sick()
    assert not look(REAL[0], pins)
    assert pins.closed
