"""From jack to sound, stretch by stretch, from the constants that the parts really use."""

from ddsp_pi.bench.report import Budget, Stretch
from ddsp_pi.config import Config
from ddsp_pi.engine.clock import DelayLocked
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.rack.cvs import SCAN_NS

PERIODS = (32, 64, 128, 256)

CODEC_MS = 0.5
"""Assumed, not measured: an I2S codec's own filters, one way. Published for a HiFiBerry on a Pi 4: 51
samples, 1.06 ms, there and back."""


def budgets(config: Config) -> list[Budget]:
    """One for each of PERIODS."""
    return [_budget(period, config.audio.latency) for period in PERIODS]


def _budget(period: int, latency: float) -> Budget:
    device = [_fixed("device", latency * _ms(period)), _fixed("codec (assumed)", CODEC_MS)]
    constant_ms = DelayLocked(period, now=lambda: 0).delay_ns / 1e6
    # Volts are read when a hop begins, and hops begin no more often than the device asks for blocks.
    wait_ms = _ms(max(period, HOP))
    return Budget(
        period,
        gate=[_fixed("engine (constant)", constant_ms), *device],
        cv=[
            Stretch("jacks are read", 0.0, SCAN_NS / 1e6),
            Stretch("hop begins", 0.0, round(wait_ms, 4)),
            *device,
        ],
    )


def total(stretches: list[Stretch]) -> Stretch:
    """All of them, one after the other."""
    least, most = (sum(values) for values in zip(*((s.least_ms, s.most_ms) for s in stretches), strict=True))
    return Stretch("total", round(least, 4), round(most, 4))


def _fixed(what: str, ms: float) -> Stretch:
    return Stretch(what, round(ms, 4), round(ms, 4))


def _ms(samples: float) -> float:
    return samples * 1e3 / SAMPLE_RATE
