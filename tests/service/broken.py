"""What can be broken on a Pi, and what the doctor must say of it."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

from ddsp_pi.errors import BoardError
from ddsp_pi.service.findings import Status
from ddsp_pi.service.host import NOT_INSTALLED, Result
from tests.service.fake import (
    CMDLINE,
    CODEC,
    CONFIG,
    GIGABYTE,
    GOVERNOR,
    PCM,
    STALE,
    THROTTLED,
    FakeGpio,
    Pi,
)


class Broken(NamedTuple):
    """What is broken; which check says so, how badly, in which words, and with which remedy."""

    what: str
    how: Callable[[Pi], object]
    check: str
    status: Status
    found: str
    remedy: str


def fault(what, how, check, found, remedy):
    return Broken(what, how, check, Status.FAULT, found, remedy)


def warning(what, how, check, found, remedy):
    return Broken(what, how, check, Status.WARNING, found, remedy)


def set_on(pi, **values):
    for name, value in values.items():
        setattr(pi, name, value)


def both(*steps):
    return lambda pi: [step(pi) for step in steps]


def model(name):
    return lambda pi: pi.write("/proc/device-tree/model", name + "\0")


def without_spi(pi):
    pi.remove("/dev/spidev0.0", "/dev/spidev0.1")


def without_spi_line(pi):
    without_spi(pi)
    pi.replace(CONFIG, "dtparam=spi=on\n", "#dtparam=spi=on\n")


def without_codec_card(pi):
    pi.remove("/proc/asound/card1")
    pi.replace("/proc/asound/cards", "sndrpiproto", "nothing")


def pcm5102a(pi):
    """The other board, as it should be."""
    pi.settings = "{rack: {board: terminal-tedium-pcm5102a}, audio: {device: sndrpihifiberry}}"
    pi.replace(CONFIG, "dtoverlay=rpi-proto", "dtoverlay=hifiberry-dac")
    pi.replace(CONFIG, "dtparam=i2c_arm=on\n", "")
    pi.write("/proc/asound/card1/id", "sndrpihifiberry\n")
    pi.remove("/sys/bus/i2c/devices")


def stuck_at(count):
    return lambda pi: set_on(pi, counts={channel: [count] * 4 for channel in range(8)})


def control(name, values):
    return lambda pi: pi.controls.update({name: (pi.controls[name][0], values)})


def command(name, result):
    return lambda pi: pi.commands.update({name: result})


def unit(text):
    return lambda pi: pi.write("/etc/systemd/system/ddsp-pi.service", text)


def logged_in_before(pi):
    pi.replace("/proc/self/status", "29 989 990 1000", "29 1000")


def in_no_group(pi):
    logged_in_before(pi)
    pi.replace("/etc/group", "spi:x:989:pi", "spi:x:989:")
    pi.replace("/etc/group", "gpio:x:990:pi", "gpio:x:990:somebody,else")


def damaged(path):
    return lambda pi: pi.probe(instruments=lambda: {Path("/x/violin.onnx"): "", Path(path): f"{path}: torn"})


def refusing(error):
    def refuse(*_):
        raise error

    return refuse


BROKEN = (
    # The computer.
    warning(
        "a Pi 3", model("Raspberry Pi 3 Model B Plus Rev 1.3"), "model", "never tried", "use a Pi 4 or 5"
    ),
    fault("a Pi 2", model("Raspberry Pi 2 Model B Rev 1.1"), "model", "too slow", "Raspberry Pi 4 or 5"),
    fault("a 32-bit system", lambda pi: set_on(pi, bits=32), "bits", "32-bit Python 3.11", "64-bit"),
    fault(
        "under-voltage now", lambda pi: pi.write(THROTTLED, "50005\n"), "power", "below 4.63 V now", "jumper"
    ),
    fault("throttling", lambda pi: pi.write(THROTTLED, "40004\n"), "power", "slowed down now", "cool it"),
    warning(
        "under-voltage once", lambda pi: pi.write(THROTTLED, "10000\n"), "power", "at least once", "jumper"
    ),
    warning(
        "warm",
        lambda pi: pi.write("/sys/class/thermal/thermal_zone0/temp", "77900"),
        "temperature",
        "78 °C",
        "heat sink",
    ),
    fault(
        "hot",
        lambda pi: pi.write("/sys/class/thermal/thermal_zone0/temp", "82300"),
        "temperature",
        "82 °C",
        "fan",
    ),
    warning(
        "little room", lambda pi: set_on(pi, free=GIGABYTE // 10), "disk", "102 MB are free", "apt-get clean"
    ),
    fault("no room", lambda pi: set_on(pi, free=4096), "disk", "0 MB are free", "vacuum-size"),
    warning(
        "read-only root",
        lambda pi: set_on(pi, read_only=True),
        "disk",
        "/var/lib/ddsp_pi is read-only",
        "sudo mount -o remount,rw /",
    ),
    # Libraries.
    fault("an old Python", lambda pi: set_on(pi, python=(3, 9)), "python", "3.9, and 3.11", "bookworm"),
    fault(
        "no onnxruntime",
        lambda pi: pi.modules.pop("onnxruntime"),
        "onnxruntime",
        "onnxruntime is not installed",
        "pip install",
    ),
    fault(
        "a damaged onnxruntime",
        lambda pi: pi.modules.update(onnxruntime=ImportError("libstdc++.so.6: bad ELF", name="_pybind")),
        "onnxruntime",
        "damaged: libstdc++.so.6: bad ELF",
        "pip install",
    ),
    fault(
        "no PortAudio",
        lambda pi: pi.probe(load_shared=refusing(OSError("libportaudio.so.2: no such file"))),
        "portaudio",
        "libportaudio.so.2",
        "sudo apt-get install libportaudio2",
    ),
    warning(
        "no kernel",
        lambda pi: pi.probe(kernel=lambda: "numpy (the native kernel was not built)"),
        "kernel",
        "not built",
        "ddsp_pi.native.build",
    ),
    fault("no spidev", lambda pi: pi.modules.pop("spidev"), "spidev", "not installed", "ddsp-pi[rack]"),
    fault(
        "no GPIO library",
        lambda pi: pi.modules.pop("gpiod"),
        "gpio-library",
        "gpiod is not installed; RPi.GPIO is not installed",
        "ddsp-pi[rack]",
    ),
    fault(
        "gpiod of bookworm's own",
        lambda pi: pi.modules.update(gpiod=SimpleNamespace(__version__="1.6.3")),
        "gpio-library",
        "gpiod 1.6.3 has the old API",
        "ddsp-pi[rack]",
    ),
    fault(
        "RPi.GPIO on a Pi 5",
        both(
            model("Raspberry Pi 5 Model B Rev 1.0"),
            lambda pi: pi.modules.pop("gpiod"),
            lambda pi: pi.modules.update({"RPi.GPIO": SimpleNamespace(VERSION="0.7.1")}),
        ),
        "gpio-library",
        "does not know the pins of a Pi 5: rpi-lgpio does",
        "ddsp-pi[rack]",
    ),
    fault(
        "RPi.GPIO asked for, elsewhere",
        lambda pi: (
            set_on(pi, settings="rack: {gpio: rpi_gpio}"),
            pi.modules.update({"RPi.GPIO": RuntimeError("only on a Raspberry Pi!")}),
        ),
        "gpio-library",
        "RPi.GPIO cannot be used here: only on a Raspberry Pi!",
        "ddsp-pi[rpi-gpio]",
    ),
    # Settings.
    fault(
        "a mistake in the settings",
        lambda pi: set_on(pi, settings="audio:\n  period: 8"),
        "config",
        "expected int >= 32 at $.audio.period, line 2",
        "ddsp-pi config check",
    ),
    fault(
        "a board that is none",
        lambda pi: set_on(pi, settings="rack: {board: theremin}"),
        "board",
        "no board called 'theremin'",
        "terminal-tedium-wm8731",
    ),
    warning(
        "SPI off and no codec",
        both(without_spi, without_codec_card, lambda pi: pi.replace(CONFIG, "rpi-proto", "x")),
        "board",
        "none found: there is no /dev/spidev*",
        "mend SPI",
    ),
    fault(
        "no instrument", lambda pi: pi.probe(instruments=dict), "instruments", "no instrument", "pip install"
    ),
    fault(
        "a damaged instrument of one's own",
        damaged("/var/lib/ddsp_pi/models/my flute.onnx"),
        "instruments",
        "1 of 2 cannot play: /var/lib/ddsp_pi/models/my flute.onnx: torn",
        "rm '/var/lib/ddsp_pi/models/my flute.onnx'",
    ),
    fault(
        "a damaged instrument that ships",
        damaged("/usr/lib/a.onnx"),
        "instruments",
        "torn",
        "--force-reinstall",
    ),
    fault(
        "a card that is not there",
        lambda pi: set_on(pi, settings="audio: {device: 'hw:CARD=Device'}"),
        "audio-device",
        "'hw:CARD=Device', and no card is called so; there are: vc4hdmi0, sndrpiproto",
        "set audio.device",
    ),
    warning(
        "a card by its number",
        lambda pi: set_on(pi, settings="audio: {device: 3}"),
        "audio-device",
        "numbers change",
        "sndrpiproto",
    ),
    warning(
        "no card chosen",
        lambda pi: set_on(pi, settings=""),
        "audio-device",
        "the first of the cards is vc4hdmi0",
        "set audio.device to sndrpiproto",
    ),
    fault(
        "no card at all",
        lambda pi: (set_on(pi, settings=""), pi.remove("/proc/asound")),
        "audio-device",
        "no sound card",
        "plug one in",
    ),
    fault(
        "a rate the codec lacks",
        lambda pi: set_on(pi, settings="audio: {sample_rate: 44100}"),
        "audio-format",
        "WM8731 has 8000, 32000, 48000, 96000 Hz",
        "48000",
    ),
    fault(
        "inputs the codec lacks",
        both(
            pcm5102a,
            lambda pi: set_on(pi, settings="{rack: {board: terminal-tedium-pcm5102a}, audio: {inputs: 2}}"),
        ),
        "audio-format",
        "audio.inputs is 2, and the PCM5102A has 0",
        "set audio.inputs to 0",
    ),
    # Rights.
    fault(
        "in no group", in_no_group, "groups", "pi is not in group spi, gpio", "sudo usermod -aG spi,gpio pi"
    ),
    fault("logged in too early", logged_in_before, "groups", "was logged in before that", "log out"),
    warning(
        "no real-time limit",
        lambda pi: pi.replace("/proc/self/limits", "95 ", "0 "),
        "realtime",
        "0, where 70 is needed",
        "@audio - rtprio 95",
    ),
    warning(
        "little memory to lock",
        lambda pi: pi.replace("/proc/self/limits", "unlimited", "8388608"),
        "memory-lock",
        "8388608, where unlimited is needed",
        "@audio - memlock unlimited",
    ),
    warning(
        "a unit without limits",
        unit("[Service]\nLimitMEMLOCK=infinity\n"),
        "realtime",
        "LimitRTPRIO is not set in the service's unit",
        "LimitRTPRIO=95",
    ),
    warning(
        "a unit with a low limit",
        unit("[Service]\nLimitRTPRIO=95\nLimitMEMLOCK=8388608\n"),
        "memory-lock",
        "LimitMEMLOCK is 8388608",
        "LimitMEMLOCK=infinity",
    ),
    warning(
        "the usual governor",
        lambda pi: pi.write(GOVERNOR, "ondemand\n"),
        "governor",
        "ondemand, not performance",
        "systemd-tmpfiles --create",
    ),
    # The converter.
    warning(
        "a second config.txt",
        lambda pi: pi.write(STALE, "dtparam=spi=on\n"),
        "boot-file",
        f"{CONFIG} is read; {STALE} is not, and has: dtparam=spi=on",
        f"sudo mv {STALE}",
    ),
    fault(
        "SPI off",
        without_spi_line,
        "spi",
        f"no dtparam=spi=on in {CONFIG}",
        f"dtparam=spi=on\\n' | sudo tee -a {CONFIG}",
    ),
    fault(
        "SPI in the wrong file",
        both(without_spi_line, lambda pi: pi.write(STALE, "dtparam=spi=on\n")),
        "spi",
        f"stands in {STALE}, which is not read",
        f"sudo tee -a {CONFIG}",
    ),
    fault(
        "SPI for another model",
        both(without_spi_line, lambda pi: pi.replace(CONFIG, "[cm5]\n", "[cm5]\ndtparam=spi=on\n")),
        "spi",
        "is under [cm5], not for this model",
        f"sudo tee -a {CONFIG}",
    ),
    fault(
        "SPI switched off again",
        both(without_spi, lambda pi: pi.replace(CONFIG, "dtoverlay=rpi-proto", "dtparam=audio=off,spi=off")),
        "spi",
        f"spi=off in line 10 of {CONFIG}",
        "dtparam=spi=on",
    ),
    fault(
        "SPI on but not started again",
        without_spi,
        "spi",
        f"though dtparam=spi=on stands in {CONFIG}",
        "sudo reboot",
    ),
    fault(
        "one chip select only",
        both(
            lambda pi: pi.remove("/dev/spidev0.1"),
            lambda pi: pi.replace(CONFIG, "[all]\n", "[all]\ndtoverlay=spi0-1cs,cs0_pin=8\n"),
        ),
        "spi",
        "dtoverlay=spi0-1cs,cs0_pin=8 leaves only one chip select",
        "#&/",
    ),
    fault(
        "a screen on the chip select",
        both(
            lambda pi: pi.remove("/dev/spidev0.1"),
            lambda pi: pi.link("/sys/bus/spi/devices/spi0.1/driver", "../../../bus/spi/drivers/ads7846"),
        ),
        "spi",
        "driver ads7846 has that chip select",
        "take the overlay",
    ),
    fault(
        "no right to SPI",
        lambda pi: pi.forbid("/dev/spidev0.1"),
        "spi-access",
        "may not be used",
        "sudo usermod -aG spi",
    ),
    warning(
        "SPI busy",
        lambda pi: pi.link("/proc/900/fd/3", "/dev/spidev0.1"),
        "spi-busy",
        "/dev/spidev0.1 is in use by pw-play (process 900)",
        "sudo kill 900",
    ),
    fault(
        "MISO low",
        stuck_at(0),
        "converter",
        "all channels read 0, always",
        "SPI0 MISO at GPIO 9 (header pin 21)",
    ),
    fault("no reference", stuck_at(4095), "converter", "all channels read 4095, always", "Vref"),
    fault(
        "no chip select", stuck_at(4095), "converter", "all channels", "SPI0 CE1 at GPIO 7 (header pin 26)"
    ),
    fault(
        "MOSI off",
        stuck_at(1234),
        "converter",
        "never hears which one",
        "SPI0 MOSI at GPIO 10 (header pin 19)",
    ),
    fault(
        "no converter",
        lambda pi: set_on(pi, counts=BoardError("/dev/spidev0.1: no MCP3208 answers")),
        "converter",
        "no MCP3208 answers",
        "SPI0 MISO at GPIO 9",
    ),
    warning(
        "nothing patched on a breadboard",
        both(lambda pi: set_on(pi, settings="rack: {board: breadboard}"), stuck_at(0)),
        "converter",
        "no cable is in, or no chip answers",
        "patch 5 V",
    ),
    # Gates and buttons.
    fault(
        "no GPIO chip",
        lambda pi: pi.remove("/dev/gpiochip0", "/dev/gpiochip1"),
        "gpio-chip",
        "no /dev/gpiochip*: none of pinctrl-rp1",
        "full-upgrade",
    ),
    fault(
        "another GPIO chip",
        lambda pi: pi.write("/dev/gpiochip0", "INT33FC:00"),
        "gpio-chip",
        "only INT33FC:00, raspberrypi-exp-gpio",
        "gpiodetect",
    ),
    fault(
        "no right to GPIO",
        lambda pi: set_on(pi, gpio=FakeGpio(refused=True)),
        "gpio-chip",
        "/dev/gpiochip0, /dev/gpiochip1 may not be used",
        "sudo usermod -aG gpio",
    ),
    fault(
        "one-wire on gate 1",
        lambda pi: set_on(pi, gpio=FakeGpio({4: "onewire@0"})),
        "gpio-lines",
        "gate_in_1, GPIO 4 (header pin 7), is used by onewire@0",
        "w1-gpio",
    ),
    fault(
        "somebody on a button",
        lambda pi: set_on(pi, gpio=FakeGpio({23: "shutdown-button"})),
        "gpio-lines",
        "button_1, GPIO 23 (header pin 16), is used by shutdown-button",
        "'shutdown-button'",
    ),
    fault(
        "a serial console",
        lambda pi: pi.replace(CMDLINE, "console=tty1", "console=serial0,115200 console=tty1"),
        "serial-console",
        f"GPIO 14 (header pin 8), gate_in_3: console=serial0 in {CMDLINE}",
        f"sudo sed -i 's/console=serial0[^ ]* *//' {CMDLINE}",
    ),
    fault(
        "a login on the serial port",
        command("systemctl", Result(0, "serial-getty@ttyS0.service loaded active running Getty\n")),
        "serial-console",
        "serial-getty@ttyS0.service",
        "sudo systemctl disable --now serial-getty@ttyS0.service",
    ),
    warning(
        "the serial port on",
        lambda pi: pi.replace(CONFIG, "[all]\n", "[all]\nenable_uart=1\n"),
        "serial-console",
        "enable_uart=1 gives GPIO 14",
        f"sudo sed -i 's/^ *enable_uart=1/#&/' {CONFIG}",
    ),
    fault(
        "I²C under the gates",
        both(
            pcm5102a,
            lambda pi: pi.write("/sys/bus/i2c/devices/i2c-1/name", "bcm2835"),
            lambda pi: pi.replace(CONFIG, "dtparam=spi=on", "dtparam=i2c_arm=on\ndtparam=spi=on"),
        ),
        "i2c-off",
        "gate_in_3 and gate_in_4 are on its pins, GPIO 2 (header pin 3) and GPIO 3 (header pin 5)",
        "i2c_arm=on/#&/",
    ),
    # The codec.
    fault(
        "another codec's overlay",
        lambda pi: pi.replace(CONFIG, "rpi-proto", "hifiberry-dac"),
        "overlay",
        f"dtoverlay=hifiberry-dac in line 10 of {CONFIG} is for another codec than this board's WM8731",
        f"sudo sed -i 's/^ *dtoverlay=hifiberry-dac/#&/' {CONFIG}",
    ),
    fault(
        "an overlay too many",
        lambda pi: pi.replace(CONFIG, "[all]\n", "[all]\ndtoverlay=iqaudio-dacplus\n"),
        "overlay",
        "dtoverlay=iqaudio-dacplus in line 10",
        "iqaudio-dacplus/#&/",
    ),
    fault(
        "no overlay",
        both(
            without_codec_card,
            lambda pi: (
                pi.replace(CONFIG, "dtoverlay=rpi-proto\n", ""),
                set_on(pi, board="terminal-tedium-wm8731"),
            ),
        ),
        "overlay",
        "no dtoverlay=rpi-proto or audioinjector-wm8731-audio",
        "dtoverlay=rpi-proto\\n' | sudo tee -a",
    ),
    fault(
        "the overlay under another model",
        both(
            without_codec_card,
            lambda pi: (pi.replace(CONFIG, "[all]", "[pi3]"), set_on(pi, board="terminal-tedium-wm8731")),
        ),
        "overlay",
        "is under [pi3], not for this model",
        "sudo tee -a",
    ),
    warning(
        "an overlay that is gone",
        lambda pi: pi.replace(CONFIG, "dtoverlay=rpi-proto\n", ""),
        "overlay",
        "though the codec's card is here",
        "dtoverlay=rpi-proto",
    ),
    fault(
        "a codec that does not answer",
        lambda pi: pi.remove(f"{CODEC}/driver"),
        "codec-i2c",
        "WM8731 does not answer at 0x1a",
        "I²C1 SDA at GPIO 2 (header pin 3)",
    ),
    fault("no codec driver", lambda pi: pi.remove(CODEC), "codec-i2c", "nothing claims 0x1a", "overlay"),
    fault(
        "I²C off",
        lambda pi: (pi.remove("/sys/bus/i2c/devices"), pi.replace(CONFIG, "dtparam=i2c_arm=on\n", "")),
        "codec-i2c",
        f"no dtparam=i2c_arm=on in {CONFIG}",
        "dtparam=i2c_arm=on\\n' | sudo tee -a",
    ),
    fault(
        "no card",
        without_codec_card,
        "codec-card",
        "no sound card called sndrpiproto or audioinjectorpi; there are: vc4hdmi0",
        "dmesg",
    ),
    fault(
        "a kernel that brings no card",
        both(without_codec_card, lambda pi: pi.write("/proc/sys/kernel/osrelease", "6.1.12-v8+")),
        "codec-card",
        "the kernel is 6.1.12-v8+, and from 5.19 to 6.1.13",
        "sudo apt full-upgrade",
    ),
    fault(
        "a kernel that does not play",
        lambda pi: pi.write("/proc/sys/kernel/osrelease", "6.1.74-v8+"),
        "codec-card",
        "card 1 is sndrpiproto; the kernel is 6.1.74-v8+",
        "sudo apt full-upgrade",
    ),
    fault(
        "the codec busy",
        lambda pi: pi.write(PCM, "state: RUNNING\nowner_pid   : 900\ntrigger_time: 1.0\n"),
        "codec-busy",
        "sndrpiproto is in use by pw-play (process 900)",
        "sudo kill 900",
    ),
    # Its mixer.
    fault(
        "a codec not routed",
        control("Output Mixer HiFi Playback Switch", "off"),
        "mixer",
        "Output Mixer HiFi Playback Switch is off, not on",
        "amixer -c sndrpiproto cset name='Output Mixer HiFi Playback Switch' on",
    ),
    fault(
        "the wrong input",
        control("Input Mux", "1"),
        "mixer",
        "Input Mux is Mic, not Line In",
        "cset name='Input Mux' 'Line In'",
    ),
    fault(
        "muted outputs", control("Master Playback Volume", "0,0"), "mixer", "is 0, not 110", "alsactl store"
    ),
    warning("soft outputs", control("Master Playback Volume", "110,80"), "mixer", "is 80, not 110", "110"),
    fault(
        "half an input",
        control("Line Capture Switch", "on,off"),
        "mixer",
        "is on,off, not on",
        "alsactl store",
    ),
    fault(
        "no amixer",
        command("amixer", Result(NOT_INSTALLED)),
        "mixer",
        "amixer is not installed",
        "alsa-utils",
    ),
    fault(
        "another mixer",
        lambda pi: pi.controls.pop("Input Mux"),
        "mixer",
        "no control 'Input Mux'",
        "controls",
    ),
    warning(
        "a mixer not stored",
        lambda pi: pi.replace("/var/lib/alsa/asound.state", "state.sndrpiproto", "state.other"),
        "mixer",
        "not stored",
        "sudo alsactl store",
    ),
    # Time.
    warning("the past", lambda pi: set_on(pi, now=0.0), "clock", "1970-01-01", "set-ntp true"),
    warning(
        "a slow clock",
        lambda pi: pi.write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"),
        "clock-source",
        "hpet",
        "clocksource=",
    ),
)
