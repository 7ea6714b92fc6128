"""What the engine costs: per-stage times, memory, and the ratio to a reference in the same run."""

import gc
import math
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.app import App, build
from ddsp_pi.config import load_config
from ddsp_pi.dsp.limiter import Limiter
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder

REFERENCE_WIDTH = 512
ROUNDS = 20
"""Stages take turns in so many rounds, so that a slow moment of the machine hits all of them."""


class Cost(msgspec.Struct, frozen=True):
    """Microseconds per 128-sample block."""

    median_us: float
    p999_us: float


class Report(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    model: str
    block_samples: int
    block_us: float
    stages: dict[str, Cost]
    real_time_factor: float
    """Seconds of sound per second of work."""
    load: float
    memory_mb: float
    times_faster_than_reference: float


def measure(model: str, blocks: int) -> Report:
    """Play the shipped phrase and time it. Real time is 2667 µs per block."""
    app = _app(model)
    memory = resident_mb()
    stages = _stages(app)
    stages["reference"] = Reference(app.instrument.card.n_harmonics, app.instrument.card.n_bands).render
    costs = _timed(stages, blocks)
    block, reference = costs["block"], costs["reference"]
    return Report(
        model=app.instrument.card.name,
        block_samples=HOP,
        block_us=1e6 / HOP_RATE,
        stages=costs,
        real_time_factor=1e6 / HOP_RATE / block.median_us,
        load=block.median_us * HOP_RATE / 1e6,
        memory_mb=memory,
        times_faster_than_reference=reference.median_us / block.median_us,
    )


def resident_mb() -> float:
    """Memory of this process that is in RAM now, MB; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    return int(status.split("VmRSS:")[1].split()[0]) / 1024.0


def _app(model: str) -> App:
    performance = load_performance(configs_folder() / "performances" / "violin-phrase.csv")
    config = msgspec.structs.replace(load_config(), model=model)
    app = build(config, SimBoard(performance, loop=True))
    block = np.empty(HOP, np.float32)
    for _ in range(100):
        app.engine.render(block)
    return app


def _stages(app: App) -> dict[str, Callable[[], object]]:
    card, decoder = app.instrument.card, app.instrument.decoder()
    synth, limiter = HarmonicNoiseSynth(card.n_harmonics, card.n_bands), Limiter()
    harmonics, noise = (np.array(controls) for controls in decoder.step(440.0, -20.0))
    pitch, block, other = np.full(HOP, 440.0), np.empty(HOP, np.float32), np.zeros(HOP, np.float32)
    return {
        "decoder": lambda: decoder.step(440.0, -20.0),
        "harmonics at 440 Hz": lambda: synth.harmonics.render(pitch, harmonics, harmonics, other),
        "noise": lambda: synth.noise.render(noise, noise, other),
        "limiter": lambda: limiter.process(other),
        "block": lambda: app.engine.render(block),
    }


def _timed(stages: dict[str, Callable[[], object]], blocks: int) -> dict[str, Cost]:
    times: dict[str, list[int]] = {name: [] for name in stages}
    gc.disable()
    for _ in range(ROUNDS):
        for name, stage in stages.items():
            # The reference is far slower, and only its median is asked for.
            for _ in range(max(blocks // ROUNDS // (10 if name == "reference" else 1), 2)):
                begun = time.perf_counter_ns()
                stage()
                times[name].append(time.perf_counter_ns() - begun)
    gc.enable()
    return {
        name: Cost(float(np.median(t)) / 1e3, float(np.percentile(t, 99.9)) / 1e3)
        for name, t in times.items()
    }


class Reference:
    """The usual way at full width: three 512-wide layers around a GRU, and a float64 sum of sines."""

    def __init__(self, n_harmonics: int, n_bands: int) -> None:
        rng = np.random.default_rng(0)
        width = REFERENCE_WIDTH

        def weights(rows: int, columns: int) -> NDArray[np.float32]:
            return (rng.standard_normal((rows, columns)) / math.sqrt(columns)).astype(np.float32)

        self._inputs = [weights(width, 2)] + [weights(width, width) for _ in range(2)]
        self._gru = weights(3 * width, width), weights(3 * width, width)
        self._outputs = [weights(width, width) for _ in range(3)]
        self._head = weights(n_harmonics + n_bands, width)
        self._state = np.zeros(width, np.float32)
        self._numbers = np.arange(1, n_harmonics + 1)[:, None]
        self._bank = rng.standard_normal((HOP, n_bands))
        self._phase = np.arange(HOP) * 440.0 / SAMPLE_RATE

    def render(self) -> NDArray[np.float64]:
        """One block."""
        n_harmonics = len(self._numbers)
        amplitudes = self._step(np.array([0.3, -0.2], np.float32)).astype(np.float64)
        sines = np.sin(2.0 * np.pi * self._numbers * self._phase)
        tones: NDArray[np.float64] = (amplitudes[:n_harmonics, None] * sines).sum(axis=0)
        return tones + self._bank @ amplitudes[n_harmonics:]

    def _step(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        for layer in self._inputs:
            x = np.maximum(layer @ x, 0.0)
        reset, update, new = np.split(self._gru[0] @ x, 3)
        old_reset, old_update, old_new = np.split(self._gru[1] @ self._state, 3)
        gate = 1.0 / (1.0 + np.exp(-(update + old_update)))
        candidate = np.tanh(new + old_new / (1.0 + np.exp(-(reset + old_reset))))
        self._state = x = gate * self._state + (1.0 - gate) * candidate
        for layer in self._outputs:
            x = np.maximum(layer @ x, 0.0)
        return np.asarray(np.exp(self._head @ x * 0.1))
