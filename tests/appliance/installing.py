"""The module on a machine: installed from the stick."""

from pathlib import Path

from tests.appliance.machine import Machine
from tests.appliance.workshop import EMULATED, PROCESSOR, STICK

UNITS = ("ddsp-pi.service", "ddsp-pi-pd.service", "ddsp-pi-governor.service", "ddsp-pi-power-off.path")

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


AS_GRANTED = """\
[Service]
CapabilityBoundingSet=CAP_SYS_NICE CAP_IPC_LOCK
AmbientCapabilities=CAP_SYS_NICE CAP_IPC_LOCK
"""
"""Real time by right instead of by limit, for computers on which not even root may raise a limit."""


def begin_with_pip(machine: Machine, wheel: Path) -> str:
    """A ddsp-pi to start `setup` with, as a musician gets it; returns its command."""
    machine.run("python3", "-m", "venv", "/opt/first")
    pip = ("/opt/first/bin/pip", "install", "--quiet", "--no-index", f"--find-links={STICK}")
    machine.run(*pip, f"{STICK}/{wheel.name}[rack,midi]", seconds=600.0)
    return "/opt/first/bin/ddsp-pi"


def install(machine: Machine, wheel: Path) -> None:
    """What `setup` does, by hand: scenarios begin sooner so, and what they find is not about setup."""
    machine.shell(f"""
        useradd --system --user-group --home-dir /var/lib/ddsp_pi --no-create-home --groups audio ddsp-pi
        cd /opt; mkdir -p ddsp-pi/versions; cd ddsp-pi; python3 -m venv versions/first
        versions/first/bin/pip install --quiet --no-index --find-links={STICK} \\
            "{STICK}/{wheel.name}[rack,midi]"
        ln -s versions/first current; ln -s /opt/ddsp-pi/current/bin/ddsp-pi /usr/local/bin/ddsp-pi
        cp current/lib/python3*/site-packages/ddsp_pi/systemd/ddsp-pi* /etc/systemd/system
        systemctl enable {" ".join(UNITS)} 2>/dev/null
    """)


def add_jack(machine: Machine) -> None:
    """The server that it plays into, as a service of the same user, and settings that say so."""
    machine.put("/etc/ddsp_pi/config.yaml", SETTINGS)
    machine.put("/etc/systemd/system/jackd.service", JACK)
    machine.run("systemctl", "enable", "jackd.service")


def grant_real_time(machine: Machine) -> None:
    """Let a machine give real time as a Pi does. It must be switched on."""
    if (
        machine.run("prlimit", "--rtprio=95:95", "--memlock=unlimited:unlimited", "true", check=False).code
        == 0
    ):
        return
    for unit in ("ddsp-pi", "ddsp-pi-safe", "jackd"):
        machine.put(f"/etc/systemd/system/{unit}.service.d/granted.conf", AS_GRANTED)


def show_processor(machine: Machine) -> None:
    """Let the module see an emulated processor: its unit has a /proc of its own."""
    there = "\n".join(f"BindReadOnlyPaths={PROCESSOR}{path}:{path}" for path in EMULATED)
    for unit in ("ddsp-pi", "ddsp-pi-safe"):
        machine.put(f"/etc/systemd/system/{unit}.service.d/processor.conf", f"[Service]\n{there}\n")
