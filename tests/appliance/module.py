"""An installed module: its service, what it says, and what is heard of it."""

import json
import re
from contextlib import suppress
from pathlib import Path

from tests.appliance.machine import Machine
from tests.appliance.scene import MachineError
from tests.appliance.sound import Heard

SERVICE, SAFE = "ddsp-pi.service", "ddsp-pi-safe.service"
PORT = "PortAudio:out_0"
RECORDING = "/dev/shm/heard.wav"
"""In memory: a recorder that waits for a disk leaves gaps."""

TELEMETRY = "/run/ddsp_pi/telemetry.jsonl"
SETTINGS = "/etc/ddsp_pi/config.yaml"


class Module:
    """What a musician and the tests ask a machine on which ddsp-pi runs."""

    def __init__(self, machine: Machine, results: Path) -> None:
        """`results` is where recordings and journals are kept."""
        self.machine, self.results = machine, results
        results.mkdir(parents=True, exist_ok=True)

    def boot(self, *more: str, finished: bool = True) -> None:
        """Switch it on, and wait until it plays."""
        self.machine.boot(*more, finished=finished)
        self.machine.until(self.plays, "the service plays")

    def shown(self, *names: str, unit: str = SERVICE) -> list[str]:
        """Properties of a unit, as systemd has them."""
        rows = self.machine.run("systemctl", "show", unit, *(f"--property={name}" for name in names)).out
        found = dict(row.split("=", 1) for row in rows.splitlines())
        return [found[name] for name in names]

    def plays(self, unit: str = SERVICE) -> bool:
        """Whether it is ready and sound goes out."""
        state, status = self.shown("ActiveState", "StatusText", unit=unit)
        return state == "active" and " plays" in status

    def main_process(self, unit: str = SERVICE) -> int:
        """Its number inside; 0: there is none."""
        return int(self.shown("MainPID", unit=unit)[0])

    def part(self, program: str) -> int:
        """The process of `engine` or `control`; 0: there is none."""
        found = self.machine.run("pgrep", "-f", f"ddsp_pi.processes.{program} ", check=False).out.split()
        return int(found[0]) if found else 0

    def kill(self, number: int, sign: str = "KILL") -> None:
        """Send a signal to a process, if there is one of this number."""
        if number:
            self.machine.run("kill", f"-{sign}", number, check=False)

    def log(self, unit: str = SERVICE) -> str:
        """What it has said since the machine was switched on."""
        return self.machine.run("journalctl", "--no-pager", "-b", "-o", "short-monotonic", "-u", unit).out

    def telemetry(self) -> list[dict[str, object]]:
        """The last minute of it, a row a second; nothing: there is none."""
        with suppress(MachineError):
            return [json.loads(row) for row in self.machine.get(TELEMETRY).splitlines()]
        return []

    def osc(self, *words: object) -> None:
        """Send a message: an address, types, values."""
        self.machine.run("oscsend", "localhost", 9000, *words)

    def asked(self, address: str) -> object:
        """What it answers to the question for a value, by OSCQuery."""
        fetch = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())"
        said = self.machine.run("python3", "-c", fetch, f"http://127.0.0.1:9002{address}?VALUE").out
        return json.loads(said)["VALUE"][0]

    def errors(self, seconds: int = 3, port: int = 9000) -> list[str]:
        """What it sends to /ddsp/error meanwhile."""
        script = f"""
            timeout {seconds} stdbuf -oL oscdump 9100 > /tmp/heard & sleep 0.5
            oscsend localhost {port} /ddsp/subscribe i 9100
            wait $! || true; cat /tmp/heard
        """
        return re.findall(r'/ddsp/error s "(.*)"', self.machine.shell(script).out)

    def hear(self, name: str, seconds: float, meanwhile: str = "") -> Heard:
        """What it plays; the lines of a shell are done one second after the beginning."""
        script = f"""
            runuser -u ddsp-pi -- jack_capture -d {seconds} -c 1 -b 16 -f wav --disable-console \\
                -p {PORT} {RECORDING} </dev/null >/dev/null 2>&1 &
            sleep 1
            {meanwhile}
            wait $!
        """
        self.machine.shell(script)
        path = self.results / f"{name}.wav"
        path.write_bytes(self.machine.get(RECORDING))
        self.machine.run("rm", RECORDING)
        return Heard.load(path)

    def keep_journal(self) -> None:
        """Everything that the system said, for whoever looks for a fault; nothing when it is switched off."""
        if self.machine.on:
            with suppress(MachineError):
                said = self.machine.run("journalctl", "--no-pager", "-o", "short-monotonic").out
                (self.results / "journal.txt").write_text(said)
