"""Phrases of real hits at known times, and what a detector made of them.

`python -m tests.drumming FOLDER` judges all modes by the recordings of a folder, by default those of the
tests; their names tell the drum and how it was struck: snare-DRUM_ARTICULATION_….flac.
"""

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from ddsp_pi.dsp.native_onset import find_onsets
from ddsp_pi.dsp.onset_settings import MODES
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.recording import load_sound

RECORDED = Path(__file__).parent / "data" / "snare"

CHOSEN, HELD_OUT = ("12", "14d", "muldjord"), ("13b", "14a", "14p")
"""Drums: the settings were fitted to the first; the others were only looked at, between the fits."""

TOLERANCE = round(0.01 * SAMPLE_RATE)
"""A hit counts as found when it is noticed within ± so many samples of its true onset."""

SOFT = {"stick", "sidestick", "rimshot", "muted"}
"""Struck, not brushed: what grooves and rolls are made of."""


@dataclass(frozen=True)
class Phrase:
    kind: str
    audio: np.ndarray
    truth: np.ndarray
    """Samples of the true onsets, in order."""


@dataclass
class Score:
    """Hits played, found, doubled, and noticed where there were none."""

    played: int = 0
    found: int = 0
    doubled: int = 0
    """Within 100 ms after a true onset, besides the one that was found."""
    false: int = 0
    delays_ms: list[float] = field(default_factory=list)
    """From the true onset to when it was noticed."""
    errors: list[float] = field(default_factory=list)
    """Samples by which the time that was told is off."""

    @property
    def f_measure(self) -> float:
        return 2 * self.found / (self.played + self.found + self.doubled + self.false)


def true_onset(hit):
    """Where the energy of a recorded hit begins: its first sample of a tenth of its peak."""
    size = np.abs(hit)
    return int((size >= 0.1 * size.max()).argmax())


@cache
def hits_of(drum, articulation, folder=RECORDED):
    """Recordings of a drum struck in one way, from soft to loud."""
    paths = sorted(folder.glob(f"snare-{drum}_{articulation}_*.flac"))
    return sorted((load_sound(path).audio for path in paths), key=lambda hit: np.abs(hit).max())


@cache
def articulations(drum, folder=RECORDED):
    """How a drum was recorded; the stirring brush makes no hits, and a resting stick bounces."""
    kinds = {path.name.split("_")[1] for path in folder.glob(f"snare-{drum}_*.flac")}
    return sorted(kinds - {"brush-stir", "snare-rest"})


@cache
def floor(name, seconds, level_db):
    """A real one, cross-faded with itself: a brush that goes round softly, or rooms without a voice."""
    pieces = [load_sound(path).audio.astype(np.float64) for path in sorted(RECORDED.glob(f"floor-{name}*"))]
    pieces = [piece / piece.std() for piece in pieces]
    out, at, number, fade = np.zeros(round(seconds * SAMPLE_RATE)), 0, 0, 2400
    while at < len(out):
        piece = pieces[number % len(pieces)].copy()
        rise = np.sin(np.linspace(0.0, np.pi / 2.0, fade))
        piece[:fade] *= rise
        piece[-fade:] *= rise[::-1]
        end = min(len(out), at + len(piece))
        out[at:end] += piece[: end - at]
        at, number = at + len(piece) - fade, number + 1
    return (out * 10.0 ** (level_db / 20.0) / out.std()).astype(np.float32)


class Player:
    """Strikes one drum; the same seed plays the same phrases."""

    def __init__(self, drum, seed=0, folder=RECORDED):
        self.drum, self._folder = drum, folder
        self._rng = np.random.default_rng([seed, *drum.encode()])
        self.ways = [way for way in articulations(drum, folder) if way in SOFT]

    def strike(self, way, low=0.0, high=1.0):
        """A recording out of a share of them, from soft (0) to loud (1)."""
        hits = hits_of(self.drum, way, self._folder)
        first = min(int(low * len(hits)), len(hits) - 1)
        return hits[self._rng.integers(first, max(first + 1, int(np.ceil(high * len(hits)))))]

    def phrase(self, kind, events, noise=("room", -70.0)):
        """Events of (seconds, peak in dBFS, recording) over a floor."""
        events = sorted(events, key=lambda event: event[0])
        audio = floor(noise[0], round(events[-1][0] + 1.5, 1), noise[1]).astype(np.float64)
        truth = []
        for seconds, peak_db, hit in events:
            at = round(seconds * SAMPLE_RATE)
            end = min(len(audio), at + len(hit))
            audio[at:end] += hit[: end - at] * (10.0 ** (peak_db / 20.0) / np.abs(hit).max())
            truth.append(at + true_onset(hit))
        return Phrase(kind, audio.astype(np.float32), np.array(truth))

    def roll(self, gap_ms, way="stick", strokes=18, noise=("room", -66.0), level_db=-10.0):
        """Even strokes, 2 % off in time and 2 dB in level."""
        rng, low, at, events = self._rng, self._rng.uniform(0.0, 0.7), 0.8, []
        for _ in range(strokes):
            hit = self.strike(way, low, low + 0.3)
            events.append((at, level_db + rng.uniform(-2.0, 2.0), hit))
            at += gap_ms / 1000.0 * (1.0 + rng.uniform(-0.02, 0.02))
        return self.phrase(f"roll {gap_ms} ms", events, noise)

    def quiet(self, peak_db=-42.0, strokes=12, noise=("room", -66.0)):
        """Single hits, all of one peak."""
        rng, events = self._rng, []
        for at in 0.8 + np.cumsum(rng.uniform(0.25, 0.6, strokes)):
            events.append((at, peak_db, self.strike(rng.choice(self.ways))))
        return self.phrase(f"hits at {peak_db:.0f} dBFS", events, noise)

    def dynamics(self, noise=("room", -70.0)):
        """Loud and quiet bars in turn, half a second between them."""
        rng, at, events = self._rng, 0.8, []
        for top in (-4, -40, -20, -42, -8, -36, -3, -42):
            share = (top + 45) / 45
            for _ in range(6):
                hit = self.strike(rng.choice(self.ways), max(0.0, share - 0.3), min(1.0, share + 0.2))
                events.append((at, top - rng.uniform(0.0, 2.0), hit))
                at += rng.uniform(0.12, 0.25)
            at += rng.uniform(0.4, 0.7)
        return self.phrase("dynamics", events, noise)

    def singles(self, noise=("room", -72.0)):
        """Every recording as loud as it was recorded, and to its end."""
        at, events = 0.8, []
        for way in articulations(self.drum, self._folder):
            for hit in hits_of(self.drum, way, self._folder):
                events.append((at, max(-38.0, 20.0 * np.log10(np.abs(hit).max())), hit))
                at += len(hit) / SAMPLE_RATE + 0.1
        return self.phrase("single hits", events, noise)

    def groove(self, seconds=12.0, top_db=-3.0, noise=("room", -70.0)):
        """Sixteenths with accents, ghost notes, flams and drags, nothing closer than 40 ms."""
        rng, events, at = self._rng, [], 0.8
        while at < seconds:
            events += self._sixteenth(at + rng.normal(0.0, 0.004), top_db)
            at += 60.0 / 110.0 / 4.0
        events.sort(key=lambda event: event[0])
        apart = [True, *(after[0] - before[0] >= 0.04 for before, after in pairwise(events))]
        kept = [event for event, alone in zip(events, apart, strict=True) if alone]
        return self.phrase("groove", kept, noise)

    def _sixteenth(self, at, top_db):
        rng, way = self._rng, self._rng.choice(self.ways)
        accent = (at, top_db - rng.uniform(0.0, 6.0), self.strike(way, 0.5, 1.0))
        gap, grace = rng.uniform(0.042, 0.060), top_db - rng.uniform(10.0, 20.0)
        before = [(at - strokes * gap, grace, self.strike(way, 0.0, 0.5)) for strokes in (1, 2)]
        played = {
            "accent": [accent],
            "middle": [(at, top_db - rng.uniform(6.0, 14.0), self.strike(way, 0.3, 0.8))],
            "ghost": [(at, top_db - rng.uniform(15.0, 26.0), self.strike(way, 0.0, 0.5))],
            "flam": [before[0], accent],
            "drag": [*before, accent],
            "rest": [],
        }
        return played[rng.choice(list(played), p=(0.22, 0.20, 0.26, 0.10, 0.06, 0.16))]


def judge(phrase, onsets, score=None):
    """What was found in a phrase, added to a score."""
    score = Score() if score is None else score
    left = list(onsets)
    for truth in phrase.truth:
        near = [onset for onset in left if abs(onset.heard_at - truth) <= TOLERANCE]
        if near:
            left.remove(near[0])
            score.delays_ms.append((near[0].heard_at - truth) * 1000.0 / SAMPLE_RATE)
            score.errors.append(near[0].time - truth)
            score.found += 1
    after = [
        onset.heard_at - phrase.truth[phrase.truth < onset.heard_at].max(initial=-SAMPLE_RATE)
        for onset in left
    ]
    doubled = sum(gap <= 0.1 * SAMPLE_RATE for gap in after)
    score.doubled += doubled
    score.false += len(left) - doubled
    score.played += len(phrase.truth)
    return score


def phrases(drum, folder=RECORDED, seed=0):
    """All that a drum is judged by."""
    player = Player(drum, seed, folder)
    for noise in (("room", -70.0), ("stir", -70.0)):
        yield player.groove(noise=noise)
        yield player.dynamics(noise=noise)
    yield player.groove(top_db=-16.0, noise=("room", -72.0))
    for gap_ms in (30, 40, 50, 60, 80):
        yield from (
            player.roll(gap_ms, way, noise=(name, -66.0)) for way in player.ways for name in ("room", "stir")
        )
    for peak_db, floor_db in ((-36.0, -66.0), (-42.0, -66.0), (-48.0, -72.0)):
        yield from (player.quiet(peak_db, noise=(name, floor_db)) for name in ("room", "stir"))
    yield player.singles()


def tell(folder, drums, mode):
    """A table of one mode."""
    scores = defaultdict(Score)
    for drum in drums:
        for phrase in phrases(drum, folder):
            judge(phrase, find_onsets(phrase.audio, MODES[mode]), scores[phrase.kind])
    print(f"\n{mode}, drums {', '.join(drums)}\n| phrase | {' | '.join(COLUMNS)} |")
    for kind, score in scores.items():
        print(f"| {kind} | {' | '.join(row(score))} |")


COLUMNS = ("hits", "F", "missed", "doubled", "false", "delay ms", "95 %", "time off", "90 %")


def row(score):
    """What stands under the columns."""
    delays, errors = score.delays_ms or [np.nan], np.abs(score.errors or [np.nan])
    counts = (score.played - score.found, score.doubled, score.false)
    yield from (str(score.played), f"{score.f_measure:.3f}", *map(str, counts))
    yield from (f"{np.median(delays):.2f}", f"{np.quantile(delays, 0.95):.2f}")
    yield from (f"{np.median(errors):.1f}", f"{np.quantile(errors, 0.9):.0f}")


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDED
    for name in MODES:
        for group in (CHOSEN, HELD_OUT):
            tell(where, group, name)
    for noise in ("room", "stir"):
        for level in (-50.0, -60.0, -72.0):
            found = {mode: len(find_onsets(floor(noise, 60.0, level), MODES[mode])) for mode in MODES}
            print(f"60 s of the floor {noise!r} at {level} dBFS: {found}")
