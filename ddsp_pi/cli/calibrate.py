"""`ddsp-pi calibrate`: known voltages into a jack, one after the other, in any terminal."""

import argparse
import dataclasses
import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from ddsp_pi.cli.arguments import add_config_argument
from ddsp_pi.cli.calibration_desk import Desk, open_desk
from ddsp_pi.cli.calibration_text import described
from ddsp_pi.cli.progress import Progress
from ddsp_pi.config import load_config
from ddsp_pi.errors import BoardError, ConfigError
from ddsp_pi.places import data_folder
from ddsp_pi.rack.boards import AUTO, find_board
from ddsp_pi.rack.calibrating import READINGS, Session, whole_volts
from ddsp_pi.rack.calibration import APART_VOLTS, Calibration
from ddsp_pi.rack.calibration_file import load_calibrations, restore_calibration, save_calibration
from ddsp_pi.rack.spec import BoardSpec, CvInput
from ddsp_pi.sections import Rack
from ddsp_pi.service.detect import detect_board
from ddsp_pi.service.host import Host

POINTS = 5

SIMULATED = "terminal-tedium-wm8731"
"""The board of --sim, unless another is named."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    # Argparse knows a lone negative number from an option, but not a list that begins with one.
    parser._negative_number_matcher = re.compile(r"^-[\d.]+(,-?[\d.]+)*$")
    parser.add_argument("--jack", type=int, metavar="N", help="the CV jack, as on the panel (default: 1)")
    parser.add_argument(
        "--board", metavar="NAME", help="which board (default: as configured, or the one at hand)"
    )
    voltages = parser.add_mutually_exclusive_group()
    voltages.add_argument(
        "--volts", type=_voltages, metavar="V,V,…", help="the voltages that you can make, at least two"
    )
    voltages.add_argument(
        "--points", type=int, metavar="N", help=f"so many whole volts over the range (default: {POINTS})"
    )
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw it")
    parser.add_argument("--sim", action="store_true", help="try it: a board that patches itself")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--show", action="store_true", help="print what is calibrated, change nothing")
    instead.add_argument("--restore", action="store_true", help="take the last change back")
    add_config_argument(parser, "configuration")


def run(args: argparse.Namespace) -> int:
    """Calibrate a jack, show what is calibrated, or take the last change back."""
    rack = load_config(args.config).rack
    spec = _spec(args, rack)
    jack = 1 if args.jack is None else args.jack
    _check_jack(jack, spec)
    draw = _drawing() if args.plot else None
    if args.restore:
        return _restore(spec)
    if args.show:
        return _show(args, spec, draw)
    try:
        return _calibrate(args, spec, rack, jack, draw)
    except KeyboardInterrupt:
        print()
        _cancelled(jack)
        return 130


Draw = Callable[[Calibration, str, Path], None]


def _drawing() -> Draw:
    """What draws, asked for first: whoever lacks its library should know before the work is done."""
    from ddsp_pi.calibration_picture import draw_calibration

    return draw_calibration


def _spec(args: argparse.Namespace, rack: Rack) -> BoardSpec:
    name = args.board or rack.board
    if name == AUTO:
        name = SIMULATED if args.sim else _at_hand()
    spec = find_board(name)
    if spec.simulated and not args.sim:
        raise ConfigError(f"{spec.title}: has no parts to calibrate; --sim shows how it goes with some")
    if not args.sim:
        return spec
    # Kept apart, so that trying it never puts the real board out of tune.
    return dataclasses.replace(spec, name=f"simulated-{spec.name}", title=f"simulated {spec.title}")


def _at_hand() -> str:
    found = detect_board(Host())
    if found.name is None:
        raise BoardError(
            f"{found.reason}; name it with --board, see 'ddsp-pi doctor', or try --sim without hardware"
        )
    return found.name


def _check_jack(jack: int, spec: BoardSpec) -> None:
    if not 1 <= jack <= len(spec.cvs):
        raise ConfigError(f"--jack {jack}: {spec.title} has CV 1 to {len(spec.cvs)}")


def _restore(spec: BoardSpec) -> int:
    path = restore_calibration(data_folder(), spec)
    found = load_calibrations(data_folder(), spec)
    jacks = ", ".join(f"CV {jack} of {found[jack].made}" for jack in sorted(found))
    print(f"{path} is what it was before the last change: {jacks or 'no jack is calibrated'}")
    print("--restore again takes this back")
    return 0


def _show(args: argparse.Namespace, spec: BoardSpec, draw: Draw | None) -> int:
    found = load_calibrations(data_folder(), spec)
    shown = {jack: found[jack] for jack in sorted(found) if args.jack in (None, jack)}
    if not shown:
        print(f"not calibrated: {f'CV {args.jack}' if args.jack else 'any CV jack'} of {spec.title}")
    for jack, calibration in shown.items():
        print(f"CV {jack} of {spec.title}, calibrated {calibration.made}\n{described(calibration)}\n")
    if draw and shown:
        _draw(draw, args.plot, *next(iter(shown.items())), spec)
    return 0


def _calibrate(args: argparse.Namespace, spec: BoardSpec, rack: Rack, jack: int, draw: Draw | None) -> int:
    cv = spec.cvs[jack - 1]
    voltages = args.volts or whole_volts(cv, POINTS if args.points is None else args.points)
    desk = open_desk(spec, rack, jack, args.sim)
    print(_introduction(spec, jack, cv))
    session = Session(cv, rack.oversample)
    try:
        if not _collect(desk, session, voltages):
            return _cancelled(jack)
    finally:
        desk.close()
    calibration = _finished(session, jack)
    print(f"\n{described(calibration)}\n")
    print(f"saved to {save_calibration(data_folder(), spec, jack, calibration)}")
    print("'ddsp-pi calibrate --restore' takes it back")
    if not args.sim:
        print("a playing ddsp-pi takes it up by itself")
    if draw:
        _draw(draw, args.plot, jack, calibration, spec)
    return 0


def _introduction(spec: BoardSpec, jack: int, cv: CvInput) -> str:
    knob = f"Turn the knob of CV {jack} to noon and leave it: from now on it is the tuning knob.\n"
    return (
        f"CV {jack} of {spec.title}\n{knob if cv.pot else ''}"
        "Enter measures. Type the volts first if they are others. r = the last one again, c = cancel.\n"
    )


def _collect(desk: Desk, session: Session, voltages: Sequence[float]) -> bool:
    """Measure one voltage after the other; whether all of them were, and it was not cancelled."""
    place = 0
    while place < len(voltages):
        desk.patch(voltages[place])
        answer = desk.ask(voltages[place])
        if answer is None or answer == "c":
            return False
        if answer == "r":
            session.repeat()
            place = max(place - 1, 0)
        elif _measured(desk, session, answer, voltages[place]):
            place += 1
    return True


def _measured(desk: Desk, session: Session, answer: str, asked: float) -> bool:
    """Whether a point was taken; if not, it is said why."""
    try:
        refusal = _point(desk, session, _number(answer) if answer else asked)
    except ValueError:
        refusal = f"{answer!r} is neither a number nor c nor r"
    if refusal:
        print(f"not taken: {refusal}")
    return not refusal


def _point(desk: Desk, session: Session, volts: float) -> str:
    """Measure a voltage; why it could not be, empty if it could."""
    desk.patch(volts)
    session.begin(volts)
    with Progress(f"{volts:g} V", READINGS) as progress:
        while session.collecting:
            reading = desk.reading()
            progress.advance(1)
            try:
                session.take(reading)
            except BoardError as error:
                return str(error)
    return ""


def _finished(session: Session, jack: int) -> Calibration:
    try:
        return session.finish(datetime.now())
    except BoardError as error:
        raise BoardError(f"{error}. Nothing was saved: CV {jack} stays calibrated as it was") from None


def _cancelled(jack: int) -> int:
    print(f"cancelled: CV {jack} stays calibrated as it was")
    return 1


def _draw(draw: Draw, path: Path, jack: int, calibration: Calibration, spec: BoardSpec) -> None:
    draw(calibration, f"CV {jack} of {spec.title}", path)
    print(f"{path}: how far it was out of tune, and what is left")


def _voltages(text: str) -> tuple[float, ...]:
    """The list of --volts."""
    try:
        volts = tuple(map(_number, text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: give volts like -4,-2,0,2,4") from None
    ordered = sorted(volts)
    if len(volts) < 2 or any(b - a < APART_VOLTS for a, b in pairwise(ordered)):
        raise argparse.ArgumentTypeError(f"{text}: give two or more voltages that differ")
    return volts


def _number(text: str) -> float:
    """Raises ValueError: it is none, or not a finite one."""
    number = float(text.replace("−", "-"))
    if not math.isfinite(number):
        raise ValueError(text)
    return number
