"""Reads an ONNX file without the onnx package: as much of protobuf's wire format as an instrument needs.

Field numbers are those of onnx.proto; the wire format is described at
https://protobuf.dev/programming-guides/encoding.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Fields = dict[int, list[Any]]
"""Values by field number: int for a varint, memoryview for everything else."""

VARINT, LENGTH = 0, 2
FIXED = {1: 8, 5: 4}
"""Bytes of the wire types of fixed size."""

DTYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 7: np.dtype("<i8"), 10: np.dtype("<f2")}
"""Of TensorProto's types those that our graphs have."""

SYMBOLIC = 0
"""Stands for a dimension that has a name instead of a size."""


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """What a model file says, without any judgement of it."""

    metadata: dict[str, str]
    nodes: frozenset[str]
    """Every node in a line of its own: `outputs = Kind(inputs) attributes`."""
    constants: dict[str, NDArray[Any]]
    """Read-only; tensors of other types, or kept otherwise than as raw bytes, are left out."""
    ports: dict[str, tuple[int, ...]]
    """Shapes of the inputs and outputs."""


def read_onnx(content: bytes) -> OnnxFile:
    """Take an ONNX file apart.

    Raises:
        ValueError: it is none, or it is damaged.
    """
    model = _fields(memoryview(content))
    graphs = _messages(model, 7)
    if len(graphs) != 1:
        raise ValueError(f"{len(graphs)} graphs in it, not 1")
    graph = graphs[0]
    tensors = [(_text(tensor, 8), _tensor(tensor)) for tensor in _messages(graph, 5)]
    return OnnxFile(
        metadata=_metadata(model),
        nodes=frozenset(map(_node, _messages(graph, 1))),
        constants={name: values for name, values in tensors if values is not None},
        ports={_text(port, 1): _shape(port) for number in (11, 12) for port in _messages(graph, number)},
    )


def read_metadata(content: bytes) -> dict[str, str]:
    """What a file says of itself, without a look at its graph.

    Raises:
        ValueError: it is no ONNX file, or it is damaged.
    """
    return _metadata(_fields(memoryview(content)))


def _metadata(model: Fields) -> dict[str, str]:
    return {_text(entry, 1): _text(entry, 2) for entry in _messages(model, 14)}


def _fields(data: memoryview) -> Fields:
    found: Fields = {}
    for number, value in _walk(data):
        found.setdefault(number, []).append(value)
    return found


def _walk(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size, at = _varint(data, at) if kind == LENGTH else (FIXED.get(kind), at)
        if size is None or at + size > len(data):
            raise ValueError("it breaks off, or is damaged")
        yield number, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, lowest first, and where the next field begins."""
    if at < len(data) and data[at] < 128:
        return data[at], at + 1
    value = 0
    for shift, byte in zip(range(0, 64, 7), data[at : at + 10], strict=False):
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at + shift // 7 + 1
    raise ValueError("a number in it breaks off, or is damaged")


def _messages(fields: Fields, number: int) -> list[Fields]:
    return [_fields(data) for data in _parts(fields, number)]


def _parts(fields: Fields, number: int) -> list[memoryview]:
    parts = fields.get(number, [])
    if not all(isinstance(part, memoryview) for part in parts):
        raise ValueError(f"field {number} in it is a number and should not be")
    return parts


def _texts(fields: Fields, number: int) -> list[str]:
    return [str(part, "utf-8") for part in _parts(fields, number)]


def _text(fields: Fields, number: int) -> str:
    return "".join(_texts(fields, number)[-1:])


def _numbers(fields: Fields, number: int) -> list[int]:
    """Repeated numbers, each for itself or packed."""
    values: list[int] = []
    for value in fields.get(number, []):
        values.extend([value] if isinstance(value, int) else _packed(value))
    return values


def _packed(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _tensor(tensor: Fields) -> NDArray[Any] | None:
    shape, kinds, raw = _numbers(tensor, 1), _numbers(tensor, 2), _parts(tensor, 9)
    dtype = DTYPES.get(kinds[-1]) if kinds else None
    if dtype is None or len(raw) != 1:
        return None
    if max(shape, default=0) > len(raw[0]) or math.prod(shape) * dtype.itemsize != len(raw[0]):
        raise ValueError(f"{_text(tensor, 8)!r} of shape {shape} has {len(raw[0])} bytes")
    values: NDArray[Any] = np.frombuffer(raw[0], dtype).reshape(shape)
    return values


def _shape(port: Fields) -> tuple[int, ...]:
    """Through ValueInfoProto, TypeProto, its tensor type and TensorShapeProto to the dimensions."""
    dimensions: Iterable[Fields] = [port]
    for number in (2, 1, 2, 1):
        dimensions = [inner for outer in dimensions for inner in _messages(outer, number)]
    return tuple((_numbers(dimension, 1) or [SYMBOLIC])[-1] for dimension in dimensions)


def _node(node: Fields) -> str:
    domain, kind = _text(node, 7), _text(node, 4)
    inputs, outputs = (", ".join(_texts(node, number)) for number in (1, 2))
    attributes = "".join(sorted(f" {_text(a, 1)}={_attribute(a)}" for a in _messages(node, 5)))
    return f"{outputs} = {domain}{kind}({inputs}){attributes}"


def _attribute(attribute: Fields) -> str:
    kinds = _numbers(attribute, 20)
    read = ATTRIBUTES.get(kinds[-1]) if kinds else None
    return read(attribute) if read else "?"


def _float(attribute: Fields) -> str:
    values = np.frombuffer(b"".join(_parts(attribute, 2)), "<f4")
    return f"{values[-1]:.6g}" if len(values) else "?"


ATTRIBUTES: dict[int, Callable[[Fields], str]] = {
    1: _float,
    2: lambda attribute: str((_numbers(attribute, 3) or [0])[-1]),
}
"""How the types of attributes that our graphs have are written: a float and an integer."""
