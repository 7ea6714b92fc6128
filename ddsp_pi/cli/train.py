"""`ddsp-pi train`: recordings in, instrument out; or hits in, drum mapper out."""

import argparse
import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from ddsp_pi.cli import train_drums
from ddsp_pi.errors import ConfigError
from ddsp_pi.models.card import Style
from ddsp_pi.train.evaluate import draw
from ddsp_pi.train.export import Origin
from ddsp_pi.train.mapper_settings import MapperSettings
from ddsp_pi.train.networks import Decoder
from ddsp_pi.train.run import Plan, Run, begin
from ddsp_pi.train.settings import Settings
from ddsp_pi.train.team import assembled
from ddsp_pi.train.workers import BACKENDS, Workers

AnySettings = TypeVar("AnySettings", bound=msgspec.Struct)


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "data", type=Path, metavar="DATA", help="folder of wav/flac recordings of one instrument, or of hits"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="RUN", help="run folder; resumes if begun"
    )
    parser.add_argument("--only", default="*", metavar="GLOB", help="use only recordings of such a name")
    parser.add_argument(
        "--held-out", action="append", default=[], metavar="GLOB", help="recordings to judge by; repeatable"
    )
    parser.add_argument("--held-out-share", type=float, default=0.1, help="share to hold out otherwise")
    parser.add_argument("--skip-unusable", action="store_true", help="go on without unusable recordings")
    parser.add_argument(
        "--any-rate", action="store_true", help="recordings at different sample rates belong together"
    )
    parser.add_argument(
        "--midi", action="store_true", help="the recordings are notes: see docs/style-training.md"
    )
    train_drums.configure(parser)
    parser.add_argument("--card", type=Path, metavar="YAML", help="name, title, author, licence, attribution")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a training setting, e.g. hidden=32"
    )
    parser.add_argument("--threads", type=int, default=1, help="torch threads; a second buys about a tenth")
    parser.add_argument(
        "--save-every", type=float, default=20.0, metavar="SECONDS", help="time between checkpoints"
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="recordings to analyse at a time"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="processes",
        help="who analyses them: " + "; ".join(f"{name}, {row.doc}" for name, row in BACKENDS.items()),
    )


def run(args: argparse.Namespace) -> int:
    """Train, export and judge; under torchrun all processes train, and the leader does the rest."""
    if args.drums:
        origin = _described(args)[0] if args.card else None
        return train_drums.run(args, origin, _settings(args.set, MapperSettings))
    origin, style = _described(args)
    plan = Plan(
        data=str(args.data),
        only=args.only,
        held_out=tuple(args.held_out),
        held_out_share=args.held_out_share,
        skip_unusable=args.skip_unusable,
        origin=origin,
        settings=_settings(args.set, Settings),
        any_rate=args.any_rate,
        style=style,
    )
    with assembled() as team:
        training = begin(args.output, plan, Workers(args.workers, args.backend), team)
        training.use_threads(args.threads)
        if team.leads:
            _say(training.material.remarks)
        decoder = training.train(args.save_every)
    if team.leads:
        _publish(training, decoder)
    return 0


def _say(remarks: list[str]) -> None:
    for remark in remarks:
        print(remark)


def _publish(training: Run, decoder: Decoder) -> None:
    path = training.folder / f"{training.plan.origin.name}.onnx"
    instrument, sounds = training.export(decoder, path)
    draw(sounds, training.folder / "held-out.png")
    print_figures(instrument.card.metrics)
    print(
        f"{path}: {path.stat().st_size / 1000:.0f} kB; beside it held-out.png, metrics.csv and tensorboard/"
    )


def print_figures(metrics: dict[str, float]) -> None:
    """The held-out figures in a sentence or two."""
    print(
        "held out: loss {loss:.3f} (static baseline {loss_static:.3f}, oracle {loss_oracle:.3f}): "
        "{below_static:.1%} below the baseline, {to_oracle:.1%} of the way to the oracle; "
        "pitch within 20 cents on {pitch_within_20_cents:.1%} of voiced frames, "
        "loudness correlation {loudness_correlation:.3f}, bias {loudness_bias_db:+.2f} dB".format(**metrics)
    )


def _described(args: argparse.Namespace) -> tuple[Origin, Style | None]:
    """What a person says of the instrument, and how it is played if by notes."""
    if args.card is None:
        origin = Origin(name=args.data.resolve().name.lower().replace(" ", "-"))
        return origin, Style() if args.midi else None
    try:
        said = yaml.safe_load(args.card.read_text())
        style = said.pop("style", {}) if isinstance(said, dict) else {}
        origin, wanted = msgspec.convert(said, Origin), msgspec.convert(style, Style)
    except (OSError, yaml.YAMLError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"--card {args.card}: {error}; it needs name, and may have title, author, …, style"
        ) from error
    if style and not args.midi:
        raise ConfigError(
            f"--card {args.card}: a style is of an instrument that is played by notes; add --midi"
        )
    return origin, wanted if args.midi else None


def _settings(assignments: list[str], kind: type[AnySettings]) -> AnySettings:
    values: dict[str, Any] = {}
    for text in assignments:
        name, _, value = text.partition("=")
        values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        names = ", ".join(kind.__struct_fields__)
        raise ConfigError(f"--set {' '.join(assignments)}: {error}; settings are: {names}") from None
