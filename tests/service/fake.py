"""A Raspberry Pi as files under a folder: a Pi 4 with Terminal Tedium on Pi OS bookworm, all well."""

import os
import shutil
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

from ddsp_pi.service.doctor import examine, make_view
from ddsp_pi.service.host import NOT_INSTALLED, Host, Result
from ddsp_pi.service.view import Probes

CONFIG = "/boot/firmware/config.txt"
CMDLINE = "/boot/firmware/cmdline.txt"
STALE = "/boot/config.txt"
THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled"
GOVERNOR = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
CODEC = "/sys/bus/i2c/devices/1-001a"
PCM = "/proc/asound/card1/pcm0p/sub0/status"
NOON_2026 = 1_793_620_800.0
GIGABYTE = 1 << 30

FILES = {
    "/proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "/proc/sys/kernel/arch": "aarch64\n",
    "/proc/sys/kernel/osrelease": "6.12.25+rpt-rpi-v8\n",
    "/proc/cmdline": "console=tty1 root=PARTUUID=1-02 rootfstype=ext4 rootwait threadirqs\n",
    "/proc/mounts": "/dev/mmcblk0p2 / ext4 rw 0 0\n/dev/mmcblk0p1 /boot/firmware vfat rw 0 0\n",
    CONFIG: "# For more options see config.txt's page\n"
    "dtparam=i2c_arm=on\ndtparam=spi=on\ndtparam=audio=off\n\n"
    "[cm5]\ndtoverlay=dwc2,dr_mode=host\n\n[all]\ndtoverlay=rpi-proto\n",
    CMDLINE: "console=tty1 root=PARTUUID=1-02 rootfstype=ext4 fsck.repair=yes rootwait threadirqs\n",
    "/dev/spidev0.0": "",
    "/dev/spidev0.1": "",
    "/dev/gpiochip0": "pinctrl-bcm2711",
    "/dev/gpiochip1": "raspberrypi-exp-gpio",
    "/dev/i2c-1": "",
    "/sys/bus/i2c/devices/i2c-1/name": "bcm2835 (i2c@7e804000)\n",
    f"{CODEC}/name": "wm8731\n",
    "/proc/asound/cards": " 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0\n                      vc4-hdmi-0\n"
    " 1 [sndrpiproto    ]: snd_rpi_proto - snd_rpi_proto\n                      snd_rpi_proto\n",
    "/proc/asound/pcm": "01-00: WM8731 HiFi wm8731-hifi-0 : WM8731 HiFi wm8731-hifi-0 : playback 1\n",
    "/proc/asound/card0/id": "vc4hdmi0\n",
    "/proc/asound/card1/id": "sndrpiproto\n",
    PCM: "closed\n",
    "/var/lib/alsa/asound.state": "state.vc4hdmi0 {\n}\nstate.sndrpiproto {\n}\n",
    "/proc/self/status": "Name:\tpython3\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\n"
    "Groups:\t29 989 990 1000 \nCapEff:\t0000000000000000\n",
    "/proc/self/limits": "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max locked memory         unlimited            unlimited            bytes     \n"
    "Max realtime priority     95                   95                   \n",
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\npi:x:1000:1000:,,,:/home/pi:/bin/bash\n",
    "/etc/group": "root:x:0:\naudio:x:29:pi\nspi:x:989:pi\ngpio:x:990:pi\npi:x:1000:\n",
    "/proc/812/comm": "python3\n",
    "/proc/812/cmdline": "/opt/ddsp_pi/bin/python\0-m\0ddsp_pi.processes.control\0",
    "/proc/900/comm": "pw-play\n",
    "/proc/900/cmdline": "pw-play\0song.wav\0",
    GOVERNOR: "performance\n",
    THROTTLED: "0\n",
    "/sys/class/thermal/thermal_zone0/temp": "51234\n",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "arch_sys_counter\n",
    "/var/lib/ddsp_pi/state.yaml": "",
}

LINKS = {
    f"{CODEC}/driver": "../../../../bus/i2c/drivers/wm8731",
    "/proc/812/fd/7": "/dev/spidev0.1",
    "/dev/serial0": "ttyS0",
}

CONTROLS = {
    "Master Playback Volume": ("INTEGER,access=rw---R--,values=2,min=0,max=127,step=0", "110,110"),
    "Output Mixer HiFi Playback Switch": ("BOOLEAN,access=rw------,values=1", "on"),
    "Input Mux": (
        "ENUMERATED,access=rw------,values=1,items=2\n  ; Item #0 'Line In'\n  ; Item #1 'Mic'",
        "0",
    ),
    "Capture Volume": ("INTEGER,access=rw---R--,values=2,min=0,max=31,step=0", "31,31"),
    "Line Capture Switch": ("BOOLEAN,access=rw------,values=2", "on,on"),
}
"""As amixer tells them."""


@dataclass
class FakeGpio:
    """The label of a chip is what its file says; `users` are on the first chip."""

    taken: dict[int, str] = field(default_factory=dict)
    refused: bool = False

    def label(self, path):
        if self.refused:
            raise PermissionError(13, "Permission denied", str(path))
        return path.read_text()

    def users(self, path, pins):
        return {pin: user for pin, user in self.taken.items() if pin in pins}


@dataclass
class Pi:
    """The fake, to be broken; `findings` is what the doctor says of it."""

    root: Path
    settings: str = "audio: {device: sndrpiproto}"
    board: str | None = None
    controls: dict = field(default_factory=lambda: dict(CONTROLS))
    commands: dict = field(default_factory=dict)
    gpio: FakeGpio = field(default_factory=FakeGpio)
    free: int = 20 * GIGABYTE
    read_only: bool = False
    now: float = NOON_2026
    bits: int = 64
    python: tuple = (3, 11)
    modules: dict = field(default_factory=dict)
    counts: object = None
    probes: Probes = None

    def __post_init__(self):
        self.modules = {
            "onnxruntime": SimpleNamespace(__version__="1.31.0"),
            "spidev": SimpleNamespace(__version__="3.8"),
            "gpiod": SimpleNamespace(__version__="2.5.0", request_lines=None),
        }
        self.counts = {channel: [1000 + 300 * channel, 1001 + 300 * channel] for channel in range(8)}
        self.probes = Probes(
            load_module=self._module,
            load_shared=lambda name: None,
            read_counts=self._read,
            instruments=lambda: {Path("/usr/lib/violin.onnx"): ""},
            kernel=lambda: "native kernel",
            data_folder=lambda: Path("/var/lib/ddsp_pi"),
        )
        for name, text in FILES.items():
            self.write(name, text)
        for name, target in LINKS.items():
            self.link(name, target)

    def at(self, name):
        return self.root / name.lstrip("/")

    def write(self, name, text):
        self.at(name).parent.mkdir(parents=True, exist_ok=True)
        self.at(name).write_text(text)

    def replace(self, name, old, new):
        text = self.at(name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def link(self, name, target):
        self.at(name).parent.mkdir(parents=True, exist_ok=True)
        self.at(name).unlink(missing_ok=True)
        self.at(name).symlink_to(target)

    def remove(self, *names):
        for name in names:
            path = self.at(name)
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def forbid(self, name):
        self.at(name).chmod(0)

    def probe(self, **probes):
        self.probes = replace(self.probes, **probes)

    @property
    def host(self):
        return Host(
            self.root, self._run, _access, self._statvfs, lambda: self.now, self.gpio, self.python, self.bits
        )

    def view(self):
        file = self.root / "settings.yaml"
        file.write_text(self.settings)
        return make_view(self.host, self.probes, file, self.board)

    def view_of(self, file, wish, start=True):
        """As setup looks at it."""
        wish = replace(wish, start=wish.start and start)
        return make_view(self.host, self.probes, file, wish.board or None, wish)

    def findings(self):
        return {report.check.name: report.finding for report in examine(self.view())}

    def _run(self, words):
        name = words[0]
        if name in self.commands:
            answer = self.commands[name]
            return answer(words) if callable(answer) else answer
        return self._amixer(words[-1]) if name == "amixer" else Result(NOT_INSTALLED)

    def _amixer(self, named):
        control = named.removeprefix("name=").strip("'")
        if control not in self.controls:
            return Result(1, err="amixer: Cannot find the given element from control hw:1")
        kind, values = self.controls[control]
        return Result(
            0, f"numid=1,iface=MIXER,name='{control}'\n  ; type={kind}\n  : values={values}\n  | dBscale\n"
        )

    def _statvfs(self, path):
        assert path.exists()
        flags = os.ST_RDONLY if self.read_only else 0
        return SimpleNamespace(f_bavail=self.free // 4096, f_frsize=4096, f_flag=flags)

    def _module(self, name):
        if name not in self.modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        found = self.modules[name]
        if isinstance(found, Exception):
            raise found
        return found

    def _read(self, spi, channels):
        if isinstance(self.counts, Exception):
            raise self.counts
        return {channel: self.counts[channel] for channel in channels}


def _access(path, mode):
    """By the permissions themselves: tests may run as root, who may use everything."""
    wanted = (stat.S_IRUSR if mode & os.R_OK else 0) | (stat.S_IWUSR if mode & os.W_OK else 0)
    return path.stat().st_mode & wanted == wanted
