"""A flood of OSC messages that turn knobs: `python -m tests.live.flood PORT PER_SECOND`. Until SIGTERM."""

import random
import signal
import socket
import sys
import threading
import time

from pythonosc.osc_message_builder import OscMessageBuilder

KNOBS = {
    "brightness": (-6.0, 6.0),
    "noise": (0.0, 2.0),
    "vibrato_depth": (0.0, 100.0),
    "vibrato_rate": (0.1, 12.0),
    "glide": (0.0, 100.0),
    "attack": (0.001, 0.1),
    "decay": (0.01, 1.0),
    "sustain": (0.2, 1.0),
    "release": (0.01, 1.0),
}
BURST_S = 0.001


def messages(count: int) -> list[bytes]:
    made, source = [], random.Random(1)
    for name, (low, high) in source.choices(list(KNOBS.items()), k=count):
        builder = OscMessageBuilder(f"/ddsp/param/{name}")
        builder.add_arg(source.uniform(low, high), "f")
        made.append(builder.build().dgram)
    return made


def main(port: int, per_second: int) -> None:
    stop, made, sent = threading.Event(), messages(1000), 0
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    begun = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("127.0.0.1", port))
        while not stop.is_set():
            due = int((time.monotonic() - begun) * per_second)
            for number in range(sent, due):
                out.send(made[number % len(made)])
            sent = due
            time.sleep(BURST_S)
    print(f"{sent} {sent / (time.monotonic() - begun):.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
