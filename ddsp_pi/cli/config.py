"""`ddsp-pi config`: is my file right, what plays in the end, and what does a line mean; for editors, too."""

import argparse
from pathlib import Path

import msgspec
import yaml

from ddsp_pi.config import explain, load_config, read_config, usual_file
from ddsp_pi.setting import Setting


def configure(parser: argparse.ArgumentParser) -> None:
    """Take `check [FILE]`, `show [FILE]`, `explain [KEY]` or `schema`."""
    actions = parser.add_subparsers(required=True, metavar="check|show|explain|schema")
    for name, run_action, meaning in (
        ("check", _check, "read a file and say what is wrong with it, and on which line"),
        ("show", _show, "print the settings that play: the file over the defaults"),
    ):
        action = actions.add_parser(name, help=meaning, description=meaning)
        action.add_argument(
            "file",
            metavar="FILE",
            type=Path,
            nargs="?",
            default=usual_file(),
            help="a YAML file; without it the one of this system, or the packaged defaults",
        )
        action.set_defaults(action=run_action)
    meaning = "print type, range, default and meaning of a setting"
    action = actions.add_parser("explain", help=meaning, description=meaning)
    action.add_argument("key", metavar="KEY", nargs="?", default="", help="like audio.period, or a section")
    action.set_defaults(action=_explain)
    meaning = "print the settings as a JSON schema, with which editors complete and check"
    actions.add_parser("schema", help=meaning, description=meaning).set_defaults(action=_schema)


def run(args: argparse.Namespace) -> int:
    """Do the chosen action."""
    args.action(args)
    return 0


def _check(args: argparse.Namespace) -> None:
    # What is only asked for the meaning of a line should not wait for the synthesizer.
    from ddsp_pi.processes.usable import check

    check(read_config(args.file))
    print(f"{args.file or 'the packaged defaults'}: fine")


def _show(args: argparse.Namespace) -> None:
    settings = msgspec.to_builtins(load_config(args.file))
    print(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=110), end="")


def _explain(args: argparse.Namespace) -> None:
    print("\n\n".join(_paragraph(setting) for setting in explain(args.key)))


def _schema(args: argparse.Namespace) -> None:
    from ddsp_pi.app import MODE_PARAMS
    from ddsp_pi.schema import written_schema

    print(written_schema([param for params in MODE_PARAMS.values() for param in params]), end="")


def _paragraph(setting: Setting) -> str:
    facts = {"type": setting.type, "range": setting.range, "default": setting.default}
    lines = [f"  {name:<9}{fact}" for name, fact in facts.items() if fact]
    return "\n".join((setting.key, f"  {setting.meaning}", *lines))
