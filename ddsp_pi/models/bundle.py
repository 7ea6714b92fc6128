"""One file per instrument: loading an .onnx with its card, and checking it before it may play."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from ddsp_pi.errors import InstrumentError
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.card import FORMAT_VERSION, METADATA_KEY, PLAYED_VERSION, Card, Style, decode
from ddsp_pi.models.decoder import Decoder, touch_of
from ddsp_pi.models.drum_card import DRUM_KEY
from ddsp_pi.models.graph import UnknownGraphError, weights_of
from ddsp_pi.models.native_decoder import NativeDecoder, NativeNetwork, NativePlayedDecoder
from ddsp_pi.models.onnx_decoder import OnnxDecoder, OnnxPlayedDecoder, open_session
from ddsp_pi.models.onnx_file import OnnxFile, read_onnx
from ddsp_pi.models.touch import touch_columns
from ddsp_pi.native.library import kernel

FORMAT_VERSIONS = (FORMAT_VERSION, PLAYED_VERSION)
_PLAYABLE = f"versions {FORMAT_VERSION} and {PLAYED_VERSION}"
PARITY_TOLERANCE = 1e-4
MAX_BYTES = 64 << 20
"""No instrument is this big; a file that is was given by mistake."""

SESSION_BYTES = 512 << 10
"""What onnxruntime keeps for a network of the usual size."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A checked instrument: its card, and what makes players of it."""

    path: Path
    card: Card
    kernel: Literal["native", "onnxruntime"]
    """Who plays it: onnxruntime where there is no native kernel, or the graph is not one it knows."""
    nbytes: int
    """Memory it takes, about."""
    _make: Callable[[int], Decoder]

    def decoder(self, voices: int = 1) -> Decoder:
        """A fresh player of so many voices, each with a state of its own."""
        return self._make(voices)


def load_instrument(path: Path) -> Instrument:
    """Load and check an instrument file.

    Raises:
        InstrumentError: it is missing, not ours, of another format version, of wrong shapes, or
            it does not answer its own parity vectors; the message says which.
    """
    content = _read(path)
    file = _parse(path, content)
    card = _read_card(path, file)
    _check_card(path, card)
    _check_shapes(path, card, file)
    instrument = _native(path, card, file) or _on_runtime(path, card, content)
    _check_parity(instrument)
    return instrument


def _native(path: Path, card: Card, file: OnnxFile) -> Instrument | None:
    """The instrument on the native kernel, if that is there and knows the graph."""
    library = kernel()
    if library is None:
        return None
    try:
        network = NativeNetwork(weights_of(file, card), card)
    except UnknownGraphError:
        return None
    make = NativeDecoder if card.style is None else NativePlayedDecoder
    return Instrument(path, card, "native", network.nbytes, partial(make, network, library))


def _on_runtime(path: Path, card: Card, content: bytes) -> Instrument:
    try:
        session = open_session(content)
    except Exception as error:  # onnxruntime raises its own classes, all of them unusable input here
        raise _unreadable(path, error) from error
    nbytes = SESSION_BYTES + 2 * len(content)
    make = OnnxDecoder if card.style is None else OnnxPlayedDecoder
    return Instrument(path, card, "onnxruntime", nbytes, partial(make, session, card))


def _read(path: Path) -> bytes:
    try:
        return _content(path)
    except OSError as error:
        raise InstrumentError(f"{path}: cannot be read: {error.strerror}; ask who owns it") from None


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise InstrumentError(f"{path}: no such instrument file; 'ddsp-pi models list' shows what there is")
    if path.stat().st_size > MAX_BYTES:
        raise InstrumentError(
            f"{path}: {path.stat().st_size >> 20} MB is no instrument; give an exported .onnx"
        )
    return path.read_bytes()


def _parse(path: Path, content: bytes) -> OnnxFile:
    try:
        return read_onnx(content)
    except ValueError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InstrumentError:
    return InstrumentError(f"{path}: not a readable ONNX file ({error}); export it again")


def _read_card(path: Path, file: OnnxFile) -> Card:
    text = file.metadata.get(METADATA_KEY)
    if text is None and DRUM_KEY in file.metadata:
        raise InstrumentError(
            f"{path}: a drum mapper, no instrument; 'ddsp-pi models show --drums {path}' says what it is"
        )
    if text is None:
        raise InstrumentError(
            f"{path}: an ONNX file, but no ddsp-pi instrument: it has no card; make one with 'ddsp-pi export'"
        )
    try:
        version = msgspec.json.decode(text).get("format_version")
        if version not in FORMAT_VERSIONS:
            raise InstrumentError(
                f"{path}: format version {version}, this ddsp-pi plays {_PLAYABLE}; "
                "export the instrument again with this version, or update ddsp-pi"
            )
        return decode(text)
    except (msgspec.MsgspecError, AttributeError) as error:
        raise InstrumentError(f"{path}: damaged card: {error}; export the instrument again") from error


def _check_card(path: Path, card: Card) -> None:
    """Metadata that parses can still be nonsense."""
    numbers = (*card.metrics.values(), card.pitch_range_hz.low, card.pitch_range_hz.high)
    complaints = {
        f"made for {card.sample_rate} Hz, the engine runs at {SAMPLE_RATE} Hz": card.sample_rate
        != SAMPLE_RATE,
        f"made for hops of {card.hop}, the engine steps every {HOP}": card.hop != HOP,
        "pitch range is upside down": not 0 < card.pitch_range_hz.low < card.pitch_range_hz.high,
        "loudness range is upside down": not card.loudness_range_db.low < card.loudness_range_db.high,
        "figures are not finite": not np.isfinite(numbers).all(),
        "parity vectors do not fit": len(card.parity.f0_hz) != len(card.parity.loudness_db)
        or not card.parity.f0_hz
        or len(card.parity.harmonics) != card.n_harmonics
        or len(card.parity.noise) != card.n_bands
        or len(card.parity.touch) != (len(card.parity.f0_hz) if card.style else 0)
        or any(len(row) != touch_columns(card) for row in card.parity.touch),
        "its style is not that of its format version": (card.style is None)
        != (card.format_version == FORMAT_VERSION),
        "its style makes no sense": card.style is not None and not _is_playable(card, card.style),
    }
    wrong = [text for text, is_wrong in complaints.items() if is_wrong]
    if wrong:
        raise InstrumentError(
            f"{path}: the card makes no sense: {'; '.join(wrong)}; export the instrument again"
        )


def _is_playable(card: Card, style: Style) -> bool:
    names = [controller.name for controller in style.controllers]
    second = style.second
    return len(set(names)) == len(names) and (
        second is None or (second.controller in names and second.n_harmonics < card.n_harmonics)
    )


def _check_shapes(path: Path, card: Card, file: OnnxFile) -> None:
    expected = {"f0_hz": 1, "loudness_db": 1, "harmonics": card.n_harmonics, "noise": card.n_bands}
    if card.style is None:
        expected |= {"state": card.hidden, "next_state": card.hidden}
    else:
        expected |= {"touch": touch_columns(card)}
    found = {name: shape[-1] if shape else 1 for name, shape in file.ports.items()}
    if found != expected:
        raise InstrumentError(
            f"{path}: the network's inputs and outputs are {found}, its card promises {expected}; "
            "export it again"
        )


def _check_parity(instrument: Instrument) -> None:
    try:
        error = parity_error(instrument)
    except Exception as failure:  # a graph that loads can still fail in onnxruntime when it is run
        raise _unreadable(instrument.path, failure) from failure
    if not error <= PARITY_TOLERANCE:
        raise InstrumentError(
            f"{instrument.path}: fails its parity check (off by {error:.2g}, allowed {PARITY_TOLERANCE:g}): "
            "the file is damaged or its weights were changed; get it again or export it again"
        )


def parity_error(instrument: Instrument) -> float:
    """Largest difference between what the network answers and what its card says it must.

    Two voices play the same, so that a graph that only has one is found out.
    """
    parity, decoder = instrument.card.parity, instrument.decoder(2)
    rows = parity.touch or [None] * len(parity.f0_hz)
    for f0_hz, loudness_db, row in zip(parity.f0_hz, parity.loudness_db, rows, strict=True):
        if row is not None:
            touch_of(decoder).rows[:] = [list(row)] * 2
        harmonics, noise = decoder.step([f0_hz] * 2, [loudness_db] * 2)
    difference = np.concatenate([harmonics - parity.harmonics, noise - parity.noise], axis=1)
    return float(np.abs(difference).max())
