"""An instrument file back as a torch decoder: what ships can be checked, and trimmed, without its run."""

import math
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from ddsp_pi.models.card import Card
from ddsp_pi.models.touch import touch_columns
from ddsp_pi.train.networks import BODY_KNOTS, KNOTS_PER_OCTAVE, Decoder, Scaling, Widths

Array = NDArray[np.float32]

UNSCALED = Scaling(0.0, 1.0, 0.0, 1.0)
"""In a file the scaling of the inputs is part of the first layers."""


def read_decoder(path: Path, card: Card) -> Decoder:
    """The network of an exported instrument, up to float32 rounding of the body's gain."""
    constants = _constants(path)
    layers = {
        "pitch.0": "pitch.0",
        "pitch.2": "pitch.2",
        "loudness.0": "loudness.0",
        "loudness.2": "loudness.2",
        "outputs.0": "output.0",
        "outputs.2": "output.2",
    }
    state = {f"{ours}.weight": constants[f"{theirs}.weight"].T for ours, theirs in layers.items()}
    state |= {f"{ours}.bias": constants[f"{theirs}.bias"] for ours, theirs in layers.items()}
    # The graph works on ln f0 and on logs of powers, torch on octaves and on logs of amplitudes.
    state["pitch.0.weight"] = np.concatenate(
        [state["pitch.0.weight"][:, :1] * math.log(2.0), state["pitch.0.weight"][:, 1:]], axis=1
    )
    state["head.weight"], state["head.bias"] = (
        constants["logits.weight"].T / 2.0,
        constants["logits.bias"] / 2.0,
    )
    state |= {} if card.style else _gru(constants)
    state["body"] = _body(constants)
    decoder = Decoder(_widths(state, card), card.n_bands, UNSCALED)
    tensors = {name: torch.from_numpy(np.array(value, np.float32)) for name, value in state.items()}
    decoder.load_state_dict(tensors, strict=False)
    return decoder


def _constants(path: Path) -> dict[str, Array]:
    graph = onnx.load(path).graph
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return {name.removesuffix(".half"): np.asarray(value, np.float32) for name, value in found.items()}


def _widths(state: dict[str, Array], card: Card) -> Widths:
    second = card.style.second if card.style else None
    return Widths(
        pitch_1=len(state["pitch.0.bias"]),
        pitch_2=len(state["pitch.2.bias"]),
        loudness_1=len(state["loudness.0.bias"]),
        loudness_2=len(state["loudness.2.bias"]),
        gru=card.hidden,
        outputs_1=len(state["outputs.0.bias"]),
        outputs_2=len(state["outputs.2.bias"]),
        harmonics=card.n_harmonics,
        bands=len(state["head.bias"]) - card.n_harmonics - bool(card.style),
        touch=touch_columns(card),
        second=second.n_harmonics if second else 0,
        ratio=second.ratio if second else 1.0,
    )


def _gru(constants: dict[str, Array]) -> dict[str, Array]:
    def reordered(array: Array) -> Array:
        # ONNX keeps update, reset, new; torch wants reset, update, new.
        update, reset, new = np.split(array, 3)
        return np.concatenate([reset, update, new])

    biases = np.split(constants["gru.b"][0], 2)
    return {
        "gru.weight_ih_l0": reordered(constants["gru.w"][0]),
        "gru.weight_hh_l0": reordered(constants["gru.r"][0]),
        "gru.bias_ih_l0": reordered(biases[0]),
        "gru.bias_hh_l0": reordered(biases[1]),
    }


def _body(constants: dict[str, Array]) -> Array:
    """The gain at the knots from its bends: sums of sums."""
    slopes = np.cumsum(constants["bends"][0, :-1].astype(np.float64))
    steps = slopes[:-1] * (math.log(2.0) / KNOTS_PER_OCTAVE)
    doubled = constants["firsts"][0, 0] + np.append(0.0, np.cumsum(steps))
    gain: Array = (doubled[-BODY_KNOTS:] / 2.0).astype(np.float32)
    return gain
