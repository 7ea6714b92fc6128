"""A picture of what a voice sang beside what an instrument made of it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.dsp.pitch_path import pitch_path
from ddsp_pi.frame import HOP, SAMPLE_RATE

Array = NDArray[np.float32]

FRAME, EVERY, SIZE = 1536, 4 * HOP, 4096
"""Samples of a spectrum, from one to the next, and of its transform."""

QUEFRENCIES = 40
"""Samples of the cepstrum that are kept: no partials, but all formants."""

OCTAVES_HZ = (75, 150, 300, 600, 1200)

COLOURS = 160
"""Of the file: half of the bytes, and nothing to be seen of it."""

HIGHEST_HZ = 8000.0
RANGE_DB = 60.0
"""Colours span so much, down from the loudest."""


def draw_crossing(sung: Array, played: Array, title: str, path: Path) -> None:
    """Spectrograms and spectral envelopes of both side by side, pitch and loudness one over the other.

    Args:
        sung: (n,) samples that were heard.
        played: (m,) samples that came out.
        title: of the picture.
        path: a PNG; its folder must be there.
    """
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(12, 9.5), layout="constrained")
    figure.suptitle(title)
    rows = figure.subplots(4, 2, sharex=True, gridspec_kw={"height_ratios": [2, 2, 1, 1]})
    for column, (name, audio) in enumerate((("sung", sung), ("played", played))):
        spectrum = spectra_db(audio)
        _draw_image(rows[0, column], spectrum, f"{name}: spectrum", column == 0)
        _draw_image(rows[1, column], smooth(spectrum), f"{name}: envelope", column == 0)
    for axes in rows[2:, 1]:
        axes.remove()
    grid = rows[0, 0].get_gridspec()
    pitch, loudness = (figure.add_subplot(grid[row, :], sharex=rows[0, 0]) for row in (2, 3))
    for axes in rows[2:, 0]:
        axes.remove()
    for name, audio, colour in (("sung", sung, "tab:blue"), ("played", played, "tab:orange")):
        f0_hz, voiced = pitch_path(audio, HOP)
        _draw_curve(pitch, np.where(voiced, f0_hz, np.nan), name, colour)
        _draw_curve(loudness, loudness_contour(audio), name, colour)
    pitch.set(yscale="log", ylim=(60, 1300), ylabel="f0 / Hz")
    pitch.set_yticks(OCTAVES_HZ, [f"{hz}" for hz in OCTAVES_HZ])
    pitch.minorticks_off()
    pitch.legend(loc="upper right")
    loudness.set(ylim=(-70, 0), ylabel="loudness / dB(A)", xlabel="s", xlim=(0, len(sung) / SAMPLE_RATE))
    drawn = BytesIO()
    figure.savefig(drawn, dpi=75)
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(path, "PNG", optimize=True)


def spectra_db(audio: Array) -> NDArray[np.float64]:
    """(frames, bins) power spectra in dB, from 0 Hz to Nyquist."""
    frames = sliding_window_view(np.pad(audio, FRAME // 2), FRAME)[::EVERY] * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, SIZE)) ** 2 / FRAME**2
    levels: NDArray[np.float64] = 10.0 * np.log10(power + 1e-12)
    return levels


def smooth(levels_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """(frames, bins) the same without partials: the first part of the cepstrum, faded out."""
    cepstrum = np.fft.irfft(levels_db, SIZE)
    fade = np.zeros(SIZE)
    fade[: 2 * QUEFRENCIES] = 0.5 + 0.5 * np.cos(np.pi * np.arange(2 * QUEFRENCIES) / (2 * QUEFRENCIES))
    fade[-2 * QUEFRENCIES + 1 :] = fade[1 : 2 * QUEFRENCIES][::-1]
    envelope: NDArray[np.float64] = np.fft.rfft(cepstrum * fade, SIZE).real
    return envelope


def _draw_image(axes: Any, levels_db: NDArray[np.float64], name: str, is_first: bool) -> None:
    bins = round(HIGHEST_HZ * SIZE / SAMPLE_RATE)
    top_db = float(np.percentile(levels_db[:, :bins], 99.8))
    axes.imshow(
        levels_db[:, :bins].T,
        origin="lower",
        aspect="auto",
        extent=(0.0, len(levels_db) * EVERY / SAMPLE_RATE, 0.0, HIGHEST_HZ / 1000.0),
        vmin=top_db - RANGE_DB,
        vmax=top_db,
        cmap="magma",
        interpolation="bilinear",
    )
    axes.set_title(name, fontsize=10)
    axes.set(ylabel="kHz" if is_first else "")


def _draw_curve(axes: Any, values: NDArray[Any], name: str, colour: str) -> None:
    axes.plot(np.arange(len(values)) * HOP / SAMPLE_RATE, values, color=colour, label=name, lw=1.2)
