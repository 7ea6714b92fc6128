"""What came in beside what came out, judged by estimators that the mode itself does not use."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.dsp.pitch_path import pitch_path
from ddsp_pi.frame import HOP, SAMPLE_RATE

FRAME, EVERY = 1536, 4 * HOP
"""Samples that an envelope is of, and from one to the next."""

LOW_HZ, HIGH_HZ = 100.0, 8000.0
"""Where the formants of words are."""

ORDER = 18
"""Of the linear prediction: a pair of poles for every kilohertz, and one for the slope."""

QUIET_DB = 30.0
"""Below the loudest moment: frames that count are above."""

RANGE_DB = 45.0
"""Below it: moments whose loudness is compared are above."""

STEADY = 4
"""Hops on either side of a frame that are voiced, too, where its pitch is beyond doubt."""

CONFIDENT = 0.9
"""Likeness of one period to the next of such a frame."""

OCTAVE_CENTS = 600.0


def envelopes_db(audio):
    """(frames, bins) spectral envelopes by linear prediction of the band up to 8 kHz (Makhoul, 1975)."""
    frames = sliding_window_view(np.pad(audio.astype(np.float64), FRAME // 2), FRAME)[::EVERY]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME), 2 * FRAME)) ** 2
    top = round(HIGH_HZ * 2 * FRAME / SAMPLE_RATE)
    likeness = np.fft.irfft(power[:, : top + 1] + 1e-12)[:, : ORDER + 1]
    likeness[:, 0] *= 1.0 + 1e-6
    rows = np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))
    poles = np.linalg.solve(likeness[:, rows], likeness[:, 1:, None])[..., 0]
    error = likeness[:, 0] - (poles * likeness[:, 1:]).sum(1)
    ones = np.ones((len(poles), 1))
    whitened = np.abs(np.fft.rfft(np.concatenate([ones, -poles], axis=1), 256)) ** 2
    first = round(LOW_HZ / HIGH_HZ * 128)
    return 10.0 * np.log10(np.maximum(error, 1e-12)[:, None] / whitened)[:, first:]


def alike(first, second):
    """Correlation of rows with rows, (n,)."""
    first, second = (part - part.mean(-1, keepdims=True) for part in (first, second))
    norm = np.sqrt((first**2).sum(-1) * (second**2).sum(-1))
    return (first * second).sum(-1) / np.maximum(norm, 1e-12)


@dataclass(eq=False)
class Sound:
    """A recording or a rendering, looked at hop by hop."""

    audio: np.ndarray

    @cached_property
    def loudness_db(self):
        return loudness_contour(self.audio)

    @cached_property
    def pitch(self):
        """f0 in Hz and voicing."""
        return pitch_path(self.audio, HOP)

    @cached_property
    def envelopes_db(self):
        return envelopes_db(self.audio)

    @cached_property
    def is_loud(self):
        return self.loudness_db > self.loudness_db.max() - QUIET_DB


def moved(audio, lag_ms, length):
    """What was played, moved to when it was sung, (length,)."""
    return np.pad(audio[round(lag_ms * SAMPLE_RATE / 1000.0) :], (0, length))[:length]


def words(sung, played):
    """Likeness of the envelopes of voiced frames, mean over all that are loud."""
    rows = (sung.pitch[1] & sung.is_loud)[:: EVERY // HOP]
    return float(alike(sung.envelopes_db[rows], played.envelopes_db[rows]).mean())


@dataclass(frozen=True)
class Tune:
    """How well a melody is kept."""

    frames: int
    """Of what was sung that have a pitch beyond doubt."""
    in_tune: float
    """Share of them within 30 cents; one without a pitch in what was played is not."""
    octaves_off: float
    """Share of those with a pitch in both that are more than half an octave off."""
    loudness: float
    """Correlation of the loudness in dB, where anything was sung."""

    def __str__(self):
        return (
            f"{self.frames} frames, {self.in_tune:.1%} in tune, {self.octaves_off:.2%} octaves off, "
            f"loudness {self.loudness:.3f}"
        )


def surely(sound):
    """(frames,) whether a pitch is beyond doubt: voiced for a while, loud, and every period like the next."""
    f0_hz, voiced = sound.pitch
    padded = np.pad(voiced & sound.is_loud, STEADY)
    rows = sliding_window_view(padded, 2 * STEADY + 1).all(axis=1)
    places = np.flatnonzero(rows)
    rows[places] = [periodic(sound.audio, place * HOP, f0_hz[place]) > CONFIDENT for place in places]
    return rows


def periodic(audio, centre, f0_hz):
    """How much the 20 ms around a sample are like those a period earlier, up to 1."""
    lag, reach = SAMPLE_RATE / f0_hz, SAMPLE_RATE // 100
    at = np.arange(max(centre - reach, 0), min(centre + reach, len(audio)))
    here, there = audio[at].astype(float), np.interp(at - lag, np.arange(len(audio)), audio)
    return 2.0 * (here @ there) / (here @ here + there @ there + 1e-12)


def tune(sung, played, semitones=0.0):
    """See Tune; what was played should be so far above what was sung."""
    (sung_hz, _), (played_hz, heard) = sung.pitch, played.pitch
    rows = surely(sung)
    cents = np.abs(1200.0 * np.log2(played_hz[rows] / sung_hz[rows]) - 100.0 * semitones)
    heard = heard[rows]
    sounding = sung.loudness_db > sung.loudness_db.max() - RANGE_DB
    loudness = alike(sung.loudness_db[sounding].astype(float), played.loudness_db[sounding].astype(float))
    in_tune, far = np.mean(heard & (cents < 30.0)), np.mean(cents[heard] > OCTAVE_CENTS)
    return Tune(int(rows.sum()), float(in_tune), float(far), float(loudness))


def balance_db(sung, played):
    """By how much more the unvoiced sounds lost against the voiced ones than they had, dB."""
    voiced = sung.pitch[1]
    ratios = []
    for sound in (sung, played):
        power = 10.0 ** (sound.loudness_db / 10.0) * sung.is_loud
        ratios.append(10.0 * np.log10(power[voiced].sum() / power[~voiced].sum()))
    return ratios[1] - ratios[0]
