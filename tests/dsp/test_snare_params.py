import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_pi.dsp.drum_presets import DRUM_PRESETS, by_name, drum_preset
from ddsp_pi.dsp.snare_params import HIGH, LOW, NAMES, SNARE_PARAMS, from_norms, to_norms
from ddsp_pi.errors import ConfigError

BOOK = {
    "osc1_freq": (180, 179, 173, 135, 500),
    "osc1_mod": (0.4, 0.1, 0.66, 0.43, 0.42),
    "osc2_freq": (240, 366, 351, 236, 700),
    "osc2_mod": (0.3, 0.34, 0.24, 0.53, 1.0),
    "mod_decay": (50, 21.59, 33.19, 119, 787),
    "osc1_decay": (200, 133, 152.07, 558, 100),
    "osc2_decay": (150, 106.5, 91.15, 43, 200),
    "noise_decay": (200, 108, 269, 100, 1949),
    "noise_highpass": (2500, 2295, 1500, 10000, 3915),
    "noise_q": (2, 0.5, 1, 1.2, 6),
    "osc1_gain": (-6, -18, -14, -10, -50),
    "osc2_gain": (-12, -20, -13, -14, -50),
    "noise_gain": (-4, -10, -44, -53, -25),
    "drive": (-12, 1, -3.5, -3, 13),
}
"""The published drums, one in each column."""

RANGES = {
    "freq": (20, 2000),
    "mod": (-1, 2),
    "decay": (10, 2000),
    "highpass": (20, 24_000),
    "q": (0.5, 10),
    "gain": (-60, 6),
    "drive": (-24, 24),
}

positions = st.floats(0.0, 1.0)


FIVE = ("snare_1", "snare_2", "snare_3", "tom_1", "noisy")


@pytest.mark.parametrize("name", FIVE)
def test_the_five_drums_are_the_published_ones(name):
    column = FIVE.index(name)
    assert by_name(DRUM_PRESETS[name].values) == {key: row[column] for key, row in BOOK.items()}


def test_there_are_five_drums_in_the_order_of_the_book():
    assert tuple(DRUM_PRESETS) == FIVE
    assert tuple(BOOK) == NAMES


@pytest.mark.parametrize("preset", DRUM_PRESETS.values(), ids=DRUM_PRESETS)
def test_a_drum_goes_from_units_to_knobs_and_back_exactly(preset):
    assert from_norms(to_norms(preset.values)).tolist() == list(preset.values)


@pytest.mark.parametrize("spec", SNARE_PARAMS, ids=NAMES)
def test_ranges_are_the_published_ones(spec):
    assert (spec.low, spec.high) == RANGES[spec.name.rpartition("_")[2]]
    assert spec.warp == "linear"


@pytest.mark.parametrize("name", DRUM_PRESETS)
def test_only_the_pitches_are_damped(name):
    damping = by_name(DRUM_PRESETS[name].damping)
    assert {key for key, share in damping.items() if share == 0.01} == {"osc1_freq", "osc2_freq"}
    assert set(damping.values()) == {0.01, 1.0}


def test_a_drum_may_have_another_name():
    assert drum_preset("open_snare") is drum_preset("tom_1")


def test_a_drum_that_is_not_there_is_asked_for_in_vain():
    with pytest.raises(ConfigError, match=r"no drum called 'snare_4'.*snare_1, snare_2"):
        drum_preset("snare_4")


@given(st.lists(positions, min_size=14, max_size=14))
def test_vectors_are_as_each_knob_by_itself(norms):
    made = from_norms(norms)
    wanted = [spec.from_norm(position) for spec, position in zip(SNARE_PARAMS, norms, strict=True)]
    np.testing.assert_allclose(made, wanted, rtol=1e-12, atol=1e-9)
    back = [spec.to_norm(value) for spec, value in zip(SNARE_PARAMS, made, strict=True)]
    np.testing.assert_allclose(to_norms(made), back, atol=1e-12)


def test_what_is_outside_is_held_at_the_ends():
    np.testing.assert_array_equal(from_norms(np.full((2, 14), 1.5)), np.stack([HIGH, HIGH]))
    np.testing.assert_array_equal(from_norms(np.full(14, -0.5)), LOW)
    np.testing.assert_array_equal(to_norms(HIGH + 1.0), np.ones(14))
