"""An engine as it plays live, but for the device: linked controls, a locked clock, sounding voices."""

import itertools
import math
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.app import LISTENING, open_named, part_of
from ddsp_pi.config import Config
from ddsp_pi.dsp.output import make_output
from ddsp_pi.engine.clock import DelayLocked
from ddsp_pi.engine.loop import Engine
from ddsp_pi.engine.overload import Overload
from ddsp_pi.frame import HOP, SAMPLE_RATE, Note
from ddsp_pi.link.edits import Outbox
from ddsp_pi.link.shared import create
from ddsp_pi.link.volts import pack_volts
from ddsp_pi.models.warm import WarmLibrary
from ddsp_pi.processes.linked import LinkedControls
from ddsp_pi.rack.board import UNPATCHED

LOW_NOTE = 57.0
"""A3 at 220 Hz, where a hundred harmonics sound."""

DETUNED = 0.07
"""Semitones between two voices: nearly the same pitch, so that all cost the same, but no two alike."""

MIDDLES = (0.0, 6.0, 0.0, 1.0, 0.2, 0.2)
"""Volts on the jacks as the packaged configuration routes them: none of them shuts anything off."""

SUNG_HZ, N_SUNG, FORMANT = 220.0, 40, 4.0
"""The voice of a mode that listens: its pitch, its partials, and the loudest of them."""

HITS_PER_S, RINGS_S, HARD, SOFT = 20, 0.005, 0.5, 0.2
"""What strikes a drum: noise that has fallen to a third after so long, hard and soft in turn."""

NOTE_ON_S = 0.02
"""Sound before anything is timed: attacks are over."""


class _Unmoved(Overload):
    """Judges as ever, but leaves nothing out: a slow machine is to be measured, not spared."""

    def judge(self, load: float, n: int) -> bool:
        super().judge(load, n)
        return False


class LiveEngine:
    """Plays held notes, one per voice, while the first so many cables move in every hop.

    A mode that listens is sung to instead, and a drum is struck, as fast as anybody could.

    `move` is what the control process would do between two blocks, `play` what the audio callback does.
    """

    def __init__(
        self, config: Config, library: WarmLibrary, voices: int, samples: int, cables: int = 2
    ) -> None:
        self._link = create()
        self._volts = itertools.cycle([pack_volts(_volts(place, cables)) for place in range(64)])
        self._left = 0
        self._block, silence = np.zeros((2, samples), np.float32)
        self._heard: Iterator[NDArray[np.float32]] = itertools.repeat(silence)
        config = msgspec.structs.replace(config, voices=voices)
        times = itertools.count(0, round(samples * 1e9 / SAMPLE_RATE))
        clock = DelayLocked(samples, now=lambda: next(times))
        controls = LinkedControls(self._link)
        instrument = open_named(library, config)
        part = part_of(config, config.mode, library, instrument, None)
        self.engine = Engine(part, controls, clock, make_output(fade_in=True), _Unmoved())
        controls.on(part.mode.params.set, lambda path: None, self.engine.parts.release, lambda: None)
        if config.mode in LISTENING:
            self._heard = itertools.cycle(_blocks(HEARD[config.mode](), samples))
        else:
            self._press(voices)
        for _ in range(round(NOTE_ON_S * SAMPLE_RATE / samples)):
            self.move()
            self.play()

    def _press(self, voices: int) -> None:
        outbox = Outbox(self._link.edits)
        for voice in range(voices):
            outbox.send(Note(LOW_NOTE + DETUNED * voice, 1.0, 0))

    def move(self) -> None:
        """New volts on every cable, once per hop."""
        self._left -= len(self._block)
        if self._left < 0:
            self._left += HOP
            self._link.frame.write(next(self._volts))

    def play(self) -> None:
        """One block."""
        self.engine.render(self._block, next(self._heard))

    @property
    def peak(self) -> float:
        """Of all that was played so far; 0 would mean that nothing sounded."""
        return self.engine.telemetry.peak

    def close(self) -> None:
        """Give the link back."""
        self._link.close()


def _volts(place: int, cables: int) -> tuple[float, ...]:
    """Of all jacks: a little above and below where each does something, and nothing in the last ones."""
    swing = math.sin(2.0 * math.pi * place / 64.0)
    volts = tuple(middle + 0.1 * swing for middle in MIDDLES)
    return volts[:cables] + UNPATCHED[cables:]


def _sung() -> NDArray[np.float32]:
    """(SAMPLE_RATE,) of a vowel with vibrato that can go on for ever."""
    at = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    phase = 2.0 * np.pi * (SUNG_HZ * at + 0.1 * np.sin(2.0 * np.pi * 5.0 * at))
    partials = (np.sin(k * phase) / (1.0 + (k - FORMANT) ** 2) for k in range(1, N_SUNG + 1))
    return np.asarray(0.1 * sum(partials), np.float32)


def _struck() -> NDArray[np.float32]:
    """(SAMPLE_RATE,) of hits on a pad."""
    length = SAMPLE_RATE // HITS_PER_S
    fall = np.exp(-np.arange(length) / (RINGS_S * SAMPLE_RATE))
    force = np.resize([HARD, SOFT], (HITS_PER_S, 1))
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, (HITS_PER_S, length))
    return np.asarray(noise * fall * force, np.float32).ravel()


HEARD = {"cross": _sung, "drums": _struck}
"""What modes hear that listen; a second of it."""


def _blocks(audio: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """(blocks, samples) of it, as many as there are whole ones."""
    return audio[: len(audio) // samples * samples].reshape(-1, samples)
