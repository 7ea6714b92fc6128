"""What systemd is told of the module: that it is ready, how it is, and that sound is being rendered."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ddsp_pi.link.shared import Link
from ddsp_pi.processes.launch import Status

FEED_S = 1.0
"""Between two signs of life."""

SAY_S = 5.0
"""Between two looks at how it is; said is what has changed."""

DEVICE_S = 2.0
"""How long a start waits for the sound card. Without one it is ready too, and waits on."""


class _Figures(msgspec.Struct):
    """What counts of the engine's telemetry."""

    load: float
    xruns: int


class UnderSystemd:
    """An onlooker of supervisors, one after another: systemd hears of one service."""

    def __init__(self, notify: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """`notify` takes lines of sd_notify."""
        self._notify, self._clock = notify, clock
        self._ready = False
        self._said, self._feed_s = "", 0.0

    def follow(self, link: Link, trouble: str = "") -> None:
        """From now on it is about the programs that share this link, and have this trouble."""
        self._link, self._trouble = link, trouble
        self._sequence = link.telemetry.sequence
        self._status: Status | None = None
        self._first_s: float | None = None
        self._say_s = 0.0

    def look(self, starting: bool) -> None:
        """See Onlooker. The watchdog is fed by what the engine renders, and while it starts."""
        now_s, sequence = self._clock(), self._link.telemetry.sequence
        moved = sequence != self._sequence
        if (moved or starting) and now_s >= self._feed_s:
            self._sequence, self._feed_s = sequence, now_s + FEED_S
            self._notify("WATCHDOG=1")
        if now_s >= self._say_s or not self._ready:
            self._tell(now_s)

    def _tell(self, now_s: float) -> None:
        news = self._link.telemetry.read()
        if news is not None:
            self._status = msgspec.msgpack.decode(news, type=Status)
        if self._status is None:
            return
        self._say_s = now_s + SAY_S
        self._first_s = now_s if self._first_s is None else self._first_s
        text = f"STATUS={self._line(self._status)}"
        if not self._ready and self._is_ready(self._status, now_s - self._first_s):
            self._ready, text = True, f"READY=1\n{text}"
        if self._ready and text != self._said:
            self._said = text
            self._notify(text)

    def _is_ready(self, status: Status, since_s: float) -> bool:
        """Engine and control both live, and the sound goes out, or has nowhere to go."""
        return self._link.frame.sequence > 0 and (status.playing or since_s >= DEVICE_S)

    def _line(self, status: Status) -> str:
        figures = msgspec.msgpack.decode(status.telemetry, type=_Figures)
        name = Path(status.instrument).stem or "an instrument"
        how = f"{name} plays, {figures.xruns} xruns" if status.playing else f"{name} waits for the sound card"
        return f"{how}; {self._trouble}".replace("\n", " ") if self._trouble else how
