import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_pi.control.preset_file import Preset
from ddsp_pi.control.preset_morph import PRESET_MORPH, Morph, MorphPlayer
from ddsp_pi.control.presets import full_params
from ddsp_pi.errors import ConfigError
from tests.control.test_presets import SPECS, Player

SOFT = Preset("soft", "cv", "violin", {"tune": -12.0, "attack": 0.01, "sustain": 0.1})
LOUD = Preset("loud", "cv", "cello", {"tune": 12.0, "attack": 1.0, "sustain": 0.3})


@pytest.fixture
def morph():
    return Morph(SOFT, LOUD, SPECS)


def test_the_ends_are_the_presets_themselves(morph):
    assert morph.params(0.0) == full_params(SOFT, SPECS)
    assert morph.params(1.0) == full_params(LOUD, SPECS)
    assert morph.params(-1.0) == morph.params(0.0)
    assert morph.params(2.0) == morph.params(1.0)


def test_halfway_a_log_parameter_stands_at_the_geometric_mean(morph):
    halfway = morph.params(0.5)
    assert halfway["attack"] == pytest.approx(math.sqrt(0.01 * 1.0))
    assert halfway["tune"] == pytest.approx(0.0)
    assert halfway["sustain"] == pytest.approx(0.2)
    assert halfway["brightness"] == 0.0


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_every_value_goes_one_way_and_stays_between_the_two(first, second):
    near, far = sorted((first, second))
    morph = Morph(SOFT, LOUD, SPECS)
    begin, low, high, end = (morph.params(at) for at in (0.0, near, far, 1.0))
    for name in begin:
        slack = 1e-12 * max(1.0, abs(end[name]))
        assert begin[name] - slack <= low[name] <= high[name] + slack <= end[name] + 2.0 * slack


def test_the_instrument_is_that_of_the_nearer(morph):
    assert [morph.instrument(at) for at in (0.0, 0.49, 0.5, 1.0)] == ["violin", "violin", "cello", "cello"]


def test_presets_of_two_modes_have_nothing_between_them():
    with pytest.raises(ConfigError, match="soft is of mode cv and beat of mode drums"):
        Morph(SOFT, Preset("beat", "drums", ""), SPECS)


def test_a_move_sets_what_changes_and_leaves_the_rest_to_hands(morph):
    player = Player()
    way = MorphPlayer(morph, player.acts)
    way.move(0.0)
    assert player.done == []
    way.move(0.25)
    assert set(player.done) == {"tune", "attack", "sustain"}
    assert player.values["attack"] == pytest.approx(10**-1.5)
    player.done.clear()
    way.move(0.25)
    way.move(math.nan)
    assert player.done == []


def test_the_instrument_changes_once_however_a_cable_trembles_on_the_middle(morph):
    player = Player()
    way = MorphPlayer(morph, player.acts)
    for step in range(60):
        way.move(0.5 + (0.01 if step % 2 else -0.01))
    assert player.instrument == "violin"
    for position in (0.53, 0.49, 0.51, 0.6):
        way.move(position)
    assert [done for done in player.done if done.startswith("instrument")] == ["instrument cello"]
    way.move(0.4)
    assert player.instrument == "violin"


def test_there_and_back_is_where_it_began(morph):
    player = Player()
    way = MorphPlayer(morph, player.acts)
    for position in (0.3, 0.9, 1.0, 0.2, 0.0):
        way.move(position)
    assert player.values == {name: full_params(SOFT, SPECS)[name] for name in ("tune", "attack", "sustain")}


def test_its_parameter_spans_the_way():
    assert (PRESET_MORPH.low, PRESET_MORPH.high, PRESET_MORPH.default) == (0, 1, 0)
