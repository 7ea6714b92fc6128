"""The mappers: from how a hit differs from the one they are centred at, to how far each knob is turned.

Sizes are those of J. Shier, C. Saitis, A. Robertson and A. McPherson, "Real-time timbre remapping with
differentiable DSP" (NIME 2024).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from ddsp_pi.dsp.snare_params import NAMES

INPUTS, OUTPUTS = 3, len(NAMES)

LINEAR_SPREAD, LAST_SPREAD = 1e-6, 1e-3
"""Standard deviation of the weights that lead to the knobs before anything is learned: nothing moves."""


class Mapper(nn.Module):
    """Nothing is moved by a hit that does not differ from the reference, exactly and by construction."""

    def forward(self, difference: Tensor) -> Tensor:
        """(batch, 3) onset features less those of the reference → (batch, 14) movements of the knobs."""
        return self.bent(difference) - self.bent(torch.zeros_like(difference[:1]))

    def bent(self, difference: Tensor) -> Tensor:
        """(batch, 3) → (batch, 14), not yet centred."""
        raise NotImplementedError


class Linear(Mapper):
    """One number per feature and knob: 42."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(OUTPUTS, INPUTS) * LINEAR_SPREAD)

    def bent(self, difference: Tensor) -> Tensor:
        """See Mapper."""
        return nn.functional.linear(difference, self.weight.clamp(-1.0, 1.0))


class Layered(Mapper):
    """Layers with a normalisation that has no weights of its own, then ReLU; the last one ends in a tanh."""

    def __init__(self, *hidden: int) -> None:
        super().__init__()
        sizes = (INPUTS, *hidden, OUTPUTS)
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
        nn.init.normal_(self.linears[-1].weight, std=LAST_SPREAD)

    @property
    def linears(self) -> list[nn.Linear]:
        """The layers; the last one leads to the knobs."""
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]

    def bent(self, difference: Tensor) -> Tensor:
        """See Mapper."""
        *hidden, last = self.linears
        values = difference
        for layer in hidden:
            values = layer(values)
            values = torch.relu(nn.functional.layer_norm(values, values.shape[1:]))
        return torch.tanh(last(values))


@dataclass(frozen=True, slots=True)
class Kind:
    """A size of mapper."""

    make: Callable[[], Mapper]
    rate: float
    """Where its learning rate begins."""
    doc: str


KINDS: Mapping[str, Kind] = {
    "linear": Kind(Linear, 5e-3, "42 parameters, 3 → 14"),
    "small": Kind(lambda: Layered(32), 5e-3, "590 parameters, 3 → 32 → 14"),
    "large": Kind(lambda: Layered(64, 64, 64), 1e-3, "9486 parameters, 3 → 64 → 64 → 64 → 14"),
}


def new_mapper(kind: str, seed: int) -> Mapper:
    """A mapper that has learned nothing yet, the same for the same seed."""
    torch.manual_seed(seed)
    return KINDS[kind].make()


def turned(preset: Tensor, damping: Tensor, movement: Tensor, sensitivity: float = 1.0) -> Tensor:
    """Positions of the knobs of the hit, 0..1.

    Args:
        preset: (14,) positions that the drum is played at by the reference.
        damping: (14,) shares of the movements that are let through.
        movement: (batch, 14) from a mapper.
    """
    return (preset + sensitivity * damping * movement).clamp(0.0, 1.0)
