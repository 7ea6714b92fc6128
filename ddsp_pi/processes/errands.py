"""Work that takes milliseconds, such as reading files, out of the way of the control loop."""

import queue
import threading
from collections.abc import Callable

Act = Callable[[], object]

MOST_WAITING = 32
"""More than that is a flood; what comes then is dropped."""


class Errands:
    """One thread that does things one after the other, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Act | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="errands", daemon=True)
        self._thread.start()

    def later(self, act: Act) -> None:
        """Do something soon; from any thread, which does not wait for it."""
        try:
            self._waiting.put_nowait(act)
        except queue.Full:
            return

    def close(self) -> None:
        """Finish what was begun."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (act := self._waiting.get()) is not None:
            act()
