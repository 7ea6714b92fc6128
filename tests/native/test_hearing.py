"""The hearing in C against its oracle in numpy."""

import numpy as np
import pytest

from ddsp_pi.dsp.hearing import NumpyHearing
from ddsp_pi.dsp.native_hearing import NativeHearing
from ddsp_pi.frame import HOP, SAMPLE_RATE

BANDS, PARTIALS = 65, 100


def sound(hops):
    """A rough tone that glides, a little noise, an offset, and moments that are broken or too loud."""
    rng = np.random.default_rng(5)
    f0_hz = np.geomspace(41.0, 2400.0, hops * HOP)
    phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    audio = sum(np.sin(k * phase + k * k) / k for k in range(1, 30)) * 0.3
    audio += rng.normal(0, 0.01, len(audio)) + 0.2
    audio[HOP * 20 : HOP * 21] = np.nan
    audio[HOP * 30 : HOP * 31 : 9] = np.inf
    audio[HOP * 40 : HOP * 44] = 0.0
    audio[HOP * 50 : HOP * 51] *= 1e6
    return audio.astype(np.float32).reshape(-1, HOP), f0_hz[::HOP]


def listen(hearing, hops, f0_hz):
    rows = []
    partials, bands = np.empty(PARTIALS, np.float32), np.empty(BANDS, np.float32)
    for at, (hop, hz) in enumerate(zip(hops, f0_hz, strict=True)):
        clean = hearing.take(hop).copy()
        loudness, likeness = hearing.hear(hz)
        hearing.harmonics(hz * (0.7, 1.0, 1.9)[at % 3], (0.5, 1.0, 1.7)[at % 3], partials)
        hearing.noise((0.5, 1.0, 1.7)[at % 3], bands)
        told = [loudness, likeness, hearing.peak, hearing.clipped]
        rows.append(
            np.concatenate([told, clean, 20 * np.log10(partials + 1e-5), 20 * np.log10(bands + 1e-5)])
        )
    return np.array(rows)


def test_it_hears_what_numpy_hears(library):
    hops, f0_hz = sound(300)
    wanted, heard = (
        listen(NumpyHearing(BANDS), hops, f0_hz),
        listen(NativeHearing(library, BANDS), hops, f0_hz),
    )
    assert np.isfinite(wanted).all()
    np.testing.assert_allclose(heard[:, :4], wanted[:, :4], atol=1e-3)
    np.testing.assert_allclose(heard[:, 4 : 4 + HOP], wanted[:, 4 : 4 + HOP], atol=1e-5)
    # Single precision tells no more of what is 100 dB below the rest.
    off = np.abs(heard[:, 4 + HOP :] - wanted[:, 4 + HOP :])
    assert np.quantile(off, 0.999) < 0.02
    assert off.max() < 0.5


@pytest.mark.parametrize("f0_hz", [39.0, 55.0, 110.0, 440.0, 2500.0])
def test_every_length_of_the_transform_is_right(library, f0_hz):
    rng = np.random.default_rng(6)
    hops = rng.normal(0, 0.1, (40, HOP)).astype(np.float32)
    made = [
        listen(hearing, hops, [f0_hz] * 40)
        for hearing in (NumpyHearing(BANDS), NativeHearing(library, BANDS))
    ]
    np.testing.assert_allclose(made[1], made[0], atol=0.02)


def test_reset_forgets_everything(library):
    hearing, (hops, f0_hz) = NativeHearing(library, BANDS), sound(60)
    first = listen(hearing, hops, f0_hz)
    hearing.reset()
    np.testing.assert_array_equal(listen(hearing, hops, f0_hz), first)


def test_before_anything_was_heard_there_is_silence(library):
    for hearing in (NumpyHearing(BANDS), NativeHearing(library, BANDS)):
        partials, bands = np.ones(PARTIALS, np.float32), np.ones(BANDS, np.float32)
        hearing.harmonics(220.0, 1.0, partials)
        hearing.noise(1.0, bands)
        assert partials.max() < 1e-6
        assert bands.max() == 0.0
