"""A trimming in rounds: narrower, train on, export, measure; resumable like every training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch

from ddsp_pi.errors import RunError
from ddsp_pi.files import write_whole
from ddsp_pi.train.criteria import CRITERIA
from ddsp_pi.train.dataset import Segments
from ddsp_pi.train.loop import Trainer
from ddsp_pi.train.networks import Decoder, Widths
from ddsp_pi.train.run import Run
from ddsp_pi.train.settings import Settings
from ddsp_pi.train.snapshot import load_decoder, save_decoder
from ddsp_pi.train.trim import (
    Surgery,
    mask_weights,
    observe,
    taught_by,
    trim,
    without_unheard,
)
from ddsp_pi.train.units import folded, selection, with_outputs

PLAN, CURVE = "trim.json", "curve.json"
START, END = "start.pt", "end.pt"
UNSTRUCTURED = "unstructured"
"""Masks single weights where others remove units, for comparison."""
CHOICES = (*CRITERIA, UNSTRUCTURED)


class TrimPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides a trimming, kept in its folder so that it can only be resumed as it was begun."""

    run: str
    widths: tuple[int, ...]
    """The width aimed at in each round, from wide to narrow."""
    surgery: Surgery


class Point(msgspec.Struct, frozen=True):
    """One instrument on the curve, as it was measured in its exported file."""

    name: str
    width: int
    surgery: Surgery | None
    """None for the run itself, before anything was trimmed."""
    run_seed: int
    layers: Widths
    parameters: int
    """Of the exported network, zeros included."""
    nonzero: int
    macs: int
    bytes: int
    metrics: dict[str, float]


def instrument_path(folder: Path, name: str, width: int) -> Path:
    """The instrument file of a round in a trimming's folder."""
    return folder / f"{name}-{width}.onnx"


def read_curve(folder: Path) -> dict[int, Point]:
    """The points of a trimming by their widths, as far as it has come."""
    path = folder / CURVE
    if not path.exists():
        return {}
    return {point.width: point for point in msgspec.json.decode(path.read_bytes(), type=list[Point])}


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where a trimming stands: the decoder, and the same units as they were early in the run."""

    decoder: Decoder
    early: Decoder | None


class Trimming:
    """One folder of rounds made from one trained run."""

    def __init__(self, run: Run, folder: Path, plan: TrimPlan) -> None:
        self.run, self.folder, self.plan = run, folder, plan

    def points(self, save_every_s: float) -> Iterator[Point]:
        """Go through all rounds, from where it was left; yields each instrument as it is measured."""
        run, surgery = self.run, self.plan.surgery
        teacher = run.trained()
        taught = [taught_by(teacher, recording) for recording in run.material.train]
        yield self._point(run.plan.settings.hidden, teacher, None)
        stage = self._first_stage(teacher)
        with run.segments(taught, self._settings, self.folder) as segments:
            for width in self.plan.widths:
                stage = self._round(width, stage, segments, save_every_s)
                yield self._point(width, stage.decoder, surgery)

    def _point(self, width: int, decoder: Decoder, surgery: Surgery | None) -> Point:
        """The point of a round: measured and written down once, read ever after."""
        known = read_curve(self.folder)
        if width in known and self.path(width).exists():
            return known[width]
        known[width] = self._measured(width, decoder, surgery)
        curve = msgspec.json.format(msgspec.json.encode(list(known.values())))
        write_whole(self.folder / CURVE, curve)
        return known[width]

    def path(self, width: int) -> Path:
        """The instrument file of a round."""
        return instrument_path(self.folder, self.run.plan.origin.name, width)

    @property
    def _settings(self) -> Settings:
        surgery = self.plan.surgery
        return msgspec.structs.replace(
            self.run.plan.settings,
            pretrain_steps=surgery.teacher_steps,
            finetune_steps=surgery.finetune_steps,
            distil=surgery.distil,
            seed=surgery.seed,
            room_seconds=0.0,
        )

    def _first_stage(self, teacher: Decoder) -> _Stage:
        early = self.run.early() if self.plan.surgery.rewind else None
        if self.plan.surgery.criterion == UNSTRUCTURED:
            return _Stage(teacher, early)
        heard = without_unheard(observe(teacher, self.run.material.train))
        outputs = heard.widths.harmonics, heard.widths.bands
        return _Stage(heard, early and with_outputs(early, *outputs))

    def _round(self, width: int, stage: _Stage, segments: Segments, save_every_s: float) -> _Stage:
        folder = self.folder / f"width-{width}"
        folder.mkdir(parents=True, exist_ok=True)
        stage = self._begun(folder, width, stage)
        decoder = stage.decoder
        if (folder / END).exists():
            return _Stage(load_decoder(folder / END, like=decoder), stage.early)
        if self.plan.surgery.criterion == UNSTRUCTURED:
            mask_weights(decoder, self._masked_share(width, decoder))
        Trainer(decoder, self._settings, segments, folder).run(save_every_s)
        save_decoder(decoder, folder / END)
        return stage

    def _begun(self, folder: Path, width: int, stage: _Stage) -> _Stage:
        """The decoder of a round before it is trained on."""
        starts = folder / START, folder / "start-early.pt"
        if not starts[0].exists():
            stage = self._trimmed(width, stage)
            if stage.early is not None:
                save_decoder(stage.early, starts[1])
            save_decoder(stage.decoder, starts[0])
        early = load_decoder(starts[1], like=stage.decoder) if stage.early is not None else None
        return _Stage(load_decoder(starts[0], like=stage.decoder), early)

    def _trimmed(self, width: int, stage: _Stage) -> _Stage:
        surgery = self.plan.surgery
        if surgery.criterion == UNSTRUCTURED:
            return stage
        trimmed = trim(observe(stage.decoder, self.run.material.train), width, surgery)
        if stage.early is None:
            return _Stage(trimmed.decoder, None)
        widths = stage.early.widths
        selected = {group: selection(kept, getattr(widths, group)) for group, kept in trimmed.kept.items()}
        early = folded(stage.early, selected)
        return _Stage(early, early)

    def _masked_share(self, width: int, decoder: Decoder) -> float:
        narrow = Widths.uniform(width, decoder.n_harmonics, decoder.widths.bands)
        return 1.0 - narrow.macs / decoder.widths.macs

    def _measured(self, width: int, decoder: Decoder, surgery: Surgery | None) -> Point:
        run, path = self.run, self.path(width)
        story = []
        if surgery is not None:
            rounds = self.plan.widths.index(width) + 1
            story.append(
                f"trimmed from {run.plan.settings.hidden} to {width} wide by {surgery.criterion}, "
                f"{rounds} round(s) of {surgery.teacher_steps} steps on the teacher's spectra "
                f"and {surgery.finetune_steps} spectral steps, seed {surgery.seed}"
            )
        instrument, _ = run.export(decoder, path, story)
        return Point(
            name=run.plan.origin.name,
            width=width,
            surgery=surgery,
            run_seed=run.plan.settings.seed,
            layers=decoder.widths,
            parameters=instrument.card.parameters,
            nonzero=sum(int(torch.count_nonzero(p)) for p in decoder.parameters()),
            macs=decoder.widths.macs,
            bytes=path.stat().st_size,
            metrics=instrument.card.metrics,
        )


def begin_trimming(run: Run, folder: Path, widths: Sequence[int], surgery: Surgery) -> Trimming:
    """Start a trimming in a folder, or resume the one that is there.

    Raises:
        RunError: nothing is trained yet, a width is not narrower than the one before, or the
            folder holds another trimming.
    """
    run.trained()
    before = run.plan.settings.hidden
    for width in widths:
        if width >= before:
            raise RunError(f"{run.folder} is {before} wide at that point and cannot be trimmed to {width}")
        before = width
    plan = TrimPlan(str(run.folder), tuple(widths), surgery)
    path = folder / PLAN
    if path.exists() and msgspec.json.decode(path.read_bytes(), type=TrimPlan) != plan:
        raise RunError(f"{folder} holds another trimming (see {path}); give another folder with -o")
    write_whole(path, msgspec.json.format(msgspec.json.encode(plan), indent=2))
    return Trimming(run, folder, plan)


def halvings(start: int, target: int) -> tuple[int, ...]:
    """Widths from half of one down to another, each half of the one before it."""
    widths = []
    while start // 2 > target:
        start //= 2
        widths.append(start)
    return (*widths, target)
