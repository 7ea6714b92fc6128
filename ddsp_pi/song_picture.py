"""A picture of a MIDI piece: its notes and controllers over what came out."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.control.midi_file import Song
from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.dsp.notes import note_name
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.params import ParamSet
from ddsp_pi.pictures import draw_cables
from ddsp_pi.rack.performance import Performance

Array = NDArray[np.float32]

FRAME = 8192
"""Samples of a spectrum: the partials of a power chord on a low C lie 33 Hz apart."""

COLUMNS, ROWS = 1200, 360
"""Of the spectrogram, at most: a long piece has fewer spectra per second."""

LOW_HZ, HIGH_HZ = 40.0, 12_000.0
TICKS_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
RANGE_DB = 80.0
"""Colours span so much, down from the loudest."""

FEW_NOTES = 12
"""So many are named each; of more only the Cs."""


class Bar(NamedTuple):
    """A note as it was held."""

    note: float
    velocity: float
    begin_s: float
    end_s: float


class Line(NamedTuple):
    """How a parameter was turned."""

    name: str
    times_s: list[float]
    values: list[float]
    """From each of these times on, as positions 0..1 of a knob."""


def draw_song(
    song: Song, start: ParamSet, cables: Performance | None, audio: Array, title: str, path: Path
) -> None:
    """Piano roll, controllers, loudness and spectrogram, one above the other.

    Args:
        song: what was played.
        start: parameters as they stood before it, of the mode that played.
        cables: what was patched besides, if anything.
        audio: (n,) samples that came out.
        title: of the picture.
        path: a PNG; its folder must be there.
    """
    from matplotlib.figure import Figure

    length_s, turned = len(audio) / SAMPLE_RATE, lines(song, start)
    panels: list[tuple[float, Callable[[Any], None]]] = [
        (1.3, partial(_draw_bars, notes=bars(song))),
        (0.8, partial(_draw_loudness, audio=audio)),
        (2.2, partial(_draw_spectrum, audio=audio)),
    ]
    if turned:
        panels.insert(1, (0.8, partial(_draw_lines, turned=turned, length_s=length_s)))
    if cables is not None:
        panels.insert(0, (0.9, partial(draw_cables, performance=cables)))
    heights = [height for height, _ in panels]
    figure = Figure(figsize=(12, 1.8 * sum(heights)), layout="constrained")
    figure.suptitle(title)
    rows = figure.subplots(len(panels), 1, sharex=True, gridspec_kw={"height_ratios": heights})
    for axes, (_, draw) in zip(rows, panels, strict=True):
        draw(axes)
    rows[-1].set(xlabel="s", xlim=(0.0, length_s))
    figure.savefig(path, dpi=80)


def bars(song: Song) -> list[Bar]:
    """The notes of a song in order of their beginnings; a key that is struck again is a new one."""
    held: dict[float, tuple[float, int]] = {}
    found = []
    for note in song.notes:
        if note.note in held:
            velocity, begun_ns = held.pop(note.note)
            found.append(Bar(note.note, velocity, begun_ns / 1e9, note.at_ns / 1e9))
        if note.velocity > 0.0:
            held[note.note] = (note.velocity, note.at_ns)
    return sorted(found, key=lambda bar: bar.begin_s)


def lines(song: Song, start: ParamSet) -> list[Line]:
    """The parameters that a song turns, from where they stood."""
    found: dict[str, Line] = {}
    for turn in song.turns:
        spec = start.spec(turn.name)
        begins = Line(turn.name, [0.0], [spec.to_norm(start.values[turn.name])])
        line = found.setdefault(turn.name, begins)
        line.times_s.append(turn.at_ns / 1e9)
        line.values.append(spec.to_norm(turn.value))
    return [line for line in found.values() if len(set(line.values)) > 1]


def spectrogram_db(audio: Array) -> NDArray[np.float64]:
    """(ROWS, columns) levels; each row is the mean power of its share of LOW_HZ..HIGH_HZ, in equal ratios."""
    every = max(FRAME // 16, math.ceil(len(audio) / COLUMNS))
    window = np.hanning(FRAME)
    edges = np.geomspace(LOW_HZ, HIGH_HZ, ROWS + 1) * FRAME / SAMPLE_RATE
    levels = []
    for frame in sliding_window_view(np.pad(audio, FRAME // 2), FRAME)[:-1:every]:
        power = np.abs(np.fft.rfft(frame * window)) ** 2 / window.sum() ** 2
        # A bin spreads half a bin to either side.
        below = np.interp(edges, np.arange(len(power) + 1) - 0.5, np.concatenate([[0.0], np.cumsum(power)]))
        levels.append(10.0 * np.log10(np.diff(below) / np.diff(edges) + 1e-14))
    return np.array(levels).T


def _draw_bars(axes: Any, notes: Sequence[Bar]) -> None:
    from matplotlib import colormaps
    from matplotlib.collections import PolyCollection

    low, high = min(bar.note for bar in notes), max(bar.note for bar in notes)
    corners = [[(x, bar.note + y) for x, y in _corners(bar)] for bar in notes]
    shades = colormaps["Blues"]([0.2 + 0.8 * bar.velocity**2 for bar in notes])
    axes.add_collection(PolyCollection(corners, facecolors=shades, edgecolors="white", linewidths=0.8))
    named = sorted({round(bar.note) for bar in notes})
    if len(named) > FEW_NOTES:
        named = [note for note in range(math.floor(low), math.ceil(high) + 1) if note % 12 == 0]
    axes.set_yticks(named, [note_name(note) for note in named])
    axes.set(ylim=(low - 2, high + 2), ylabel="keys (darker: harder)")
    axes.grid(axis="y", alpha=0.3)


def _corners(bar: Bar) -> tuple[tuple[float, float], ...]:
    """Seconds, and semitones from its note."""
    return (bar.begin_s, -0.6), (bar.begin_s, 0.6), (bar.end_s, 0.6), (bar.end_s, -0.6)


def _draw_lines(axes: Any, turned: Sequence[Line], length_s: float) -> None:
    for line in turned:
        times, values = [*line.times_s, length_s], [*line.values, line.values[-1]]
        axes.step(times, values, where="post", label=line.name)
    axes.set(ylim=(-0.08, 1.08), ylabel="knobs, low to high")
    axes.legend(loc="upper right", ncols=len(turned), fontsize="small")


def _draw_loudness(axes: Any, audio: Array) -> None:
    contour = loudness_contour(audio)
    axes.plot(np.arange(len(contour)) * HOP / SAMPLE_RATE, contour, color="tab:green")
    axes.set(ylim=(-80, 0), ylabel="dB(A)")


def _draw_spectrum(axes: Any, audio: Array) -> None:
    levels = spectrogram_db(audio)
    octaves = (math.log2(LOW_HZ), math.log2(HIGH_HZ))
    top_db = float(levels.max())
    axes.imshow(
        levels,
        origin="lower",
        aspect="auto",
        extent=(0.0, len(audio) / SAMPLE_RATE, *octaves),
        vmin=top_db - RANGE_DB,
        vmax=top_db,
        cmap="magma",
        interpolation="bilinear",
    )
    axes.set_yticks([math.log2(hz) for hz in TICKS_HZ], [f"{hz}" for hz in TICKS_HZ])
    axes.set(ylim=octaves, ylabel="Hz")
