"""What trimming buys: every measured instrument in one table and one picture."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch

from ddsp_pi.errors import RunError
from ddsp_pi.files import write_whole
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.train.reader import read_decoder
from ddsp_pi.train.rounds import CURVE, UNSTRUCTURED, Point, instrument_path, read_curve
from ddsp_pi.train.run import PLAN as RUN_PLAN
from ddsp_pi.train.run import open_run

POINTS, TABLE, PICTURE = "points.json", "table.md", "trimming.png"

STEPS, TURNS = 300, 60


class Entry(msgspec.Struct, frozen=True):
    """A point of the study: the instrument as it was measured, and how long one step of it takes."""

    point: Point
    step_us: float


def gather(folders: Sequence[Path]) -> list[Entry]:
    """Points of trimming and training folders, all timed beside each other in this one process.

    Raises:
        RunError: a folder holds neither.
    """
    # Trimmings of one run all begin with the same teacher.
    found = {
        msgspec.json.encode(point): (path, point) for folder in folders for path, point in _points(folder)
    }
    times = step_times([path for path, _ in found.values()])
    return [Entry(point, us) for (_, point), us in zip(found.values(), times, strict=True)]


def step_times(paths: Sequence[Path]) -> list[float]:
    """Microseconds per step of each instrument: the quickest of many turns, taken in rotation.

    The quickest, because whatever else runs on the machine can only slow a turn down.
    """
    players = [load_instrument(path).decoder() for path in paths]
    turns = np.array([[_turn(player) for player in players] for _ in range(TURNS)])
    return [float(us) for us in turns.min(axis=0)]


def _turn(player: Decoder) -> float:
    pitches = [[300.0 + step] for step in range(STEPS)]
    begun = time.perf_counter()
    for pitch in pitches:
        player.step(pitch, [-20.0])
    return (time.perf_counter() - begun) / STEPS * 1e6


def _points(folder: Path) -> Iterable[tuple[Path, Point]]:
    if (folder / CURVE).exists():
        curve = read_curve(folder).values()
        return [(instrument_path(folder, point.name, point.width), point) for point in curve]
    if (folder / RUN_PLAN).exists():
        return [_trained(folder)]
    raise RunError(f"{folder}: neither a training run nor a trimming ({CURVE} is missing)")


def _trained(folder: Path) -> tuple[Path, Point]:
    """A run that was trained at its width from the beginning."""
    plan = open_run(folder).plan
    path = folder / f"{plan.origin.name}.onnx"
    card = load_instrument(path).card
    decoder = read_decoder(path, card)
    point = Point(
        name=card.name,
        width=plan.settings.hidden,
        surgery=None,
        run_seed=plan.settings.seed,
        layers=decoder.widths,
        parameters=card.parameters,
        nonzero=sum(int(torch.count_nonzero(p)) for p in decoder.parameters()),
        macs=decoder.widths.macs,
        bytes=path.stat().st_size,
        metrics=card.metrics,
    )
    return path, point


def write_study(entries: Sequence[Entry], folder: Path) -> None:
    """Keep the measured points, and draw them."""
    write_whole(folder / POINTS, msgspec.json.format(msgspec.json.encode(list(entries)), indent=1))
    draw_study(folder)


def draw_study(folder: Path) -> None:
    """Table and picture from the points that are kept in a folder.

    Raises:
        RunError: there are none.
    """
    path = folder / POINTS
    if not path.exists():
        raise RunError(f"{path}: no measured points there; name the folders of the trimmings to compare")
    entries = msgspec.json.decode(path.read_bytes(), type=list[Entry])
    write_whole(folder / TABLE, table(entries))
    _draw(entries, folder / PICTURE)


def method(point: Point) -> str:
    """How an instrument came to its width, in a few words."""
    surgery = point.surgery
    if surgery is None:
        return "trained at this width"
    masked = surgery.criterion == UNSTRUCTURED
    words = ["single weights masked" if masked else f"trimmed by {surgery.criterion}"]
    words += ["without repair"] if not surgery.repair else []
    words += ["rewound"] if surgery.rewind else []
    words += [f"distilled ({surgery.distil:g})"] if surgery.distil else []
    words += [f"{surgery.teacher_steps} + {surgery.finetune_steps} steps"]
    return ", ".join(words)


COLUMNS: tuple[tuple[str, Callable[[Entry], str]], ...] = (
    ("width", lambda e: f"{e.point.width}"),
    ("how", lambda e: method(e.point)),
    ("seed", lambda e: f"{e.point.surgery.seed if e.point.surgery else e.point.run_seed}"),
    ("parameters", lambda e: f"{e.point.parameters:,}".replace(",", " ")),
    ("not zero", lambda e: f"{e.point.nonzero:,}".replace(",", " ")),
    ("MAC per hop", lambda e: f"{e.point.macs:,}".replace(",", " ")),
    ("file, kB", lambda e: f"{e.point.bytes / 1000:.0f}"),
    ("step, µs", lambda e: f"{e.step_us:.0f}"),
    ("loss", lambda e: f"{e.point.metrics['loss']:.3f}"),
    ("pitch ≤ 20 cents", lambda e: f"{e.point.metrics['pitch_within_20_cents']:.1%}"),
    ("loudness r", lambda e: f"{e.point.metrics['loudness_correlation']:.4f}"),
    ("bias, dB", lambda e: f"{e.point.metrics['loudness_bias_db']:+.2f}"),
)


def table(entries: Sequence[Entry]) -> str:
    """All points as a Markdown table, widest first, with static baseline and oracle below."""
    ordered = sorted(entries, key=lambda e: (-e.point.width, e.point.metrics["loss"]))
    rows = [[cell(entry) for _, cell in COLUMNS] for entry in ordered]
    rows += [_rival("static baseline", "loss_static", entries), _rival("oracle", "loss_oracle", entries)]
    names = [name for name, _ in COLUMNS]
    rule = ["---" if name == "how" else "---:" for name in names]
    return "".join(f"| {' | '.join(row)} |\n" for row in (names, rule, *rows))


def _rival(title: str, key: str, entries: Sequence[Entry]) -> list[str]:
    loss = f"{entries[0].point.metrics[key]:.3f}"
    return ["", title, *[loss if name == "loss" else "" for name, _ in COLUMNS[2:]]]


def _draw(entries: Sequence[Entry], path: Path) -> None:
    from matplotlib.figure import Figure

    axes_of: tuple[tuple[str, Callable[[Entry], float]], ...] = (
        ("parameters", lambda e: e.point.parameters),
        ("file, kB", lambda e: e.point.bytes / 1000),
        ("time of one step, µs", lambda e: e.step_us),
    )
    figure = Figure(figsize=(14, 5), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    methods = list(dict.fromkeys(method(entry.point) for entry in entries))
    for axes, (label, value) in zip(panels, axes_of, strict=True):
        for colour, name in enumerate(methods):
            ours = sorted((e for e in entries if method(e.point) == name), key=value)
            xs, ys = [value(e) for e in ours], [e.point.metrics["loss"] for e in ours]
            axes.plot(xs, ys, "o-", ms=4, lw=1, color=f"C{colour}", label=name)
        for key, style in (("loss_static", ":"), ("loss_oracle", "--")):
            axes.axhline(
                entries[0].point.metrics[key], color="grey", ls=style, label=key.removeprefix("loss_")
            )
        axes.set(xscale="log", xlabel=label)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("held-out spectral loss")
    panels[-1].legend(fontsize="small")
    figure.savefig(path, dpi=100)
