"""A mapper as an ONNX graph, with exactly the nodes that the loader knows."""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ddsp_pi.dsp.normaliser import FEATURES
from ddsp_pi.models.drum_mapper import EPSILON
from ddsp_pi.train.graph import OPSET

Array = NDArray[np.float32]


def build_mapper(layers: Sequence[tuple[Array, Array]], rest: Array) -> onnx.ModelProto:
    """The graph: difference (hits, 3) → movement (hits, 14).

    Args:
        layers: (inputs, outputs) weights and biases; if there is only one, its bias is left out.
        rest: (14,) what the last layer answers where there is no difference.
    """
    last, numbers = len(layers) - 1, _numbers(layers, rest)
    source, nodes = "difference", list[NodeProto]()
    for i in range(last):
        nodes += _bent(i, source)
        source = f"bent.{i}"
    nodes += _turned(last, source) if last else _straight()
    graph = helper.make_graph(
        nodes,
        "ddsp_pi.drum_mapper",
        [_port("difference", len(FEATURES))],
        [_port("movement", len(rest))],
        [numpy_helper.from_array(np.ascontiguousarray(v, np.float32), name) for name, v in numbers.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9, producer_name="ddsp-pi"
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _numbers(layers: Sequence[tuple[Array, Array]], rest: Array) -> dict[str, Array]:
    numbers = {f"layer.{i}.weight": weight for i, (weight, _) in enumerate(layers)}
    if len(layers) == 1:
        return numbers
    numbers |= {f"layer.{i}.bias": bias for i, (_, bias) in enumerate(layers)}
    numbers |= {f"normal.{i}.scale": np.ones_like(bias) for i, (_, bias) in enumerate(layers[:-1])}
    return numbers | {"rest": rest}


def _straight() -> list[NodeProto]:
    return [helper.make_node("MatMul", ["difference", "layer.0.weight"], ["movement"])]


def _bent(i: int, source: str) -> list[NodeProto]:
    return [
        helper.make_node("Gemm", [source, f"layer.{i}.weight", f"layer.{i}.bias"], [f"layer.{i}"]),
        helper.make_node(
            "LayerNormalization", [f"layer.{i}", f"normal.{i}.scale"], [f"normal.{i}"], epsilon=EPSILON
        ),
        helper.make_node("Relu", [f"normal.{i}"], [f"bent.{i}"]),
    ]


def _turned(last: int, source: str) -> list[NodeProto]:
    return [
        helper.make_node("Gemm", [source, f"layer.{last}.weight", f"layer.{last}.bias"], [f"layer.{last}"]),
        helper.make_node("Tanh", [f"layer.{last}"], ["turned"]),
        helper.make_node("Sub", ["turned", "rest"], ["movement"]),
    ]


def _port(name: str, width: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["hits", width])
