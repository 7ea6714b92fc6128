"""Pictures of what was heard of each hit on a drum, beside what another drum made of it."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hit_features import WINDOW, HitFeatures, HitListener, hit_features
from ddsp_pi.dsp.native_onset import make_onsets
from ddsp_pi.dsp.onset_settings import MODES, OnsetSettings
from ddsp_pi.frame import HOP, SAMPLE_RATE

Array = NDArray[np.float32]

COLUMNS = 900
"""Of a level over time, at most."""

FLOOR_DB = -70.0
"""Below this nothing is drawn."""

COLOURS = 64
"""Of the file: a third of the bytes, and nothing to be seen of it."""

IN, OUT = "tab:blue", "tab:orange"


class Listening(NamedTuple):
    """How a drum listened, where that does not change while it plays."""

    onsets: OnsetSettings = MODES["normal"]
    gain_db: float = 0.0
    at_once: bool = False
    """Whether it strikes as soon as there is an onset."""


AS_IT_COMES = Listening()


class Remark(NamedTuple):
    """One hit that was heard, and the drum that answered."""

    time_s: float
    heard: HitFeatures
    played: HitFeatures
    """Of what came out, in as many samples from the strike on."""


class Feature(NamedTuple):
    """How one of the three is drawn."""

    name: str
    label: str
    word: str
    """What there is more of where it is higher."""
    least: float
    """Its axis spans at least so much: what hardly changes is to look like that."""


FEATURES = (
    Feature("loudness_db", "loudness / dB", "louder", 20.0),
    Feature("centroid", "centroid / note", "brighter", 12.0),
    Feature("flatness_db", "flatness / dB", "noisier", 20.0),
)


def remarks(heard: Array, played: Array, how: Listening = AS_IT_COMES) -> list[Remark]:
    """Each hit in order, listened to as the drum does.

    Args:
        heard: (n,) samples that came in, from the same moment on as
        played: (m,) those that came out.
        how: what the drum was set to.
    """
    listener = HitListener(make_onsets(how.onsets))
    loud = (heard * np.float32(10.0 ** (how.gain_db / 20.0))).astype(np.float32)
    rest = np.pad(played, (0, max(0, len(heard) - len(played)) + 2 * WINDOW))
    found = []
    for at in range(0, len(loud) + WINDOW, HOP):
        for hit in listener.hear(_piece(loud, at))[1]:
            struck = hit.onset.heard_at if how.at_once else hit.ready_at
            answer = hit_features(rest[struck : struck + WINDOW])
            found.append(Remark(hit.onset.time / SAMPLE_RATE, hit.features, answer))
    return found


def _piece(audio: Array, at: int) -> Array:
    """(HOP,) samples from there on, with silence behind the end."""
    piece = audio[at : at + HOP]
    return np.pad(piece, (0, HOP - len(piece)))


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's, −1…1: whether what is higher in one is so in the other; NaN where one never changes."""
    first, second = _ranks(np.asarray(one)), _ranks(np.asarray(other))
    size = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / size if size > 0.0 else float("nan")


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centred; equal values share theirs."""
    ordered = np.sort(values)
    first, behind = np.searchsorted(ordered, values), np.searchsorted(ordered, values, side="right")
    ranks: NDArray[np.float64] = (first + behind - len(values)) / 2.0
    return ranks


def draw_drum(heard: Array, played: Array, title: str, path: Path, how: Listening = AS_IT_COMES) -> None:
    """Levels of both, and the features of each hit, in and out: over time, and one against the other.

    Args:
        heard: (n,) samples that came in.
        played: (m,) samples that came out.
        title: of the picture.
        path: a PNG; its folder must be there.
        how: what the drum was set to.
    """
    from matplotlib.figure import Figure

    hits = remarks(heard, played, how)
    figure = Figure(figsize=(12, 9))
    figure.suptitle(f"{title}: {len(hits)} hits")
    rows = figure.subplots(5, 2, gridspec_kw={"height_ratios": [1, 1, 1.3, 1.3, 1.3], "width_ratios": [5, 1]})
    _draw_level(rows[0, 0], heard, hits, "in", IN)
    _draw_level(rows[1, 0], played, hits, "out", OUT)
    for feature, (over_time, against) in zip(FEATURES, rows[2:], strict=True):
        _draw_both(over_time, hits, feature)
        _draw_against(against, hits, feature)
        against.set_ylabel("out", color=OUT)
    for axes in rows[:, 0]:
        axes.set_xlim(0.0, len(heard) / SAMPLE_RATE)
    for axes in rows[:2, 1]:
        axes.remove()
    rows[-1, 0].set_xlabel("s")
    rows[-1, 1].set_xlabel("in", color=IN)
    # Laid out by hand, in half of the time.
    figure.subplots_adjust(left=0.065, right=0.985, top=0.94, bottom=0.06, wspace=0.19, hspace=0.42)
    _save(figure, path)


def draw_drums(heard: Array, played: Mapping[str, Array], title: str, path: Path) -> None:
    """What several drums made of the same hits, side by side: out against in, feature by feature.

    Args:
        heard: (n,) samples that came in.
        played: (m,) samples that came out, by the name of the drum.
        title: of the picture.
        path: a PNG; its folder must be there.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7))
    figure.suptitle(title)
    rows = figure.subplots(len(FEATURES), len(played), squeeze=False)
    for column, (name, audio) in enumerate(played.items()):
        hits = remarks(heard, audio)
        for feature, axes in zip(FEATURES, rows[:, column], strict=True):
            _draw_against(axes, hits, feature)
        rows[0, column].set_title(f"{name}\n{rows[0, column].get_title()}", fontsize=10)
    for feature, axes in zip(FEATURES, rows[:, 0], strict=True):
        axes.set_ylabel(f"{feature.label}, out")
    for axes in rows[-1]:
        axes.set_xlabel("in")
    figure.subplots_adjust(left=0.065, right=0.99, top=0.88, bottom=0.07, wspace=0.3, hspace=0.4)
    _save(figure, path)


def levels_db(audio: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(columns,) seconds, and the peak in dBFS of the samples from each to the next, FLOOR_DB at least."""
    every = max(1, -(-len(audio) // COLUMNS))
    padded = np.pad(np.abs(audio.astype(np.float64)), (0, -len(audio) % every))
    peaks = padded.reshape(-1, every).max(axis=1)
    levels = 20.0 * np.log10(np.maximum(peaks, 10.0 ** (FLOOR_DB / 20.0)))
    return np.arange(len(peaks)) * every / SAMPLE_RATE, levels


def _draw_level(axes: Any, audio: Array, hits: Sequence[Remark], name: str, colour: str) -> None:
    times, levels = levels_db(audio)
    axes.fill_between(times, FLOOR_DB, levels, color=colour, lw=0)
    axes.plot([hit.time_s for hit in hits], np.full(len(hits), 4.0), "|", color="0.3", ms=5)
    axes.set(ylim=(FLOOR_DB, 9.0), yticks=(-60, -40, -20, 0), ylabel=f"{name} / dBFS")
    axes.tick_params(labelbottom=False)


def _draw_both(axes: Any, hits: Sequence[Remark], feature: Feature) -> None:
    """In on the left scale, out on the right one: a drum has its own brightness."""
    times, (before, after) = [hit.time_s for hit in hits], _values(hits, feature)
    beside = axes.twinx()
    for side, values, colour in ((axes, before, IN), (beside, after, OUT)):
        side.plot(times, values, ".-", color=colour, lw=0.8, ms=5)
        side.set_ylim(_span(values, feature.least))
        side.tick_params(axis="y", colors=colour)
    axes.set_ylabel(feature.label)
    if feature is not FEATURES[-1]:
        axes.tick_params(labelbottom=False)


def _draw_against(axes: Any, hits: Sequence[Remark], feature: Feature) -> None:
    before, after = _values(hits, feature)
    axes.plot(before, after, ".", color="0.25", ms=5)
    axes.set(xlim=_span(before, feature.least), ylim=_span(after, feature.least))
    correlation = rank_correlation(before, after)
    said = "" if np.isnan(correlation) else f": {correlation:+.2f}"
    axes.set_title(feature.word + said, fontsize=9, pad=3)


def _values(hits: Sequence[Remark], feature: Feature) -> tuple[list[float], list[float]]:
    """In and out."""
    name = feature.name
    return [getattr(hit.heard, name) for hit in hits], [getattr(hit.played, name) for hit in hits]


def _span(values: Sequence[float], least: float) -> tuple[float, float]:
    """Ends of an axis that shows them all."""
    low, high = (min(values), max(values)) if values else (-least, 0.0)
    beyond = 0.05 * (high - low) + max(0.0, least - (high - low)) / 2.0
    return low - beyond, high + beyond


def _save(figure: Any, path: Path) -> None:
    from PIL import Image

    drawn = BytesIO()
    figure.savefig(drawn, dpi=75)
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(path, "PNG", optimize=True)
