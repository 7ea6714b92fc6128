"""What must be installed beside ddsp-pi."""

from typing import Any, NamedTuple

from ddsp_pi.service.findings import Check, Finding, fault, ok, warning
from ddsp_pi.service.mends import Packages, Remedy
from ddsp_pi.service.view import View, rack_here

SECTION = "Libraries"

OLDEST_PYTHON = (3, 11)
_RACK = "pip install 'ddsp-pi[rack]'"


class Library(NamedTuple):
    """A Python library, or why it cannot be used."""

    module: Any
    said: str
    usable: bool = True


def _load(view: View, name: str) -> Library:
    try:
        module = view.probes.load_module(name)
    except ImportError as error:
        absent = error.name in (name, name.partition(".")[0])
        return Library(None, f"{name} is {'not installed' if absent else f'damaged: {error}'}", False)
    except Exception as error:
        # Libraries for a Pi refuse other computers in their own ways.
        return Library(None, f"{name} cannot be used here: {error}", False)
    version = getattr(module, "__version__", None) or getattr(module, "VERSION", "")
    return Library(module, f"{name} {version}".strip())


def _python(view: View) -> Finding:
    version = ".".join(map(str, view.host.python))
    if view.host.python >= OLDEST_PYTHON:
        return ok(version)
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return fault(f"{version}, and {oldest} is needed", by_hand="use Raspberry Pi OS bookworm or newer")


def _onnxruntime(view: View) -> Finding:
    return _one(view, "onnxruntime", "pip install --upgrade --force-reinstall onnxruntime")


def _spidev(view: View) -> Finding:
    return _one(view, "spidev", "sudo apt-get install gcc python3-dev", _RACK)


def _one(view: View, name: str, *mend: Remedy) -> Finding:
    library = _load(view, name)
    return ok(library.said) if library.usable else fault(library.said, *mend)


def _kernel(view: View) -> Finding:
    said = view.probes.kernel()
    if not said.startswith("numpy") or "as chosen" in said:
        return ok(said)
    return warning(said, "sudo apt-get install gcc", "python -m ddsp_pi.native.build")


def _portaudio(view: View) -> Finding:
    try:
        view.probes.load_shared("libportaudio.so.2")
    except OSError as error:
        return fault(f"it cannot be loaded: {error}", Packages(("libportaudio2",)))
    return ok("libportaudio2 is there")


def _gpio(view: View) -> Finding:
    """The configuration may ask for one of the two; else gpiod is preferred."""
    wanted = "auto" if view.config is None else view.config.rack.gpio
    tried = [_BACKENDS[name](view) for name in (_BACKENDS if wanted == "auto" else (wanted,))]
    usable = next((library for library in tried if library.usable), None)
    if usable is not None:
        return ok(usable.said)
    return fault("; ".join(library.said for library in tried), *_GPIO_MENDS[wanted])


def _gpiod(view: View) -> Library:
    library = _load(view, "gpiod")
    if library.usable and not hasattr(library.module, "request_lines"):
        return Library(None, f"{library.said} has the old API: 2.1 or newer is needed", False)
    return library


def _rpi_gpio(view: View) -> Library:
    library = _load(view, "RPi.GPIO")
    if hasattr(library.module, "lgpio"):
        return library._replace(said="rpi-lgpio")
    if library.usable and view.host.model.startswith(_PI_5):
        return Library(None, f"{library.said} does not know the pins of a Pi 5: rpi-lgpio does", False)
    return library


_PI_5 = ("Raspberry Pi 5", "Raspberry Pi Compute Module 5")
_BACKENDS = {"gpiod": _gpiod, "rpi_gpio": _rpi_gpio}
_LGPIO = ("pip uninstall -y RPi.GPIO", "pip install 'ddsp-pi[rpi-gpio]'")
_GPIO_MENDS = {"auto": (_RACK,), "gpiod": (_RACK,), "rpi_gpio": _LGPIO}

CHECKS = (
    Check("python", SECTION, "Python", "ddsp-pi is written for it", _python),
    Check("onnxruntime", SECTION, "onnxruntime", "it reads and plays the instruments", _onnxruntime),
    Check(
        "kernel",
        SECTION,
        "native kernel",
        "without it a block costs about four times as much",
        _kernel,
    ),
    Check("portaudio", SECTION, "PortAudio", "the way to the sound card", _portaudio),
    Check("spidev", SECTION, "spidev", "the way to the CV converter", _spidev, needs=(rack_here,)),
    Check(
        "gpio-library",
        SECTION,
        "GPIO library",
        "the way to gates, buttons and the LED: gpiod, or one with the API of RPi.GPIO",
        _gpio,
        needs=(rack_here,),
    ),
)
