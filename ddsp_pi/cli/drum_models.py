"""`ddsp-pi models … --drums`: list, show, verify and add drum mappers, and remove your own."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from ddsp_pi.dsp.normaliser import FEATURES
from ddsp_pi.errors import InstrumentError
from ddsp_pi.files import remove
from ddsp_pi.models.drum_card import DrumCard
from ddsp_pi.models.drum_hand import HandMapper
from ddsp_pi.models.drum_library import (
    SHIPPED,
    MapperFile,
    add_mapper,
    find_mapper,
    list_mappers,
    open_mapper,
    own_folder,
    read_mapper,
)
from ddsp_pi.models.drum_mapper import load_mapper, parity_error

COLUMNS: Mapping[str, str] = {
    "mapper": "`{card.name}`",
    "drum": "{card.preset}",
    "kind": "{card.kind}, {card.parameters} parameters",
    "off · knobs still": "{figures[error]:.2f} · {figures[error_still]:.2f}",
    "below still": "{figures[below_still]:.1%}",
    "rank of loudness · brightness": "{figures[loudness_rank]:.2f} · {figures[brightness_rank]:.2f}",
    "licence": "{card.licence}",
    "learned from": "{card.made_from}. {card.attribution}",
}


def list_them(args: argparse.Namespace) -> int:
    """A line each, or a table of all with figures."""
    if args.markdown:
        print(_table([load_mapper(path).card for path in sorted(SHIPPED.glob("*.onnx"))]), end="")
        return 0
    for path in list_mappers().values():
        print(f"{path.stem:16} {'yours' if path.parent == own_folder() else 'shipped':8} {_summary(path)}")
    return 0


def _table(cards: Sequence[DrumCard]) -> str:
    """The cards as a Markdown table."""
    rows = [list(COLUMNS), ["---"] * len(COLUMNS)]
    rows += [[cell.format(card=card, figures=card.metrics) for cell in COLUMNS.values()] for card in cards]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _summary(path: Path) -> str:
    try:
        return _in_words(read_mapper(path))
    except InstrumentError as error:
        return f"cannot be used: {error}"


def _in_words(file: MapperFile) -> str:
    title, size, trained = file.card.title, f"{file.path.stat().st_size / 1000:.1f} kB", file.trained
    if trained is None:
        return f"{title}, for any drum, written by hand, {size}"
    return f"{title}, for the drum {trained.preset}, {size}, {trained.licence}"


def show(args: argparse.Namespace) -> int:
    """The card."""
    file = open_mapper(args.name)
    for label, value in _lines(file):
        print(f"{label:18} {value}")
    return 0


def _lines(file: MapperFile) -> list[tuple[str, str]]:
    path, label = file.path, file.card
    return [
        ("name", f"{label.name} ({label.title})"),
        ("file", f"{path}, {path.stat().st_size / 1000:.1f} kB"),
        *([("for", "any drum, written by hand")] if file.trained is None else _card_lines(file.trained)),
    ]


def _card_lines(card: DrumCard) -> list[tuple[str, str]]:
    return [
        ("author", card.author),
        ("licence", card.licence),
        ("attribution", card.attribution),
        ("made from", card.made_from),
        ("created", card.created),
        ("drum", card.preset),
        ("kind", f"{card.kind}, {card.parameters} parameters"),
        *(
            (name, f"{ends.low:g} to {ends.high:g}, the middle hit {middle:g}")
            for name, ends, middle in zip(FEATURES, card.ranges, card.reference, strict=True)
        ),
        ("held out", ", ".join(card.held_out)),
        *((f"  {name}", f"{value:.4g}") for name, value in card.metrics.items()),
        *(("history", step) for step in card.history),
    ]


def verify(args: argparse.Namespace) -> int:
    """Whether one is fit to use, or all there are."""
    if args.name:
        print(_verdict(find_mapper(args.name)))
        return 0
    failed = sum([not _passes(path) for path in list_mappers().values()])
    return InstrumentError.exit_code if failed else 0


def _passes(path: Path) -> bool:
    """Whether a file is fit to use, which is said in one line either way."""
    try:
        print(_verdict(path))
    except InstrumentError as error:
        print(f"cannot be used: {' '.join(str(error).split())}")
        return False
    return True


def _verdict(path: Path) -> str:
    mapper = read_mapper(path).mapper
    if isinstance(mapper, HandMapper):
        return f"{path}: fit to use (written by hand)"
    return (
        f"{path}: fit to use (format {mapper.card.format_version}, shapes as promised, "
        f"parity within {parity_error(mapper):.1e})"
    )


def add(args: argparse.Namespace) -> int:
    """Keep one."""
    path = add_mapper(args.file, args.replace)
    file = read_mapper(path)
    print(f"{file.card.name}: {_in_words(file)}")
    if file.trained is not None:
        print(f"licence: {file.trained.licence}. {file.trained.attribution}")
    print(f"added as {path}")
    return 0


def remove_own(args: argparse.Namespace) -> int:
    """Delete one of the player's own."""
    path = list_mappers().get(args.name)
    if path is None or path.parent != own_folder():
        raise InstrumentError(f"no drum mapper called {args.name!r} in {own_folder()}; nothing was removed")
    remove(path)
    print(f"{args.name}: removed from {path.parent}")
    return 0


ACTIONS = {"list": list_them, "show": show, "verify": verify, "add": add, "remove": remove_own}
