"""A network's numbers as the native kernel reads them: padded to whole vectors, functions as lines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.models.card import Card
from ddsp_pi.models.graph import UnknownGraphError, Weights

Array = NDArray[np.float32]

LANES = 4
"""Every width is padded to a multiple of it."""

NEVER = -1e4
"""Doubled log amplitude of outputs that only fill up a vector."""

SIZES = ["waves", "knots", "units", "entering", "harmonics", "padded_harmonics", "bands", "padded_bands"]
FIGURES = ["first_knot", "knots_per_log", "mute_place", "mute_slope", "half_per_db"]
"""Fields of the kernel's structure, in its order."""


def whole(size: int) -> int:
    """The next whole number of vectors."""
    return -(-size // LANES) * LANES


def _places(parts: tuple[int, ...]) -> tuple[NDArray[np.intp], int]:
    """Where the elements of parts stand when each part is filled up to whole vectors, and the length."""
    begins = np.cumsum([0, *map(whole, parts)])
    places = [np.arange(begin, begin + part) for begin, part in zip(begins, parts, strict=False)]
    return np.concatenate(places), int(begins[-1])


def _spread(row: NDArray[Any], parts: tuple[int, ...], fill: float = 0.0) -> Array:
    """The parts of a row, each filled up to whole vectors."""
    places, length = _places(parts)
    spread = np.full(length, fill, np.float32)
    spread[places] = row
    return spread


def _layer(
    weight: Array, bias: Array, inputs: tuple[int, ...], outputs: tuple[int, ...], fill: float = 0.0
) -> tuple[Array, Array]:
    (rows, height), (columns, width) = _places(inputs), _places(outputs)
    spread = np.zeros((height, width), np.float32)
    spread[np.ix_(rows, columns)] = weight
    return spread, _spread(bias, outputs, fill)


def padded_layers(weights: Weights, card: Card) -> dict[str, tuple[Array, Array]]:
    """Matrices (inputs, outputs) and biases as the kernel reads them, both padded."""
    made, units = weights.layers, card.hidden
    pitch_1, pitch_2, loudness_1, loudness_2, outputs_1, outputs_2 = (
        made[name][1].size
        for name in ("pitch.0", "pitch.2", "loudness.0", "loudness.2", "output.0", "output.2")
    )
    entering, row = (pitch_2, loudness_2), (units, pitch_2, loudness_2)
    head, bias = made["logits"]
    outputs = card.n_harmonics, card.n_bands
    return {
        "pitch_1": _layer(*made["pitch.0"], (made["pitch.0"][0].shape[0],), (pitch_1,)),
        "pitch_2": _layer(*made["pitch.2"], (pitch_1,), (pitch_2,)),
        "loudness_1": _layer(*made["loudness.0"], (1,), (loudness_1,)),
        "loudness_2": _layer(*made["loudness.2"], (loudness_1,), (loudness_2,)),
        **_gru(weights.gru, row),
        "outputs_1": _layer(*made["output.0"], (units, *entering), (outputs_1,)),
        "outputs_2": _layer(*made["output.2"], (outputs_1,), (outputs_2,)),
        "head": _layer(head, bias + weights.firsts[0], (outputs_2,), outputs, NEVER),
    }


def _gru(gru: tuple[Array, Array, Array], row: tuple[int, int, int]) -> dict[str, tuple[Array, Array]]:
    """Both gates are one product with state and input; the new value needs them apart."""
    units, gates = row[0], 2 * row[0]
    w, r, (bias_w, bias_r) = gru[0].T, gru[1].T, np.split(gru[2], 2)
    both = np.concatenate([r[:, :gates], w[:, :gates]])
    return {
        "gates": _layer(both, bias_w[:gates] + bias_r[:gates], row, (units, units)),
        "fresh": _layer(w[:, gates:], bias_w[gates:], row[1:], (units,)),
        "remembered": _layer(r[:, gates:], bias_r[gates:], row[:1], (units,)),
    }


def padded_rows(weights: Weights, card: Card) -> dict[str, Array]:
    """The numbers that are no layers, by their names in the kernel's structure."""
    gains, gain_slopes = _lines(weights.knots, weights.bends[0], 0.0)
    levels, level_slopes = _lines(weights.knots, weights.bends[1], float(weights.firsts[1, 0]))
    return {
        "wave_rates": weights.waves[0],
        "wave_starts": weights.waves[1],
        "log_numbers": _spread(weights.log_numbers, (card.n_harmonics,)),
        "knot_places": weights.knots[:-1],
        "gains": gains,
        "gain_slopes": gain_slopes,
        "weights": levels,
        "weight_slopes": level_slopes,
        "band_powers": _spread(np.exp(weights.firsts[1, card.n_harmonics :]), (card.n_bands,)),
    }


def _lines(knots: Array, bends: Array, first: float) -> tuple[Array, Array]:
    """Where every line begins, and its slope, from the changes of slope; in double precision."""
    slopes = np.cumsum(bends[:-1].astype(np.float64))
    steps = slopes[:-1] * np.diff(knots[:-1].astype(np.float64))
    values = first + np.append(0.0, np.cumsum(steps))
    return values.astype(np.float32), slopes.astype(np.float32)


def sizes(weights: Weights, card: Card) -> dict[str, int]:
    """Whole numbers of the kernel's structure."""
    made = weights.layers
    values = (
        weights.waves[0].size,
        weights.knots.size - 1,
        whole(card.hidden),
        whole(made["pitch.2"][1].size) + whole(made["loudness.2"][1].size),
        card.n_harmonics,
        whole(card.n_harmonics),
        card.n_bands,
        whole(card.n_bands),
    )
    return dict(zip(SIZES, values, strict=True))


def figures(weights: Weights) -> dict[str, float]:
    """What the kernel computes a harmonic's knot from: they must be evenly spaced but the last."""
    knots = weights.knots.astype(np.float64)
    if knots.size < 3 or not knots[0] < knots[-2]:
        raise UnknownGraphError("it has no knots")
    spacing = (knots[-2] - knots[0]) / (knots.size - 2)
    even = np.allclose(np.diff(knots[:-1]), spacing, rtol=1e-3, atol=0.0)
    same = (weights.firsts[1, : weights.log_numbers.size] == weights.firsts[1, 0]).all()
    if not (even and same and weights.bends[1, -1] == 0.0):
        raise UnknownGraphError("its functions of frequency are of another kind")
    values = (knots[0], 1.0 / spacing, knots[-1], float(weights.bends[0, -1]), weights.per_db / 2.0)
    return dict(zip(FIGURES, values, strict=True))
