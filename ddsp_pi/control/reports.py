"""What the rack and the engine do, told to whoever subscribed: how often, and in which messages."""

from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache

from ddsp_pi.control.messages import Numbers, bundle, message, packed
from ddsp_pi.control.namespace import Address, Read, Said
from ddsp_pi.control.raw import RawReports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.frame import Edge

CV_NS = 5_000_000
"""Moving volts are told 200 times a second at most."""

WATCHED_NS = 20_000_000
"""A parameter that moves is told 50 times a second at most."""

STATUS_NS = 250_000_000
"""What changes slowly, and volts that do not move, are told so often."""

ERROR_NS = 1_000_000_000
"""What is wrong is told with the next status, and again so often while it lasts."""

SHORT, HELD = 1, 2
"""How a button was pressed, in the messages."""

LONGEST_TEXT = 400
"""Letters of a text that is told."""

MOST_TOGETHER = 16
"""Watched addresses in one datagram: few enough for any network."""

_text = lru_cache(maxsize=16)(message)
_STATS = (
    Numbers("/ddsp/stat/load", "f"),
    Numbers("/ddsp/stat/worst_load", "f"),
    Numbers("/ddsp/stat/xruns", "i"),
)


class Reports:
    """Called by the control loop with what there is. With nobody listening a call costs next to nothing."""

    def __init__(self, listeners: Subscribers, recorders: Subscribers, cvs: int, gates: int) -> None:
        """For a board with so many CV jacks and gate inputs; `recorders` get every scan."""
        self.listeners, self.recorders = listeners, recorders
        self._raw = RawReports(recorders, cvs)
        self.cvs, self._levels = cvs, [False] * gates
        self._volts: Sequence[float] = ()
        self._told: Sequence[float] = ()
        self._noise: Sequence[float] = ()
        self._engine: tuple[float, float, int] | None = None
        self._instrument = self._board_trouble = self._settings_trouble = self._said = ""
        self._complaints: deque[str] = deque(maxlen=1)
        self._cv_due_ns = self._status_due_ns = self._error_due_ns = 0
        self._watched: list[tuple[Read, Callable[..., bytes]]] = []
        self._watched_said: dict[Read, Sequence[Said]] = {}
        self._watched_due_ns = 0
        self._cv = Numbers("/ddsp/cv", "f" * cvs)
        self._onset = Numbers("/ddsp/onset", "ffff")
        self._noises = Numbers("/ddsp/stat/noise", "f" * cvs)

    @property
    def cables(self) -> Sequence[float]:
        """Volts of the jacks as they play, NaN where nothing is patched; empty before the first."""
        return self._volts[: self.cvs]

    @property
    def noise(self) -> Sequence[float]:
        """Noise of each jack, in volts; empty where it is not known."""
        return self._noise[: self.cvs]

    @property
    def figures(self) -> tuple[float, float, int] | None:
        """Load, worst load and xruns of the engine, if it has said so."""
        return self._engine

    @property
    def instrument(self) -> str:
        """The instrument that plays, by name; empty: not known."""
        return self._instrument

    def watch(self, addresses: Sequence[Address]) -> None:
        """Tell what these say whenever it is something else, by whatever way it became so."""
        self._watched = [(one.read, packed(one.path, one.tags)) for one in addresses if one.read is not None]
        self._watched_said.clear()

    def volts(self, volts: Sequence[float], at_ns: int) -> None:
        """What the jacks play, NaN where nothing is patched; on every beat, for it keeps the time of all."""
        self._volts = volts
        if self.recorders:
            self._raw.greet(self._levels, at_ns)
        if not self.listeners:
            return
        self._greet()
        if at_ns >= self._status_due_ns:
            self._status_due_ns = at_ns + STATUS_NS
            self.listeners.send(bundle([self._cables(at_ns), *self._status(), *self._errors(at_ns)]))
        elif at_ns >= self._cv_due_ns and volts != self._told:
            self.listeners.send(self._cables(at_ns))
        if at_ns >= self._watched_due_ns:
            self._watched_due_ns = at_ns + WATCHED_NS
            self._tell_changes()

    def raw(self, volts: Sequence[float], at_ns: int) -> None:
        """What the jacks were just read as: calibrated, not smoothed; once for every scan."""
        self._raw.scan(volts, at_ns)

    def edge(self, edge: Edge) -> None:
        """A gate input went high or low."""
        if not 1 <= edge.gate <= len(self._levels):
            return
        self._raw.edge(edge)
        self.gate(edge.gate, edge.high)

    def gate(self, gate: int, high: bool) -> None:
        """A gate opened or closed, by cable or by message; from any thread."""
        if gate <= len(self._levels):
            self._levels[gate - 1] = high
        if self.listeners:
            self.listeners.send(_gate(gate, high))

    def onset(self, rise_db: float, loudness_db: float, centroid: float, flatness_db: float) -> None:
        """A hit was heard; the features are those of `dsp.hit_features`."""
        if self.listeners:
            self.listeners.send(self._onset(rise_db, loudness_db, centroid, flatness_db))

    def press(self, buttons: Sequence[int], held: bool) -> None:
        """Buttons were pressed, shortly or long."""
        if self.listeners:
            for button in buttons:
                self.listeners.send(_text(f"/ddsp/button/{button}", "i", HELD if held else SHORT))

    def engine(self, load: float, worst_load: float, xruns: int, instrument: str) -> None:
        """How the engine does (1 = all the time there is), and which instrument plays, by name."""
        self._engine, self._instrument = (load, worst_load, xruns), instrument

    def health(self, noise_volts: Sequence[float], trouble: str) -> None:
        """How the board does; no trouble: an empty text."""
        self._noise, self._board_trouble = noise_volts, trouble

    def settings(self, trouble: str) -> None:
        """Why the settings of the file do not play; they do: an empty text."""
        self._settings_trouble = trouble

    def complain(self, text: str) -> None:
        """Something was refused; of many the latest is told. From any thread."""
        self._complaints.append(text)

    def close(self) -> None:
        """Tell nobody any more."""
        self.listeners.close()
        self.recorders.close()

    def _greet(self) -> None:
        """Tell who has just come what others know: which gates are open, and all the rest at once."""
        for address in self.listeners.newcomers():
            self._status_due_ns = self._error_due_ns = self._watched_due_ns = 0
            self._watched_said.clear()
            for gate, high in enumerate(self._levels, 1):
                self.listeners.send_to(address, _gate(gate, high))

    def _tell_changes(self) -> None:
        changed = []
        for read, pack in self._watched:
            said = read()
            if said is not None and said != self._watched_said.get(read):
                self._watched_said[read] = said
                changed.append(pack(*said))
        for first in range(0, len(changed), MOST_TOGETHER):
            self.listeners.send(bundle(changed[first : first + MOST_TOGETHER]))

    def _cables(self, at_ns: int) -> bytes:
        self._told, self._cv_due_ns = self._volts, at_ns + CV_NS
        return self._cv(*self._volts[: self.cvs])

    def _status(self) -> list[bytes]:
        status = []
        if self._engine is not None:
            status = [stat(figure) for stat, figure in zip(_STATS, self._engine, strict=True)]
        if self._noise:
            status.append(self._noises(*self._noise[: self.cvs]))
        if self._instrument:
            status.append(_text("/ddsp/instrument", "s", _sendable(self._instrument)))
        return status

    def _errors(self, at_ns: int) -> list[bytes]:
        errors = [self._complaints.popleft()] if self._complaints else []
        trouble = "; ".join(filter(None, (self._settings_trouble, self._board_trouble)))
        if trouble and (trouble != self._said or at_ns >= self._error_due_ns):
            self._error_due_ns = at_ns + ERROR_NS
            errors.append(trouble)
        self._said = trouble
        return [_text("/ddsp/error", "s", _sendable(error)) for error in errors]


def _gate(gate: int, high: bool) -> bytes:
    return _text(f"/ddsp/gate/{gate}", "i", int(high))


def _sendable(text: str) -> str:
    # Names of files need not be valid text.
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode()
