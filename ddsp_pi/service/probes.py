"""The parts themselves, asked. What a part needs is loaded only when it is asked."""

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path

from ddsp_pi.errors import InstrumentError
from ddsp_pi.rack.spec import Spi
from ddsp_pi.service.view import Probes

ROUNDS = 4
"""Conversions of each channel."""


def real_probes() -> Probes:
    """The parts of this computer."""
    return Probes(import_module, ctypes.CDLL, _read_counts, _instruments, _kernel, _data_folder)


def _read_counts(spi: Spi, channels: Iterable[int]) -> Mapping[int, Sequence[int]]:
    from ddsp_pi.rack.mcp3208 import Mcp3208

    with closing(Mcp3208.open(spi)) as converter:
        return {channel: [converter.read(channel) for _ in range(ROUNDS)] for channel in channels}


def _instruments() -> Mapping[Path, str]:
    from ddsp_pi.models.library import list_files

    return {path: _refusal(path) for path in list_files()}


def _refusal(path: Path) -> str:
    from ddsp_pi.models.bundle import load_instrument

    try:
        load_instrument(path)
    except InstrumentError as error:
        return str(error)
    return ""


def _kernel() -> str:
    from ddsp_pi.native.library import describe

    return describe()


def _data_folder() -> Path:
    from ddsp_pi.places import data_folder

    return data_folder()
