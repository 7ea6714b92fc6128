"""Who may import whom: read from every import statement in the package, wherever it stands."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import ddsp_pi

PACKAGE = Path(ddsp_pi.__file__).parent

GROUND = {"frame", "params", "errors", "places"}
SERVED = {*GROUND, "config", "sections", "dsp"}
MAY_IMPORT = {
    "__init__": set[str](),
    "frame": GROUND,
    "params": GROUND,
    "errors": GROUND,
    "places": set[str](),
    "shipped": GROUND,
    "files": GROUND,
    "located": GROUND,
    "setting": {*GROUND, "located"},
    "sections": GROUND,
    "config": {*GROUND, "sections", "located", "setting", "shipped"},
    "schema": {*GROUND, "config"},
    "recording": {*GROUND, "dsp"},
    "midi_track": GROUND,
    "standard_midi": {*GROUND, "midi_track"},
    "processes": {*GROUND, "link", "processes"},
    "calibration_picture": {*GROUND, "rack"},
    "crossing_picture": {*GROUND, "dsp"},
    "drum_picture": {*GROUND, "dsp"},
    "drum_preset_file": {*GROUND, "files", "located", "dsp"},
    "pictures": {*GROUND, "dsp", "rack", "recording"},
    "song_picture": {*GROUND, "control", "dsp", "pictures", "rack"},
    "native": {*GROUND, "native"},
    "link": {*GROUND, "link"},
    "dsp": {*GROUND, "native", "dsp"},
    "models": {*GROUND, "files", "located", "native", "dsp", "models"},
    "modes": {*GROUND, "dsp", "models", "modes"},
    "engine": {*GROUND, "files", "native", "dsp", "models", "modes", "engine"},
    "rack": {*SERVED, "files", "located", "rack"},
    "control": {*SERVED, "files", "link", "located", "midi_track", "standard_midi", "control"},
    "monitor": {*SERVED, "control", "rack", "service", "monitor"},
    "service": {*SERVED, "files", "models", "native", "rack", "service", "shipped"},
    "train": {*GROUND, "files", "dsp", "models", "recording", "midi_track", "standard_midi", "train"},
}
"""What each module or package of ours may import of ours."""

EVERYTHING = {"app", "bench", "cli", "processes", "__main__"}
"""The composition root, what measures it and the command line know every part, but not training."""

TRAINERS = {
    f"ddsp_pi.cli.{verb}" for verb in ("bench", "train", "train_drums", "trim", "study", "evaluate", "export")
}

ONLY_IN = {
    "torch": "ddsp_pi.train",
    "onnx": "ddsp_pi.train",
    "swift_f0": "ddsp_pi.train",
    "tensorboard": "ddsp_pi.train",
    "sounddevice": "ddsp_pi.engine.portaudio",
    "spidev": "ddsp_pi.rack.mcp3208",
    "gpiod": "ddsp_pi.rack.gpio",
    "RPi": "ddsp_pi.rack.rpi_gpio",
    "mido": "ddsp_pi.control",
    "rtmidi": "ddsp_pi.control.midi_system",
}
"""Heavy libraries and drivers, each with the one place that may know of it."""


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a source imports, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            # `from ddsp_pi import modes` names a package in its second half.
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "ddsp_pi" else [module]
            yield from ((node.lineno, name) for name in names)
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func) and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def within(module: str, place: str) -> bool:
    return f"{module}.".startswith(f"{place}.")


def may_import(module: str, target: str) -> bool:
    """Whether a module of ours may import another of ours."""
    part, wanted = (name.split(".")[1] for name in (f"{module}.__init__", f"{target}.__init__"))
    if wanted.startswith("__"):
        return True
    if within(target, "ddsp_pi.train"):
        return within(module, "ddsp_pi.train") or module in TRAINERS
    return part in EVERYTHING or wanted in MAY_IMPORT.get(part, GROUND)


def violations(sources: Mapping[str, str]) -> list[str]:
    """Every import that is against the rules, as `module:line imports name`."""
    found = []
    for module, source in sources.items():
        for line, name in imports(source):
            ours, library = within(name, "ddsp_pi"), name.partition(".")[0]
            wrong = (
                name.startswith(".")
                or (ours and not may_import(module, name))
                or not within(module, ONLY_IN.get(library, module))
            )
            if wrong:
                found.append(f"{module}:{line} imports {name}")
    return found


def module_name(path: Path) -> str:
    name = ".".join(("ddsp_pi", *path.relative_to(PACKAGE).with_suffix("").parts))
    return name.removesuffix(".__init__")


SOURCES = {module_name(path): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def test_every_part_of_the_package_has_its_row():
    parts = {name.split(".")[1] for name in SOURCES if "." in name}
    assert parts <= MAY_IMPORT.keys() | EVERYTHING, "say in MAY_IMPORT what the new part may import"


def test_imports_keep_their_direction():
    assert violations(SOURCES) == []


def test_rack_and_modes_never_meet():
    assert not MAY_IMPORT["rack"] & {"modes", "engine", "models"}
    assert "rack" not in MAY_IMPORT["modes"] | MAY_IMPORT["engine"] | MAY_IMPORT["models"]


def test_the_directions_have_no_circle():
    above = {part: targets - {part} for part, targets in MAY_IMPORT.items() if part not in GROUND}
    while above:
        free = {part for part, targets in above.items() if not targets & above.keys()}
        assert free, f"these import each other: {sorted(above)}"
        above = {part: targets for part, targets in above.items() if part not in free}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ddsp_pi.modes.cv", "from ddsp_pi.rack.sim import SimBoard"),
        ("ddsp_pi.modes.cv", "from ddsp_pi import rack"),
        ("ddsp_pi.rack.sim", "import ddsp_pi.engine.loop"),
        ("ddsp_pi.rack.sim", "def late():\n    from ddsp_pi.modes import cv"),
        ("ddsp_pi.rack.sim", "import importlib\nimportlib.import_module('ddsp_pi.models.bundle')"),
        ("ddsp_pi.dsp.noise", "if True:\n    from ddsp_pi.models.bundle import Card"),
        ("ddsp_pi.dsp.noise", "from . import harmonic"),
        ("ddsp_pi.frame", "from ddsp_pi.dsp import noise"),
        ("ddsp_pi.models.library", "from ddsp_pi.train import export"),
        ("ddsp_pi.cli.render", "from ddsp_pi.train import export"),
        ("ddsp_pi.app", "import ddsp_pi.train.loop"),
        ("ddsp_pi.cli.train", "import torch"),
        ("ddsp_pi.models.bundle", "from torch import nn"),
        ("ddsp_pi.cli.run", "import sounddevice as sd"),
        ("ddsp_pi.rack.tedium", "def start():\n    import spidev"),
    ],
)
def test_a_planted_violation_is_caught(module, source):
    assert len(violations({module: source})) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ddsp_pi.modes.cv", "from ddsp_pi.models.decoder import Decoder\nfrom ddsp_pi.modes import base"),
        ("ddsp_pi.cli", "from ddsp_pi import __version__"),
        ("ddsp_pi.cli.export", "from ddsp_pi.train import export"),
        ("ddsp_pi.train.loop", "import torch\nfrom ddsp_pi.dsp import noise"),
        ("ddsp_pi.rack.mcp3208", "import spidev"),
        ("ddsp_pi.app", "from ddsp_pi.rack import sim\nfrom ddsp_pi.engine import loop"),
        ("ddsp_pi.models.bundle", "import onnxruntime"),
    ],
)
def test_what_is_allowed_passes(module, source):
    assert violations({module: source}) == []
