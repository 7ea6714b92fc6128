"""The three mappers before and after the knobs are turned by them."""

import numpy as np
import pytest
import torch

from ddsp_pi.dsp.drum_presets import STEADY_PITCH, drum_preset
from ddsp_pi.dsp.snare_params import NAMES, to_norms
from ddsp_pi.train.mapper import KINDS, Linear, new_mapper, turned

SIZES = {"linear": 42, "small": 590, "large": 9486}
PRESET = torch.from_numpy(to_norms(drum_preset("snare_1").values)).float()
ALL = torch.ones(len(NAMES))


def learned(kind, seed=0):
    """A mapper whose every weight has moved."""
    mapper = new_mapper(kind, seed)
    with torch.no_grad():
        for values in mapper.parameters():
            values += 0.3 * torch.randn(values.shape)
    return mapper


@pytest.mark.parametrize("kind", SIZES)
def test_sizes_are_those_of_the_source(kind):
    assert sum(values.numel() for values in new_mapper(kind, 0).parameters()) == SIZES[kind]
    assert KINDS.keys() == SIZES.keys()


@pytest.mark.parametrize("kind", SIZES)
def test_the_reference_moves_nothing(kind):
    assert not learned(kind)(torch.zeros(1, 3)).any()


@pytest.mark.parametrize("kind", SIZES)
def test_other_hits_move_every_knob(kind):
    moved = learned(kind)(torch.tensor([[0.4, -0.2, 0.3], [-0.5, 0.1, 0.2]]))
    assert (moved.abs() > 1e-4).all(0).float().mean() > 0.9


@pytest.mark.parametrize("kind", SIZES)
def test_nothing_moves_before_something_is_learned(kind):
    moved = new_mapper(kind, 0)(torch.randn(20, 3))
    assert 0.0 < moved.abs().max() < 0.05


def test_the_same_seed_is_the_same_mapper():
    first, again, other = (new_mapper("small", seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_slopes_of_the_linear_one_are_held():
    mapper = Linear()
    with torch.no_grad():
        mapper.weight[:] = 5.0
        mapper.weight[0] = -5.0
    moved = mapper(torch.tensor([[0.5, 0.0, 0.0]]))
    assert moved[0, 0] == -0.5
    assert (moved[0, 1:] == 0.5).all()


def test_the_linear_one_is_linear_and_the_others_are_not():
    for kind in SIZES:
        mapper, hit = learned(kind), torch.tensor([[0.3, -0.2, 0.1]])
        same = torch.allclose(mapper(2.0 * hit), 2.0 * mapper(hit), atol=1e-5)
        assert same == (kind == "linear")


def test_sensitivity_multiplies_and_the_ends_hold():
    movement = torch.full((1, len(NAMES)), 0.1)
    still, once, twice = (turned(PRESET, ALL, movement, by) for by in (0.0, 1.0, 2.0))
    torch.testing.assert_close(still[0], PRESET)
    free = twice[0] < 1.0
    torch.testing.assert_close((twice - still)[0][free], 2.0 * (once - still)[0][free])
    far = turned(PRESET, ALL, torch.full((1, len(NAMES)), 9.0), 4.0)
    assert (far == 1.0).all()


def test_damping_keeps_the_tuning():
    moved = turned(PRESET, torch.tensor(STEADY_PITCH), torch.full((1, len(NAMES)), 0.05))
    shares = (moved[0] - PRESET).numpy() / 0.05
    np.testing.assert_allclose(shares, STEADY_PITCH, atol=1e-4)
