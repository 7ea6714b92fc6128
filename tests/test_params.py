import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_pi.errors import ParamError
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet


@pytest.mark.parametrize("spec", PARAMS, ids=lambda spec: spec.name)
def test_every_spec_makes_sense(spec):
    assert spec.low < spec.high
    assert spec.low <= spec.default <= spec.high
    assert spec.warp == "linear" or spec.low > 0
    assert spec.doc.endswith(".")


@pytest.mark.parametrize("spec", PARAMS, ids=lambda spec: spec.name)
@given(position=st.floats(0, 1))
def test_knob_positions_go_round_trip(spec, position):
    assert spec.to_norm(spec.from_norm(position)) == pytest.approx(position, abs=1e-9)


@given(value=st.floats(allow_nan=True, allow_infinity=True))
def test_no_value_gets_out_of_range(value):
    params = ParamSet(PARAMS)
    for act in (params.set, params.drive):
        act("brightness", value)
        assert -6 <= params["brightness"] <= 6


def test_a_cable_wins_until_it_is_pulled():
    params = ParamSet(PARAMS)
    params.set("noise", 0.5)
    params.drive("noise", 1.5)
    params.set("noise", 0.25)
    assert params["noise"] == 1.5
    params.drive("noise", math.nan)
    assert params["noise"] == 1.5
    params.release("noise")
    assert params["noise"] == 0.25


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ParamError, match="brightness"):
        ParamSet(PARAMS).set("brightnes", 1.0)
