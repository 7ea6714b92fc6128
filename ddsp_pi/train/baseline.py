"""What a trained instrument is measured between: a static spectrum below, an oracle above."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.choice import get_signal
from ddsp_pi.models.card import Spectrum
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.train.features import Features
from ddsp_pi.train.labels import SURE

STEPS_PER_OCTAVE = 6
LOWEST_HZ, HIGHEST_HZ = 40.0, 22_000.0


def mean_spectrum(recordings: Sequence[Features]) -> Spectrum:
    """The log-mean envelope over absolute frequency, relative to each frame's loudness.

    Averaged over frequency and in the log domain: means of amplitudes, or over harmonic numbers,
    make a much weaker baseline, which would flatter the network.
    """
    bins = int(np.ceil(STEPS_PER_OCTAVE * np.log2(HIGHEST_HZ / LOWEST_HZ)))
    frequencies = LOWEST_HZ * 2.0 ** ((np.arange(bins) + 0.5) / STEPS_PER_OCTAVE)
    total, count = np.zeros(bins), np.zeros(bins)
    noise = []
    for recording in recordings:
        sure = recording.confidence >= SURE
        level = (recording.loudness_db[sure] * (np.log(10.0) / 20.0))[:, None]
        partials = recording.f0_hz[sure, None] * np.arange(1, recording.harmonics.shape[1] + 1)
        place = np.floor(STEPS_PER_OCTAVE * np.log2(partials / LOWEST_HZ)).astype(int)
        inside = (place >= 0) & (place < bins) & (partials < HIGHEST_HZ)
        total += np.bincount(place[inside], (np.log(recording.harmonics[sure]) - level)[inside], bins)
        count += np.bincount(place[inside], minlength=bins)
        noise.append(np.log(recording.noise[sure]) - level)
    seen = count > 0
    levels = np.interp(np.log(frequencies), np.log(frequencies[seen]), total[seen] / count[seen])
    noise_levels = np.concatenate(noise).mean(axis=0)
    return Spectrum(*(tuple(np.round(v, 3).tolist()) for v in (frequencies, levels, noise_levels)))


def oracle(features: Features) -> NDArray[np.float32]:
    """The synthesizer playing the recording's own analysed amplitudes: as near as it can come."""
    return get_signal(features.f0_hz, features.harmonics, features.noise)


def resynthesis(features: Features, decoder: Decoder) -> NDArray[np.float32]:
    """The synthesizer playing what a decoder makes of the recording's pitch and loudness."""
    decoder.reset()
    frames = len(features.f0_hz)
    harmonics = np.empty((frames, decoder.n_harmonics), np.float32)
    noise = np.empty((frames, decoder.n_bands), np.float32)
    for frame, (f0_hz, loudness_db) in enumerate(zip(features.f0_hz, features.loudness_db, strict=True)):
        harmonics[frame], noise[frame] = decoder.step([f0_hz], [loudness_db])
    return get_signal(features.f0_hz, harmonics, noise)
