"""`ddsp-pi models`: list, show and verify instruments or drum mappers, add and remove your own."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ddsp_pi.cli import drum_models
from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.bundle import Instrument, load_instrument, parity_error
from ddsp_pi.models.card import Card, Controller
from ddsp_pi.models.library import (
    SHIPPED,
    add_instrument,
    find_instrument,
    hidden_by,
    is_own,
    list_files,
    list_instruments,
    open_instrument,
    remove_instrument,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = verbs.add_parser("list", help="all instruments, one line each")
    listed.add_argument(
        "--markdown", action="store_true", help="those that ship, as a table with their figures"
    )
    show = verbs.add_parser("show", help="the card of an instrument")
    show.add_argument("name", metavar="NAME|FILE")
    verify = verbs.add_parser("verify", help="load an instrument and check it; no name: all there are")
    which = verify.add_mutually_exclusive_group()
    which.add_argument("name", metavar="NAME|FILE", nargs="?")
    which.add_argument("--all", action="store_true", help="all there are, hidden ones too")
    add = verbs.add_parser("add", help="check an instrument file and keep it in your own library")
    add.add_argument("file", metavar="FILE", type=Path)
    add.add_argument("--replace", action="store_true", help="in the place of your own one of that name")
    remove = verbs.add_parser("remove", help="delete an instrument from your own library")
    remove.add_argument("name", metavar="NAME")
    for verb in (listed, show, verify, add, remove):
        verb.add_argument("--drums", action="store_true", help="drum mappers, not instruments")


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    actions = {"list": _list, "show": _show, "verify": _verify, "add": _add, "remove": _remove}
    return (drum_models.ACTIONS if args.drums else actions)[args.action](args)


def _list(args: argparse.Namespace) -> int:
    if args.markdown:
        print(_table([load_instrument(path).card for path in sorted(SHIPPED.glob("*.onnx"))]), end="")
        return 0
    for path in list_instruments().values():
        print(_row(path))
    return 0


COLUMNS: Mapping[str, Callable[[Card], str]] = {
    "instrument": lambda card: f"`{card.name}`",
    "pitch, Hz": lambda card: f"{card.pitch_range_hz.low:.0f}–{card.pitch_range_hz.high:.0f}",
    "parameters": lambda card: f"{card.parameters:,}".replace(",", " "),
    "loss · static · oracle": lambda card: " · ".join(
        f"{card.metrics[name]:.3f}" for name in ("loss", "loss_static", "loss_oracle")
    ),
    "below static": lambda card: f"{card.metrics['below_static']:.1%}",
    "pitch ≤ 20 cents": lambda card: f"{card.metrics['pitch_within_20_cents']:.1%}",
    "licence": lambda card: card.licence,
    "learned from": lambda card: f"{card.made_from}. {card.attribution}",
}


def _table(cards: Sequence[Card]) -> str:
    """The cards as a Markdown table."""
    rows = [list(COLUMNS), ["---"] * len(COLUMNS)]
    rows += [[cell(card) for cell in COLUMNS.values()] for card in cards]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(path: Path) -> str:
    """One line; a file that cannot play is listed with its reason."""
    try:
        summary = _summary(load_instrument(path))
    except InstrumentError as error:
        summary = f"cannot play: {error}"
    hides = ", hides the shipped one" if hidden_by(path) else ""
    return f"{path.stem:16} {'yours' if is_own(path) else 'shipped':8} {summary}{hides}"


def _summary(instrument: Instrument) -> str:
    card = instrument.card
    return (
        f"{card.title}, {card.pitch_range_hz.low:.0f}–{card.pitch_range_hz.high:.0f} Hz, "
        f"{instrument.path.stat().st_size / 1000:.0f} kB, {card.licence}"
    )


def _show(args: argparse.Namespace) -> int:
    instrument = open_instrument(args.name)
    for label, value in _lines(instrument):
        print(f"{label:18} {value}")
    return 0


def _lines(instrument: Instrument) -> list[tuple[str, str]]:
    card = instrument.card
    return [
        ("name", f"{card.name} ({card.title})"),
        ("file", f"{instrument.path}, {instrument.path.stat().st_size / 1000:.0f} kB"),
        ("author", card.author),
        ("licence", card.licence),
        ("attribution", card.attribution),
        ("made from", card.made_from),
        ("created", card.created),
        ("pitch range", f"{card.pitch_range_hz.low:.0f} to {card.pitch_range_hz.high:.0f} Hz"),
        ("loudness range", f"{card.loudness_range_db.low:.0f} to {card.loudness_range_db.high:.0f} dB(A)"),
        ("network", _network(card)),
        *(("controller", _controller(known)) for known in (card.style.controllers if card.style else ())),
        ("held out", ", ".join(card.held_out)),
        *((f"  {name}", f"{value:.4g}") for name, value in card.metrics.items()),
        *(("history", step) for step in card.history),
    ]


def _controller(known: Controller) -> str:
    by_midi = "" if known.cc is None else f", MIDI controller {known.cc}"
    return f"{known.name}, {known.default:g} as it comes{by_midi}: {known.doc}"


def _network(card: Card) -> str:
    kind = f"GRU {card.hidden}" if card.hidden else "without memory"
    return (
        f"{kind}, {card.n_harmonics} harmonics, {card.n_bands} noise bands, "
        f"{card.parameters} parameters, {card.sample_rate} Hz, hop {card.hop}"
    )


def _verify(args: argparse.Namespace) -> int:
    if args.name:
        print(_verdict(find_instrument(args.name)))
        return 0
    failed = sum([not _passes(path) for path in list_files()])
    return InstrumentError.exit_code if failed else 0


def _passes(path: Path) -> bool:
    """Whether a file is fit to play, which is said in one line either way."""
    try:
        print(_verdict(path))
    except InstrumentError as error:
        print(f"cannot play: {' '.join(str(error).split())}")
        return False
    return True


def _verdict(path: Path) -> str:
    instrument = load_instrument(path)
    return (
        f"{path}: fit to play (format {instrument.card.format_version}, shapes as promised, "
        f"parity within {parity_error(instrument):.1e})"
    )


def _add(args: argparse.Namespace) -> int:
    instrument = add_instrument(args.file, args.replace)
    card = instrument.card
    print(f"{card.name}: {_summary(instrument)}")
    print(f"licence: {card.licence}. {card.attribution}")
    print(f"added as {instrument.path}")
    if hidden_by(instrument.path):
        print(f"it hides the {card.name} that ships, until 'ddsp-pi models remove {card.name}'")
    return 0


def _remove(args: argparse.Namespace) -> int:
    path = remove_instrument(args.name)
    print(f"{args.name}: removed from {path.parent}")
    if args.name in list_instruments():
        print(f"the {args.name} that ships with ddsp-pi is back")
    return 0
