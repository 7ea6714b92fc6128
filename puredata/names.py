"""What a patch can send and receive, by name, as tables for the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from ddsp_pi.params import Param
from ddsp_pi.rack.board import N_BUTTONS, N_CVS, N_GATES


@dataclass(frozen=True, slots=True)
class Name:
    """What a patch can send to, or receive from; several if they are numbered."""

    name: str
    """Behind `ddsp-`; of several the word before the number."""
    carries: str
    doc: str
    count: int = 0
    """How many are numbered from 1; 0: there is one, without a number."""

    @property
    def all(self) -> tuple[str, ...]:
        """The names themselves."""
        numbers = [str(number) for number in range(1, self.count + 1)] or [""]
        return tuple(f"ddsp-{self.name}{number}" for number in numbers)


SENDS = (
    Name("note", "note velocity", "A key: note 0…127, fractions allowed; velocity 0…1, and 0 lets it go."),
    Name("cv", "volts", "Takes the jack over, as if a cable brought these volts.", N_CVS),
    Name("cv", "`release` or a bang", "Gives the jack back to its cable.", N_CVS),
    Name("gate", "0 or 1", "Closes or opens a gate, as a cable would.", N_GATES),
    Name("gateout", "0 or 1", "Gate outputs that `rack.gate_outs` leaves to `osc`.", 2),
    Name("instrument", "name", "Plays that instrument."),
    Name("preset", "name", "Loads that preset."),
    Name("panic", "bang", "Silence, at once."),
    Name("connect", "host port listen", "Talks to a module elsewhere; see below."),
)
"""What a patch sends, but for the parameters."""

RECEIVES = (
    Name("cv", "volts", "What the jack plays, up to 200 times a second; 0 with nothing patched.", N_CVS),
    Name("gate", "0 or 1", "A gate input went low or high.", N_GATES),
    Name("button", "1 or 2", "A button was pressed shortly, or held.", N_BUTTONS),
    Name("alive", "0 or 1", "The module answers, or no longer: the place to hang starting values on."),
    Name("load", "share", "Of the time that there is, how much the sound takes; 1 is too much."),
    Name("worst_load", "share", "The worst of late."),
    Name("xruns", "count", "Gaps in the sound so far."),
    Name("level", "left right", "How loud it is."),
    Name("f0", "Hz", "The pitch that sounds."),
    Name(
        "onset", "rise loudness centroid flatness", "A hit was heard (mode drums): dB, dBFS, MIDI note, dB."
    ),
    Name("playing", "symbol", "The instrument that plays."),
    Name("loaded", "symbol", "The preset that was loaded last."),
    Name("error", "symbol", "What was refused, or is wrong with the board."),
)
"""What a patch receives, but for the echoes of parameters."""


def sends(params: Sequence[Param]) -> str:
    """The table of what a patch sends."""
    rows = [(_code(name), name.carries, name.doc) for name in SENDS]
    rows += [(f"`ddsp-{param.name}`", _range(param), param.doc) for param in params]
    return _table(("send to", "what", "what it does"), rows)


def receives(params: Sequence[Param]) -> str:
    """The table of what a patch receives."""
    rows = [(_code(name), name.carries, name.doc) for name in RECEIVES]
    echoes = ", ".join(f"`ddsp-param-{param.name}`" for param in params)
    rows.append((echoes, "number", "A parameter was turned, here or anywhere else; in its unit."))
    return _table(("receive from", "what", "what it says"), rows)


def _range(param: Param) -> str:
    unit = "" if param.unit in ("x", "share") else f" {param.unit}"
    return f"{param.low:g}…{param.high:g}{unit}; {param.default:g} at the start"


def _code(name: Name) -> str:
    return " … ".join(f"`{one}`" for one in dict.fromkeys((name.all[0], name.all[-1])))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
