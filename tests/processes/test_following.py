"""What control makes of hits that the engine has heard."""

import itertools

import msgspec
import pytest

from ddsp_pi.control.hub import Hub
from ddsp_pi.link.edits import Outbox
from ddsp_pi.link.shared import create
from ddsp_pi.modes.drum_params import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.control_loop import ControlLoop
from ddsp_pi.processes.launch import Input, Status, Struck
from ddsp_pi.rack.board import NO_CABLES


class Rack:
    def __init__(self):
        self.hits = []

    def beat(self, now_ns):
        pass

    def volts(self, now_ns):
        return NO_CABLES

    def struck(self, hit):
        self.hits.append(hit.number)


class Silent:
    def beat(self):
        pass


@pytest.fixture
def playing():
    link, rack = create(), Rack()
    outbox = Outbox(link.edits)
    loop = ControlLoop(link, rack, Silent(), Hub(ParamSet(PARAMS), outbox.send), outbox)

    def says(*numbers, engine=7):
        for number in numbers:
            hit = Struck(number, 12.0, -20.0, 90.0, -5.0) if number else None
            values = {param.name: param.default + 1e-7 for param in PARAMS}
            status = Status(
                engine,
                True,
                bytes(700),
                "/" + 399 * "x",
                values,
                0.5,
                values,
                Input(0.1, False, 0.0, 0.0, hit),
            )
            link.telemetry.write(msgspec.msgpack.encode(status))
            loop.beat()
        return rack.hits

    yield says
    link.close()


def test_each_hit_is_followed_once(playing):
    assert playing(0, 1, 1, 1, 2, 2, 3) == [1, 2, 3]


def test_hits_of_an_engine_that_was_already_playing_are_over(playing):
    assert playing(5, 5, 6) == [6]


def test_another_engine_counts_anew(playing):
    assert playing(0, 1, 2) == [1, 2]
    assert playing(0, 1, engine=8) == [1, 2, 1]


def test_without_a_reset_every_number_is_another_hit(playing):
    playing(0)
    assert playing(*itertools.chain(range(1, 20))) == [*range(1, 20)]
