"""Arguments that `render` and `run` share, and the configuration they make."""

import argparse
import sys
from pathlib import Path

import msgspec

from ddsp_pi.config import Config, load_config, usual_file
from ddsp_pi.errors import ConfigError
from ddsp_pi.places import SYSTEM_FILE


def add_config_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """Which settings: those of this system unless others are named."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="YAML",
        default=usual_file(),
        help=f"{what} (default: {SYSTEM_FILE}, if it is there)",
    )


def add_instrument_arguments(parser: argparse.ArgumentParser) -> None:
    """What to play and how: shared by `render` and `run`."""
    add_config_argument(parser, "configuration over the packaged defaults")
    parser.add_argument("--preset", metavar="NAME", help="a sound to begin with: see 'ddsp-pi presets list'")
    parser.add_argument("--mode", help="how it is played (default: from the configuration)")
    parser.add_argument("--model", help="instrument, by name or as a file")
    parser.add_argument("--morph-to", metavar="MODEL", help="second instrument for the morph parameter")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a parameter, in its unit; repeatable",
    )


def configuration(args: argparse.Namespace) -> Config:
    """The configuration file with the command line over it.

    Raises:
        ConfigError: a --set that is not NAME=NUMBER, or a file that cannot be used.
    """
    config = _begun_with(args) if args.preset else load_config(args.config or usual_file(), args.mode or "")
    chosen = {name: getattr(args, name) for name in ("mode", "model", "morph_to") if getattr(args, name)}
    return msgspec.structs.replace(config, params=config.params | dict(map(_assignment, args.set)), **chosen)


def _begun_with(args: argparse.Namespace) -> Config:
    # What stays in memory while it plays should not know how presets are read.
    from ddsp_pi.cli.presets import first_preset, with_preset

    preset = first_preset(args.preset, lambda said: print(said, file=sys.stderr))
    return with_preset(load_config(args.config or usual_file(), args.mode or preset.mode), preset)


def _assignment(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise ConfigError(f"--set {text}: give NAME=NUMBER, for example --set brightness=2") from None
