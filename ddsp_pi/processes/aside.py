"""What the engine's process does beside the sound: loads instruments, and says what is worth knowing."""

import queue
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ddsp_pi.app import App, warm
from ddsp_pi.config import Config
from ddsp_pi.engine.overload import in_words
from ddsp_pi.engine.realtime import BESIDE, raise_thread
from ddsp_pi.engine.remarks import OutsideLog
from ddsp_pi.errors import DdspPiError, InstrumentError

LOOK_S = 0.2


class Aside:
    """A thread that sleeps most of the time, so that it seldom holds the lock when a block is due."""

    def __init__(
        self,
        app: App,
        say: Callable[[str], object],
        wait: Callable[[], None],
        newest: Callable[[], Config],
        again: Callable[[], object],
    ) -> None:
        """Beside an app.

        Args:
            app: what plays.
            say: takes lines for the log.
            wait: called again and again while no sound has been asked for yet.
            newest: reads the newest settings there are.
            again: called where only another engine can play with them.
        """
        self._app, self._say, self._wait = app, say, wait
        self._newest, self._again = newest, again
        self._wanted: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._outside = OutsideLog(app.engine.telemetry, say)
        self._shed = 0
        self._thread = threading.Thread(target=self._run, name="aside", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def select(self, path: str) -> None:
        """Play the instrument in a file soon; for the render loop, which does not wait."""
        self._wanted.put(partial(self._play, Path(path)))

    def configure(self) -> None:
        """Play with the newest settings soon; for the render loop as well."""
        self._wanted.put(self._configure)

    def close(self) -> None:
        """Stop; returns when nothing is under way."""
        self._wanted.put(None)
        self._thread.join()

    def _run(self) -> None:
        raise_thread(BESIDE)
        while True:
            try:
                act = self._wanted.get(timeout=LOOK_S)
            except queue.Empty:
                self._look()
                continue
            if act is None:
                return
            act()

    def _play(self, path: Path) -> None:
        playing = self._app.instrument.card.name
        try:
            self._app.play(path)
        except (InstrumentError, OSError) as error:
            self._say(f"{error}. {playing} plays on as it was")
        else:
            self._say(f"{self._app.instrument.card.name} plays now, from {path}")
            warm(self._app)

    def _configure(self) -> None:
        config, app = self._newest(), self._app
        if config.audio != app.config.audio:
            self._say("the sound card is opened anew, with other settings")
            self._again()
            return
        try:
            app.configure(config)
        except (DdspPiError, OSError) as error:
            self._say(f"{error}. What played plays on")
        else:
            warm(app)

    def _look(self) -> None:
        telemetry = self._app.engine.telemetry
        if not telemetry.blocks:
            self._wait()
        self._outside.poll(self._app.card)
        if telemetry.shed != self._shed:
            self._shed = telemetry.shed
            self._say(in_words(self._shed))
