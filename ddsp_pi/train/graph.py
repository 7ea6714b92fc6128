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

from ddsp_pi.models.touch import GATE
from ddsp_pi.train.networks import (
    HIGHEST_HZ,
    KNOTS_PER_OCTAVE,
    MUTE_PER_OCTAVE,
    PITCH_WAVES,
    SILENT,
    Decoder,
    fade_rates,
    knot_octaves,
)

OPSET = 18
WORTH_HALVING = 128
"""Elements below which the node that widens a matrix is bigger than what it saves."""
Array = NDArray[np.float32]


class _Graph:
    """Nodes and constants as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: object, dtype: type = np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def matrix(self, name: str, value: NDArray[Any]) -> str:
        """A float32 matrix, kept as float16 where nothing is lost; onnxruntime widens it when it loads."""
        full = np.ascontiguousarray(value, np.float32)
        half = full.astype(np.float16)
        if full.size < WORTH_HALVING or not np.array_equal(half.astype(np.float32), full):
            return self.constant(name, full)
        return self.node(
            "Cast", [self.constant(f"{name}.half", half, np.float16)], name, to=TensorProto.FLOAT
        )

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def linear(
        self, source: str, weight: NDArray[Any], bias: NDArray[Any], name: str, bent: bool = True
    ) -> str:
        """A layer and its LeakyReLU, which onnxruntime runs as one node where tensors are (voices, n)."""
        constants = [self.matrix(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
        straight = self.node("Gemm", [source, *constants], name)
        return self.node("LeakyRelu", [straight], f"{name}.leaky", alpha=0.01) if bent else straight


def build_model(decoder: Decoder) -> onnx.ModelProto:
    """The network as a step: f0_hz, loudness_db, state → harmonics, noise, next_state.

    All are (voices, n) with n = 1 for pitch and loudness, but the states, (1, voices, GRU units).
    One that is played by notes has a touch, (voices, columns), instead of the states.
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
    last = _add_inputs(graph, weights, decoder)
    if decoder.widths.gru:
        last = _add_memory(graph, last, weights, decoder.widths.gru)
    for layer in (0, 2):
        weight, bias = weights[f"outputs.{layer}.weight"], weights[f"outputs.{layer}.bias"]
        last = graph.linear(last, weight.T, bias, f"output.{layer}")
    logits = graph.linear(
        last, 2.0 * weights["head.weight"].T, 2.0 * weights["head.bias"], "logits", bent=False
    )
    if decoder.widths.touch:
        # The last output says how strong the sound is; all others, what it is like.
        apart = graph.constant("apart", [decoder.widths.outputs - 1, 1], np.int64)
        graph.nodes.append(helper.make_node("Split", [logits, apart], ["shapes", "strength"], axis=1))
        logits = "shapes"
    silent = decoder.n_bands - decoder.widths.bands
    if not silent:
        return logits
    pads = graph.constant("silent", [0, 0, 0, silent], np.int64)
    return graph.node("Pad", [logits, pads, graph.constant("silence", 2.0 * SILENT)], "all_logits")


def _add_inputs(graph: _Graph, weights: dict[str, Array], decoder: Decoder) -> str:
    """Two MLPs, on ln f0 with its waves and on dB, as they come: the scaling is in the first layers."""
    waves = np.array(PITCH_WAVES) * 2.0 * math.pi / math.log(2.0)
    graph.node("Log", ["f0_hz"], "log_f0")
    # A cosine is a sine a quarter turn ahead.
    quarter = np.repeat([0.0, math.pi / 2.0], len(waves))
    graph.linear("log_f0", np.tile(waves, 2)[None], quarter, "angles", bent=False)
    graph.node("Sin", ["angles"], "waving")
    graph.node("Concat", ["log_f0", "waving"], "pitch", axis=1)
    s = decoder.scaling
    pitch = (s.log2_f0_mean * math.log(2.0), s.log2_f0_spread * math.log(2.0))
    loudness = (s.loudness_mean_db, s.loudness_spread_db)
    heard = _add_touch(graph, decoder) if decoder.widths.touch else "loudness_db"
    branches = [
        _add_mlp(graph, weights, "pitch", "pitch", pitch),
        _add_mlp(graph, weights, "loudness", heard, loudness),
    ]
    return graph.node("Concat", branches, "entering", axis=1)


def _add_touch(graph: _Graph, decoder: Decoder) -> str:
    """Times become fades; what is no time is heard as it is."""
    parts = graph.constant("parts", [GATE, decoder.widths.touch - GATE], np.int64)
    graph.nodes.append(helper.make_node("Split", ["touch", parts], ["times", "playing"], axis=1))
    graph.node("MatMul", ["times", graph.constant("fades", -fade_rates().numpy())], "fading")
    graph.node("Exp", ["fading"], "faded")
    return graph.node("Concat", ["loudness_db", "playing", "faded"], "heard", axis=1)


def _add_mlp(
    graph: _Graph, weights: dict[str, Array], name: str, source: str, scaling: tuple[float, float]
) -> str:
    """An input's MLP, with the scaling (mean, spread) of its first number folded in."""
    mean, spread = scaling
    weight = weights[f"{name}.0.weight"].T.copy()
    weight[0] /= spread
    bias = weights[f"{name}.0.bias"] - weight[0] * mean
    first = graph.linear(source, weight, bias, f"{name}.0")
    return graph.linear(first, weights[f"{name}.2.weight"].T, weights[f"{name}.2.bias"], f"{name}.2")


def _add_memory(graph: _Graph, entering: str, weights: dict[str, Array], units: int) -> str:
    graph.node("Unsqueeze", [entering, graph.constant("first", [0], np.int64)], "entering.sequence")
    _add_gru(graph, "entering.sequence", weights, units)
    graph.node("Squeeze", ["next_state", "first"], "remembering")
    return graph.node("Concat", ["remembering", entering], "remembered", axis=1)


def _add_gru(graph: _Graph, source: str, weights: dict[str, Array], hidden: int) -> None:
    def reordered(array: Array) -> Array:
        # torch keeps reset, update, new; ONNX wants update, reset, new.
        reset, update, new = np.split(array, 3)
        return np.concatenate([update, reset, new])

    w, r = (reordered(weights[f"gru.weight_{kind}_l0"])[None] for kind in ("ih", "hh"))
    bias = np.concatenate([reordered(weights[f"gru.bias_{kind}_l0"]) for kind in ("ih", "hh")])[None]
    inputs = [source, graph.matrix("gru.w", w), graph.matrix("gru.r", r), graph.constant("gru.b", bias)]
    graph.nodes.append(
        helper.make_node(
            "GRU", [*inputs, "", "state"], ["", "next_state"], hidden_size=hidden, linear_before_reset=1
        )
    )


def _add_controls(graph: _Graph, logits: str, weights: dict[str, Array], decoder: Decoder) -> None:
    """`Decoder.get_controls`, node by node, in logs of powers: logits and gain come doubled."""
    _add_functions_of_frequency(graph, weights, decoder)
    graph.node("Add", [logits, "gain"], "shape")
    graph.node("Add", ["shape", "weighting"], "powers")
    graph.node("ReduceLogSumExp", ["powers", graph.constant("last", [1], np.int64)], "log_power", keepdims=1)
    graph.node("Mul", ["loudness_db", graph.constant("per_db", math.log(10.0) / 10.0)], "wanted")
    if decoder.widths.touch:
        graph.node("Add", ["wanted", "strength"], "reached")
    graph.node("Sub", ["reached" if decoder.widths.touch else "wanted", "log_power"], "level")
    graph.node("Add", ["shape", "level"], "log_powers")
    graph.node("Exp", ["log_powers"], "squares")
    graph.node("Sqrt", ["squares"], "amplitudes")
    sizes = graph.constant("sizes", [decoder.n_harmonics, decoder.n_bands], np.int64)
    graph.nodes.append(helper.make_node("Split", ["amplitudes", sizes], ["harmonics", "noise"], axis=1))


def _add_functions_of_frequency(graph: _Graph, weights: dict[str, Array], decoder: Decoder) -> None:
    """Doubled log gain (body, mute) and log A power of every partial; of bands 0 and their log power.

    A line that is bent at knots is a sum of ramps, so one product with the ramps gives both.
    """
    octaves = np.append(knot_octaves().numpy(), math.log2(HIGHEST_HZ))
    rows: list[NDArray[Any]] = [2.0 * decoder.body_gain().detach().numpy(), weights["log_a_power"]]
    bends = np.stack([np.append(_bends(row), 0.0) for row in rows])
    bends[0, -1] = -2.0 * MUTE_PER_OCTAVE / math.log(2.0)
    firsts = np.zeros((2, decoder.n_harmonics + decoder.n_bands))
    firsts[:, : decoder.n_harmonics] = [[rows[0][0]], [rows[1][0] - math.log(2.0)]]
    firsts[1, decoder.n_harmonics :] = weights["band_log_power"]
    width = firsts.shape[1]

    graph.node("Add", ["log_f0", graph.constant("log_numbers", np.log(weights["numbers"]))], "log_partials")
    graph.node("Unsqueeze", ["log_partials", graph.constant("row", [1], np.int64)], "log_partials.row")
    graph.node(
        "Sub", ["log_partials.row", graph.constant("knots", octaves[:, None] * math.log(2.0))], "above"
    )
    graph.node("Relu", ["above"], "ramps")
    # Row times matrix: a matrix times a column takes a path in onnxruntime that is ten times slower.
    graph.node("MatMul", [graph.constant("bends", bends), "ramps"], "bent")
    graph.node("Pad", ["bent", graph.constant("pads", [0, 0, 0, 0, 0, decoder.n_bands], np.int64)], "padded")
    graph.node("Add", ["padded", graph.constant("firsts", firsts)], "functions")
    graph.node("Reshape", ["functions", graph.constant("flat", [-1, 2 * width], np.int64)], "functions.flat")
    halves = graph.constant("halves", [width, width], np.int64)
    graph.nodes.append(helper.make_node("Split", ["functions.flat", halves], ["gain", "weighting"], axis=1))


def _bends(values: NDArray[Any]) -> NDArray[np.float64]:
    """Change of slope at every knot, per unit of ln f, of the line through the values."""
    slopes = np.diff(values.astype(np.float64), append=values[-1]) * (KNOTS_PER_OCTAVE / math.log(2.0))
    return np.diff(slopes, prepend=0.0)


def _inputs(decoder: Decoder) -> list[onnx.ValueInfoProto]:
    ports = [_port("f0_hz", 1), _port("loudness_db", 1)]
    if decoder.widths.touch:
        ports.append(_port("touch", decoder.widths.touch))
    return [*ports, *_states("state", decoder)]


def _outputs(decoder: Decoder) -> list[onnx.ValueInfoProto]:
    ports = [_port("harmonics", decoder.n_harmonics), _port("noise", decoder.n_bands)]
    return [*ports, *_states("next_state", decoder)]


def _states(name: str, decoder: Decoder) -> list[onnx.ValueInfoProto]:
    """The port of the state; none for who has none."""
    units = decoder.widths.gru
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "voices", units])] if units else []


def _port(name: str, width: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["voices", width])
