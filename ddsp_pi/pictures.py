"""Pictures of what was played, for people who would rather look."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.dsp.pitch import PitchTracker
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.rack.performance import CV_COLUMNS, Performance

LONGEST_S = 900
"""Of a longer piece only this much is drawn: nobody sees more, and it must fit into the memory."""


def draw_performance(performance: Performance, audio: NDArray[np.float32], title: str, path: Path) -> None:
    """Cables, pitch, loudness and spectrogram of one rendered performance, one above the other.

    Args:
        audio: (samples,) what came out; pitch and loudness are measured on it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 10), layout="constrained")
    cables, pitch, loudness, spectrum = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": [1.2, 1, 1, 2.2]}
    )
    figure.suptitle(title)
    draw_cables(cables, performance)
    heard = heard_pitch(audio)
    pitch.plot(np.arange(len(heard)) * HOP / SAMPLE_RATE, heard, color="tab:orange")
    pitch.set(yscale="log", ylabel="f0 / Hz")
    contour = loudness_contour(audio)
    loudness.plot(np.arange(len(contour)) * HOP / SAMPLE_RATE, contour, color="tab:green")
    loudness.set(ylim=(-80, 0), ylabel="loudness / dB(A)")
    spectrum.specgram(
        audio + np.random.default_rng(0).normal(0, 1e-8, len(audio)),
        NFFT=2048,
        Fs=SAMPLE_RATE,
        noverlap=1536,
        vmin=-140,
        vmax=-40,
        cmap="magma",
    )
    spectrum.set(ylim=(0, 12_000), ylabel="Hz", xlabel="s", xlim=(0, len(audio) / SAMPLE_RATE))
    figure.savefig(path, dpi=90)


def heard_pitch(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """f0 in Hz at every hop as our own tracker hears it, NaN where nothing is voiced."""
    pitches = PitchTracker().process(audio)
    return np.array([pitch.f0_hz if pitch.voiced else np.nan for pitch in pitches])


def read_wav(path: Path) -> NDArray[np.float32]:
    """Samples of a mono 24-bit file that `render` wrote, the first LONGEST_S of it."""
    with wave.open(str(path)) as file:
        raw = np.frombuffer(file.readframes(LONGEST_S * SAMPLE_RATE), np.uint8).reshape(-1, 3)
    wide = np.zeros((len(raw), 4), np.uint8)
    wide[:, 1:] = raw
    return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)


def draw_cables(axes: Any, performance: Performance) -> None:
    """Volts of the patched jacks and edges of the gates, over seconds."""
    times = performance.times_ns / 1e9
    for jack, name in enumerate(CV_COLUMNS):
        if not np.isnan(performance.volts[:, jack]).all():
            axes.step(times, performance.volts[:, jack], where="post", label=name)
    for edge in performance.edges:
        axes.axvline(edge.at_ns / 1e9, color="tab:red" if edge.high else "0.7", lw=0.7)
    axes.set(ylabel="volts (red: gate opens)")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right")
