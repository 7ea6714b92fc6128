"""Surgery on a decoder: units leave, and with them their rows and the next layers' columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import torch
from torch import Tensor, nn

from ddsp_pi.train.networks import Decoder, Widths

PARAMETERS = {
    "pitch.0": ("pitch.0.weight", "pitch.0.bias"),
    "pitch.2": ("pitch.2.weight", "pitch.2.bias"),
    "loudness.0": ("loudness.0.weight", "loudness.0.bias"),
    "loudness.2": ("loudness.2.weight", "loudness.2.bias"),
    "gru.ih": ("gru.weight_ih_l0", "gru.bias_ih_l0"),
    "gru.hh": ("gru.weight_hh_l0", "gru.bias_hh_l0"),
    "outputs.0": ("outputs.0.weight", "outputs.0.bias"),
    "outputs.2": ("outputs.2.weight", "outputs.2.bias"),
    "head": ("head.weight", "head.bias"),
}

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "pitch.2": ("pitch_1",),
    "loudness.2": ("loudness_1",),
    "gru.ih": ("pitch_2", "loudness_2"),
    "gru.hh": ("gru",),
    "outputs.0": ("gru", "pitch_2", "loudness_2"),
    "outputs.2": ("outputs_1",),
    "head": ("outputs_2",),
}
"""Whose units each matrix reads, in order."""

ROWS: Mapping[str, tuple[str, int]] = {
    "pitch.0": ("pitch_1", 1),
    "pitch.2": ("pitch_2", 1),
    "loudness.0": ("loudness_1", 1),
    "loudness.2": ("loudness_2", 1),
    "gru.ih": ("gru", 3),
    "gru.hh": ("gru", 3),
    "outputs.0": ("outputs_1", 1),
    "outputs.2": ("outputs_2", 1),
}
"""Whose units each matrix makes, and how many rows each has (a GRU unit has three gates)."""


def matrices(widths: Widths) -> list[str]:
    """Those that a decoder has: one without memory has none of a GRU."""
    return [matrix for matrix in PARAMETERS if widths.gru or not matrix.startswith("gru")]


def columns_of(matrix: str, widths: Widths) -> list[str]:
    """The groups that a matrix reads, those that there are."""
    return [group for group in COLUMNS[matrix] if group in widths.groups]


@dataclass(frozen=True, slots=True)
class Fold:
    """How a layer shrinks: who stays, and how those who stay stand in for those who leave.

    An activation a (n,) of the old layer is taken to be mix (n, kept) · a[kept] + constant (n,).
    """

    kept: Tensor
    mix: Tensor
    constant: Tensor


def selection(kept: Tensor, units: int) -> Fold:
    """The plain fold: who leaves is taken to be silent."""
    return Fold(kept, torch.eye(units, dtype=torch.float64)[:, kept], torch.zeros(units, dtype=torch.float64))


def least_squares(kept: Tensor, activations: Tensor, ridge: float = 1e-5) -> Fold:
    """The fold whose stand-ins are nearest on real activations (frames, units).

    The linear reconstruction of He et al. 2017 (Channel Pruning), in closed form. Units that leave
    without being heard by the next layer change nothing, whatever stands in for them.
    """
    centre = activations.mean(0).double()
    centred = activations.double() - centre
    covariance = centred.t() @ centred / len(centred)
    fold = selection(kept, len(centre))
    gone = torch.ones(len(centre), dtype=torch.bool)
    gone[kept] = False
    among = covariance[kept][:, kept]
    among = among + ridge * among.diagonal().mean() * torch.eye(len(kept), dtype=torch.float64)
    mix = fold.mix.clone()
    mix[gone] = torch.linalg.solve(among, covariance[kept][:, gone]).t()
    constant = centre - mix @ centre[kept]
    constant[kept] = 0.0
    return Fold(kept, mix, constant)


def folded(decoder: Decoder, folds: Mapping[str, Fold]) -> Decoder:
    """The smaller decoder; layers without a fold stay as they are."""
    widths = decoder.widths
    state = dict(decoder.state_dict())
    for matrix in matrices(widths):
        weight_name, bias_name = PARAMETERS[matrix]
        weight, bias = state[weight_name].double(), state[bias_name].double()
        if matrix in COLUMNS:
            weight, bias = _fewer_columns(
                weight, bias, [(folds.get(g), getattr(widths, g)) for g in columns_of(matrix, widths)]
            )
        if matrix in ROWS and ROWS[matrix][0] in folds:
            group, gates = ROWS[matrix]
            rows = torch.cat([folds[group].kept + gate * getattr(widths, group) for gate in range(gates)])
            weight, bias = weight[rows], bias[rows]
        state[weight_name], state[bias_name] = weight.float(), bias.float()
    smaller = msgspec.structs.replace(widths, **{group: len(fold.kept) for group, fold in folds.items()})
    return _loaded(Decoder(smaller, decoder.n_bands, decoder.scaling), state)


def _fewer_columns(
    weight: Tensor, bias: Tensor, inputs: list[tuple[Fold | None, int]]
) -> tuple[Tensor, Tensor]:
    parts = []
    for (fold, _), part in zip(
        inputs, torch.split(weight, [units for _, units in inputs], dim=1), strict=True
    ):
        parts.append(part if fold is None else part @ fold.mix)
        bias = bias if fold is None else bias + part @ fold.constant
    return torch.cat(parts, dim=1), bias


def with_outputs(decoder: Decoder, harmonics: int, bands: int) -> Decoder:
    """The decoder with only the lowest harmonics and noise bands; the others are silent for ever."""
    widths = decoder.widths
    strength = torch.arange(widths.harmonics + widths.bands, widths.outputs)
    rows = torch.cat([torch.arange(harmonics), widths.harmonics + torch.arange(bands), strength])
    state = dict(decoder.state_dict())
    state["head.weight"], state["head.bias"] = state["head.weight"][rows], state["head.bias"][rows]
    state["numbers"] = state["numbers"][:harmonics]
    fewer = msgspec.structs.replace(widths, harmonics=harmonics, bands=bands)
    return _loaded(Decoder(fewer, decoder.n_bands, decoder.scaling), state)


def _loaded(decoder: Decoder, state: dict[str, Tensor]) -> Decoder:
    decoder.load_state_dict(state)
    return decoder


def outgoing(decoder: Decoder, group: str) -> list[Tensor]:
    """The columns (rows, units) through which each next layer hears a group."""
    state, widths = decoder.state_dict(), decoder.widths
    heard = []
    for matrix in COLUMNS:
        groups = columns_of(matrix, widths)
        if group in groups and matrix in matrices(widths):
            parts = torch.split(state[PARAMETERS[matrix][0]], [getattr(widths, g) for g in groups], dim=1)
            heard.append(parts[groups.index(group)])
    return heard


def incoming(decoder: Decoder, group: str) -> Tensor:
    """The weights (units, all inputs and gates) that make a group's units."""
    state, widths = decoder.state_dict(), decoder.widths
    made = [
        state[PARAMETERS[matrix][0]].view(gates, getattr(widths, group), -1).transpose(0, 1).flatten(1)
        for matrix, (owner, gates) in ROWS.items()
        if owner == group and matrix in matrices(widths)
    ]
    return torch.cat(made, dim=1)


def activations(
    decoder: Decoder, f0_hz: Tensor, asked_db: Tensor, touch: Tensor | None = None
) -> dict[str, Tensor]:
    """What every unit does while (batch, frames) are played: (batch · frames, units) of each group."""
    layers: dict[str, nn.Module | None] = {
        "pitch_1": decoder.pitch[1],
        "pitch_2": decoder.pitch[3],
        "loudness_1": decoder.loudness[1],
        "loudness_2": decoder.loudness[3],
        "gru": decoder.gru,
        "outputs_1": decoder.outputs[1],
        "outputs_2": decoder.outputs[3],
    }
    seen: dict[str, Tensor] = {}

    def watch(group: str, layer: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def keep(_module: object, _inputs: object, output: Tensor | tuple[Tensor, Tensor]) -> None:
            seen[group] = (output[0] if isinstance(output, tuple) else output).flatten(0, 1)

        return layer.register_forward_hook(keep)

    watching = [watch(group, layer) for group, layer in layers.items() if layer is not None]
    with torch.no_grad():
        decoder(f0_hz, asked_db, touch)
    for handle in watching:
        handle.remove()
    return seen
