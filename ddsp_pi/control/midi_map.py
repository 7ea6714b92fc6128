"""Which MIDI controller turns which parameter: as configured, and as learned."""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from ddsp_pi.errors import ConfigError
from ddsp_pi.params import Param, ParamSet
from ddsp_pi.sections import MIDI_RESERVED

STANDARD_NAMES = {
    1: "modulation wheel",
    2: "breath",
    4: "foot pedal",
    5: "portamento time",
    7: "volume",
    8: "balance",
    10: "pan",
    11: "expression",
    64: "sustain pedal",
    70: "sound variation",
    71: "timbre",
    72: "release time",
    73: "attack time",
    74: "brightness",
    75: "decay time",
    76: "vibrato rate",
    77: "vibrato depth",
    79: "sound control 10",
    91: "reverb",
    93: "chorus",
}
"""What the MIDI standard calls them, those that keyboards have."""


class Learn:
    """Waits for the controller that is moved: the first to say two different values.

    One value is not enough: many keyboards tell where all their knobs stand when they are plugged in.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._first: dict[int, int] = {}

    def take(self, control: int, value: int) -> bool:
        """Whether this is the one."""
        return self._first.setdefault(control, value) != value


class MidiMap:
    """The controller of each parameter: one that was learned, else the usual one.

    A controller that was learned turns that parameter and no other. Written by any thread: what is
    read is replaced as a whole.
    """

    def __init__(self, usual: Mapping[str, int | None], params: ParamSet) -> None:
        """`usual`: controllers as configured; names that `params` does not have are left alone."""
        self._usual, self._params = usual, params
        self._learn: Learn | None = None
        self._turned: dict[int, tuple[Param, ...]] = {}
        self.learned: dict[str, int] = {}
        """What was learned, as a preset keeps it; to be read only."""
        self._set({})

    @property
    def learning(self) -> str | None:
        """The parameter that waits for its controller."""
        return None if self._learn is None else self._learn.name

    def learn(self, name: str | None) -> None:
        """Give the next controller that is moved to a parameter; None: to none after all.

        Raises:
            ParamError: nobody owns that name.
        """
        self._learn = None if name is None else Learn(self._params.spec(name).name)

    def use(self, learned: Mapping[str, int]) -> list[str]:
        """Take what a preset has kept, instead of all that was learned; returns the names left out.

        Left out are parameters that there are not, and controllers that cannot turn any.
        """
        good = {name: control for name, control in learned.items() if self._fits(name, control)}
        self._set(good)
        return [name for name in learned if name not in good]

    def turned(self, control: int) -> tuple[Param, ...]:
        """The parameters that a controller turns."""
        return self._turned.get(control, ())

    def take(self, control: int, value: int) -> str | None:
        """Look at a controller that says something; the name of the parameter that has learned it now."""
        learn = self._learn
        if learn is None or control in MIDI_RESERVED or not learn.take(control, value):
            return None
        self._learn = None
        others = {name: its for name, its in self.learned.items() if its != control}
        self._set(others | {learn.name: control})
        return learn.name

    def _fits(self, name: str, control: int) -> bool:
        return name in self._params and 0 <= control <= 127 and control not in MIDI_RESERVED

    def _set(self, learned: dict[str, int]) -> None:
        taken = set(learned.values())
        usual = {name: control for name, control in self._usual.items() if control not in taken}
        self._turned = _by_controller({**usual, **learned}, self._params)
        self.learned = learned


def _by_controller(controllers: Mapping[str, int | None], params: ParamSet) -> dict[int, tuple[Param, ...]]:
    turned: dict[int, tuple[Param, ...]] = {}
    for name, control in controllers.items():
        if control is not None and name in params:
            turned[control] = (*turned.get(control, ()), params.spec(name))
    return turned


def joined(controllers: Mapping[str, int | None], usual: Mapping[str, int]) -> dict[str, int | None]:
    """Controllers as configured, and for parameters that are not named there the usual ones.

    A number that is configured for something else, or means something else, stays with that.
    """
    taken = {*controllers.values(), *MIDI_RESERVED}
    return {name: control for name, control in usual.items() if control not in taken} | dict(controllers)


def check_controllers(controllers: Mapping[str, int | None], known: Collection[str]) -> None:
    """Refuse a controller for a parameter that no mode has: it would turn nothing, without a word.

    Raises:
        ConfigError: there is such a one; the message says what is meant perhaps.
    """
    for name in controllers:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
            raise ConfigError(f"midi.controllers: no parameter called {name!r}; {hint}")


def controller_table(controllers: Mapping[str, int | None], specs: Iterable[Param]) -> str:
    """The rows of a Markdown table: controller, its usual name, parameter, unit, range and meaning."""
    known = {spec.name: spec for spec in specs}
    rows = ["| controller | usually called | parameter | from | to | |", "|---|---|---|---|---|---|"]
    for name, control in sorted(controllers.items(), key=lambda item: (item[1] or 0, item[0])):
        if control is not None and name in known:
            spec = known[name]
            called = STANDARD_NAMES.get(control, "")
            rows.append(
                f"| {control} | {called} | `{name}` | {_with_unit(spec, spec.low)} "
                f"| {_with_unit(spec, spec.high)} | {spec.doc} |"
            )
    return "\n".join(rows) + "\n"


def _with_unit(spec: Param, value: float) -> str:
    return f"{value:g} {spec.unit}".replace("-", "−")
