"""Time to the first block and memory of an engine's process: one is started, plays, and says so."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np

from ddsp_pi.bench.report import Start
from ddsp_pi.config import Config
from ddsp_pi.engine.realtime import settle_process
from ddsp_pi.errors import DdspPiError
from ddsp_pi.frame import SAMPLE_RATE, Note
from ddsp_pi.link.edits import Outbox
from ddsp_pi.link.shared import create
from ddsp_pi.native.library import CHOICE
from ddsp_pi.processes.engine import Program
from ddsp_pi.processes.launch import Launch

PLAYED_S = 2.0


def start(config: Config, kernel: str, times: int) -> Start:
    """Medians of so many processes on a kernel.

    Raises:
        DdspPiError: one of them has failed; the message says why.
    """
    starts = [_started(config, kernel) for _ in range(times)]
    figures = zip(*map(msgspec.structs.astuple, starts), strict=True)
    return Start(*(round(statistics.median(figure), 4) for figure in figures))


def _started(config: Config, kernel: str) -> Start:
    told = msgspec.json.encode(config).decode()
    command = [sys.executable, "-m", __name__, str(time.monotonic_ns()), told]
    environment = os.environ | {CHOICE: kernel}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise DdspPiError(f"an engine on the {kernel} kernel did not start: {done.stderr.strip()[-500:]}")
    return msgspec.json.decode(done.stdout, type=Start)


def resident_mb() -> float:
    """Memory of this process that is in RAM now, MB; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        return 0.0
    return int(status.split("VmRSS:")[1].split()[0]) / 1024.0


def _main(begun_ns: int, told: str) -> Start:
    """What an engine's process does up to the device, and two seconds of sound."""
    imported_ns = time.monotonic_ns()
    config, link = msgspec.json.decode(told, type=Config), create()
    program = Program(Launch(link.fd, config), link)
    settle_process()
    loaded_ns = time.monotonic_ns()
    Outbox(link.edits).send(Note(57.0, 1.0, time.monotonic_ns()))
    block, engine = np.zeros(config.audio.period, np.float32), program.app.engine
    engine.render(block)
    first_ns = time.monotonic_ns()
    for _ in range(round(PLAYED_S * SAMPLE_RATE / len(block))):
        engine.render(block)
    return Start(
        (imported_ns - begun_ns) / 1e9,
        (loaded_ns - imported_ns) / 1e9,
        (first_ns - begun_ns) / 1e9,
        resident_mb(),
    )


if __name__ == "__main__":
    print(msgspec.json.encode(_main(int(sys.argv[1]), sys.argv[2])).decode())
