"""The modes there are: what plays each, its parameters, and which instruments it plays."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.card import Card, Controller
from ddsp_pi.models.cards import controllers_of, read_card
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.drum_library import list_mappers
from ddsp_pi.models.library import list_files, list_instruments, own_folder, shipped_files
from ddsp_pi.modes.base import Mode
from ddsp_pi.modes.cross import PARAMS as CROSS_PARAMS
from ddsp_pi.modes.cross import CrossMode
from ddsp_pi.modes.cv import PARAMS as CV_PARAMS
from ddsp_pi.modes.cv import CvMode
from ddsp_pi.modes.drum_params import PARAMS as DRUM_PARAMS
from ddsp_pi.modes.drums import DrumsMode
from ddsp_pi.modes.strings import strings_for
from ddsp_pi.modes.style import PARAMS as STYLE_PARAMS
from ddsp_pi.modes.style import StyleMode, controller_params
from ddsp_pi.params import Param

SUNG = frozenset({"cross"})
"""Modes that are played by nothing but what comes in at the audio input, one voice by one."""

LISTENING = SUNG | {"drums"}
"""Modes that are played by what comes in at the audio input, if by nothing else."""

ALONE = frozenset({"drums"})
"""Modes with a sound of their own: what is chosen there is a mapper for their drum, or an instrument that is
struck in its place, of any kind."""

PLAYED = frozenset({"style"})
"""Modes whose instruments were trained on notes: none of the others plays there, and they nowhere else."""

TABLES: Mapping[str, tuple[Param, ...]] = {
    "cv": CV_PARAMS,
    "cross": CROSS_PARAMS,
    "style": STYLE_PARAMS,
    "drums": DRUM_PARAMS,
}
"""What a mode has whatever it plays."""


class ModeParams(Mapping[str, tuple[Param, ...]]):
    """The parameters of each mode; where notes play, with the controllers of all instruments."""

    def __init__(self, controllers: Callable[[], tuple[Controller, ...]]) -> None:
        """`controllers`: of all these instruments; asked for when somebody wants to know, not before."""
        self._controllers = controllers

    def __getitem__(self, mode: str) -> tuple[Param, ...]:
        table = TABLES[mode]
        return table + controller_params(self._named(table)) if mode in PLAYED else table

    def __iter__(self) -> Iterator[str]:
        return iter(TABLES)

    def __len__(self) -> int:
        return len(TABLES)

    def _named(self, table: Iterable[Param]) -> list[Controller]:
        """Those that are not called like something else; see `check_fits`."""
        taken = {spec.name for spec in table}
        return [known for known in self._controllers() if known.name not in taken]


def controllers() -> tuple[Controller, ...]:
    """What the instruments of the library are played with besides notes.

    Read once: what runs keeps its parameters, whatever is added to the library meanwhile.
    """
    return _controllers(own_folder())


@cache
def _controllers(folder: Path) -> tuple[Controller, ...]:
    return controllers_of(list_files())


MODE_PARAMS = ModeParams(controllers)
"""Their tables, for who sets parameters without playing them."""

SHIPPED_PARAMS = ModeParams(lambda: controllers_of(shipped_files()))
"""The same whatever the player has added: for files that ship."""

MODES: Mapping[str, Callable[[Decoder], Mode]] = {
    "cv": CvMode,
    "cross": CrossMode,
    "style": lambda decoder: StyleMode(decoder, MODE_PARAMS["style"]),
    "drums": DrumsMode,
}


def decoder_voices(mode: str, voices: int) -> int:
    """How many voices a mode's decoder must have where so many are to be played."""
    if mode in SUNG:
        return 1
    return strings_for(voices) if mode in PLAYED | ALONE else voices


def fits(mode: str, path: Path) -> bool:
    """Whether a file of the library is of the kind that a mode plays.

    One whose card cannot be read fits: whoever chooses it is to hear what is wrong with it. So does a mapper,
    whose card is another one.
    """
    try:
        card = read_card(path)
    except InstrumentError:
        return True
    return mode in ALONE or (card.style is not None) == (mode in PLAYED)


def known(mode: str) -> dict[str, Path]:
    """What the library has for modes like this one, by name: instruments, or before them drum mappers."""
    return list_instruments() | list_mappers() if mode in ALONE else list_instruments()


def fitting(mode: str) -> dict[str, Path]:
    """What the library has that a mode plays, by name."""
    return {name: path for name, path in known(mode).items() if fits(mode, path)}


def usual_controllers(mode: str) -> dict[str, int]:
    """The MIDI controllers that the instruments of a mode bring along, by the parameters they turn."""
    known = controllers() if mode in PLAYED else ()
    return {controller.name: controller.cc for controller in known if controller.cc is not None}


def check_file(mode: str, path: Path) -> None:
    """Refuse the file of an instrument that a mode cannot play, as far as its card can be read.

    Raises:
        InstrumentError: see check_fits.
    """
    if not fits(mode, path):
        check_fits(mode, read_card(path))


def check_fits(mode: str, card: Card) -> None:
    """Refuse an instrument that a mode cannot play.

    Raises:
        InstrumentError: the message says why, and which instruments the mode plays.
    """
    if mode in ALONE:
        return
    if (card.style is not None) != (mode in PLAYED):
        kind = "only by notes, in mode style" if card.style else "by pitch and loudness alone, not by notes"
        names = ", ".join(sorted(fitting(mode))) or "there is none yet"
        raise InstrumentError(f"{card.name} is played {kind}; instruments for mode {mode}: {names}")
    taken = {spec.name for spec in TABLES[mode]}
    twice = [known.name for known in card.style.controllers if known.name in taken] if card.style else []
    if twice:
        raise InstrumentError(
            f"{card.name}: its controllers {', '.join(twice)} are called as parameters of mode {mode}; "
            "train it again with other names"
        )


def check_unmorphed(mode: str, other: str | None) -> None:
    """Refuse a second instrument where a mode has no way to it.

    Raises:
        InstrumentError: the message says what to do.
    """
    if other is not None and mode in PLAYED | ALONE:
        raise InstrumentError(f"mode {mode} does not morph: leave morph_to ({other}) empty")


def check_morph(mode: str, card: Card, other: Card) -> None:
    """Refuse two instruments between which a mode cannot morph.

    Raises:
        InstrumentError: the message says why.
    """
    check_unmorphed(mode, other.name)
    check_fits(mode, other)
    if other.n_bands != card.n_bands:
        raise InstrumentError(
            f"{card.name} and {other.name} cannot morph: {card.n_bands} and {other.n_bands} noise bands"
        )
