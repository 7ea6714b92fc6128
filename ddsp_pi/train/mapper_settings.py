"""What the training of a mapper is made of."""

from typing import Annotated

import msgspec
from msgspec import Meta

from ddsp_pi.train.settings import Count, Rate

Share = Annotated[float, Meta(ge=0, le=1)]


class MapperSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two minutes of one CPU core for a few hundred hits."""

    steps: Count = 800
    batch: Count = 16
    rate: Rate | None = None
    """Learning rate at the begin; none: that of the kind of mapper."""
    seed: int = 0
    balance: Share = 0.5
    """How far features that hardly change count as much as those that change a lot: 0 takes them as they
    are, 1 divides each by how much it changes."""
    brightness: Annotated[float, Meta(ge=1, le=10)] = 5.0
    """How many times as much the brightness of the strike counts as otherwise: it changes by little, and is
    what one hears."""
    blend: Annotated[float, Meta(ge=0, le=10)] = 0.5
    """Every hit is blended with another one of the same drum, in what is heard and in what is wanted, by
    a share drawn from Beta(blend, blend): what lies between two hits is learned too (Zhang et al. 2018,
    mixup). 0 blends none."""
    references: Share = 0.9
    """Out of how many hits of a drum, those of medium loudness, the one is drawn that others are compared
    with; 0 takes the middle one always."""
    weight_decay: Annotated[float, Meta(ge=0)] = 0.1
    """Of AdamW (Loshchilov & Hutter 2019)."""
