"""The snare phrase in configs/recordings, of single hits of one drum.

To write it again: python -m tests.snare_phrase
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.recording import load_sound
from ddsp_pi.shipped import configs_folder
from tests.drumming import true_onset

FILE = configs_folder() / "recordings" / "snare-phrase.flac"
DRUM = "13b"
DATA = Path(__file__).parent / "data"
FOLDERS = (DATA / "snare", DATA / "snare-phrase")
ROOM = DATA / "snare-phrase" / "floor-13b.flac"

STEP_S = 60.0 / 112.0 / 4.0
"""A sixteenth."""

BEGIN_S, RING_S = 0.25, 0.65
FADE = 2400

BARS = """
    X.gg Cg.g c.cg C.gg
    c.gg Cg.o gcgo Xg.g
    o.gg Xg.g ogog F.go
    xgog Xgox zzzz zzzz X
"""
"""Sixteenths. What the letters are stands in STROKES; a dot is a rest."""


@dataclass(frozen=True)
class Stroke:
    """How the drum is struck: in which way, and how loud."""

    way: str
    peak_db: float


STROKES = {
    "g": Stroke("stick", -25.0),
    "o": Stroke("stick", -14.0),
    "x": Stroke("stick", -6.5),
    "X": Stroke("rimshot", -3.5),
    "F": Stroke("rimshot", -5.0),
    "c": Stroke("sidestick", -23.0),
    "C": Stroke("sidestick", -16.0),
}

ROLL, ROLL_DB = "z", (-27.0, -7.0)
"""Two strokes, and how loud a roll begins and ends."""

FLAM, GRACE_S = "F", 0.045
"""Its grace note is a ghost, so long before it."""


@dataclass(frozen=True)
class Strike:
    """One stroke of the phrase."""

    time_s: float
    stroke: Stroke


@dataclass(frozen=True, eq=False)
class Hit:
    """A recording, from where it begins."""

    name: str
    audio: np.ndarray
    peak_db: float
    onset: int


def strikes() -> Iterator[Strike]:
    """As they are written, to the clock."""
    steps = "".join(BARS.split())
    rolled = np.linspace(*ROLL_DB, 2 * steps.count(ROLL)).tolist()
    for step, letter in enumerate(steps):
        time_s = BEGIN_S + step * STEP_S
        if letter == ROLL:
            yield from (
                Strike(time_s + half * STEP_S / 2.0, Stroke("stick", rolled.pop(0))) for half in (0, 1)
            )
        elif letter in STROKES:
            if letter == FLAM:
                yield Strike(time_s - GRACE_S, STROKES["g"])
            yield Strike(time_s, STROKES[letter])


def by_hand(written: Iterator[Strike]) -> Iterator[Strike]:
    """The same as a hand plays it: 3 ms off, 1.2 dB more or less, and a ghost note a little late."""
    rng = np.random.default_rng(7)
    for strike in written:
        late_s = 0.004 if strike.stroke == STROKES["g"] else 0.0
        time_s = strike.time_s + late_s + 0.003 * float(np.clip(rng.normal(), -2.0, 2.0))
        peak_db = min(strike.stroke.peak_db + 1.2 * float(np.clip(rng.normal(), -2.0, 2.0)), -2.5)
        yield Strike(time_s, Stroke(strike.stroke.way, peak_db))


@cache
def hits(way: str) -> tuple[Hit, ...]:
    """The recordings of the drum that was struck in this way."""
    paths = [path for folder in FOLDERS for path in folder.glob(f"snare-{DRUM}_{way}_*.flac")]
    return tuple(_hit(path) for path in sorted(paths, key=lambda path: path.name))


def _hit(path: Path) -> Hit:
    audio = load_sound(path).audio.astype(np.float64)
    return Hit(path.stem, audio, 20.0 * float(np.log10(np.abs(audio).max())), true_onset(audio))


def choose(stroke: Stroke, before: str) -> Hit:
    """The hit that was recorded most nearly as loud, but never the same twice in a row."""
    others = [hit for hit in hits(stroke.way) if hit.name != before]
    return min(others, key=lambda hit: abs(hit.peak_db - stroke.peak_db))


def room(samples: int) -> np.ndarray:
    """(samples,) what the microphone heard when the drum was silent, cross-faded with itself."""
    piece, fade = load_sound(ROOM).audio.astype(np.float64), np.sin(np.linspace(0.0, np.pi / 2.0, FADE))
    piece[:FADE] *= fade
    piece[-FADE:] *= fade[::-1]
    out = np.zeros(samples + len(piece))
    for at in range(0, samples, len(piece) - FADE):
        out[at : at + len(piece)] += piece
    return out[:samples]


def phrase() -> tuple[np.ndarray, np.ndarray]:
    """(n,) 16-bit samples at 48 kHz, and (hits,) the samples of the true onsets."""
    played = list(by_hand(strikes()))
    audio = room(round((played[-1].time_s + RING_S) * SAMPLE_RATE))
    onsets, before = [], ""
    for strike in played:
        hit = choose(strike.stroke, before)
        before = hit.name
        at = round(strike.time_s * SAMPLE_RATE)
        part = hit.audio[: len(audio) - at] * 10.0 ** ((strike.stroke.peak_db - hit.peak_db) / 20.0)
        audio[at : at + len(part)] += part
        onsets.append(at + hit.onset)
    return np.round(32768.0 * _faded(audio)).astype(np.int16), np.array(onsets)


def _faded(audio: np.ndarray) -> np.ndarray:
    fade = np.sin(np.linspace(0.0, np.pi / 2.0, FADE)) ** 2
    audio[:FADE] *= fade
    audio[-FADE:] *= fade[::-1]
    return audio


if __name__ == "__main__":
    import soundfile

    soundfile.write(FILE, phrase()[0], SAMPLE_RATE, subtype="PCM_16", compression_level=1.0)
