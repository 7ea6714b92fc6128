"""Everything at once for minutes: `python -m tests.live.soak --minutes 10 --period 128 -o soak.json`.

A JACK server with the dummy driver; our player on it, its volts moving a thousand times a second, an
instrument change every second, ten thousand OSC messages a second into its control process; and beside
it a client that writes zeros, as the yardstick for what the machine can keep up with.
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ddsp_pi.engine.telemetry import Telemetry, load_within
from ddsp_pi.link.shared import Link, attach
from ddsp_pi.modes.tables import fitting
from ddsp_pi.processes.launch import Status
from tests.live.jack import OUTPUT, Server
from tests.live.pings import Pings
from tests.live.player import PROGRAMS, Player, memory_mb

SETTLE_S = 12.0
"""Before anything is counted: every instrument has played by then."""

LOOK_S = 0.005
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "worst": 1.0}
YARDSTICK = "PortAudio-01"


@dataclass
class Watch:
    """What is seen from outside while it plays."""

    ages_ms: list[float] = field(default_factory=list)
    """Of the volts in the link: how long ago the control process wrote them."""
    swaps: int = 0


def moving_volts(path: Path, seconds: int = 10) -> None:
    """A performance with a row per millisecond, each CV another wave, and four gates a second."""
    lines = ["time_s,cv1,cv2,cv3,cv4,cv5,cv6,gate1"]
    for row in range(seconds * 1000 + 1):
        at = row / 1000
        waves = [math.sin(2.0 * math.pi * hz * at) for hz in (0.2, 0.5, 1.1, 1.7, 2.3, 3.1)]
        cvs = (waves[0], 6.0 + waves[1], 2 * waves[2], 2.5 + waves[3], 2.5 + waves[4], 1 + waves[5])
        lines.append(f"{at:.3f},{','.join(f'{cv:.5f}' for cv in cvs)},{int(row % 250 < 150)}")
    path.write_text("\n".join(lines) + "\n")


def link_of(pid: int) -> Link:
    """The link that a running process has, to look into."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        if "ddsp-pi-link" in os.readlink(entry):
            return attach(os.open(entry, os.O_RDWR))
    raise AssertionError(f"process {pid} has no link")


def telemetry(link: Link) -> tuple[int, Telemetry]:
    """The engine that wrote it, and what it says."""
    deadline = time.monotonic() + 5.0
    while (news := link.telemetry.read()) is None:
        assert time.monotonic() < deadline, "the engine says nothing"
        time.sleep(0.001)
    status = msgspec.msgpack.decode(news, type=Status)
    return status.engine, msgspec.msgpack.decode(status.telemetry, type=Telemetry)


def watch(player: Player, link: Link, seconds: float, names: Sequence[str]) -> Watch:
    """Look, and ask for another instrument every second."""
    seen, begun = Watch(), time.monotonic()
    while (now := time.monotonic()) - begun < seconds:
        if now - begun >= seen.swaps:
            player.osc("/ddsp/instrument", names[seen.swaps % len(names)])
            seen.swaps += 1
        link.frame.read()
        seen.ages_ms.append(link.frame.age_s * 1e3)
        time.sleep(LOOK_S)
    return seen


def blamed(log: str) -> dict[str, int]:
    """Whom the server did not see finish in time, and how often."""
    return dict(Counter(re.findall(r"XRun: client = (\S+) was not finished", log)))


def stolen_s() -> float:
    """Time that a virtual machine's host kept for others so far: what lies in it says nothing about us."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def memory(player: Player) -> dict[str, float]:
    pids = dict(zip(("supervisor", *PROGRAMS), player.pids(), strict=True))
    return {name: round(memory_mb(pid), 1) for name, pid in pids.items()}


def soak(seconds: float, period: int, per_second: int, folder: Path) -> dict[str, Any]:
    """Run it; what was seen."""
    log, volts = folder / "jackd.log", folder / "moving.csv"
    moving_volts(volts)
    server = Server(f"ddsp-pi-soak-{os.getpid()}", log, period)
    server.start()
    try:
        with Player(server, folder, "--cv", str(volts)) as player:
            server.wait_for(OUTPUT)
            return _measured(server, player, log, seconds, per_second)
    finally:
        server.stop()


def _measured(server: Server, player: Player, log: Path, seconds: float, per_second: int) -> dict[str, Any]:
    zeros = _helper(server, "zeros")
    assert zeros.stdout.readline().startswith("ready"), "the yardstick does not play"
    player.said("plays the demo")
    flood = _helper(server, "flood", str(player.osc_port), str(per_second))
    names, link = list(fitting("cv")), link_of(player.pid("engine"))
    watch(player, link, SETTLE_S, names)
    first, before, memory_before = log.stat().st_size, telemetry(link), memory(player)
    lines_before, writes = len(player.lines), link.frame.sequence
    begun, stolen = time.monotonic(), stolen_s()
    with Pings(player.osc_port) as pings:
        seen = watch(player, link, seconds, names)
    lasted, stolen = time.monotonic() - begun, stolen_s() - stolen
    after, memory_after, writes = telemetry(link), memory(player), (link.frame.sequence - writes) // 2
    blames = blamed(log.read_text()[first:])
    lines = player.lines[lines_before:]
    sent, rate = _ended(flood).split()[-2:]
    counted = json.loads(_ended(zeros).splitlines()[-1])
    code = player.end()
    link.close()
    return {
        "seconds": round(lasted, 1),
        "period": server.period,
        "load average": os.getloadavg(),
        "stolen, share of all CPUs": round(stolen / lasted / (os.cpu_count() or 1), 4),
        "ours": _ours(before[1], after[1]) | {"not finished in time": blames.get("PortAudio", 0)},
        "zeros": counted | {"not finished in time": blames.get(YARDSTICK, 0)},
        "memory MB": {"begin": memory_before, "end": memory_after},
        "volts": {"writes per second": round(writes / lasted)} | _ages(seen.ages_ms),
        "osc": {"sent": int(sent), "per second": int(rate), "ping": pings.report()},
        "instruments": {
            "asked": seen.swaps,
            "played": sum("plays now" in line for line in lines),
            "refused": sum("as it was" in line for line in lines),
        },
        "same engine": before[0] == after[0],
        "messages dropped": sum("dropped" in line for line in player.lines),
        "restarts": sum("started again" in line for line in player.lines),
        "exit code": code,
    }


def _ours(before: Telemetry, after: Telemetry) -> dict[str, Any]:
    loads = [b - a for a, b in zip(before.loads, after.loads, strict=True)]
    counts = ("blocks", "xruns", "missed", "rejected_samples")
    return {name: getattr(after, name) - getattr(before, name) for name in counts} | {
        "most shed": after.most_shed,
        "block time, share of the period": {n: round(load_within(loads, s), 4) for n, s in SHARES.items()},
    }


def _ages(ages_ms: Sequence[float]) -> dict[str, float]:
    return {f"age {n} ms": round(float(np.quantile(ages_ms, s)), 3) for n, s in SHARES.items()}


def _helper(server: Server, name: str, *arguments: str) -> Any:
    command = [sys.executable, "-m", f"tests.live.{name}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=server.environment)


def _ended(process: Any) -> str:
    process.terminate()
    said, _ = process.communicate(timeout=20)
    return str(said)


def in_words(report: dict[str, Any]) -> str:
    """A line per figure."""
    return "\n".join(f"{name}: {value}" for name, value in report.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--period", type=int, default=128)
    parser.add_argument("--osc", type=int, default=10_000, help="messages a second")
    parser.add_argument("-o", "--output", type=Path, help="the report as JSON")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = soak(args.minutes * 60.0, args.period, args.osc, Path(folder))
    print(in_words(report))
    if args.output:
        args.output.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
