"""The decoder on the native kernel: the same network in one call of C for all voices."""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, Structure, c_float, c_int32, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.cells import cells
from ddsp_pi.models.card import Card
from ddsp_pi.models.decoder import Answer, Array, silence
from ddsp_pi.models.graph import UnknownGraphError, Weights
from ddsp_pi.models.touch import played_by, touch_columns

LANES = 4
"""Every width is padded to a multiple of it."""

NEVER = -1e4
"""Doubled log amplitude of outputs that only fill up a vector."""

LAYERS = [
    "pitch_1",
    "pitch_2",
    "loudness_1",
    "loudness_2",
    "gates",
    "fresh",
    "remembered",
    "outputs_1",
    "outputs_2",
    "head",
]
ROWS = [
    "wave_rates",
    "wave_starts",
    "fade_rates",
    "log_numbers",
    "knot_places",
    "gains",
    "gain_slopes",
    "weights",
    "weight_slopes",
    "band_powers",
]
SIZES = [
    *("waves", "knots", "units", "entering", "touch", "fades"),
    *("harmonics", "padded_harmonics", "bands", "padded_bands"),
]
FIGURES = ["first_knot", "knots_per_log", "mute_place", "mute_slope", "half_per_db"]


class _Layer(Structure):
    """Struct decoder_layer."""

    _fields_ = (("weights", c_void_p), ("bias", c_void_p), ("inputs", c_int32), ("outputs", c_int32))


class _Network(Structure):
    """Struct decoder_network."""

    _fields_ = (
        *((name, _Layer) for name in LAYERS),
        *((name, c_void_p) for name in ROWS),
        *((name, c_int32) for name in SIZES),
        *((name, c_float) for name in FIGURES),
    )


class _Player(Structure):
    """Struct decoder."""

    _fields_ = (
        ("network", POINTER(_Network)),
        *((name, c_void_p) for name in ("f0_hz", "loudness_db", "touch", "log_f0", "rows")),
        *((name, c_void_p) for name in ("first", "second", "harmonics", "noise")),
        ("voices", c_int32),
        ("width", c_int32),
    )


class NativeNetwork:
    """A network laid out for the kernel in one block of memory, which any number of players read.

    Raises:
        UnknownGraphError: its functions of frequency are not of the kind the kernel knows.
    """

    def __init__(self, weights: Weights, card: Card) -> None:
        self.card = card
        layers, rows = _layers(weights, card), _rows(weights, card)
        self._block = np.zeros(_room(layers, rows), np.float32)
        self._end = 0
        self.struct = _Network(**_sizes(weights, card), **_figures(weights))
        for name, (weight, bias) in layers.items():
            places = self._put(weight), self._put(bias)
            setattr(self.struct, name, _Layer(*places, *weight.shape))
        for name, row in rows.items():
            setattr(self.struct, name, self._put(row))
        self.row = self.struct.units + self.struct.entering
        self.width = max(3 * self.struct.units, *(max(weight.shape) for weight, _ in layers.values()))

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self._block.nbytes

    def _put(self, values: NDArray[Any]) -> int:
        """Copy an array to the end of the block; returns its address."""
        begin, self._end = self._end, self._end + _up(values.size)
        self._block[begin : begin + values.size] = values.ravel()
        return self._block.ctypes.data + begin * self._block.itemsize


class NativeDecoder:
    """A player of V voices: one call per step, buffers that stay where they are, nothing allocated."""

    def __init__(self, network: NativeNetwork, library: ctypes.CDLL, voices: int = 1) -> None:
        card = network.card
        self.voices, self.n_harmonics, self.n_bands = voices, card.n_harmonics, card.n_bands
        self.pitch_range_hz, self.loudness_range_db = card.pitch_range_hz, card.loudness_range_db
        self._network = network
        self._step = library.decoder_step
        self._inputs = np.zeros((2, voices), np.float32)
        self._touch = np.zeros((voices, network.struct.touch), np.float32)
        self._log_f0 = np.zeros(voices, np.float32)
        self._cells = cells(self._inputs)
        self._rows = np.zeros((voices, network.row), np.float32)
        self._scratch = np.zeros((2, voices, network.width), np.float32)
        self.answer_into(*silence(voices, card.n_harmonics, card.n_bands))

    def answer_into(self, harmonics: Array, noise: Array) -> None:
        """See Decoder."""
        self._answer = harmonics, noise
        inputs = (*self._inputs, self._touch, self._log_f0)
        arrays = (*inputs, self._rows, *self._scratch, harmonics, noise)
        pointers = (array.ctypes.data for array in arrays)
        network = ctypes.pointer(self._network.struct)
        self._player = _Player(network, *pointers, self.voices, self._network.width)
        self._address = c_void_p(ctypes.addressof(self._player))

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        inputs = self._cells
        for voice in range(self.voices):
            inputs[0, voice], inputs[1, voice] = f0_hz[voice], loudness_db[voice]
        self._step(self._address)
        return self._answer

    def reset(self) -> None:
        """See Decoder."""
        self._rows[:] = 0.0

    def forget(self, voice: int) -> None:
        """See Decoder."""
        self._rows[voice] = 0.0


class NativePlayedDecoder(NativeDecoder):
    """The same for an instrument that is played by notes."""

    def __init__(self, network: NativeNetwork, library: ctypes.CDLL, voices: int = 1) -> None:
        super().__init__(network, library, voices)
        self.style, self.touch = played_by(network.card, voices)

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        self._touch[:] = self.touch.rows
        return super().step(f0_hz, loudness_db)


def _up(size: int) -> int:
    """The next whole number of vectors."""
    return -(-size // LANES) * LANES


def _room(layers: dict[str, tuple[Array, Array]], rows: dict[str, Array]) -> int:
    return sum(_up(array.size) for array in (*sum(layers.values(), ()), *rows.values()))


def _places(parts: tuple[int, ...]) -> tuple[NDArray[np.intp], int]:
    """Where the elements of parts stand when each part is filled up to whole vectors, and the length."""
    begins = np.cumsum([0, *map(_up, parts)])
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


def _layers(weights: Weights, card: Card) -> dict[str, tuple[Array, Array]]:
    """Matrices (inputs, outputs) and biases as the kernel reads them, both padded."""
    made, units = weights.layers, card.hidden
    pitch_1, pitch_2, loudness_1, loudness_2, outputs_1, outputs_2 = (
        made[name][1].size
        for name in ("pitch.0", "pitch.2", "loudness.0", "loudness.2", "output.0", "output.2")
    )
    entering, row = (pitch_2, loudness_2), (units, pitch_2, loudness_2)
    head, bias = made["logits"]
    outputs = card.n_harmonics, card.n_bands
    bias = bias + np.append(weights.firsts[0], np.zeros(bias.size - weights.firsts.shape[1], np.float32))
    strength = () if card.style is None else (1,)
    return {
        "pitch_1": _layer(*made["pitch.0"], (made["pitch.0"][0].shape[0],), (pitch_1,)),
        "pitch_2": _layer(*made["pitch.2"], (pitch_1,), (pitch_2,)),
        "loudness_1": _layer(*made["loudness.0"], (made["loudness.0"][0].shape[0],), (loudness_1,)),
        "loudness_2": _layer(*made["loudness.2"], (loudness_1,), (loudness_2,)),
        **_gru(weights.gru, row),
        "outputs_1": _layer(*made["output.0"], (units, *entering), (outputs_1,)),
        "outputs_2": _layer(*made["output.2"], (outputs_1,), (outputs_2,)),
        "head": _layer(head, bias, (outputs_2,), (*outputs, *strength), NEVER),
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


def _rows(weights: Weights, card: Card) -> dict[str, Array]:
    gains, gain_slopes = _lines(weights.knots, weights.bends[0], 0.0)
    levels, level_slopes = _lines(weights.knots, weights.bends[1], float(weights.firsts[1, 0]))
    return {
        "wave_rates": weights.waves[0],
        "wave_starts": weights.waves[1],
        "fade_rates": weights.fades,
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


def _sizes(weights: Weights, card: Card) -> dict[str, int]:
    made = weights.layers
    sizes = (
        weights.waves[0].size,
        weights.knots.size - 1,
        _up(card.hidden),
        _up(made["pitch.2"][1].size) + _up(made["loudness.2"][1].size),
        touch_columns(card),
        weights.fades.shape[1],
        card.n_harmonics,
        _up(card.n_harmonics),
        card.n_bands,
        _up(card.n_bands),
    )
    return dict(zip(SIZES, sizes, strict=True))


def _figures(weights: Weights) -> dict[str, float]:
    """What the kernel computes a harmonic's knot from: they must be evenly spaced but the last."""
    knots = weights.knots.astype(np.float64)
    if knots.size < 3 or not knots[0] < knots[-2]:
        raise UnknownGraphError("it has no knots")
    spacing = (knots[-2] - knots[0]) / (knots.size - 2)
    even = np.allclose(np.diff(knots[:-1]), spacing, rtol=1e-3, atol=0.0)
    same = (weights.firsts[1, : weights.log_numbers.size] == weights.firsts[1, 0]).all()
    if not (even and same and weights.bends[1, -1] == 0.0):
        raise UnknownGraphError("its functions of frequency are of another kind")
    figures = (knots[0], 1.0 / spacing, knots[-1], float(weights.bends[0, -1]), weights.per_db / 2.0)
    return dict(zip(FIGURES, figures, strict=True))
