"""Where what players ask for is checked and waits until the control loop passes it on."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import msgspec

from ddsp_pi.dsp.yardstick import Measures
from ddsp_pi.frame import HOP_RATE, Edge, Note
from ddsp_pi.link.edits import Edit, Measure, Panic, Select, Set
from ddsp_pi.params import Param, ParamSet

VALUES_EVERY_S = 1.0 / HOP_RATE
"""The engine reads parameters once per hop; more values than that would be work for nothing."""

MOST_HELD = 128
"""Keys that are remembered for an engine to come; the oldest give way."""

A4_NOTE, A4_HZ = 69.0, 440.0

PLAYING_GATES = (1, 2)
"""Gates that begin and end notes; the others are for modes to come."""

MOST_PENDING = 256
"""More notes and gates than that between two beats are a flood; the oldest give way. A pedal that goes up
ends 128 notes at once."""


class Hub:
    """Collects from any thread; `beat` sends on from one.

    Of a parameter only the latest value is sent, so a flood costs the engine no more than a trickle.
    What is set, selected and open is remembered, for an engine that has to begin again.
    """

    def __init__(self, params: ParamSet, send: Callable[[Edit], None]) -> None:
        """Check against the parameters' specs, and send edits with `send`."""
        self._params, self._send = params, send
        self._lock = threading.Lock()
        self._pending: dict[str, float] = {}
        self._played: deque[Note | Edge | Panic] = deque(maxlen=MOST_PENDING)
        self._driven: Callable[[], Mapping[str, float]] = dict
        self._set: dict[str, float] = {}
        self._selected: Select | None = None
        self._measured: Measure | None = None
        self._is_measured = True
        self._open: dict[int, Edge] = {}
        self._held: dict[float, Note] = {}
        self._on_first: Callable[[], None] | None = None
        self._due_s = 0.0
        self.begun = 0
        """How many notes began so far, by gate or key, and how many hits were heard."""

    @property
    def sounding(self) -> bool:
        """Whether a gate that plays is open, or a key down."""
        return bool(self._held) or any(gate in PLAYING_GATES for gate in self._open)

    @property
    def f0_hz(self) -> float | None:
        """The pitch that is played, without glide and vibrato; None while nothing sounds."""
        if not self.sounding or "note" not in self._params:
            return None
        keys = list(self._held)
        note = keys[-1] if keys else self.value("note")
        return float(A4_HZ * 2.0 ** ((note + self.value("tune") - A4_NOTE) / 12.0))

    @property
    def specs(self) -> tuple[Param, ...]:
        """The parameters there are."""
        return tuple(self._params)

    @property
    def values(self) -> dict[str, float]:
        """What each parameter was set to, whatever a cable says."""
        return self._params.values

    def value(self, name: str) -> float:
        """What a parameter plays: what a cable says where one holds it, otherwise what was set.

        Raises:
            ParamError: nobody owns that name.
        """
        return self._driven().get(name, self._params[self._params.spec(name).name])

    def is_open(self, gate: int) -> bool:
        """Whether a gate is open, by cable or by message."""
        return gate in self._open

    def follow_cables(self, driven: Callable[[], Mapping[str, float]]) -> None:
        """Where to read what cables hold: the values of driven parameters, and of no others."""
        self._driven = driven

    def on_first_note(self, act: Callable[[], None]) -> None:
        """What to do once, when the first note arrives."""
        self._on_first = act

    def play(self, note: float, velocity: float) -> None:
        """A note begins (velocity > 0) or ends (0), now."""
        self._begin()
        with self._lock:
            self._played.append(Note(note, velocity, time.monotonic_ns()))

    def gate(self, gate: int, high: bool) -> None:
        """A gate opens or closes now, as if by cable; of cable and messages the latest counts."""
        self._begin()
        with self._lock:
            self._played.append(Edge(gate, high, time.monotonic_ns()))

    def set(self, name: str, value: float) -> None:
        """Turn a parameter, in its unit. A cable that holds it wins until it is out.

        Raises:
            ParamError: nobody owns that name.
        """
        value = self._params.spec(name).clip(value)
        if not math.isnan(value):
            with self._lock:
                self._params.set(name, value)
                self._pending[name] = value

    def select(self, path: str) -> None:
        """Play the instrument in a file."""
        self._selected = Select(path)
        self._send(self._selected)

    def measure(self, measures: Measures) -> None:
        """Another drum is played, of which this was learned; from any thread."""
        with self._lock:
            self._measured, self._is_measured = Measure(measures), False

    def hush(self) -> None:
        """Silence, after what was played before and before what is played next; from any thread."""
        with self._lock:
            self._played.append(Panic())

    def panic(self) -> None:
        """Silence; nothing is held any more. From the control loop's thread."""
        self._open.clear()
        self._held.clear()
        self._send(Panic())

    def beat(self, edges: Sequence[Edge] = ()) -> None:
        """Send what has come, with the edges of the board; from the control loop's thread."""
        for edge in edges:
            self._gate(edge)
        now_s = time.monotonic()
        if self._pending and now_s >= self._due_s:
            self._due_s = now_s + VALUES_EVERY_S
            self._send_values()
        if not self._is_measured and self._measured is not None:
            self._is_measured = True
            self._send(self._measured)
        if self._played:
            with self._lock:
                played = list(self._played)
                self._played.clear()
            for event in played:
                self._take(event)

    def adopt(self, values: Mapping[str, float], instrument: str) -> None:
        """Remember what an engine that has been playing knows, but for what has been asked for since."""
        self._set = {**values, **self._set}
        with self._lock:
            for name, value in {**self._set, **self._pending}.items():
                if name in self._params:
                    self._params.set(name, value)
        if instrument and self._selected is None:
            self._selected = Select(instrument)

    def renew(self) -> None:
        """Tell a new engine what the last one knew."""
        known: list[Edit] = [Set(name, value) for name, value in self._set.items()]
        if self._selected is not None:
            known.append(self._selected)
        if self._measured is not None:
            known.append(self._measured)
        for edit in known:
            self._send(edit)
        for edge in self._open.values():
            self._send(msgspec.structs.replace(edge, standing=True))
        for note in self._held.values():
            self._send(msgspec.structs.replace(note, standing=True))

    def _begin(self) -> None:
        if self._on_first is not None:
            act, self._on_first = self._on_first, None
            act()

    def _send_values(self) -> None:
        with self._lock:
            values, self._pending = self._pending, {}
        self._set |= values
        for name, value in values.items():
            self._send(Set(name, value))

    def _take(self, event: Note | Edge | Panic) -> None:
        if isinstance(event, Note):
            self._key(event)
        elif isinstance(event, Panic):
            self.panic()
        # A message that says again what is so already is no edge.
        elif event.high != self.is_open(event.gate):
            self._gate(event)

    def _gate(self, edge: Edge) -> None:
        self._open.pop(edge.gate, None)
        if edge.high:
            self._open[edge.gate] = edge
            self.begun += edge.gate in PLAYING_GATES and not edge.standing
        self._send(edge)

    def _key(self, note: Note) -> None:
        self._held.pop(note.note, None)
        if note.velocity > 0.0:
            self.begun += 1
            self._held[note.note] = note
            if len(self._held) > MOST_HELD:
                del self._held[next(iter(self._held))]
        self._send(note)
