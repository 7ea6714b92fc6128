"""What a trained instrument is measured between: a static spectrum below, an oracle above."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.choice import get_signal
from ddsp_pi.models.card import SecondBank, Spectrum, Style
from ddsp_pi.models.decoder import Decoder, touch_of
from ddsp_pi.models.touch import CONTROLS
from ddsp_pi.train.features import Features
from ddsp_pi.train.labels import SURE

STEPS_PER_OCTAVE = 6
LOWEST_HZ, HIGHEST_HZ = 40.0, 22_000.0


def mean_spectrum(recordings: Sequence[Features], second: SecondBank | None = None) -> Spectrum:
    """The log-mean envelope over absolute frequency of the first bank, relative to each frame's loudness.

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
        harmonics = recording.harmonics[:, : _first(recording.harmonics, second)]
        partials = recording.f0_hz[sure, None] * np.arange(1, harmonics.shape[1] + 1)
        place = np.floor(STEPS_PER_OCTAVE * np.log2(partials / LOWEST_HZ)).astype(int)
        inside = (place >= 0) & (place < bins) & (partials < HIGHEST_HZ)
        total += np.bincount(place[inside], (np.log(harmonics[sure]) - level)[inside], bins)
        count += np.bincount(place[inside], minlength=bins)
        noise.append(np.log(recording.noise[sure]) - level)
    seen = count > 0
    levels = np.interp(np.log(frequencies), np.log(frequencies[seen]), total[seen] / count[seen])
    noise_levels = np.concatenate(noise).mean(axis=0)
    return Spectrum(*(tuple(np.round(v, 3).tolist()) for v in (frequencies, levels, noise_levels)))


def oracle(features: Features, style: Style | None = None) -> NDArray[np.float32]:
    """The synthesizer playing the recording's own analysed amplitudes: as near as it can come."""
    return _signal(features, features.harmonics, features.noise, style)


def resynthesis(features: Features, decoder: Decoder) -> NDArray[np.float32]:
    """The synthesizer playing what a decoder makes of the recording's pitch and loudness, or of its touch."""
    decoder.reset()
    frames = len(features.f0_hz)
    harmonics = np.empty((frames, decoder.n_harmonics), np.float32)
    noise = np.empty((frames, decoder.n_bands), np.float32)
    style: Style | None = getattr(decoder, "style", None)
    # Who does not know of notes is told the loudness that was recorded, with all of its decay.
    asked_db = features.loudness_db if style is None else features.asked_db
    for frame, (f0_hz, loudness_db) in enumerate(zip(features.f0_hz, asked_db, strict=True)):
        if style is not None:
            touch_of(decoder).rows[0][:] = features.touch[frame].tolist()
        harmonics[frame], noise[frame] = decoder.step([f0_hz], [loudness_db])
    return _signal(features, harmonics, noise, style)


def _signal(
    features: Features,
    harmonics: NDArray[np.float32],
    noise: NDArray[np.float32],
    style: Style | None,
) -> NDArray[np.float32]:
    """(frames, …) controls → samples; the second bank sounds as far as its controller is up."""
    second = style.second if style else None
    if style is None or second is None:
        return get_signal(features.f0_hz, harmonics, noise)
    first = _first(harmonics, second)
    sound = get_signal(features.f0_hz, np.ascontiguousarray(harmonics[:, :first]), noise)
    names = [controller.name for controller in style.controllers]
    gain = features.touch[:, CONTROLS + names.index(second.controller), None]
    others = np.ascontiguousarray(harmonics[:, first:] * gain)
    return sound + get_signal(second.ratio * features.f0_hz, others, np.zeros_like(noise))


def _first(harmonics: NDArray[np.float32], second: SecondBank | None) -> int:
    """How many of the harmonics are of the first bank."""
    return int(harmonics.shape[1]) - (second.n_harmonics if second else 0)
