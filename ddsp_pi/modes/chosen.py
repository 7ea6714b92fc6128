"""What may be chosen as `model` in each mode: an instrument or a drum mapper, found and checked alike."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models import library
from ddsp_pi.models.bundle import Instrument
from ddsp_pi.models.cards import read_card
from ddsp_pi.models.drum_library import MapperFile, find_mapper, find_named_mapper, read_mapper
from ddsp_pi.modes.drum_params import knobs_of
from ddsp_pi.modes.tables import ALONE, check_fits, check_morph, check_unmorphed, fitting

Model = Instrument | MapperFile
"""What plays, ready."""


def find(mode: str, name: str) -> Path:
    """The file of what a mode is to play, by name or as a path.

    Raises:
        InstrumentError: there is none of that name; the message lists those there are.
    """
    return _found(mode, name, find_mapper, library.find_instrument)


def find_named(mode: str, name: str) -> Path:
    """The same of the library alone: for names that come in messages, presets and what was remembered.

    Raises:
        InstrumentError: there is none of that name in the library; the message lists those there are.
    """
    return _found(mode, name, find_named_mapper, library.find_named)


def _found(mode: str, name: str, mapper: Callable[[str], Path], instrument: Callable[[str], Path]) -> Path:
    """Where both may be chosen, a mapper if there is one of that name."""
    if mode not in ALONE:
        return instrument(name)
    try:
        return mapper(name)
    except InstrumentError as no_mapper:
        try:
            return instrument(name)
        except InstrumentError as no_instrument:
            raise InstrumentError(f"{no_mapper}; {no_instrument}") from None


def open_file(mode: str, path: Path, load: Callable[[Path], Instrument]) -> Model:
    """Load and check the file of what a mode is to play; `load` opens instruments.

    Raises:
        InstrumentError: it cannot be used; the message says why.
    """
    return read_mapper(path) if mode in ALONE and not is_instrument(path) else load(path)


def open_model(mode: str, name: str) -> Model:
    """Find, load and check what a mode is to play, by name or as a path."""
    return open_file(mode, find(mode, name), lambda path: library.open_instrument(str(path)))


def is_instrument(path: Path) -> bool:
    """Whether a file has an instrument's card."""
    try:
        read_card(path)
    except InstrumentError:
        return False
    return True


def check_playable(mode: str, model: Model, other: Model | None) -> None:
    """Refuse what a mode does not play, and two between which it cannot morph.

    Raises:
        InstrumentError: the message says why, and what could be played.
    """
    if isinstance(model, MapperFile) and mode not in ALONE:
        names = ", ".join(sorted(fitting(mode))) or "there is none yet"
        raise InstrumentError(
            f"{model.card.name} is a drum mapper, for mode drums; instruments for mode {mode}: {names}"
        )
    check_unmorphed(mode, None if other is None else other.card.name)
    if isinstance(model, MapperFile):
        return
    check_fits(mode, model.card)
    if other is not None and not isinstance(other, MapperFile):
        check_morph(mode, model.card, other.card)


def start_params(mode: str, name: str, params: Mapping[str, float]) -> dict[str, float]:
    """Where parameters begin: as the model brings them along, and as settings say over that.

    A model that is not there brings nothing: whoever is to play it says so.
    """
    if mode not in ALONE:
        return dict(params)
    try:
        return brought_along(find(mode, name)) | dict(params)
    except InstrumentError:
        return dict(params)


def brought_along(path: Path) -> dict[str, float]:
    """The knobs of the drum that a mapper was trained for; one for any drum and an instrument bring none.

    Raises:
        InstrumentError: the file cannot be used.
    """
    trained = None if is_instrument(path) else read_mapper(path).trained
    return {} if trained is None else knobs_of(trained.values, trained.damping)
