"""Our reader of ONNX files against the onnx package, and against files that are broken."""

import msgspec
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.bundle import PARITY_TOLERANCE, load_instrument, parity_error
from ddsp_pi.models.library import SHIPPED
from ddsp_pi.models.onnx_file import SYMBOLIC, read_onnx

SMALL = SHIPPED / "voice.onnx"
CONTENT = SMALL.read_bytes()
PLACES = st.integers(0, len(CONTENT) - 1)
FEW = {"max_examples": 150, "deadline": None}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.onnx")), ids=lambda path: path.stem)
def test_it_reads_what_onnx_reads(path):
    model, file = onnx.load(path), read_onnx(path.read_bytes())
    assert file.metadata == {entry.key: entry.value for entry in model.metadata_props}
    wanted = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert file.constants.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_array_equal(file.constants[name], values)
        assert file.constants[name].dtype == values.dtype
    ports = (*model.graph.input, *model.graph.output)
    assert file.ports == {p.name: _shape(p) for p in ports}
    assert len(file.nodes) == len(model.graph.node)


def _shape(port):
    return tuple(d.dim_value or SYMBOLIC for d in port.type.tensor_type.shape.dim)


def test_attributes_are_part_of_a_node():
    nodes = read_onnx(CONTENT).nodes
    assert "pitch.0.leaky = LeakyRelu(pitch.0) alpha=0.01" in nodes
    assert any("linear_before_reset=1" in node and "hidden_size=27" in node for node in nodes)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF....WAVEfmt ",
        b"\x3a",
        b"\x3a\x05abc",
        b"\x38\x01",
        b"\x3b\x01\x3c",
        b"\xff" * 40,
        b"\x3a\x02\x0a\xff",
        b"\x3a\x04\x28\x01\x08\x00",
        b"\x3a\x00\x3a\x00",
    ],
)
def test_what_is_no_model_is_refused(content):
    with pytest.raises(ValueError, match=r"in it|it breaks off"):
        read_onnx(content)


def test_a_tensor_of_another_size_than_its_shape_is_refused():
    model = onnx.load(SMALL)
    tensor = next(c for c in model.graph.initializer if c.name == "logits.bias")
    for dims in ([144], [0], [1 << 62], [145, 1 << 62], [-1]):
        tensor.dims[:] = dims
        with pytest.raises(ValueError, match=r"logits\.bias"):
            read_onnx(model.SerializeToString())


def loads_or_says_why(path, content):
    """A damaged file either is refused, or plays what its card says: nothing else may happen."""
    path.write_bytes(content)
    try:
        instrument = load_instrument(path)
    except InstrumentError:
        return False
    assert parity_error(instrument) <= PARITY_TOLERANCE
    assert all(np.isfinite(part).all() for part in instrument.decoder(3).step([440.0] * 3, [-20.0] * 3))
    return True


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "damaged.onnx"


@settings(**FEW)
@given(length=st.integers(0, len(CONTENT) - 1))
def test_a_file_that_breaks_off(file, length):
    assert not loads_or_says_why(file, CONTENT[:length])


@settings(**FEW)
@given(
    places=st.lists(st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(1, 255)), min_size=1, max_size=4)
)
def test_flipped_bytes(file, places):
    content = bytearray(CONTENT)
    for place, flip in places:
        content[place] ^= flip
    loads_or_says_why(file, bytes(content))


@settings(**FEW)
@given(st.data())
def test_flipped_bytes_where_the_graph_is_described(file, data):
    """Between the weights stand names, shapes and sizes: little of the file, and all of its structure."""
    place = data.draw(st.sampled_from(STRUCTURE))
    content = bytearray(CONTENT)
    content[place] ^= data.draw(st.integers(1, 255))
    loads_or_says_why(file, bytes(content))


def _structure():
    """Places in the file that are neither weights nor card."""
    model = onnx.load(SMALL)
    inside = bytearray(len(CONTENT))
    blobs = [tensor.raw_data for tensor in model.graph.initializer if len(tensor.raw_data) > 64]
    blobs += [entry.value.encode() for entry in model.metadata_props]
    for blob in blobs:
        begin = CONTENT.index(blob)
        inside[begin : begin + len(blob)] = b"\x01" * len(blob)
    return [place for place, is_inside in enumerate(inside) if not is_inside]


STRUCTURE = _structure()


def test_a_whole_file_plays(file):
    assert loads_or_says_why(file, CONTENT)
    assert msgspec.json.decode(read_onnx(CONTENT).metadata["ddsp_pi.card"])["name"] == "voice"
