"""The drum synthesizer of training against those that play, and its gradients."""

import numpy as np
import pytest
import torch

from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.native_snare import NativeSnare
from ddsp_pi.dsp.snare import NumpySnare
from ddsp_pi.dsp.snare_params import NAMES, from_norms, to_norms
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.train import drum_synth
from tests.drums import corner_values, hit_of, play, random_values, recursive_hit, values

PARITY = 1e-4


def trained(hits, **options):
    return drum_synth.get_signal(torch.from_numpy(np.atleast_2d(hits)), **options).numpy()


@pytest.mark.parametrize("name", DRUM_PRESETS)
def test_a_drum_sounds_in_training_as_it_is_played(library, name):
    hit = DRUM_PRESETS[name].values
    made = trained(hit)[0]
    for snare in (NumpySnare(), NativeSnare(library)):
        assert np.abs(made - hit_of(snare, hit)).max() < PARITY / 100


@pytest.mark.parametrize("draw", [random_values, corner_values])
def test_any_hit_sounds_in_training_as_it_is_played(library, draw):
    hits = draw(11, 24)
    for hit, made in zip(hits, trained(hits), strict=True):
        for snare in (NumpySnare(), NativeSnare(library)):
            assert np.abs(made - hit_of(snare, hit)).max() < PARITY / 2


@pytest.mark.parametrize("freq", [20.0, 60.0, 24_000.0])
def test_the_longest_ringing_does_not_come_round(freq):
    hit = values(noise_highpass=freq, noise_q=10.0, noise_gain=6.0, noise_decay=2000.0, drive=24.0)
    assert np.abs(trained(hit)[0] - recursive_hit(hit)).max() < PARITY / 4


def test_a_part_of_a_hit_and_any_place_of_the_noise():
    hit = DRUM_PRESETS["snare_1"].values
    snare = NumpySnare()
    play(snare, 5000)
    made = trained(hit, samples=9000, place=5000)[0]
    assert np.abs(made - hit_of(snare, hit, 9000)).max() < PARITY / 100
    assert np.abs(made - recursive_hit(hit, 9000, 5000)).max() < PARITY / 100


def test_every_hit_of_a_batch_has_its_place_in_the_noise():
    hits = random_values(7, 3)
    places = torch.tensor([0, 17_000, 65_000])
    together = trained(hits, samples=4000, place=places)
    for hit, place, made in zip(hits, places.tolist(), together, strict=True):
        np.testing.assert_allclose(made, trained(hit, samples=4000, place=place)[0], atol=1e-5)


def test_knobs_are_those_that_are_played():
    norms = np.random.default_rng(0).uniform(0.0, 1.0, (5, 14))
    np.testing.assert_allclose(drum_synth.from_norms(torch.from_numpy(norms)), from_norms(norms), atol=1e-9)


def loudness_of_spectrum(norms):
    """(batch,) something smooth that every parameter changes."""
    sound = drum_synth.get_signal(drum_synth.from_norms(norms), samples=4 * HOP * 32).double()
    weights = torch.hann_window(2048, dtype=torch.float64)
    power = torch.stft(sound, 2048, 512, window=weights, center=False, return_complex=True).abs() ** 2
    slope = torch.linspace(-1.0, 1.0, power.shape[1], dtype=torch.float64)[None, :, None]
    return ((power + 1e-3).log() * (1.0 + slope)).mean(dim=(1, 2))


@pytest.mark.parametrize("name", ["snare_1", "snare_2", "noisy"])
@pytest.mark.parametrize("place", range(14), ids=NAMES)
def test_gradients_are_right_in_every_parameter(name, place):
    norms = torch.from_numpy(to_norms(DRUM_PRESETS[name].values)).clamp(0.02, 0.98)[None]
    step = torch.zeros_like(norms)
    step[0, place] = 4e-5
    with torch.no_grad():
        slope = (loudness_of_spectrum(norms + step) - loudness_of_spectrum(norms - step)) / 8e-5
    norms.requires_grad_()
    (gradient,) = torch.autograd.grad(loudness_of_spectrum(norms).sum(), norms)
    assert gradient[0, place].item() == pytest.approx(slope.item(), rel=0.08, abs=1e-4)


def test_every_parameter_learns():
    norms = torch.from_numpy(to_norms(DRUM_PRESETS["snare_1"].values))[None].requires_grad_()
    loudness_of_spectrum(norms).sum().backward()
    assert (norms.grad.abs() > 1e-4).all()


@pytest.mark.parametrize("draw", [random_values, corner_values])
def test_gradients_are_finite_everywhere(draw):
    norms = torch.from_numpy(to_norms(draw(5, 32))).requires_grad_()
    drum_synth.get_signal(drum_synth.from_norms(norms), samples=SAMPLE_RATE // 4).square().sum().backward()
    assert torch.isfinite(norms.grad).all()


def test_what_was_heard_without_gradients_may_be_learned_from_afterwards():
    drum_synth._noise.cache_clear()
    drum_synth._squares.cache_clear()
    with torch.inference_mode():
        trained(DRUM_PRESETS["snare_1"].values, samples=1000)
    norms = torch.full((1, 14), 0.5, requires_grad=True)
    drum_synth.get_signal(drum_synth.from_norms(norms), samples=1000).sum().backward()
    assert norms.grad is not None


def test_a_drum_is_found_again_by_its_sound():
    """Decays and level of a hit, from the loudness of another one over time."""
    with torch.no_grad():
        goal = loudness(from_preset("snare_1"))
    norms = from_preset("snare_1")
    norms[:, [5, 7, 13]] += torch.tensor([0.1, 0.15, -0.2])
    norms.requires_grad_()
    adam, losses = torch.optim.Adam([norms], lr=0.01), []
    for _ in range(40):
        loss = (loudness(norms) - goal).abs().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def from_preset(name):
    return torch.from_numpy(to_norms(DRUM_PRESETS[name].values))[None]


def loudness(norms):
    sound = drum_synth.get_signal(drum_synth.from_norms(norms.clamp(0.0, 1.0)), samples=64 * HOP)
    return 10.0 * (sound.reshape(len(sound), -1, 4 * HOP).square().mean(dim=2) + 1e-8).log10()
