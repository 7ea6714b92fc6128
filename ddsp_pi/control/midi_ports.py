"""MIDI ports that come and go: what they say waits in a queue until the control loop takes it."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ddsp_pi.control.midi_system import RtMidi, System
from ddsp_pi.errors import AudioError, MissingExtraError
from ddsp_pi.sections import Midi

LOOK_EVERY_S = 1.0
"""How often ports are looked for."""

REST_S = 60.0
"""The longest rest between two tries to reach a system of ports that does not answer."""

MOST_WAITING = 1024
"""Messages that wait. More are a flood: all are dropped, and what they held down is let go."""

MOST_AT_ONCE = 32
"""Messages taken at one beat; at a thousand beats a second that is thirty cables' worth."""


class MidiPorts:
    """Hears the ports that are wanted, and looks every second for those that come and go.

    Whatever is missing is said once, and playing goes on without it.
    """

    def __init__(self, settings: Midi, say: Callable[[str], object], system: System | None = None) -> None:
        """`system`: another one than the settings name. Nothing is looked for before `start`."""
        self._wanted, self._say = settings.port, say
        self._system = RtMidi(settings.system) if system is None else system
        self._waiting: deque[Any] = deque()
        self._open: dict[str, Callable[[], None]] = {}
        self._refused: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="midi", daemon=True)
        self._said, self._met = "", False
        self._rest_s = LOOK_EVERY_S
        self._flooding = False

    def start(self) -> None:
        """Look from now on, in a thread of its own, if any port is wanted."""
        if self._wanted is not None:
            self._thread.start()

    def drain(self, take: Callable[[Any], object], let_go: Callable[[], object]) -> None:
        """Pass on what has come, some at a time; `let_go` when a port is gone with its keys down.

        Called at every beat of the control loop.
        """
        if self._flooding:
            self._flooding = False
            self._waiting.clear()
            let_go()
        if not self._waiting:
            return
        for _ in range(min(len(self._waiting), MOST_AT_ONCE)):
            message = self._waiting.popleft()
            if message is None:
                let_go()
            else:
                take(message)

    def close(self) -> None:
        """Hear nothing any more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def look(self) -> bool:
        """Open ports that came, close those that went; whether there is a reason to look again."""
        try:
            names = self._system.names()
            self._drop(set(self._open) - set(names))
            self._refused.intersection_update(names)
            self._hear([name for name in names if self._wants(name)])
            self._rest_s = LOOK_EVERY_S
            if not (self._met or self._wanted == "all"):
                self._say_once(_missing(self._wanted, names))
        except MissingExtraError as error:
            self._say_once(f"MIDI: {error}")
            return False
        except AudioError as error:
            self._drop(set(self._open))
            self._refused.clear()
            self._system.close()
            self._say_once(f"MIDI: {error}")
            self._rest_s = min(2.0 * self._rest_s, REST_S)
        return True

    def _look_on(self) -> None:
        while self.look() and not self._stop.wait(self._rest_s):
            pass
        self._drop(set(self._open), quietly=True)
        self._system.close()

    def _wants(self, name: str) -> bool:
        if name in self._open or name in self._refused:
            return False
        wanted = self._wanted or ""
        return wanted == "all" or wanted.casefold() in name.casefold()

    def _hear(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                self._open[name] = self._system.open(name, self._give)
            except AudioError as error:
                # The others play on, and this one is tried again when it has been pulled.
                self._refused.add(name)
                self._say(f"MIDI: {error}")
            else:
                self._said, self._met = "", True
                self._say(f"MIDI: {name} plays")

    def _drop(self, names: Iterable[str], quietly: bool = False) -> None:
        for name in sorted(names):
            self._open.pop(name)()
            self._waiting.append(None)
            if not quietly:
                self._say(f"MIDI: {name} is gone, and what it held has ended")

    def _give(self, message: Any) -> None:
        # Only `drain` takes anything out: it has a thread of its own.
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(message)
        else:
            self._flooding = True

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._say(text)


def _missing(wanted: str | None, names: list[str]) -> str:
    there = ", ".join(names) if names else "none"
    return f"MIDI: no port has {wanted!r} in its name yet (midi.port); there are: {there}"
