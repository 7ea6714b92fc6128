"""`ddsp-pi presets`: which sounds there are, what each sets, and whether a file of yours is right."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.config import Config
from ddsp_pi.control.preset_file import Loaded, Preset
from ddsp_pi.control.presets import Presets, full_params
from ddsp_pi.errors import ConfigError
from ddsp_pi.params import Param
from ddsp_pi.processes.sounds import open_presets


def configure(parser: argparse.ArgumentParser) -> None:
    """Take `list`, `show NAME` or `check FILE…`."""
    actions = parser.add_subparsers(required=True, metavar="list|show|check")
    listed = actions.add_parser("list", help="all presets, one line each")
    listed.add_argument("--markdown", action="store_true", help="those that ship, as a table")
    listed.set_defaults(action=_list)
    show = actions.add_parser("show", help="what a preset sets, and what of its file cannot be used")
    show.add_argument("name", metavar="NAME")
    show.set_defaults(action=_show)
    check = actions.add_parser("check", help="read files and say what in them cannot be used")
    check.add_argument("files", metavar="FILE", nargs="+", type=Path)
    check.set_defaults(action=_check)


def run(args: argparse.Namespace) -> int:
    """Do the chosen action."""
    return int(args.action(args))


def with_preset(config: Config, preset: Preset) -> Config:
    """A configuration that begins with a preset; its own parameters give way to it."""
    return msgspec.structs.replace(
        config,
        mode=preset.mode,
        model=preset.instrument or config.model,
        params=full_params(preset, MODE_PARAMS[preset.mode]),
    )


def first_preset(name: str, say: Callable[[str], object]) -> Preset:
    """The preset of a name, to begin with; what of it cannot be used is said.

    Raises:
        ConfigError: there is none of that name, or its file is no preset.
    """
    loaded = open_presets().load(name)
    for entry in loaded.left_out:
        say(f"preset {name}: {entry}")
    return loaded.preset


def _list(args: argparse.Namespace) -> int:
    presets = open_presets()
    if args.markdown:
        print(_table([presets.read(path).preset for path in presets.shipped()]), end="")
        return 0
    for path in presets.files():
        print(f"{path.stem:20} {'yours' if presets.is_own(path) else 'shipped':8} {_summary(presets, path)}")
    return 0


def _summary(presets: Presets, path: Path) -> str:
    """One line; a file that cannot be loaded is listed with its reason."""
    try:
        preset = presets.read(path).preset
    except ConfigError as error:
        return f"cannot be loaded: {' '.join(str(error).split())}"
    return f"{preset.mode:6} {preset.instrument or '-':12} {' '.join(preset.note.split())}".rstrip()


def _table(presets: Sequence[Preset]) -> str:
    """Presets as a Markdown table."""
    rows = [("preset", "instrument", "what it is"), ("---", "---", "---")]
    rows += [
        (f"`{preset.name}`", f"`{preset.instrument}`" if preset.instrument else "", preset.note)
        for preset in presets
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _show(args: argparse.Namespace) -> int:
    presets = open_presets()
    path = presets.find(args.name)
    loaded = presets.read(path)
    for label, value in _lines(path, loaded):
        print(f"{label:14} {value}")
    return 0


def _lines(path: Path, loaded: Loaded) -> Iterator[tuple[str, str]]:
    preset = loaded.preset
    yield "name", preset.name
    yield "file", str(path)
    yield "mode", preset.mode
    yield "instrument", preset.instrument or "whichever plays"
    if preset.note:
        yield "note", preset.note
    for spec in MODE_PARAMS[preset.mode]:
        yield f"  {spec.name}", _value(preset, spec)
    yield from (("remark", entry) for entry in loaded.left_out)


def _value(preset: Preset, spec: Param) -> str:
    value = preset.params.get(spec.name)
    said = f"{spec.default:g} {spec.unit}, the default" if value is None else f"{value:g} {spec.unit}"
    controller = preset.midi.get(spec.name)
    return said if controller is None else f"{said}; MIDI controller {controller}"


def _check(args: argparse.Namespace) -> int:
    presets = open_presets()
    fine = [_is_fine(presets, path) for path in args.files]
    return 0 if all(fine) else ConfigError.exit_code


def _is_fine(presets: Presets, path: Path) -> bool:
    """Whether all of a file can be used; what cannot is said, one line each."""
    try:
        left_out = presets.read(path).left_out
    except ConfigError as error:
        print(f"{path}: cannot be loaded: {error}")
        return False
    for entry in left_out:
        print(f"{path}: {entry}")
    if not left_out:
        print(f"{path}: fine")
    return not left_out
