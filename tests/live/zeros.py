"""The yardstick: a PortAudio client on JACK whose callback writes zeros. `python -m tests.live.zeros`.

Runs until SIGTERM, and then says what it has counted, as JSON.
"""

import json
import signal
import sys
import threading
import time
from typing import Any

import sounddevice


class Zeros:
    def __init__(self) -> None:
        self.calls = self.xruns = self.late = 0
        self.longest = 0.0
        """From call to call, in periods."""
        self._last_s = 0.0

    def play(self, out: Any, frames: int, _time: Any, status: Any) -> None:
        now_s = time.perf_counter()
        if self.calls:
            interval = (now_s - self._last_s) * 48_000 / frames
            self.late += interval > 1.5
            self.longest = max(self.longest, interval)
        self._last_s = now_s
        self.calls += 1
        self.xruns += bool(status)
        out[:] = bytes(len(out))


def jack_device(seconds: float = 5.0) -> int:
    """The server's outputs. A busy one does not answer every client that PortAudio opens at once."""
    deadline = time.monotonic() + seconds
    while True:
        for api in sounddevice.query_hostapis():
            if api["name"].startswith("JACK"):
                return int(api["default_output_device"])
        assert time.monotonic() < deadline, "there is no JACK server"
        sounddevice._terminate()
        time.sleep(0.2)
        sounddevice._initialize()


def main() -> None:
    stop, zeros = threading.Event(), Zeros()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with sounddevice.RawOutputStream(48_000, 0, jack_device(), 1, "float32", callback=zeros.play) as stream:
        print(f"ready, latency {stream.latency:.4f} s", flush=True)
        stop.wait()
        counts = {"calls": zeros.calls, "xruns": zeros.xruns, "late": zeros.late, "longest": zeros.longest}
        print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    sys.exit(main())
