"""What counts as a hit: settings, the modes to begin with, and the numbers they come to."""

import math
from dataclasses import dataclass
from types import MappingProxyType

from ddsp_pi.frame import HOP, SAMPLE_RATE

FLOOR_UP, FLOOR_DOWN = 4.0, 40.0
"""dB per second by which the floor follows: so it settles where one tenth of all that is heard is below."""

ENVELOPE_FALL = 400.0
"""dB per second: what the floor follows is a peak that falls so slowly that hum looks like a steady level."""

LOUDEST_FLOOR_DB = -42.0
"""A roll that goes on for ever does not count as noise above this."""


@dataclass(frozen=True, slots=True)
class OnsetSettings:
    """What counts as a hit. Anything asked for is played: what makes no sense is brought to what does."""

    on_db: float = 7.6
    """Rise of the fast follower above the slow one that is a hit."""
    off_db: float = 1.5
    """Below this rise the next hit is waited for; never above `on_db`."""
    hold_ms: float = 30.0
    """There is no other hit for so long; never shorter than a hop."""
    margin_db: float = 2.5
    """What is less than this above the noise floor need not be heard."""
    quietest_db: float = -66.0
    """The floor is never taken for lower, dBFS."""
    loudest_floor_db: float = LOUDEST_FLOOR_DB
    """Nor for higher. The same as `quietest_db`: the floor is given, not learnt."""
    mask_db: float = 27.0
    """What is more than this below a hit need not be heard either,"""
    mask_fall_db: float = 32.0
    """though more so by this many dB in every second."""
    high_pass_hz: float = 260.0
    cell: int = 16
    """Samples of one RMS value."""
    fast_ms: tuple[float, float] = (0.5, 6.0)
    """Time constants of the fast follower, in dB: up, down."""
    slow_ms: tuple[float, float] = (13.0, 18.0)
    """Of the slow one."""


MODES = MappingProxyType(
    {
        # What is softer than about −46 dBFS is a foot or a neighbour; flams and rolls from 35 ms on.
        "normal": OnsetSettings(),
        # For a quiet room and soft hands: hits down to −54 dBFS over a floor 20 dB lower.
        "quiet": OnsetSettings(on_db=7.0, margin_db=1.5, quietest_db=-90.0),
        # For rolls from 25 ms on; a few rattles count as hits.
        "roll": OnsetSettings(off_db=3.0, hold_ms=20.0, slow_ms=(10.0, 12.0)),
        # torchdrum's, in its samples at 44.1 kHz: 16 on, 4.66 off, 1000 hold, 3 and 383, 2205 and 2205.
        "reference": OnsetSettings(
            on_db=16.0,
            off_db=4.66,
            hold_ms=1000 / 44.1,
            margin_db=0.0,
            quietest_db=-55.0,
            loudest_floor_db=-55.0,
            mask_db=math.inf,
            high_pass_hz=600.0,
            cell=1,
            fast_ms=(3 / 44.1, 383 / 44.1),
            slow_ms=(2205 / 44.1, 2205 / 44.1),
        ),
    }
)
"""Settings to begin with."""


def law_of(settings: OnsetSettings) -> dict[str, float]:
    """Settings as numbers for every sample and cell, by the name they have in the kernel."""
    cell = min(max(int(settings.cell), 1), HOP)
    cells_per_s = SAMPLE_RATE / cell
    fast, slow = (
        [1.0 / max(ms * cells_per_s / 1000.0, 1.0) for ms in pair]
        for pair in (settings.fast_ms, settings.slow_ms)
    )
    return {
        **_high_pass(settings.high_pass_hz),
        "cell": cell,
        "hold": max(round(settings.hold_ms * SAMPLE_RATE / 1000.0), HOP),
        "fast_up": fast[0],
        "fast_down": fast[1],
        "slow_up": slow[0],
        "slow_down": slow[1],
        "on": settings.on_db,
        "off": min(settings.off_db, settings.on_db),
        "margin": settings.margin_db,
        "lowest": settings.quietest_db,
        "highest": max(settings.loudest_floor_db, settings.quietest_db),
        "floor_up": FLOOR_UP / cells_per_s,
        "floor_down": FLOOR_DOWN / cells_per_s,
        "envelope_fall": ENVELOPE_FALL / cells_per_s,
        "mask_depth": settings.mask_db,
        "mask_fall": settings.mask_fall_db / cells_per_s,
    }


def _high_pass(hz: float) -> dict[str, float]:
    """Second order, maximally flat, by the bilinear transform; b2 is b0."""
    warped = math.tan(math.pi * hz / SAMPLE_RATE)
    norm = 1.0 / (1.0 + math.sqrt(2.0) * warped + warped * warped)
    return {
        "b0": norm,
        "b1": -2.0 * norm,
        "a1": 2.0 * (warped * warped - 1.0) * norm,
        "a2": (1.0 - math.sqrt(2.0) * warped + warped * warped) * norm,
    }
