"""The module on a machine: installed from the stick."""

from pathlib import Path

from tests.appliance.machine import Machine
from tests.appliance.workshop import STICK

UNITS = ("ddsp-pi.service", "ddsp-pi-safe.service", "ddsp-pi-pd.service", "ddsp-pi-governor.service")

JACK = """\
[Unit]
Description=A JACK server without a sound card
DefaultDependencies=no
After=local-fs.target
[Service]
User=ddsp-pi
Environment=JACK_NO_AUDIO_RESERVATION=1
ExecStart=/usr/bin/jackd --realtime -P 75 -d dummy -r 48000 -p 256 -C 0 -P 2
LimitRTPRIO=95
LimitMEMLOCK=infinity
Restart=always
[Install]
WantedBy=multi-user.target
"""

SETTINGS = """\
audio: {backend: jack, latency: 4}
rack: {board: sim}
"""
"""Sound into that server, and a board that plays by itself."""


def begin_with_pip(machine: Machine, wheel: Path) -> str:
    """A ddsp-pi to start `setup` with, as a musician gets it; returns its command."""
    machine.run("python3", "-m", "venv", "/opt/first")
    pip = ("/opt/first/bin/pip", "install", "--quiet", "--no-index", f"--find-links={STICK}")
    machine.run(*pip, f"{STICK}/{wheel.name}[rack,midi]")
    return "/opt/first/bin/ddsp-pi"


def add_jack(machine: Machine) -> None:
    """The server that it plays into, as a service of the same user."""
    machine.put("/etc/systemd/system/jackd.service", JACK)
    machine.run("systemctl", "enable", "jackd.service")
