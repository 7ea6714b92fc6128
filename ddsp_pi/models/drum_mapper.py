"""Loads a drum mapper, refusing with a reason whatever could not be right, and maps hits with it.

A mapper is so small that a few products of numpy are all it takes: neither torch nor onnxruntime is needed.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ddsp_pi.dsp.drum_presets import DAMPING_RANGE
from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.dsp.normaliser import FEATURES, Ranges
from ddsp_pi.dsp.snare_params import HIGH, LOW, NAMES, to_norms
from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.drum_card import DRUM_KEY, DRUM_VERSION, DrumCard, decode
from ddsp_pi.models.onnx_file import OnnxFile, read_onnx

TOLERANCE = 1e-5
"""How far an answer may be from the card's."""

MAX_BYTES = 1 << 20
"""No mapper is this big; a file that is was given by mistake."""

EPSILON = 1e-5
"""What is added to the variance of a layer before it is normalised."""

Array = NDArray[np.float64]


class DrumMapper:
    """A checked mapper: from how a hit differs from its reference to where the knobs of the drum stand."""

    def __init__(self, path: Path, card: DrumCard, layers: Sequence[tuple[Array, Array]]) -> None:
        """`layers`: (inputs, outputs) weights and biases; of the linear kind one, with a bias of 0."""
        self.path, self.card = path, card
        self.preset, self.damping = to_norms(card.values), np.array(card.damping)
        self.reference = HitFeatures(*card.reference)
        self._layers = [*layers]
        self._rest = self._bent(np.zeros(len(FEATURES)))

    @property
    def ranges(self) -> Ranges:
        """What a Normaliser begins with."""
        return {name: [each.low, each.high] for name, each in zip(FEATURES, self.card.ranges, strict=True)}

    def movement(self, difference: ArrayLike) -> Array:
        """How far the knobs are turned, (14,), for a hit that differs from its reference, (3,).

        The difference is what `Normaliser.centred` gives. If there is none, or if it is no finite number,
        the movement is exactly 0.
        """
        heard = np.asarray(difference, np.float64)
        return self._bent(heard) - self._rest if np.isfinite(heard).all() else np.zeros(len(NAMES))

    def positions(self, difference: ArrayLike, sensitivity: float = 1.0) -> Array:
        """Where the knobs stand for a hit, (14,) 0..1.

        Args:
            difference: (3,) of the hit from its reference, as for `movement`.
            sensitivity: what all movements are multiplied by, before the ends of the knobs hold them.
        """
        moved = self.preset + sensitivity * self.damping * self.movement(difference)
        return np.asarray(np.clip(moved, 0.0, 1.0))

    def _bent(self, difference: Array) -> Array:
        """(3,) → (14,), not yet centred."""
        values = difference
        for weight, bias in self._layers[:-1]:
            values = values @ weight + bias
            values = np.maximum((values - values.mean()) / np.sqrt(values.var() + EPSILON), 0.0)
        weight, bias = self._layers[-1]
        values = values @ weight + bias
        return np.asarray(np.tanh(values) if len(self._layers) > 1 else values)


def load_mapper(path: Path) -> DrumMapper:
    """Load and check a mapper file.

    Raises:
        InstrumentError: it is missing, not ours, of another format version, of wrong shapes, or it does not
            answer as its card says; the message says which.
    """
    file = _parse(path, _content(path))
    card = _read_card(path, file)
    _check_card(path, card)
    mapper = DrumMapper(path, card, _layers(path, card, file))
    error = parity_error(mapper)
    if not error <= TOLERANCE:
        raise InstrumentError(
            f"{path}: fails its parity check (off by {error:.2g}, allowed {TOLERANCE:g}): "
            "the file is damaged or its weights were changed; get it again or export it again"
        )
    return mapper


def parity_error(mapper: DrumMapper) -> float:
    """Largest difference between what a mapper answers and what its card says it must."""
    parity = mapper.card.parity
    answers = np.array([mapper.movement(difference) for difference in parity.differences])
    return float(np.abs(answers - np.array(parity.movements)).max())


def expected_nodes(hidden: Sequence[int]) -> set[str]:
    """The nodes of the graph of a mapper with such layers, as `read_onnx` writes them."""
    nodes, source = set[str](), "difference"
    for i in range(len(hidden)):
        nodes |= {
            f"layer.{i} = Gemm({source}, layer.{i}.weight, layer.{i}.bias)",
            f"normal.{i} = LayerNormalization(layer.{i}, normal.{i}.scale) epsilon={EPSILON:.6g}",
            f"bent.{i} = Relu(normal.{i})",
        }
        source = f"bent.{i}"
    last = len(hidden)
    if not hidden:
        return {f"movement = MatMul({source}, layer.{last}.weight)"}
    return nodes | {
        f"layer.{last} = Gemm({source}, layer.{last}.weight, layer.{last}.bias)",
        f"turned = Tanh(layer.{last})",
        "movement = Sub(turned, rest)",
    }


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InstrumentError(
                f"{path}: no such mapper; 'ddsp-pi models list --drums' shows what there is"
            )
        if path.stat().st_size > MAX_BYTES:
            raise InstrumentError(f"{path}: {path.stat().st_size >> 20} MB is no drum mapper")
        return path.read_bytes()
    except OSError as error:
        raise InstrumentError(f"{path}: cannot be read: {error.strerror}; ask who owns it") from None


def _parse(path: Path, content: bytes) -> OnnxFile:
    try:
        return read_onnx(content)
    except ValueError as error:
        raise InstrumentError(f"{path}: not a readable ONNX file ({error}); export it again") from error


def _read_card(path: Path, file: OnnxFile) -> DrumCard:
    text = file.metadata.get(DRUM_KEY)
    if text is None:
        raise InstrumentError(
            f"{path}: an ONNX file, but no drum mapper: it has no such card; "
            "make one with 'ddsp-pi train --drums'"
        )
    try:
        version = msgspec.json.decode(text).get("format_version")
        if version != DRUM_VERSION:
            raise InstrumentError(
                f"{path}: format version {version}, this ddsp-pi plays version {DRUM_VERSION}; "
                "train the mapper again with this version, or update ddsp-pi"
            )
        return decode(text)
    except (msgspec.MsgspecError, AttributeError) as error:
        raise InstrumentError(f"{path}: damaged card: {error}; export the mapper again") from error


def _check_card(path: Path, card: DrumCard) -> None:
    """Metadata that parses can still be nonsense."""
    ends = [end for each in card.ranges for end in (each.low, each.high)]
    values, damping = np.array(card.values), np.array(card.damping)
    complaints = {
        f"{len(values)} values and {len(damping)} dampings for {len(NAMES)} knobs": len(values) != len(NAMES)
        or len(damping) != len(NAMES),
        "a range is upside down": any(not each.low < each.high for each in card.ranges),
        "numbers are not finite": not np.isfinite([*ends, *card.reference, *card.metrics.values()]).all(),
        "parity vectors do not fit": len(card.parity.differences) != len(card.parity.movements)
        or not any(map(any, card.parity.differences))
        or any(len(row) != len(NAMES) for row in card.parity.movements),
    }
    if len(values) == len(damping) == len(NAMES):
        complaints["a knob stands outside its range"] = not ((values >= LOW) & (values <= HIGH)).all()
        low, high = DAMPING_RANGE
        complaints["a damping is outside 0 to 1"] = not ((damping >= low) & (damping <= high)).all()
    wrong = [text for text, is_wrong in complaints.items() if is_wrong]
    if wrong:
        raise InstrumentError(f"{path}: the card makes no sense: {'; '.join(wrong)}; export the mapper again")


def _layers(path: Path, card: DrumCard, file: OnnxFile) -> list[tuple[Array, Array]]:
    """The weights and biases, every shape checked."""
    if file.nodes != expected_nodes(card.hidden):
        raise InstrumentError(f"{path}: not the graph of a mapper that is {card.kind}; export it again")
    sizes = (len(FEATURES), *card.hidden, len(NAMES))
    layers = []
    for i, (inputs, outputs) in enumerate(pairwise(sizes)):
        weight = _numbers(path, file, f"layer.{i}.weight", (inputs, outputs))
        bias = _numbers(path, file, f"layer.{i}.bias", (outputs,)) if card.hidden else np.zeros(outputs)
        layers.append((weight, bias))
    return layers


def _numbers(path: Path, file: OnnxFile, name: str, shape: tuple[int, ...]) -> Array:
    values = file.constants.get(name)
    if values is None or values.shape != shape or not np.isfinite(values).all():
        found = "is missing" if values is None else f"is of shape {values.shape} or not finite"
        raise InstrumentError(f"{path}: {name} {found}; {shape} finite numbers are due; export it again")
    return np.asarray(values, np.float64)
