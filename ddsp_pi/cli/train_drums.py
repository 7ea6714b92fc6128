"""`ddsp-pi train --drums`: hits in, drum mapper out."""

import argparse
import os
from pathlib import Path

import msgspec

from ddsp_pi.drum_preset_file import SUFFIX, DrumPresets, read_drum_preset
from ddsp_pi.dsp.drum_presets import DrumPreset
from ddsp_pi.models.drum_mapper import load_mapper
from ddsp_pi.places import data_folder
from ddsp_pi.shipped import configs_folder
from ddsp_pi.train.drum_evaluate import Judged, by_feature, draw, measure
from ddsp_pi.train.export import Origin
from ddsp_pi.train.mapper import KINDS, Mapper
from ddsp_pi.train.mapper_run import DrumPlan, DrumRun, begin
from ddsp_pi.train.mapper_settings import MapperSettings

PICTURE = "held-out.png"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments for drums."""
    parser.add_argument(
        "--drums", action="store_true", help="DATA is hits of drums, or one recording of many: train a mapper"
    )
    parser.add_argument(
        "--preset", default="snare_1", metavar="NAME|YAML", help="with --drums: the drum that is to answer"
    )
    sizes = "; ".join(f"{name}: {kind.doc}" for name, kind in KINDS.items())
    parser.add_argument("--mapper", choices=KINDS, default="small", help=f"with --drums: {sizes}")


def run(args: argparse.Namespace, origin: Origin | None, settings: MapperSettings) -> int:
    """Train, export and judge a mapper."""
    preset = find_preset(args.preset)
    plan = DrumPlan(
        data=str(args.data),
        only=args.only,
        held_out=tuple(args.held_out),
        held_out_share=args.held_out_share,
        skip_unusable=args.skip_unusable,
        origin=origin or Origin(name=preset.name.lower()),
        preset=preset,
        kind=args.mapper,
        settings=settings,
    )
    training = begin(args.output, plan)
    training.use_threads(args.threads)
    _say(training)
    publish(training, training.train(args.save_every), training.output)
    return 0


def find_preset(name: str) -> DrumPreset:
    """A drum by its name, the player's own or one that ships, or out of a YAML file.

    Raises:
        ConfigError: there is none of that name, or its file cannot be used.
    """
    if name.endswith(SUFFIX) or os.sep in name:
        return read_drum_preset(Path(name))
    return DrumPresets(data_folder() / "drums", configs_folder() / "drums").load(name)


def publish(training: DrumRun, mapper: Mapper, path: Path) -> None:
    """Write the file and its picture, and say how good it is."""
    made, judged = training.export(mapper, path)
    print_figures(judged, made.card.metrics)
    draw(judged, training.folder / PICTURE)
    print(f"{path}: {path.stat().st_size / 1000:.1f} kB; beside it {PICTURE} and metrics.csv")


def evaluate(args: argparse.Namespace, training: DrumRun) -> int:
    """Judge a mapper, or what could be reached with another set of knobs for every hit."""
    if args.direct:
        judged = followed = training.optimised(args.direct)
    else:
        mapper = load_mapper(args.model or _exported(training))
        judged, followed = training.perform(mapper, args.own_ranges), training.follow(mapper)
    figures = measure(judged, followed, training.spread)
    if args.json:
        print(msgspec.json.encode(figures | _columns(judged)).decode())
        return 0
    print_figures(judged, figures)
    return 0


def _exported(training: DrumRun) -> Path:
    if not training.output.exists():
        training.export(training.trained(), training.output)
    return training.output


def _columns(judged: Judged) -> dict[str, float]:
    """The errors of the features, by their names."""
    return {name: error for name, (error, _) in by_feature(judged).items()}


def print_figures(judged: Judged, metrics: dict[str, float]) -> None:
    """The held-out figures: a table of the features and a sentence."""
    for name, (error, still) in by_feature(judged).items():
        print(f"  {name:22} {error:7.2f} off, {still:7.2f} if the knobs stand still")
    print(
        "held out: off by {error:.3f}, {error_still:.3f} if the knobs stand still: {below_still:.1%} below, "
        "{balanced_below_still:.1%} with every feature as important as the others; "
        "rank correlation of loudness {loudness_rank:.3f}, of brightness {brightness_rank:.3f}".format(
            **metrics
        )
    )


def _say(training: DrumRun) -> None:
    train, held_out = training.material
    for remark in training.remarks:
        print(remark)
    for what, heard in (("to learn from", train), ("held out", held_out)):
        drums = sorted({hit.drum for hit in heard.hits})
        print(f"{what}: {len(heard.hits)} hits of {', '.join(drums)}")
