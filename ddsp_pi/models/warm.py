"""Instruments that are kept loaded, checked and stepped, so that a change while playing costs no load."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.bundle import Instrument, load_instrument
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.library import list_instruments

BUDGET_BYTES = 32 << 20
"""Room for more than a hundred instruments on the native kernel, for some forty on onnxruntime."""

Stamp = tuple[int, int, int]
"""What changes when a file does: time, size and inode."""


@dataclass(slots=True)
class _Kept:
    instrument: Instrument
    stamp: Stamp
    spares: dict[int, Decoder] = field(default_factory=dict)
    """A player that nobody has yet, by its number of voices."""


class WarmLibrary:
    """The instruments that were used last, within a budget of memory.

    One thread may fill it while another takes instruments out: the lock is never held during a load.
    """

    def __init__(self, budget_bytes: int = BUDGET_BYTES, say: Callable[[str], object] = print) -> None:
        self._budget_bytes, self._say = budget_bytes, say
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, _Kept] = OrderedDict()
        """Least recently used first."""

    def warm(
        self, voices: int, wanted: Path | None = None, fits: Callable[[Path], bool] = lambda path: True
    ) -> None:
        """Load every instrument there is room for that `fits`, `wanted` first, with a stepped player of each.

        What cannot play is skipped, and the reason said. To be called again after a player was
        taken or the library has changed; what is warm already costs next to nothing.
        """
        files = [*([wanted] if wanted else []), *filter(fits, list_instruments().values())]
        for path in dict.fromkeys(files):
            try:
                if not self._warm_one(path, voices):
                    return
            except InstrumentError as error:
                self._say(f"not kept warm: {error}")

    def get(self, path: Path) -> Instrument:
        """The instrument of a file: the warm one, or if that file is new or has changed, the one in it now.

        Raises:
            InstrumentError: it has to be loaded and cannot play.
        """
        kept = self._current(path) or self._load(path)
        self._keep(path, kept)
        return kept.instrument

    def decoder(self, path: Path, voices: int) -> Decoder:
        """A player of a file's instrument, stepped before and with nothing left of it; for the caller alone.

        Raises:
            InstrumentError: it has to be loaded and cannot play.
        """
        instrument = self.get(path)
        with self._lock:
            kept = self._kept.get(path)
            spare = kept.spares.pop(voices, None) if kept and kept.instrument is instrument else None
        return spare or _stepped(instrument, voices)

    @property
    def paths(self) -> list[Path]:
        """The files that are warm, least recently used first."""
        with self._lock:
            return list(self._kept)

    @property
    def nbytes(self) -> int:
        """Memory of what is warm, about."""
        with self._lock:
            return self._total()

    def _warm_one(self, path: Path, voices: int) -> bool:
        """Whether there was room."""
        kept = self._current(path)
        if kept is None:
            kept = self._load(path)
            if not self._keep_if_room(path, kept):
                return False
        if voices not in kept.spares:
            spare = _stepped(kept.instrument, voices)
            with self._lock:
                kept.spares[voices] = spare
        return True

    def _current(self, path: Path) -> _Kept | None:
        """What is kept of a file, if the file is still the same."""
        stamp = _stamp(path)
        with self._lock:
            kept = self._kept.get(path)
            if kept is None or kept.stamp == stamp:
                return kept
            del self._kept[path]
            return None

    def _load(self, path: Path) -> _Kept:
        # The stamp is taken first: a file that changes meanwhile is loaded again the next time.
        stamp = _stamp(path)
        instrument = load_instrument(path)
        return _Kept(instrument, stamp or (0, 0, 0))

    def _keep(self, path: Path, kept: _Kept) -> None:
        """As the most recently used; others leave if that is too much, but never this one."""
        with self._lock:
            self._kept[path] = kept
            self._kept.move_to_end(path)
            while self._total() > self._budget_bytes and len(self._kept) > 1:
                self._kept.popitem(last=False)

    def _keep_if_room(self, path: Path, kept: _Kept) -> bool:
        """As the least recently used: nobody leaves for what nobody asked for. The first always fits."""
        with self._lock:
            if self._kept and self._total() + kept.instrument.nbytes > self._budget_bytes:
                return False
            self._kept[path] = kept
            self._kept.move_to_end(path, last=False)
            return True

    def _total(self) -> int:
        return sum(kept.instrument.nbytes for kept in self._kept.values())


def _stepped(instrument: Instrument, voices: int) -> Decoder:
    """A fresh player whose first step, the slow one, is done."""
    decoder = instrument.decoder(voices)
    decoder.step([440.0] * voices, [-40.0] * voices)
    decoder.reset()
    return decoder


def _stamp(path: Path) -> Stamp | None:
    """None for a file that is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
