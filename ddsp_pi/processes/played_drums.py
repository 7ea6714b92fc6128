"""Inside the control process: what the engine has learned of the drum that is played, saved and recalled."""

from collections.abc import Callable

from ddsp_pi.control.drum_file import PlayedDrums
from ddsp_pi.control.hub import Hub
from ddsp_pi.dsp.yardstick import Measures
from ddsp_pi.errors import DdspPiError
from ddsp_pi.places import data_folder
from ddsp_pi.processes.errands import Act
from ddsp_pi.processes.launch import Status


def open_drums() -> PlayedDrums:
    """The drums of this installation."""
    return PlayedDrums(data_folder() / "played")


class DrumMemory:
    """Whatever goes wrong is said, and what was learned stays.

    `load` and `save` read and write files, so they are to be called by one thread beside the control loop.
    """

    def __init__(
        self,
        drums: PlayedDrums,
        name: str,
        hub: Hub,
        learned: Callable[[], Measures],
        say: Callable[[str], object],
    ) -> None:
        """`name`: of the drum that the engine began with; `learned`: what it says that it knows now."""
        self._drums, self._hub, self._learned, self._say = drums, hub, learned, say
        self.name = name
        """Of the drum that was loaded or saved last; empty: none was."""
        self._is_new = True

    def look(self, status: Status | None, later: Callable[[Act], None]) -> None:
        """Tell an engine that has come into this mode while it played, and so has not begun with a drum."""
        if status is None or not self._is_new:
            return
        self._is_new = False
        if self.name and not self._learned():
            later(lambda: self.load(self.name))

    def names(self) -> list[str]:
        """Of those that were saved."""
        return self._drums.names()

    def load(self, name: str) -> None:
        """Play a drum again: its hits are measured as when it was saved."""
        try:
            measures = self._drums.load(name)
        except DdspPiError as error:
            self._say(f"{error}. What was learned stays")
            return
        self._take(name, measures)
        self._say(f"drum {name} is played")

    def save(self, name: str) -> None:
        """Keep what was learned of the drum that is played."""
        measures = self._learned()
        if not measures:
            self._say(f"drum {name} is not saved: no hit was heard yet; play it for a minute")
            return
        try:
            path = self._drums.save(name, measures)
        except (DdspPiError, OSError) as error:
            self._say(f"drum {name} is not saved: {error}")
            return
        self._take(name, measures)
        self._say(f"drum {name} is saved as {path}")

    def _take(self, name: str, measures: Measures) -> None:
        self._hub.measure(measures)
        self.name = name
