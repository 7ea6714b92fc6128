"""The graph that the native decoder knows, and what is read out of a file that holds it."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.models.card import Card
from ddsp_pi.models.onnx_file import OnnxFile
from ddsp_pi.models.touch import GATE

Array = NDArray[np.float32]

INPUTS = """
log_f0 = Log(f0_hz)
angles = Gemm(log_f0, angles.weight, angles.bias)
waving = Sin(angles)
pitch = Concat(log_f0, waving) axis=1
pitch.0 = Gemm(pitch, pitch.0.weight, pitch.0.bias)
pitch.0.leaky = LeakyRelu(pitch.0) alpha=0.01
pitch.2 = Gemm(pitch.0.leaky, pitch.2.weight, pitch.2.bias)
pitch.2.leaky = LeakyRelu(pitch.2) alpha=0.01
loudness.0 = Gemm({heard}, loudness.0.weight, loudness.0.bias)
loudness.0.leaky = LeakyRelu(loudness.0) alpha=0.01
loudness.2 = Gemm(loudness.0.leaky, loudness.2.weight, loudness.2.bias)
loudness.2.leaky = LeakyRelu(loudness.2) alpha=0.01
entering = Concat(pitch.2.leaky, loudness.2.leaky) axis=1
"""
MEMORY = """
entering.sequence = Unsqueeze(entering, first)
, next_state = GRU(entering.sequence, gru.w, gru.r, gru.b, , state) hidden_size={hidden} linear_before_reset=1
remembering = Squeeze(next_state, first)
remembered = Concat(remembering, entering) axis=1
"""
TOUCH = """
times, playing = Split(touch, parts) axis=1
fading = MatMul(times, fades)
faded = Exp(fading)
heard = Concat(loudness_db, playing, faded) axis=1
shapes, strength = Split(logits, apart) axis=1
reached = Add(wanted, strength)
"""
OUTPUTS = """
output.0 = Gemm({known}, output.0.weight, output.0.bias)
output.0.leaky = LeakyRelu(output.0) alpha=0.01
output.2 = Gemm(output.0.leaky, output.2.weight, output.2.bias)
output.2.leaky = LeakyRelu(output.2) alpha=0.01
logits = Gemm(output.2.leaky, logits.weight, logits.bias)
log_partials = Add(log_f0, log_numbers)
log_partials.row = Unsqueeze(log_partials, row)
above = Sub(log_partials.row, knots)
ramps = Relu(above)
bent = MatMul(bends, ramps)
padded = Pad(bent, pads)
functions = Add(padded, firsts)
functions.flat = Reshape(functions, flat)
gain, weighting = Split(functions.flat, halves) axis=1
shape = Add({shapes}, gain)
powers = Add(shape, weighting)
log_power = ReduceLogSumExp(powers, last) keepdims=1
wanted = Mul(loudness_db, per_db)
level = Sub({wanted}, log_power)
log_powers = Add(shape, level)
squares = Exp(log_powers)
amplitudes = Sqrt(squares)
harmonics, noise = Split(amplitudes, sizes) axis=1
"""
PADDING = """
all_logits = Pad({live}, silent, silence)
"""
"""What the exporter writes, a node a line, in no order that matters: inputs and outputs always; a memory,
or a touch if it is played by notes; padding where the network has no output for the uppermost bands.
"""

MATRICES = ("pitch.2", "loudness.2", "output.0", "output.2", "logits")
WIDENED = (*(f"{name}.weight" for name in MATRICES), "gru.w", "gru.r")
"""What may be kept as float16 numbers, with a node that widens them."""


class UnknownGraphError(Exception):
    """A graph that only onnxruntime can play; the message says why."""


class Weights(msgspec.Struct, frozen=True):
    """The network's matrices, (inputs, outputs) each, and the rest of its numbers, all float32.

    Outputs of `logits` are doubled log amplitudes of the harmonics, then of the bands, and the log
    power of the strength where there is a touch.
    """

    layers: dict[str, tuple[Array, Array]]
    """Weights and bias of pitch.0, pitch.2, loudness.0, loudness.2, output.0, output.2 and logits."""
    gru: tuple[Array, Array, Array]
    """(3 units, inputs), (3 units, units), (6 units,), update, reset, new; perhaps of 0 units."""
    fades: Array
    """(2, fades) per second, negative: what times since onset and release are turned into."""
    waves: tuple[Array, Array]
    """(waves,) radians per ln Hz and radians."""
    log_numbers: Array
    """(n_harmonics,) ln k."""
    knots: Array
    """(knots,) ln Hz; the last one is where harmonics fade out."""
    bends: Array
    """(2, knots) change of slope of the doubled log gain and of the log power weight."""
    firsts: Array
    """(2, n_harmonics + n_bands) both functions below the first knot."""
    per_db: float
    """Log power of a dB."""


def weights_of(file: OnnxFile, card: Card) -> Weights:
    """The numbers of a file, every shape checked.

    Raises:
        UnknownGraphError: it is another graph than ours, or not of the shapes that ours has.
    """
    constants = dict(file.constants)
    nodes = _without_casts(file.nodes, constants)
    silent = any(node.startswith("all_logits") for node in nodes)
    known = _known(card, silent)
    if nodes != known:
        raise UnknownGraphError(f"{len(nodes ^ known)} nodes are not those of our exporter")
    _check_numbers(constants, card, silent)
    floats = {name: _finite(name, v) for name, v in constants.items() if v.dtype != np.int64}
    if missing := _shapes(floats, card, silent).keys() - floats.keys():
        raise UnknownGraphError(f"constants are missing: {', '.join(sorted(missing))}")
    for name, shape in _shapes(floats, card, silent).items():
        if floats[name].shape != shape:
            raise UnknownGraphError(f"{name} is of shape {floats[name].shape}, not {shape}")
    return _weights(floats, card, silent)


def _known(card: Card, silent: bool) -> set[str]:
    """The nodes that a graph has, as its card describes it."""
    played = card.style is not None
    live = "shapes" if played else "logits"
    parts = (INPUTS, OUTPUTS, TOUCH if played else MEMORY, PADDING if silent else "")
    names = {
        "heard": "heard" if played else "loudness_db",
        "known": "entering" if played else "remembered",
        "wanted": "reached" if played else "wanted",
        "live": live,
        "shapes": "all_logits" if silent else live,
    }
    return set("".join(parts).strip().format(hidden=card.hidden, **names).replace("\n\n", "\n").split("\n"))


def _without_casts(nodes: frozenset[str], constants: dict[str, NDArray[Any]]) -> set[str]:
    """The nodes that are left when the halved matrices stand for the widened ones."""
    left = set(nodes)
    for name in WIDENED:
        cast, half = f"{name} = Cast({name}.half) to=1", constants.get(f"{name}.half")
        if cast in left and half is not None and half.dtype == np.float16:
            left.remove(cast)
            constants[name] = constants.pop(f"{name}.half")
    return left


def _check_numbers(constants: dict[str, NDArray[Any]], card: Card, silent: bool) -> None:
    """The whole numbers in the graph say how it is put together."""
    width = card.n_harmonics + card.n_bands
    wanted = {
        "row": [1],
        "last": [1],
        "pads": [0, 0, 0, 0, 0, card.n_bands],
        "flat": [-1, 2 * width],
        "halves": [width, width],
        "sizes": [card.n_harmonics, card.n_bands],
    }
    outputs = constants.get("logits.bias", np.empty(0)).size - (card.style is not None)
    wanted |= (
        {"first": [0]}
        if card.style is None
        else {"parts": [GATE, 1 + _controls(card)], "apart": [outputs, 1]}
    )
    found = {name: value.tolist() for name, value in constants.items() if value.dtype == np.int64}
    pads = found.pop("silent", None) if silent else None
    if found != wanted or (silent and pads != [0, 0, 0, width - outputs]):
        raise UnknownGraphError("its shapes are put together in another way")


def _controls(card: Card) -> int:
    return 0 if card.style is None else len(card.style.controllers)


def _finite(name: str, value: NDArray[Any]) -> Array:
    full = np.asarray(value, np.float32)
    if not np.isfinite(full).all():
        raise UnknownGraphError(f"{name} has values that are no numbers")
    return full


def _shapes(constants: dict[str, Array], card: Card, silent: bool) -> dict[str, tuple[int, ...]]:
    """Of every constant; the widths that the card does not name are taken from the biases."""

    def width(layer: str) -> int:
        return constants.get(f"{layer}.bias", np.empty(0)).size

    units, outputs, played = card.hidden, card.n_harmonics + card.n_bands, card.style is not None
    fades = constants["fades"].shape[-1] if played and "fades" in constants else 0
    knots, waves = constants.get("knots", np.empty(0)).size, width("angles")
    entering = width("pitch.2") + width("loudness.2")
    layers = {
        "angles": (1, waves),
        "pitch.0": (1 + waves, width("pitch.0")),
        "pitch.2": (width("pitch.0"), width("pitch.2")),
        "loudness.0": (2 + _controls(card) + fades if played else 1, width("loudness.0")),
        "loudness.2": (width("loudness.0"), width("loudness.2")),
        "output.0": (units + entering, width("output.0")),
        "output.2": (width("output.0"), width("output.2")),
        "logits": (width("output.2"), width("logits") if silent else outputs + played),
    }
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": shape for name, shape in layers.items()}
    shapes |= {f"{name}.bias": shape[1:] for name, shape in layers.items()}
    gru = {"gru.w": (1, 3 * units, entering), "gru.r": (1, 3 * units, units), "gru.b": (1, 6 * units)}
    return (
        shapes
        | ({"fades": (2, fades)} if played else gru)
        | {
            "log_numbers": (card.n_harmonics,),
            "knots": (knots, 1),
            "bends": (2, knots),
            "firsts": (2, outputs),
            "per_db": (),
            **({"silence": ()} if silent else {}),
        }
    )


def _weights(constants: dict[str, Array], card: Card, silent: bool) -> Weights:
    layers = ("pitch.0", "pitch.2", "loudness.0", "loudness.2", "output.0", "output.2", "logits")
    made = {name: (constants[f"{name}.weight"], constants[f"{name}.bias"]) for name in layers}
    if silent:
        made["logits"] = _padded(*made["logits"], card, float(constants["silence"]))
    entering = made["pitch.2"][1].size + made["loudness.2"][1].size
    none = (
        np.zeros((1, 0, entering), np.float32),
        np.zeros((1, 0, 0), np.float32),
        np.zeros((1, 0), np.float32),
    )
    w, r, b = (constants.get(f"gru.{name}", empty)[0] for name, empty in zip("wrb", none, strict=True))
    return Weights(
        layers=made,
        gru=(w, r, b),
        fades=constants.get("fades", np.zeros((2, 0), np.float32)),
        waves=(constants["angles.weight"][0], constants["angles.bias"]),
        log_numbers=constants["log_numbers"],
        knots=constants["knots"][:, 0],
        bends=constants["bends"],
        firsts=constants["firsts"],
        per_db=float(constants["per_db"]),
    )


def _padded(weight: Array, bias: Array, card: Card, silence: float) -> tuple[Array, Array]:
    """Columns for the bands that are always silent, before that of the strength."""
    end = bias.size - (card.style is not None)
    silent = card.n_harmonics + card.n_bands - end
    if silent < 0:
        raise UnknownGraphError("it has more outputs than its card says")
    added = [end] * silent
    return np.insert(weight, added, 0.0, axis=1), np.insert(bias, added, silence)
