from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch

from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.train.criteria import CRITERIA, Ranking
from ddsp_pi.train.export import streaming_difference
from ddsp_pi.train.networks import GROUPS, Decoder, Widths, rounded
from ddsp_pi.train.reader import read_decoder
from ddsp_pi.train.trim import Surgery, choose, mask_weights, observe, taught_by, trim, without_unheard
from ddsp_pi.train.units import activations, folded, least_squares, outgoing, selection, with_outputs
from tests.train.test_pieces import SCALING, decoder, features, instrument_of


def performance(hops=4000):
    made = features(hops=hops)
    loudness = (-30.0 + 10.0 * np.sin(np.arange(hops + 1) / 70)).astype(np.float32)
    return replace(made, loudness_db=loudness, asked_db=loudness)


def played(network, made, frames=1500):
    f0_hz, loudness_db = (torch.from_numpy(v[:frames])[None] for v in (made.f0_hz, made.loudness_db))
    seen = activations(network, f0_hz, loudness_db)
    with torch.no_grad():
        harmonics, noise = network(f0_hz, loudness_db)
    return torch.cat([harmonics, noise], dim=-1), seen["gru"]


def columns_of(network, group):
    """The tensors through which a group is heard, as views that can be written to."""
    parameters = dict(network.named_parameters())
    names = {
        "pitch_1": ["pitch.2.weight"],
        "loudness_1": ["loudness.2.weight"],
        "pitch_2": ["gru.weight_ih_l0", "outputs.0.weight"],
        "loudness_2": ["gru.weight_ih_l0", "outputs.0.weight"],
        "gru": ["gru.weight_hh_l0", "outputs.0.weight"],
        "outputs_1": ["outputs.2.weight"],
        "outputs_2": ["head.weight"],
    }[group]
    w = network.widths
    firsts = {
        ("pitch_2", "outputs.0.weight"): w.gru,
        ("loudness_2", "gru.weight_ih_l0"): w.pitch_2,
        ("loudness_2", "outputs.0.weight"): w.gru + w.pitch_2,
    }
    return [(parameters[name], firsts.get((group, name), 0)) for name in names]


def deafen(network, group, units):
    """Let nobody listen to these units."""
    with torch.no_grad():
        for weight, first in columns_of(network, group):
            for unit in units:
                weight[:, first + unit] = 0.0


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("repair", [True, False])
def test_units_that_nobody_listens_to_leave_without_a_trace(group, repair):
    network, made = decoder(12), performance(1600)
    gone = [0, 5, 11]
    deafen(network, group, gone)
    kept = torch.tensor([unit for unit in range(12) if unit not in gone])
    fold = least_squares(kept, observe(network, [made]).activations[group]) if repair else selection(kept, 12)
    smaller = folded(network, {group: fold})
    assert getattr(smaller.widths, group) == 9
    assert sum(p.numel() for p in smaller.parameters()) == smaller.widths.parameters
    whole, state = played(network, made)
    less, less_state = played(smaller, made)
    torch.testing.assert_close(less, whole, rtol=2e-5, atol=1e-7)
    torch.testing.assert_close(less_state, state[..., kept] if group == "gru" else state, rtol=0, atol=2e-6)


def test_every_group_can_shrink_at_once_and_the_file_shrinks_with_it(tmp_path):
    network, made = decoder(16), performance(1600)
    gone = {group: [i] for i, group in enumerate(GROUPS)}
    for group, units in gone.items():
        deafen(network, group, units)
    kept = {g: torch.tensor([u for u in range(16) if u not in units]) for g, units in gone.items()}
    smaller = folded(network, {group: selection(k, 16) for group, k in kept.items()})
    torch.testing.assert_close(played(smaller, made)[0], played(network, made)[0], rtol=2e-5, atol=1e-7)
    sizes = []
    for name, one in (("whole", network), ("less", smaller)):
        path = tmp_path / f"{name}.onnx"
        assert instrument_of(one, path) < 1e-4
        sizes.append((path.stat().st_size, load_instrument(path).card.parameters))
    assert sizes[1] < sizes[0]
    assert load_instrument(tmp_path / "less.onnx").card.hidden == 15


@pytest.mark.parametrize("criterion", CRITERIA)
def test_deaf_and_silent_units_leave_first(criterion):
    network, made = decoder(16), performance(1600)
    spared = [3, 7, 8]
    for group in GROUPS:
        deafen(network, group, spared)
    with torch.no_grad():
        # For who looks at the activity only: these units are constant as well.
        for name in ("pitch.0", "pitch.2", "loudness.0", "loudness.2", "outputs.0", "outputs.2"):
            dict(network.named_parameters())[f"{name}.weight"][spared] = 0.0
        for gate in range(3):
            rows = [16 * gate + unit for unit in spared]
            for tensor in network.gru.parameters():
                tensor[rows] = 0.0
    evidence = observe(network, [made])
    for group in GROUPS:
        assert set(CRITERIA[criterion].rank(evidence, group).order[:3]) == set(spared), group


def test_of_two_twins_one_leaves_and_the_other_stands_in_for_it():
    network, made = decoder(12), performance(1600)
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for name in ("outputs.2.weight", "outputs.2.bias"):
            parameters[name][4] = parameters[name][9]
    seen = torch.randn(2000, 12)
    seen[:, 4] = seen[:, 9]
    evidence = replace(observe(network, [made]), activations={"outputs_2": seen})
    ranking = CRITERIA["residual"].rank(evidence, "outputs_2")
    assert ranking.order[0] in (4, 9)
    assert ranking.costs[0] < 1e-4 < ranking.costs[1]
    kept = torch.tensor([unit for unit in range(12) if unit != 4])
    smaller = folded(network, {"outputs_2": least_squares(kept, seen)})
    torch.testing.assert_close(played(smaller, made)[0], played(network, made)[0], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_trimming_meets_its_budget_and_empties_no_layer(criterion):
    network = decoder(32)
    trimmed = trim(observe(network, [performance()]), 12, Surgery(criterion=criterion)).decoder
    budget = Widths.uniform(12, 30, 9).parameters
    assert 0.9 * budget < trimmed.widths.parameters <= budget
    assert min(getattr(trimmed.widths, group) for group in GROUPS) >= 3
    assert sum(p.numel() for p in trimmed.parameters()) == trimmed.widths.parameters


def test_the_cheapest_unit_per_parameter_leaves_first():
    widths = Widths.uniform(4, 30, 9)
    rankings = {
        "gru": Ranking(np.array([2, 0, 1, 3]), np.array([1.0, 9.0, 9.0, 9.0])),
        "pitch_1": Ranking(np.array([1, 0, 2, 3]), np.array([0.9, 9.0, 9.0, 9.0])),
    }
    priced = choose(widths, rankings, widths.parameters - 1, 1, per_parameter=True)
    assert priced["gru"].tolist() == [0, 1, 3]
    assert priced["pitch_1"].tolist() == [0, 1, 2, 3]
    scored = choose(widths, rankings, widths.parameters - 1, 1, per_parameter=False)
    assert scored["pitch_1"].tolist() == [0, 2, 3]


def test_repair_pays_before_anything_is_trained_on():
    network, made = decoder(32), performance()
    evidence = observe(network, [made])
    wanted = played(network, made)[0].log()[..., :12]
    errors = []
    for repair in (True, False):
        less = trim(evidence, 16, Surgery(repair=repair)).decoder
        errors.append(float((played(less, made)[0].log()[..., :12] - wanted).abs().mean()))
    assert errors[0] < 0.3 * errors[1]


def test_harmonics_and_bands_that_are_never_heard_leave():
    network, made = decoder(16), performance(1600)
    with torch.no_grad():
        network.head.bias[22:30] = -25.0
        network.head.bias[30 + 6 :] = -25.0
    less = without_unheard(observe(network, [made]))
    assert (less.n_harmonics, less.widths.bands, less.n_bands) == (22, 6, 9)
    whole, _ = played(network, made)
    harmonics, noise = played(less, made)[0].split([22, 9], dim=-1)
    torch.testing.assert_close(harmonics, whole[..., :22], rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(noise[..., :6], whole[..., 30:36], rtol=1e-4, atol=1e-7)
    assert noise[..., 6:].max() < 1e-6 * harmonics.max()


def test_masking_leaves_the_size_and_stays_through_training(tmp_path):
    network = decoder(16)
    before = tmp_path / "before.onnx"
    instrument_of(rounded(network), before)
    mask_weights(network, 0.9)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(3):
        harmonics, noise = network(torch.full((1, 5), 300.0), torch.full((1, 5), -20.0))
        torch.autograd.backward(harmonics.sum() + noise.sum())
        optimizer.step()
    matrices = [p for name, p in network.named_parameters() if p.dim() == 2 and name != "loudness.0.weight"]
    zeros = sum(int((p == 0).sum()) for p in matrices) / sum(p.numel() for p in matrices)
    assert zeros == pytest.approx(0.9, abs=0.01)
    after = tmp_path / "after.onnx"
    instrument_of(rounded(network), after)
    assert abs(after.stat().st_size - before.stat().st_size) < 400


def test_a_teacher_replaces_the_analysed_spectra_only():
    made = performance(500)
    taught = taught_by(decoder(), made)
    assert taught.audio is made.audio
    assert taught.harmonics.shape == made.harmonics.shape
    torch.testing.assert_close(
        torch.from_numpy(taught.harmonics), played(decoder(), made, 501)[0][0, :, :30], rtol=1e-5, atol=1e-8
    )


@pytest.mark.parametrize(
    "widths", [Widths.uniform(16, 30, 9), Widths(5, 7, 3, 4, 12, 9, 11, harmonics=20, bands=6)]
)
def test_a_file_can_be_read_back_and_plays_the_same(tmp_path, widths):
    torch.manual_seed(1)
    network = rounded(Decoder(widths, 9, SCALING))
    with torch.no_grad():
        network.body.normal_(0.0, 0.3)
    path = tmp_path / "one.onnx"
    assert instrument_of(network, path) < 1e-4
    again = read_decoder(path, load_instrument(path).card)
    assert again.widths == widths
    assert streaming_difference(again, path, 10.0) < 1e-4


def test_half_precision_halves_the_file_and_hardly_moves_the_sound(tmp_path):
    network, made = decoder(48, 80, 65), performance(600)
    sizes = []
    for name, one in (("full", network), ("half", rounded(network))):
        path = tmp_path / f"{name}.onnx"
        instrument_of(one, path)
        sizes.append(path.stat().st_size)
    assert sizes[1] < 0.56 * sizes[0]
    full, half = (played(one, made)[0][..., :12] for one in (network, rounded(network)))
    assert (20 * (half.log10() - full.log10())).abs().max() < 0.05


def test_widths_count_what_torch_counts():
    widths = Widths(5, 7, 3, 4, 12, 9, 11, harmonics=20, bands=6)
    network = Decoder(widths, 9, SCALING)
    assert widths.parameters == sum(p.numel() for p in network.parameters())
    assert widths.macs == sum(p.numel() for p in network.parameters() if p.dim() == 2)
    assert {part.shape[1] for part in outgoing(network, "gru")} == {12}
    fewer = with_outputs(network, 10, 3)
    assert fewer.widths == msgspec.structs.replace(widths, harmonics=10, bands=3)
