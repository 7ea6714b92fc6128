import math

import pytest

from ddsp_pi.errors import ConfigError
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.params import Param, ParamSet
from ddsp_pi.rack.board import OPEN_VOLTS, UNPATCHED
from ddsp_pi.rack.routing import CvRouter
from ddsp_pi.sections import Route

TABLE = (
    Param("note", "semitones", 0, 127, 60, "pitch"),
    Param("level", "dB", -80, 0, -20, "level"),
    Param("rate", "Hz", 0.5, 8, 2, "rate", warp="log"),
)


def cables(*volts):
    return (*volts, *UNPATCHED[len(volts) :])


def routed(route, volts, blocks=1, **more):
    params = ParamSet(TABLE)
    router = CvRouter([route], params, **more)
    for _ in range(blocks):
        router.apply(cables(volts))
    return params[route.to]


@pytest.mark.parametrize("volts", [-3.0, -1.0, 0.0, 1 / 12, 2.5, 4.0])
def test_one_volt_is_an_octave(volts):
    assert routed(Route("cv1", "note", "v_oct"), volts) == pytest.approx(60 + 12 * volts)
    assert routed(Route("cv1", "note", "v_oct"), volts, zero_volt_note=57.0) == pytest.approx(57 + 12 * volts)


def test_linear_and_log_spread_volts_over_the_range():
    level = Route("cv1", "level", "linear", (0.0, 8.0), (-80.0, 0.0))
    assert routed(level, 4.0) == -40.0
    assert routed(level, 11.0) == 0.0
    assert routed(Route("cv1", "rate", "log", (0.0, 4.0)), 2.0) == pytest.approx(2.0)
    assert routed(Route("cv1", "level", "linear", (0.0, 8.0), (0.0, -80.0)), 2.0) == -20.0


def test_the_attenuverter_turns_a_cable_and_the_offset_shifts_it_before_the_span_counts():
    level = Route("cv1", "level", "linear", (0.0, 8.0), (-80.0, 0.0), attenuverter=-1.0, offset=8.0)
    assert [routed(level, volts) for volts in (0.0, 2.0, 8.0, 9.0)] == [0.0, -20.0, -80.0, -80.0]
    half = Route("cv1", "level", "linear", (0.0, 8.0), (-80.0, 0.0), attenuverter=0.5)
    assert routed(half, 8.0) == -40.0
    assert routed(Route("cv1", "note", "v_oct", offset=-1.0), 2.0) == pytest.approx(72.0)


def test_a_gate_can_play_a_parameter():
    params = ParamSet(TABLE)
    router = CvRouter([Route("gate3", "level", "linear", (0.0, 5.0), (-30.0, -6.0))], params)
    levels = []
    for volts in (0.0, OPEN_VOLTS, 0.0):
        router.apply((*UNPATCHED, 0.0, 0.0, volts, 0.0))
        levels.append(params["level"])
    assert levels == [-30.0, -6.0, -30.0]


def test_smoothing_takes_its_time_but_believes_a_new_cable_at_once():
    params = ParamSet(TABLE)
    router = CvRouter([Route("cv1", "level", "linear", (0.0, 8.0), (-80.0, 0.0), 10.0)], params)
    router.apply(cables(8.0))
    assert params["level"] == 0.0
    for _ in range(round(0.010 * SAMPLE_RATE / HOP)):
        router.apply(cables(0.0))
    assert params["level"] == pytest.approx(-80 * (1 - math.exp(-1)), abs=2.0)


def test_pulling_the_cable_gives_the_knob_back():
    params = ParamSet(TABLE)
    router = CvRouter([Route("cv2", "level", "linear", (0.0, 8.0))], params)
    params.set("level", -33.0)
    router.apply(cables(math.nan, 8.0))
    assert params["level"] == 0.0
    assert params.is_driven("level")
    router.apply(cables(math.nan, math.nan))
    assert params["level"] == -33.0


def test_a_route_to_nowhere_is_refused_with_the_names_there_are():
    with pytest.raises(ConfigError, match=r"cv3.*no parameter called 'wobble'.*note, level, rate"):
        CvRouter([Route("cv3", "wobble")], ParamSet(TABLE))


def test_a_log_law_through_zero_is_refused():
    with pytest.raises(ConfigError, match="log"):
        CvRouter([Route("cv1", "level", "log")], ParamSet(TABLE))
