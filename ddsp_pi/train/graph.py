"""The decoder as an ONNX graph, built node by node.

Below a width of 128 a step costs what its nodes cost, not what its multiplications cost, so the
graph is written by hand: input scaling is folded into the first layer and nothing is left over.
"""

import math
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ddsp_pi.dsp.loudness import A_POLES_HZ
from ddsp_pi.train.networks import (
    A_EXPONENTS,
    BODY_KNOTS,
    BODY_KNOTS_PER_OCTAVE,
    BODY_LOWEST_HZ,
    HIGHEST_HZ,
    MUTED,
    PITCH_WAVES,
    Decoder,
    a_log_constant,
)

OPSET = 18
Array = NDArray[np.float32]


class _Graph:
    """Nodes and constants as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: object, dtype: type = np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def linear(self, source: str, weight: Array, bias: Array, name: str) -> str:
        product = self.node("MatMul", [source, self.constant(f"{name}.weight", weight)], f"{name}.product")
        return self.node("Add", [product, self.constant(f"{name}.bias", bias)], name)

    def leaky(self, source: str) -> str:
        return self.node("LeakyRelu", [source], f"{source}.leaky", alpha=0.01)


def build_model(decoder: Decoder) -> onnx.ModelProto:
    """The network as a step: f0_hz, loudness_db, state → harmonics, noise, next_state.

    All are (1, voices, n) with n = 1 for pitch and loudness and `hidden` for the states.
    """
    graph = _Graph()
    weights = {name: tensor.detach().numpy() for name, tensor in decoder.state_dict().items()}
    logits = _add_network(graph, weights, decoder)
    _add_controls(graph, logits, weights, decoder)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "ddsp_pi.decoder", _inputs(decoder), _outputs(decoder), graph.constants
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=9,
        producer_name="ddsp-pi",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _add_network(graph: _Graph, weights: dict[str, Array], decoder: Decoder) -> str:
    entering = _add_inputs(graph, weights, decoder)
    _add_gru(graph, entering, weights, decoder.hidden)
    last = graph.node("Concat", ["next_state", entering], "remembered", axis=2)
    for layer in (0, 2):
        weight, bias = weights[f"outputs.{layer}.weight"], weights[f"outputs.{layer}.bias"]
        last = graph.leaky(graph.linear(last, weight.T, bias, f"output.{layer}"))
    return graph.linear(last, weights["head.weight"].T, weights["head.bias"], "logits")


def _add_inputs(graph: _Graph, weights: dict[str, Array], decoder: Decoder) -> str:
    """Two MLPs, on ln f0 with its waves and on dB, as they come: the scaling is in the first layers."""
    waves = np.array(PITCH_WAVES) * 2.0 * math.pi / math.log(2.0)
    graph.node("Log", ["f0_hz"], "log_f0")
    graph.node("Mul", ["log_f0", graph.constant("waves", np.tile(waves, 2))], "angles")
    # A cosine is a sine a quarter turn ahead.
    quarter = np.repeat([0.0, math.pi / 2.0], len(waves))
    graph.node("Add", ["angles", graph.constant("quarter", quarter)], "turned")
    graph.node("Sin", ["turned"], "waving")
    graph.node("Concat", ["log_f0", "waving"], "pitch", axis=2)
    s = decoder.scaling
    scalings = {
        "pitch": (s.log2_f0_mean * math.log(2.0), s.log2_f0_spread * math.log(2.0)),
        "loudness": (s.loudness_mean_db, s.loudness_spread_db),
    }
    sources = {"pitch": "pitch", "loudness": "loudness_db"}
    branches = [_add_mlp(graph, weights, name, sources[name], scaling) for name, scaling in scalings.items()]
    return graph.node("Concat", branches, "entering", axis=2)


def _add_mlp(
    graph: _Graph, weights: dict[str, Array], name: str, source: str, scaling: tuple[float, float]
) -> str:
    """An input's MLP, with the scaling (mean, spread) of its first number folded in."""
    mean, spread = scaling
    weight = weights[f"{name}.0.weight"].T.astype(np.float64)
    weight[0] /= spread
    bias = weights[f"{name}.0.bias"] - weight[0] * mean
    first = graph.leaky(graph.linear(source, weight.astype(np.float32), bias.astype(np.float32), f"{name}.0"))
    return graph.leaky(
        graph.linear(first, weights[f"{name}.2.weight"].T, weights[f"{name}.2.bias"], f"{name}.2")
    )


def _add_gru(graph: _Graph, source: str, weights: dict[str, Array], hidden: int) -> None:
    def reordered(array: Array) -> Array:
        # torch keeps reset, update, new; ONNX wants update, reset, new.
        reset, update, new = np.split(array, 3)
        return np.concatenate([update, reset, new])

    w, r = (reordered(weights[f"gru.weight_{kind}_l0"])[None] for kind in ("ih", "hh"))
    bias = np.concatenate([reordered(weights[f"gru.bias_{kind}_l0"]) for kind in ("ih", "hh")])[None]
    inputs = [source, graph.constant("gru.w", w), graph.constant("gru.r", r), graph.constant("gru.b", bias)]
    graph.nodes.append(
        helper.make_node(
            "GRU", [*inputs, "", "state"], ["", "next_state"], hidden_size=hidden, linear_before_reset=1
        )
    )


def _add_controls(graph: _Graph, logits: str, weights: dict[str, Array], decoder: Decoder) -> None:
    """`Decoder.get_controls`, node by node."""
    pads = graph.constant("pads", [0, 0, 0, 0, 0, decoder.n_bands], np.int64)
    graph.node("Mul", ["f0_hz", graph.constant("numbers", weights["numbers"])], "partials")
    graph.node("Greater", ["partials", graph.constant("highest", HIGHEST_HZ)], "too_high")
    _add_log_a_power(graph, pads, weights, decoder)
    gain = _add_body(graph, weights["body"])
    graph.node("Where", ["too_high", graph.constant("mute", MUTED), gain], "gain")
    graph.node("Pad", ["gain", pads], "gain.padded")
    graph.node("Add", [logits, "gain.padded"], "shape")
    graph.node("Mul", ["shape", graph.constant("two", 2.0)], "doubled")
    graph.node("Add", ["doubled", "weighting"], "powers")
    graph.node("ReduceLogSumExp", ["powers", graph.constant("last", [2], np.int64)], "log_power", keepdims=1)
    graph.node("Mul", ["loudness_db", graph.constant("per_db", math.log(10.0) / 20.0)], "wanted")
    graph.node("Mul", ["log_power", graph.constant("half", 0.5)], "made")
    graph.node("Sub", ["wanted", "made"], "level")
    graph.node("Add", ["shape", "level"], "log_amplitudes")
    graph.node("Exp", ["log_amplitudes"], "amplitudes")
    sizes = graph.constant("sizes", [decoder.n_harmonics, decoder.n_bands], np.int64)
    graph.nodes.append(helper.make_node("Split", ["amplitudes", sizes], ["harmonics", "noise"], axis=2))


def _add_log_a_power(graph: _Graph, pads: str, weights: dict[str, Array], decoder: Decoder) -> None:
    """ln of what a unit of each partial and band adds to the A-weighted power."""
    poles = [0.0, *(pole**2 for pole in A_POLES_HZ)]
    levels = np.concatenate(
        [np.full(decoder.n_harmonics, a_log_constant() - math.log(2.0)), weights["band_log_power"]]
    )
    graph.node("Mul", ["partials", "partials"], "squares")
    graph.node("Unsqueeze", ["squares", graph.constant("row", [2], np.int64)], "squares.row")
    graph.node("Add", ["squares.row", graph.constant("poles", _column(poles))], "terms")
    graph.node("Log", ["terms"], "log_terms")
    # Row times matrix: a matrix times a column takes a path in onnxruntime that is ten times slower.
    graph.node("MatMul", [graph.constant("exponents", [A_EXPONENTS]), "log_terms"], "log_a.row")
    graph.node("Squeeze", ["log_a.row", "row"], "log_a")
    graph.node("Pad", ["log_a", pads], "log_a.padded")
    graph.node("Add", ["log_a.padded", graph.constant("levels", levels)], "weighting")


def _add_body(graph: _Graph, knots: Array) -> str:
    """The body's log gain of every partial: a line bent at each knot, as a sum of ramps."""
    slopes = np.diff(knots.astype(np.float64), append=knots[-1])
    bends = np.diff(slopes, prepend=0.0)
    # The graph has ln f² at hand, so octaves are half of it over ln 2.
    per_log_square = BODY_KNOTS_PER_OCTAVE / (2.0 * math.log(2.0))
    knot_logs = np.arange(BODY_KNOTS) / per_log_square + 2.0 * math.log(BODY_LOWEST_HZ)
    graph.node("Log", ["squares.row"], "log_squares")
    graph.node("Sub", ["log_squares", graph.constant("body.knots", _column(knot_logs))], "above_knots")
    graph.node("Relu", ["above_knots"], "ramps")
    graph.node("MatMul", [graph.constant("body.bends", [bends * per_log_square]), "ramps"], "body.row")
    graph.node("Squeeze", ["body.row", "row"], "body.bent")
    return graph.node("Add", ["body.bent", graph.constant("body.first", knots[0])], "body.gain")


def _column(values: object) -> Array:
    return np.asarray(values, np.float32)[:, None]


def _inputs(decoder: Decoder) -> list[onnx.ValueInfoProto]:
    return [_port("f0_hz", 1), _port("loudness_db", 1), _port("state", decoder.hidden)]


def _outputs(decoder: Decoder) -> list[onnx.ValueInfoProto]:
    return [
        _port("harmonics", decoder.n_harmonics),
        _port("noise", decoder.n_bands),
        _port("next_state", decoder.hidden),
    ]


def _port(name: str, width: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "voices", width])
