"""The decoder on the native kernel: the same network in one call of C for all voices."""

import ctypes
from ctypes import POINTER, Structure, c_float, c_int32, c_void_p
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ddsp_pi.models.card import Card
from ddsp_pi.models.decoder import Answer
from ddsp_pi.models.graph import Weights
from ddsp_pi.models.layout import FIGURES, SIZES, figures, padded_layers, padded_rows, sizes, whole

Array = NDArray[np.float32]

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
    "log_numbers",
    "knot_places",
    "gains",
    "gain_slopes",
    "weights",
    "weight_slopes",
    "band_powers",
]


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
        *((name, c_void_p) for name in ("f0_hz", "loudness_db", "log_f0", "rows")),
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
        layers, rows = padded_layers(weights, card), padded_rows(weights, card)
        self._block = np.zeros(_room(layers, rows), np.float32)
        self._end = 0
        self.struct = _Network(**sizes(weights, card), **figures(weights))
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
        begin, self._end = self._end, self._end + whole(values.size)
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
        self._step.argtypes, self._step.restype = (c_void_p,), None
        self._f0_hz, self._loudness_db, self._log_f0 = np.zeros((3, voices), np.float32)
        self._rows = np.zeros((voices, network.row), np.float32)
        self._scratch = np.zeros((2, voices, network.width), np.float32)
        self._answers = [
            (np.zeros((voices, card.n_harmonics), np.float32), np.zeros((voices, card.n_bands), np.float32))
            for _ in range(2)
        ]
        self._players = [self._player(*answer) for answer in self._answers]
        self._addresses = [ctypes.addressof(player) for player in self._players]
        self._turn = 0

    def _player(self, harmonics: Array, noise: Array) -> _Player:
        arrays = (self._f0_hz, self._loudness_db, self._log_f0, self._rows, *self._scratch, harmonics, noise)
        pointers = (array.ctypes.data for array in arrays)
        return _Player(ctypes.pointer(self._network.struct), *pointers, self.voices, self._network.width)

    def step(self, f0_hz: ArrayLike, loudness_db: ArrayLike) -> Answer:
        """See Decoder."""
        turn = self._turn
        self._f0_hz[:] = f0_hz
        self._loudness_db[:] = loudness_db
        self._step(self._addresses[turn])
        self._turn = 1 - turn
        return self._answers[turn]

    def reset(self) -> None:
        """See Decoder."""
        self._rows[:] = 0.0

    def forget(self, voice: int) -> None:
        """See Decoder."""
        self._rows[voice] = 0.0


def _room(layers: dict[str, tuple[Array, Array]], rows: dict[str, Array]) -> int:
    return sum(whole(array.size) for array in (*sum(layers.values(), ()), *rows.values()))
