"""A whole Terminal Tedium: converter, gates, buttons and light as one board."""

import time

import msgspec
import pytest

from ddsp_pi.config import load_config
from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import Press
from ddsp_pi.rack.boards.terminal_tedium_wm8731 import BOARD
from ddsp_pi.rack.panel import open_board
from tests.guest.inside import panel

SETTINGS = load_config().rack
SHORT_S, LONG_S = 0.15, SETTINGS.long_press_ms / 1e3 + 0.3


@pytest.fixture
def lines():
    return panel.lines()


@pytest.fixture(params=["gpiod", "rpi_gpio"])
def board(request, converter, lines):
    board = open_board(BOARD, msgspec.structs.replace(SETTINGS, gpio=request.param))
    assert play(board, 0.1) == []
    yield board
    board.close()


def play(board, seconds):
    """Use it as the control process does; what happened meanwhile."""
    events, end_s = [], time.monotonic() + seconds
    while time.monotonic() < end_s:
        now_ns = time.monotonic_ns()
        events += board.events(now_ns)
        board.volts(now_ns)
        time.sleep(0.001)
    return events


def pressed(board, lines, buttons, seconds):
    """Buttons go down, stay there, and go up again; the presses that come of it."""
    events = []
    for active, then in ((True, seconds), (False, 0.1)):
        for button in buttons:
            lines[f"button_{button}"].pull(active)
        events += play(board, then)
    return [(event.buttons, event.held) for event in events if isinstance(event, Press)]


@pytest.mark.parametrize("buttons", [(1,), (2,), (3,), (1, 2)])
@pytest.mark.parametrize(("seconds", "held"), [(SHORT_S, False), (LONG_S, True)])
def test_buttons_are_pressed_shortly_or_held_alone_or_together(board, lines, buttons, seconds, held):
    assert pressed(board, lines, buttons, seconds) == [(buttons, held)]


def test_gates_open_and_close_in_the_order_of_the_panel(board, lines):
    moves = [(gate, high) for gate in (1, 2, 3, 4) for high in (True, False)]
    for gate, high in moves:
        lines[f"gate_in_{gate}"].pull(high)
        time.sleep(0.005)
    edges = play(board, 0.2)
    assert all(isinstance(edge, Edge) for edge in edges)
    assert [(edge.gate, edge.high) for edge in edges] == moves


def test_a_gate_that_is_open_already_is_told_first(converter, lines):
    board = open_board(BOARD, SETTINGS)
    lines["gate_in_3"].pull(True)
    assert [(edge.gate, edge.high) for edge in play(board, 0.1)] == [(3, True)]
    board.close()


def test_cables_are_read_in_the_order_of_the_panel(board, converter):
    cables = panel.Cables(converter)
    volts = [cables.plug(jack, jack - 3.5) for jack in range(1, 7)]
    play(board, 0.1)
    assert board.volts(time.monotonic_ns())[:6] == pytest.approx(volts, abs=1e-9)


def test_gate_outputs_and_light_are_seen_and_go_out_with_the_board(board, lines):
    shown = ("gate_out_1", "gate_out_2", "led")
    board.set_gate(1, True)
    assert [lines[name].active for name in shown] == [True, False, False]
    board.set_gate(2, True)
    board.set_led(True)
    assert [lines[name].active for name in shown] == [True, True, True]
    board.close()
    assert [lines[name].active for name in shown] == [False, False, False]


@pytest.mark.parametrize(("level", "named"), [(0, "reads 0"), (1, "no MCP3208 answers")])
def test_a_converter_that_is_cut_off_is_named_within_a_second_and_the_last_volts_stay(
    board, converter, level, named
):
    volts = panel.Cables(converter).plug(1, 1.5)
    play(board, 0.1)
    converter.cut_off(level)
    begun_s = time.monotonic()
    while named not in board.health().trouble:
        assert time.monotonic() - begun_s < 5.0, board.health().trouble
        play(board, 0.05)
    assert board.volts(time.monotonic_ns())[0] == pytest.approx(volts, abs=1e-9)
    converter.connect()
    play(board, 0.2)
    assert board.health().trouble == ""
