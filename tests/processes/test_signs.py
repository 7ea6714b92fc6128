import msgspec
import pytest

from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.processes import signs
from ddsp_pi.processes.launch import Status
from ddsp_pi.processes.signs import Signs


class Sayings:
    """A light that remembers what it has to say."""

    def __init__(self):
        self.said = {"starting"}

    def say(self, what, so=True):
        (self.said.add if so else self.said.discard)(what)


@pytest.fixture
def light():
    return Sayings()


class Reports:
    def engine(self, *figures):
        self.figures = figures


def status(engine=1, playing=True, xruns=0):
    return Status(engine, playing, msgspec.msgpack.encode(Telemetry(xruns=xruns)), "", {})


def test_the_start_is_over_when_sound_is_asked_for(light):
    looking = Signs(light, Reports(), lambda: False)
    looking.look(None)
    looking.look(status(playing=False))
    assert light.said == {"starting"}
    looking.look(status())
    assert light.said == set()


def test_an_xrun_is_shown_for_a_while_and_not_those_of_another_engine(light, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(signs.time, "monotonic", lambda: now[0])
    looking = Signs(light, Reports(), lambda: False)
    looking.look(status(xruns=7))
    assert light.said == set()
    looking.look(status(xruns=8))
    assert light.said == {"xrun"}
    now[0] += 9.0
    looking.look(status(xruns=8))
    assert light.said == {"xrun"}
    now[0] += 1.5
    looking.look(status(engine=2, xruns=9))
    assert light.said == set()


def test_heat_is_shown_as_long_as_it_lasts(light):
    hot = [True]
    looking = Signs(light, Reports(), lambda: hot[0])
    looking.look(status())
    assert light.said == {"hot"}
    hot[0] = False
    looking.look(status())
    assert light.said == set()
