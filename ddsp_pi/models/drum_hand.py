"""Drum mappers that were written by hand: a few lines of YAML, in the units of the knobs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ddsp_pi.dsp.normaliser import FEATURES, Ranges
from ddsp_pi.dsp.snare_params import HIGH, LOW, NAMES
from ddsp_pi.errors import ConfigError, InstrumentError
from ddsp_pi.located import YamlFile, problem_of, read_yaml

FORMAT = 1
SUFFIX = ".yaml"
LARGEST_BYTES = 65_536
LIKENESS = "a drum mapper has the line 'format: 1' and lines like 'loudness_db: {noise_gain: 30}'"


class _Said(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file may say: for each feature the knobs it turns, and how far."""

    format: int
    title: str = ""
    loudness_db: dict[str, float] = {}
    centroid: dict[str, float] = {}
    flatness_db: dict[str, float] = {}


class HandMapper:
    """Turns knobs in proportion: each by so much from one end of the range of a feature to the other."""

    reference = None

    def __init__(self, path: Path, title: str, turns: Mapping[str, Mapping[str, float]]) -> None:
        """`turns`: knobs by feature, in the units of SNARE_PARAMS."""
        self.path, self.title = path, title
        self._turns = np.zeros((len(FEATURES), len(NAMES)))
        for row, feature in zip(self._turns, FEATURES, strict=True):
            for name, by in turns.get(feature, {}).items():
                place = NAMES.index(name)
                row[place] = by / (HIGH - LOW)[place]

    @property
    def ranges(self) -> Ranges:
        """None is known: what is heard says where the ends are."""
        return {}

    def movement(self, difference: Sequence[float]) -> NDArray[np.float64]:
        """(3,) how far a hit is from the usual one, −1..1 → (14,) how far knobs 0..1 are turned."""
        return np.asarray(difference) @ self._turns


def load_hand(path: Path) -> HandMapper:
    """Read a mapper.

    Raises:
        InstrumentError: it cannot be read or used; the message says the line and what to do.
    """
    try:
        source = _source(path)
        said = msgspec.convert(source.data, _Said)
    except msgspec.ValidationError as error:
        problem = problem_of(str(error), source.data)
        raise InstrumentError(f"{problem.what} {source.where(problem.place)}; {LIKENESS}") from None
    except ConfigError as error:
        raise InstrumentError(str(error)) from None
    except OSError as error:
        raise InstrumentError(f"{path}: cannot be read: {error.strerror}") from None
    if said.format != FORMAT:
        raise InstrumentError(f"{path}: format {said.format}, this ddsp-pi knows format {FORMAT}")
    turns = {feature: getattr(said, feature) for feature in FEATURES}
    for feature, knobs in turns.items():
        for name, by in knobs.items():
            _check(source, feature, name, by)
    return HandMapper(path, said.title or path.stem, turns)


def _check(source: YamlFile, feature: str, name: str, by: float) -> None:
    where = source.where((feature, name))
    if name not in NAMES:
        raise InstrumentError(f"no knob called {name!r}; there are {', '.join(NAMES)}: {where}")
    if not math.isfinite(by):
        raise InstrumentError(f"{name} is turned by no finite number: {where}")


def _source(path: Path) -> YamlFile:
    if path.stat().st_size > LARGEST_BYTES:
        raise InstrumentError(f"{path}: {path.stat().st_size} bytes are no drum mapper, which is a few lines")
    source = read_yaml(path)
    if not isinstance(source.data, dict):
        raise InstrumentError(f"{path} holds no map; {LIKENESS}")
    return source
