"""Runs inside an emulated aarch64 and counts the instructions that each stage of a block takes.

    qemu-aarch64 -plugin count_instructions.so,out=MARKS python count_blocks.py INSTRUMENT MARKS COUNTS

Marks are getppid() calls, and MARKS is where the plug-in writes what was executed between two of them.
COUNTS gets {stage: instructions per block of 128 samples}, the median over many blocks, and the most where
that is much more.
"""

import gc
import itertools
import json
import math
import os
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.app import open_named, part_of
from ddsp_pi.config import load_config
from ddsp_pi.dsp.choice import make_synth
from ddsp_pi.dsp.envelope import OPEN
from ddsp_pi.dsp.output import make_output
from ddsp_pi.engine.clock import DelayLocked
from ddsp_pi.engine.loop import Engine
from ddsp_pi.engine.overload import Overload
from ddsp_pi.frame import HOP, SAMPLE_RATE, Edge, Event, Note, nanoseconds
from ddsp_pi.models.bundle import Instrument, load_instrument
from ddsp_pi.models.warm import WarmLibrary
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.cvs import SCAN_NS
from ddsp_pi.rack.mcp3208 import Mcp3208
from ddsp_pi.rack.panel import PanelBoard
from ddsp_pi.rack.simulated import SimPins

WARM_UP, BLOCKS = 200, 100

NOTE, HZ = 55.0, 196.0
"""G below middle C: from there downwards 100 partials are audible, the most that can be asked."""

HITS_PER_S = 20
"""Of a drum that is struck as fast as anybody could."""

BY_NOTES = "budget-by-notes.onnx"
"""Beside the other instrument: one that is played by notes."""

Stage = Callable[[], object]


class Player:
    """Cables and keys that never rest: pitch and loudness move with every hop while notes are held."""

    def __init__(self, voices: int) -> None:
        keys = (Note(NOTE - 2.0 * voice, 0.8, 0) for voice in range(voices))
        self._events: Sequence[Event] = [Edge(1, True, 0)] if voices == 1 else list(keys)

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """CV 1 swings by 20 cents around the note, CV 2 by 3 dB."""
        swing = math.sin(at_ns * 3e-8)
        return ((NOTE - 60.0 + 0.2 * swing) / 12.0, 5.0 + 0.3 * swing, *(math.nan,) * 4)

    def events(self, until_ns: int) -> Sequence[Event]:
        """All notes begin at once."""
        events, self._events = self._events, ()
        return events


class Hands:
    """Keys that are held, and no cables."""

    def __init__(self, voices: int) -> None:
        self._keys: Sequence[Event] = [Note(NOTE - 2.0 * voice, 0.8, 0) for voice in range(voices)]

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """Nothing is patched."""
        return (math.nan,) * 6

    def events(self, until_ns: int) -> Sequence[Event]:
        """All notes begin at once."""
        keys, self._keys = self._keys, ()
        return keys


class Nobody:
    """No cables and no keys: who sings has the pitch."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """Nothing is patched."""
        return (math.nan,) * 6

    def events(self, until_ns: int) -> Sequence[Event]:
        """Nothing happens."""
        return ()


class Calm(Overload):
    """Nothing is left out, though an emulated processor is never in time."""

    def judge(self, load: float, n: int) -> bool:
        """See Overload."""
        return super().judge(0.1, n)


def decoder(instrument: Instrument, voices: int) -> Stage:
    """One step of the network."""
    step = instrument.decoder(voices).step
    f0_hz, loudness_db = [HZ] * voices, [-20.0] * voices
    return lambda: step(f0_hz, loudness_db)


def synth(instrument: Instrument, voices: int) -> Stage:
    """Envelopes, harmonics and noise of one hop, with the decoder's answer already there."""
    made = make_synth(voices, instrument.card.n_harmonics, instrument.card.n_bands)
    controls, decoder = made.controls, instrument.decoder(voices)
    controls.envelopes.table[:, :2] = 1.0, OPEN
    levels = [0.5, 0.6]

    def render() -> None:
        levels.reverse()
        controls.level[1] = levels[0]
        made.begin_hop()
        made.render(0, HOP)

    for part, answer in zip(controls.asked, decoder.step([HZ] * voices, [-20.0] * voices), strict=True):
        part[...] = answer
    controls.f0_hz[:] = HZ
    return render


def output(instrument: Instrument, voices: int) -> Stage:
    """What stands behind the voices, with a signal that needs no limiting."""
    stage, block = make_output(), np.sin(np.arange(HOP) * 0.1).astype(np.float32) * np.float32(0.1)
    return lambda: stage.process(block)


def block(instrument: Instrument, voices: int) -> Stage:
    """All of the engine as it plays live, on an audio clock that never trembles."""
    config = msgspec.structs.replace(load_config(), voices=voices)
    clock = DelayLocked(HOP, now=map(nanoseconds, itertools.count(0, HOP)).__next__)
    part = part_of(config, config.mode, WarmLibrary(), instrument, None)
    engine, samples = Engine(part, Player(voices), clock, make_output(), Calm()), np.empty(HOP, np.float32)
    return _sounding(lambda: engine.render(samples), samples)


def cross(instrument: Instrument, voices: int) -> Stage:
    """All of the engine while somebody sings: the input is heard, and gives half of the colour."""
    config = load_config(mode="cross")
    clock = DelayLocked(HOP, now=map(nanoseconds, itertools.count(0, HOP)).__next__)
    part = part_of(config, config.mode, WarmLibrary(), instrument, None)
    engine, samples = Engine(part, Nobody(), clock, make_output(), Calm()), np.empty(HOP, np.float32)
    sung = itertools.cycle(_vowel().reshape(-1, HOP))
    return _sounding(lambda: engine.render(samples, next(sung)), samples)


def style(instrument: Instrument, voices: int) -> Stage:
    """All of the engine while as many power chords ring, on an instrument that is played by notes."""
    config = msgspec.structs.replace(load_config(mode="style"), voices=voices, params={"power_chord": 1.0})
    clock = DelayLocked(HOP, now=map(nanoseconds, itertools.count(0, HOP)).__next__)
    played = load_instrument(instrument.path.with_name(BY_NOTES))
    part = part_of(config, config.mode, WarmLibrary(), played, None)
    engine, samples = Engine(part, Hands(voices), clock, make_output(), Calm()), np.empty(HOP, np.float32)
    return _sounding(lambda: engine.render(samples), samples)


def drums(instrument: Instrument, voices: int) -> Stage:
    """All of the engine while a drum is struck twenty times a second, and what was struck rings on."""
    config, library = load_config(mode="drums"), WarmLibrary()
    clock = DelayLocked(HOP, now=map(nanoseconds, itertools.count(0, HOP)).__next__)
    part = part_of(config, config.mode, library, open_named(library, config), None)
    engine, samples = Engine(part, Nobody(), clock, make_output(), Calm()), np.empty(HOP, np.float32)
    heard = itertools.cycle(_hits().reshape(-1, HOP))
    return _sounding(lambda: engine.render(samples, next(heard)), samples)


def _hits() -> NDArray[np.float32]:
    """A second of noise that falls to a third in 5 ms, hard and soft in turn, (SAMPLE_RATE,)."""
    length = SAMPLE_RATE // HITS_PER_S
    fall = np.exp(-np.arange(length) / (0.005 * SAMPLE_RATE))
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, (HITS_PER_S, length))
    return np.asarray(noise * fall * np.resize([0.5, 0.2], (HITS_PER_S, 1)), np.float32).ravel()


def _vowel() -> NDArray[np.float32]:
    """A second of forty partials that swing by a quarter tone, (SAMPLE_RATE,)."""
    at = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    phase = 2.0 * np.pi * (HZ * at + 0.18 * np.sin(2.0 * np.pi * 5.0 * at))
    partials = (np.sin(k * phase) / (1.0 + (k - 4.0) ** 2) for k in range(1, 41))
    return np.asarray(0.1 * sum(partials), np.float32)


def _sounding(render: Stage, samples: NDArray[np.float32]) -> Stage:
    """Warmed up and heard."""
    for _ in range(WARM_UP):
        render()
    if np.abs(samples).max() < 1e-3:
        raise SystemExit("the voices are silent: nothing worth counting")
    return render


class Still:
    """An SPI bus without wires: every channel reads nearly the same, again and again."""

    def __init__(self) -> None:
        self._replies = itertools.cycle([[0, 8, 0], [0, 8, 1], [0, 8, 2]])

    def xfer2(self, values: list[int]) -> list[int]:
        """See Bus."""
        return next(self._replies)

    def close(self) -> None:
        """See Bus."""


def board(instrument: Instrument, voices: int) -> Stage:
    """One beat of a board: gates looked at, six jacks read and smoothed; without kernel and wire."""
    panel = PanelBoard(find_board("terminal-tedium-wm8731"), Mcp3208(Still()), SimPins(), load_config().rack)
    times_ns = itertools.count(0, SCAN_NS)

    def beat() -> None:
        now_ns = next(times_ns)
        panel.events(now_ns)
        panel.volts(now_ns)

    return beat


STAGES: dict[str, tuple[Callable[[Instrument, int], Stage], int]] = {
    "decoder": (decoder, 1),
    "synth": (synth, 1),
    "output": (output, 1),
    "block": (block, 1),
    "decoder, 8 voices": (decoder, 8),
    "synth, 8 voices": (synth, 8),
    "block, 8 voices": (block, 8),
    "cross": (cross, 1),
    "style, 8 voices": (style, 8),
    "drums": (drums, 1),
    "board": (board, 0),
}
"""What is counted: how it is made, and for how many voices."""

DEAREST = {"drums, at a hit": "drums"}
"""Where few calls of a stage are far dearer than the others, what the dearest of them took."""


def run(stage: Stage) -> None:
    """Warm up, then BLOCKS calls with a mark before, between and behind them."""
    mark = os.getppid
    for _ in range(WARM_UP):
        stage()
    mark()
    for _ in range(BLOCKS):
        stage()
        mark()


def calls(marks: Sequence[str]) -> Iterator[list[int]]:
    """What each call took, stage by stage; what lies between two stages is left out."""
    counts = [json.loads(line)["instructions"] for line in marks]
    for first in range(0, len(counts), BLOCKS + 1):
        yield counts[first : first + BLOCKS]


def told(marks: Sequence[str]) -> dict[str, int]:
    """The usual call of every stage, and the dearest one where that is asked for."""
    taken = dict(zip(STAGES, calls(marks), strict=True))
    usual = {stage: round(statistics.median(counts)) for stage, counts in taken.items()}
    return usual | {name: max(taken[stage]) for name, stage in DEAREST.items()}


def main(instrument_path: str, marks: str, counts: str) -> None:
    """Count all stages."""
    instrument = load_instrument(Path(instrument_path))
    stages = [make(instrument, voices) for make, voices in STAGES.values()]
    gc.collect()
    gc.disable()
    for stage in stages:
        run(stage)
    Path(counts).write_text(json.dumps(told(Path(marks).read_text().splitlines())))


if __name__ == "__main__":
    main(*sys.argv[1:])
