"""Held-out figures of an instrument, and the picture beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.models.card import Style
from ddsp_pi.models.decoder import Decoder, StaticDecoder
from ddsp_pi.train.analysis import FLOOR
from ddsp_pi.train.baseline import oracle, resynthesis
from ddsp_pi.train.features import Features
from ddsp_pi.train.losses import spectral_loss
from ddsp_pi.train.yin import THRESHOLD, yin

VOICED = 0.5
"""Label confidence from which a frame's pitch is judged."""
PERIODIC = THRESHOLD
"""YIN aperiodicity below which it calls a frame voiced; above, its octave is a guess."""
AUDIBLE_DB = -60.0


@dataclass(frozen=True, slots=True)
class Sounds:
    """One held-out recording and what was made of it, (samples,) each."""

    features: Features
    instrument: NDArray[np.float32]
    static: NDArray[np.float32]
    oracle: NDArray[np.float32]
    is_chord: bool = False
    """Whether a second bank sounds: then there is no one pitch to judge."""


def perform(features: Sequence[Features], decoder: Decoder, static: StaticDecoder) -> list[Sounds]:
    """Let the instrument, the static baseline and the oracle play each recording's pitch and loudness."""
    style: Style | None = getattr(decoder, "style", None)
    return [
        Sounds(f, resynthesis(f, decoder), resynthesis(f, static), oracle(f, style), _is_chord(f, style))
        for f in features
    ]


def _is_chord(features: Features, style: Style | None) -> bool:
    if style is None or style.second is None:
        return False
    return bool((features.harmonics[:, -style.second.n_harmonics :] > FLOOR).any())


def measure(sounds: Sequence[Sounds]) -> dict[str, float]:
    """The figures of the card, means over the recordings.

    `loss`, `loss_static`, `loss_oracle`: multi-resolution STFT loss (linear + log). `below_static`
    and `to_oracle` relate them. `pitch_within_20_cents`: share of voiced frames, judged by YIN, of all
    but chords.
    """
    names = ("instrument", "static", "oracle")
    losses = [np.mean([_loss(getattr(s, name), s.features.audio) for s in sounds]) for name in names]
    loss, static, best = map(float, losses)
    correlation, bias = np.mean([_loudness_match(s) for s in sounds], axis=0)
    return {
        "loss": loss,
        "loss_static": static,
        "loss_oracle": best,
        "below_static": 1.0 - loss / static,
        "to_oracle": (static - loss) / (static - best),
        "pitch_within_20_cents": _pitch_match(sounds),
        "loudness_correlation": float(correlation),
        "loudness_bias_db": float(bias),
    }


def _loss(made: NDArray[np.float32], target: NDArray[np.float32]) -> float:
    return float(spectral_loss(torch.from_numpy(made)[None], torch.from_numpy(target)[None], overlap=4))


def _loudness_match(sounds: Sounds) -> tuple[float, float]:
    made, wanted = loudness_contour(sounds.instrument), loudness_contour(sounds.features.audio)
    heard = wanted > AUDIBLE_DB
    return float(np.corrcoef(made[heard], wanted[heard])[0, 1]), float((made - wanted)[heard].mean())


def _pitch_match(sounds: Sequence[Sounds]) -> float:
    errors = []
    for s in (sound for sound in sounds if not sound.is_chord):
        heard, aperiodicity = yin(s.instrument)
        judged = (s.features.confidence >= VOICED) & (aperiodicity < PERIODIC)
        errors.append(1200.0 * np.abs(np.log2(heard[judged] / s.features.f0_hz[judged])))
    return float((np.concatenate(errors) <= 20.0).mean())


def draw(sounds: Sequence[Sounds], path: Path) -> None:
    """Spectrograms of target and resynthesis side by side, one row per recording."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 3.4 * len(sounds)), layout="constrained")
    for row, s in enumerate(sounds):
        shown = {"recording": s.features.audio, "instrument": s.instrument, "static baseline": s.static}
        for column, (title, audio) in enumerate(shown.items()):
            axes = figure.add_subplot(len(sounds), 3, row * 3 + column + 1)
            axes.specgram(audio, NFFT=2048, Fs=48_000, noverlap=1536, vmin=-130, vmax=-40, cmap="magma")
            axes.set(ylim=(0, 12_000), xlabel="s", ylabel="Hz")
            axes.set_title(f"{title}\n{s.features.name}", fontsize="medium")
    figure.savefig(path, dpi=80)
