"""Where notes from outside the rack (OSC today) join what the rack says."""

from collections import deque
from collections.abc import Callable

from msgspec.structs import replace

from ddsp_pi.frame import ControlFrame, Note

MOST_PENDING = 64
"""More notes than that between two blocks are a flood; the oldest give way."""


class NoteHub:
    """A bounded queue between a network thread and the render loop, without a lock."""

    def __init__(self) -> None:
        self._pending: deque[tuple[float, float]] = deque(maxlen=MOST_PENDING)
        self._on_first: Callable[[], None] | None = None

    def on_first_note(self, act: Callable[[], None]) -> None:
        """What to do once, when the first note arrives."""
        self._on_first = act

    def play(self, note: float, velocity: float) -> None:
        """A note begins (velocity > 0) or ends (0)."""
        if self._on_first is not None:
            act, self._on_first = self._on_first, None
            act()
        self._pending.append((note, velocity))

    def join(self, frame: ControlFrame) -> ControlFrame:
        """The frame with the notes that came since the last one, at its start."""
        if not self._pending:
            return frame
        notes = []
        while self._pending:
            note, velocity = self._pending.popleft()
            notes.append(Note(note, velocity, frame.start_ns))
        return replace(frame, notes=(*frame.notes, *notes))
