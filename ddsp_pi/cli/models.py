"""`ddsp-pi models`: list, show and verify instruments."""

import argparse
from pathlib import Path

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.bundle import Instrument, load_instrument, parity_error
from ddsp_pi.models.card import Card
from ddsp_pi.models.library import find_instrument, list_instruments, open_instrument


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    verbs.add_parser("list", help="all instruments, one line each")
    for action, text in (
        ("show", "the card of an instrument"),
        ("verify", "load an instrument and check it"),
    ):
        verbs.add_parser(action, help=text).add_argument("name", metavar="NAME|FILE")


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    return {"list": _list, "show": _show, "verify": _verify}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    for name, path in list_instruments().items():
        print(f"{name:16} {_summary(path)}")
    return 0


def _summary(path: Path) -> str:
    """One line; a file that cannot play is listed with its reason."""
    try:
        card = load_instrument(path).card
    except InstrumentError as error:
        return f"cannot play: {error}"
    return (
        f"{card.title}, {card.pitch_range_hz.low:.0f}–{card.pitch_range_hz.high:.0f} Hz, "
        f"{path.stat().st_size / 1000:.0f} kB, {card.licence}"
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
        ("held out", ", ".join(card.held_out)),
        *((f"  {name}", f"{value:.4g}") for name, value in card.metrics.items()),
        *(("history", step) for step in card.history),
    ]


def _network(card: Card) -> str:
    return (
        f"GRU {card.hidden}, {card.n_harmonics} harmonics, {card.n_bands} noise bands, "
        f"{card.parameters} parameters, {card.sample_rate} Hz, hop {card.hop}"
    )


def _verify(args: argparse.Namespace) -> int:
    path = find_instrument(args.name)
    instrument = load_instrument(path)
    print(
        f"{path}: fit to play (format {instrument.card.format_version}, shapes as promised, "
        f"parity within {parity_error(instrument):.1e})"
    )
    return 0
