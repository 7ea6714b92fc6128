import math
import time

import pytest

from ddsp_pi.config import load_config
from ddsp_pi.control.acts import Acts, Panel
from ddsp_pi.control.contract import contract
from ddsp_pi.control.hub import Hub
from ddsp_pi.errors import BoardError
from ddsp_pi.frame import Edge, Note
from ddsp_pi.link.edits import Panic
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.actions import neighbour
from ddsp_pi.processes.addresses import hands_on
from ddsp_pi.processes.boards import Opened
from ddsp_pi.processes.launch import Struck
from ddsp_pi.processes.rack_side import RackSide
from ddsp_pi.rack.board import Health, NullBoard, Press
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder

MS = 1_000_000
QUIET = configs_folder() / "performances" / "sequencer-line.csv"


class Sick(SimBoard):
    """A board whose trouble is what a test says."""

    trouble = ""

    def health(self):
        return Health(trouble=self.trouble)


@pytest.fixture
def board():
    board = Sick(load_performance(QUIET))
    board.unplug()
    return board


@pytest.fixture
def sent():
    return []


@pytest.fixture
def said():
    return []


@pytest.fixture
def hub(sent):
    return Hub(ParamSet(PARAMS), sent.append)


@pytest.fixture
def pressed():
    return []


@pytest.fixture
def rack(board, hub, said, acts, pressed, reports):
    acts = {name: lambda name=name: pressed.append(name) for name in acts}
    rack = RackSide(lambda: Opened(board, board), load_config(), hub, acts, reports, said.append)
    rack.open()
    rack.led.say("starting", False)
    return rack


def test_a_gate_goes_on_flickers_and_drives_the_outputs(rack, board, sent):
    rack.beat(0)
    assert (board.lit, board.high) == (True, {1: False, 2: False})
    board.move("gate_in_1", True, 5 * MS)
    rack.beat(6 * MS)
    assert sent == [Edge(1, True, 5 * MS)]
    assert (board.lit, board.high) == (False, {1: True, 2: True})
    rack.beat(60 * MS)
    assert (board.lit, board.high) == (True, {1: True, 2: False})
    board.move("gate_in_1", False, 70 * MS)
    rack.beat(71 * MS)
    assert board.high == {1: False, 2: False}


def test_a_key_drives_the_outputs_too_and_stops_the_demo(rack, board, hub, sent):
    hub.play(60.0, 1.0)
    rack.beat(MS)
    assert [type(edit) for edit in sent] == [Note]
    assert board.high == {1: True, 2: True}


def test_a_hit_that_was_heard_is_a_trigger_and_is_told(rack, board, hub, reports, monkeypatch):
    told = []
    monkeypatch.setattr(reports, "onset", lambda *features: told.append(features))
    rack.struck(Struck(3, 12.0, -20.0, 90.0, -5.0))
    rack.beat(MS)
    assert (board.high, hub.sounding) == ({1: False, 2: True}, False)
    assert told == [(12.0, -20.0, 90.0, -5.0)]
    rack.beat(60 * MS)
    assert board.high == {1: False, 2: False}


def test_gates_that_play_nothing_do_not_sound(rack, board):
    board.move("gate_in_3", True, MS)
    rack.beat(2 * MS)
    assert board.high == {1: False, 2: False}


@pytest.mark.parametrize(
    ("press", "does"),
    [
        (Press((1,), False, 0), ["next_instrument"]),
        (Press((2,), False, 0), ["next_preset"]),
        (Press((3,), False, 0), ["previous_instrument"]),
        (Press((1,), True, 0), ["save_preset"]),
        (Press((2,), True, 0), ["panic"]),
        (Press((1, 2), False, 0), []),
        (Press((3,), True, 0), ["power_off"]),
        (Press((2, 3), True, 0), []),
    ],
)
def test_buttons_do_what_the_configuration_says(rack, pressed, press, does):
    rack.press(press)
    assert pressed == does


def test_buttons_of_the_board_arrive(rack, board, pressed):
    board.move("button_1", True, MS)
    board.move("button_1", False, 100 * MS)
    rack.beat(200 * MS)
    assert pressed == ["next_instrument"]


def test_trouble_of_the_board_is_said_once_and_its_end_too(rack, board, said):
    board.trouble = "no converter"
    for _ in range(3):
        rack.look()
    board.trouble = ""
    rack.look()
    assert said == ["no converter. What was last read plays on", "the board answers again"]


def test_a_board_that_is_not_there_is_tried_again(board, hub, said, acts, reports):
    tries = []

    def opening():
        tries.append(len(tries))
        if len(tries) < 3:
            raise BoardError("no chip; plug it in")
        return Opened(board, board)

    rack = RackSide(opening, load_config(), hub, acts, reports, said.append)
    with pytest.raises(BoardError):
        rack.open()
    assert math.isnan(rack.volts(0)[0])
    for _ in range(3):
        rack.look()
    rack.beat(MS)
    assert said == ["no chip; plug it in. What was last read plays on", "the board answers again"]
    assert board.lit


def test_a_board_that_comes_late_is_opened_once(board, hub, said, acts, reports):
    tries = []

    def open_board():
        tries.append(len(tries))
        if len(tries) < 3:
            raise BoardError("no board: there is no /dev/spidev*")
        return Opened(board, board)

    rack = RackSide(open_board, load_config(), hub, acts, reports, said.append)
    for _ in range(6):
        rack.look()
    assert len(tries) == 3
    assert said == [
        "no board: there is no /dev/spidev*. What was last read plays on",
        "the board answers again",
    ]


def test_without_a_board_nothing_is_opened_again_and_again(hub, said, acts, reports):
    tries = []

    def open_board():
        tries.append(len(tries))
        return Opened(NullBoard(), None)

    rack = RackSide(open_board, load_config(), hub, acts, reports, said.append)
    rack.open()
    rack.look()
    rack.look()
    assert len(tries) == 1
    assert said == []


def test_hands_reach_the_jacks_gates_and_buttons_of_a_simulated_board(rack, hub, board, pressed):
    hands = hands_on(board)
    hands.patch(2, 1.5)
    hands.gate(1, True)
    for level in (True, False):
        hands.button(1, level)
    now_ns = time.monotonic_ns() + 100 * MS
    assert rack.volts(now_ns)[1] == 1.5
    rack.beat(now_ns)
    assert hub.sounding
    assert pressed == ["next_instrument"]
    hands.release(2)
    assert math.isnan(rack.volts(now_ns)[1])


def test_every_jack_gate_and_button_of_a_simulated_board_has_hands(hub, board):
    namespace = contract(hub, Panel(6), Acts(hands=hands_on(board)))
    for path, address in namespace.items():
        if path.startswith("/ddsp/sim/"):
            namespace.act(path, [1] * len(address.values), ("127.0.0.1", 9))
    assert {path for path in namespace if path.startswith("/ddsp/sim/")} >= {
        "/ddsp/sim/cv/8",
        "/ddsp/sim/cv/8/release",
        "/ddsp/sim/gate/4",
        "/ddsp/sim/button/3",
    }


@pytest.mark.parametrize("path", ["/ddsp/sim/cv/9", "/ddsp/sim/cv/1", "/ddsp/sim/gate/7"])
def test_hands_that_reach_for_what_is_not_there_are_refused(hub, board, path):
    namespace = contract(hub, Panel(6), Acts(hands=hands_on(board)))
    with pytest.raises(ValueError, match=r"nobody listens|wants a number"):
        namespace.act(path, [math.nan], ("127.0.0.1", 9))


def test_panic_leaves_nothing_that_a_new_engine_would_be_told(hub, sent):
    hub.play(60.0, 1.0)
    hub.beat([Edge(1, True, 5)])
    hub.panic()
    assert not hub.sounding
    sent.clear()
    hub.renew()
    assert sent == []
    hub.panic()
    assert sent == [Panic()]


def test_instruments_follow_one_another_round_and_round():
    names = ["alto-sax", "cello", "flute", "guitar", "violin", "voice"]
    assert [neighbour("cv", name, 1) for name in names] == [*names[1:], names[0]]
    assert [neighbour("cv", name, -1) for name in names] == [names[-1], *names[:-1]]
    assert neighbour("cv", "/somewhere/else.onnx", 1) == names[0]
    assert neighbour("cv", "/somewhere/else.onnx", -1) == names[-1]
