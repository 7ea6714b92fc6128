"""An hour of any MIDI on the guitar that ships: `python -m tests.style.hour --minutes 60 --voices 8`.

As fast as it goes: mode style as it plays, without a device. Every half minute the hands leave the keys in
another way, or somebody panics, and then nothing may sound any more, nor a string be held.
"""

import argparse
import dataclasses
import itertools
import json
import os
import time

import numpy as np

from ddsp_pi.app import build, midi_of
from ddsp_pi.control.midi import MidiActs, MidiPlayer
from ddsp_pi.engine.loop import Engine
from ddsp_pi.frame import SAMPLE_RATE, Note
from tests.live.player import memory_mb
from tests.midi_streams import ENDINGS, Lasting, stream
from tests.playing import Script, ns
from tests.style.guitar import settings

BLOCK = 8 * 128

PER_SECOND = 30.0
"""Messages; of a wild player on many keys and knobs."""

BETWEEN_S = 30.0
"""From one end to the next."""

SETTLE_S, RELEASE_S = 0.6, 0.2
"""From an end to silence, with this release, however long the one was that somebody had turned."""

SILENT = 1e-6


@dataclasses.dataclass
class Report:
    """What was seen."""

    minutes: float
    voices: int
    seed: int
    messages: int = 0
    notes: int = 0
    panics: int = 0
    ends: int = 0
    sounded: int = 0
    """Ends before which something was to be heard."""
    stuck: list[str] = dataclasses.field(default_factory=list)
    """Ends after which something was."""
    peak: float = 0.0
    rejected: int = 0
    """Samples that were not finite."""
    grown_mb: float = 0.0
    took_s: float = 0.0


class Hands:
    """A MIDI port, an engine and who listens."""

    def __init__(self, report: Report) -> None:
        config = settings(report.voices)
        self.script, self.report = Script(()), report
        self.app = build(config, self.script)
        self.lasting, self.at = Lasting(), 0
        self.player = MidiPlayer(self._acts(), midi_of(config), self.app.params)
        self._block = np.empty(BLOCK, np.float32)

    @property
    def engine(self) -> Engine:
        return self.app.engine

    def _acts(self) -> MidiActs:
        return MidiActs(
            play=self._play,
            set=self.app.set_param,
            value=lambda name: self.app.params.values[name],
            select=lambda number: None,
            panic=self._panic,
            say=lambda text: None,
        )

    def _play(self, note: float, velocity: float) -> None:
        self.report.notes += velocity > 0.0
        self.script._events.append(Note(note, velocity, ns(self.at / SAMPLE_RATE)))

    def _panic(self) -> None:
        self.report.panics += 1
        self.engine.release()

    def take(self, message: object) -> None:
        self.report.messages += 1
        self.player.take(message)
        self.lasting.take(message)

    def until(self, seconds: float) -> float:
        """Play up to a time; the largest sample."""
        loudest = 0.0
        while self.at + BLOCK <= seconds * SAMPLE_RATE:
            self.engine.render(self._block)
            self.at += BLOCK
            loudest = max(loudest, float(np.abs(self._block).max()))
        self.report.peak = max(self.report.peak, loudest)
        return loudest

    def end(self, how: str) -> None:
        """All keys go up, and nothing is left."""
        begun = self.at / SAMPLE_RATE
        self.report.ends += 1
        self.report.sounded += bool(self._gains.any())
        for message in ENDINGS[how](self.lasting.down):
            self.take(message)
        self.app.set_param("release", RELEASE_S)
        self.until(begun + SETTLE_S)
        if self.until(begun + SETTLE_S + 0.1) > SILENT or self._gains.any():
            self.report.stuck.append(f"{how} at {begun:.1f} s")

    @property
    def _gains(self) -> np.ndarray:
        return self.engine.parts.mode._voices.playing.envelopes.table[:, 0]


def hour(minutes: float, voices: int, seed: int, between_s: float = BETWEEN_S) -> Report:
    """Play so many minutes; what was seen."""
    report, begun = Report(minutes, voices, seed), time.monotonic()
    hands, endings, next_end, paused = Hands(report), itertools.cycle(ENDINGS), between_s, 0.0
    before_mb = memory_mb(os.getpid())
    for at_s, message in stream(seed, minutes, PER_SECOND):
        hands.until(at_s + paused)
        if at_s >= next_end:
            hands.end(next(endings))
            next_end += between_s
            paused += SETTLE_S + 0.1
        hands.take(message)
    hands.end(next(endings))
    report.rejected = hands.engine.telemetry.rejected_samples
    report.grown_mb = round(memory_mb(os.getpid()) - before_mb, 2)
    report.took_s = round(time.monotonic() - begun, 1)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--voices", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(json.dumps(dataclasses.asdict(hour(args.minutes, args.voices, args.seed)), indent=1))


if __name__ == "__main__":
    main()
