"""A training run of a mapper: its folder, and the steps from recorded hits to a file."""

from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from ddsp_pi.dsp.drum_presets import DrumPreset
from ddsp_pi.errors import RunError
from ddsp_pi.files import replacing
from ddsp_pi.models.drum_mapper import DrumMapper
from ddsp_pi.train.drum_evaluate import Judged, follow, measure, optimised, perform
from ddsp_pi.train.drum_hits import divide, load_hits
from ddsp_pi.train.drum_material import TAKINGS, Heard, Scale, hear, scale_of
from ddsp_pi.train.export import Origin
from ddsp_pi.train.mapper import Mapper, new_mapper
from ddsp_pi.train.mapper_export import make_card, write_mapper
from ddsp_pi.train.mapper_loop import CHECKPOINT, Drum, MapperTrainer
from ddsp_pi.train.mapper_settings import MapperSettings

PLAN = "drums.json"


class DrumPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides a run, written into its folder so that it can only be resumed as it was started."""

    data: str
    only: str
    held_out: tuple[str, ...]
    """Glob patterns of drums or hits to hold out; empty holds out `held_out_share` of the drums."""
    held_out_share: float
    skip_unusable: bool
    origin: Origin
    preset: DrumPreset
    kind: str
    settings: MapperSettings


class DrumRun:
    """One run folder. Everything in it can be made again from the hits and drums.json."""

    def __init__(self, folder: Path, plan: DrumPlan) -> None:
        self.folder, self.plan = folder, plan
        self.remarks: list[str] = []

    @cached_property
    def material(self) -> tuple[Heard, Heard]:
        """The hits of training and those held out: split first, then analysed, each set for itself.

        Raises:
            RecordingError: there is nothing to learn from or to judge by, or some hits cannot be used.
        """
        plan = self.plan
        collection = load_hits(Path(plan.data), plan.only, plan.skip_unusable)
        self.remarks = collection.remarks
        train, judged = divide(collection.hits, plan.held_out, plan.held_out_share)
        return hear(train, TAKINGS), hear(judged)

    @cached_property
    def scale(self) -> Scale:
        """What the mapper's inputs are measured by."""
        return scale_of(self.material[0])

    @cached_property
    def drum(self) -> Drum:
        """The preset that is moved."""
        return Drum(self.plan.preset)

    @property
    def output(self) -> Path:
        """Where the file goes."""
        return self.folder / f"{self.plan.origin.name}.onnx"

    def use_threads(self, n: int) -> None:
        """How many cores one training may take; the result of a run depends on it in the last bits."""
        torch.set_num_threads(n)

    def train(self, save_every_s: float) -> Mapper:
        """Train to the end, from the checkpoint if there is one."""
        train, _ = self.material
        plan = self.plan
        trainer = MapperTrainer(plan.kind, self.drum, train, self.scale.ranges, plan.settings, self.folder)
        return trainer.run(save_every_s)

    def trained(self) -> Mapper:
        """The mapper of the last checkpoint.

        Raises:
            RunError: nothing has been trained yet.
        """
        path = self.folder / CHECKPOINT
        if not path.exists():
            raise RunError(
                f"{self.folder}: nothing trained yet; run 'ddsp-pi train --drums … -o {self.folder}'"
            )
        mapper = new_mapper(self.plan.kind, 0)
        mapper.load_state_dict(torch.load(path, weights_only=True)["mapper"])
        return mapper

    def export(self, mapper: Mapper, path: Path) -> tuple[DrumMapper, Judged]:
        """Write the file with its held-out figures inside, which are taken from the file as it will play."""
        train, held_out = self.material
        card = make_card(
            mapper,
            self.plan.origin,
            self.plan.preset,
            self.plan.kind,
            self.scale,
            metrics={},
            history=self._history(train),
            held_out=_names(train, held_out),
        )
        made = write_mapper(mapper, card, path)
        judged = self.perform(made)
        card = msgspec.structs.replace(card, metrics=measure(judged, self.follow(made), self.spread))
        return write_mapper(mapper, card, path), judged

    def perform(self, mapper: DrumMapper, own_ranges: bool = False) -> Judged:
        """What the drum makes of the held-out hits."""
        return perform(self.material[1], mapper, self.drum, own_ranges)

    def follow(self, mapper: DrumMapper) -> Judged:
        """How it follows them live."""
        return follow(self.material[1], mapper, self.drum)

    def optimised(self, count: int) -> Judged:
        """What it could make of some of them at best."""
        return optimised(self.material[1], self.drum, count)

    @property
    def spread(self) -> NDArray[np.float32]:
        """(7,) how much each feature changes in training."""
        spread: NDArray[np.float32] = self.material[0].wanted.abs().mean(0).numpy()
        return spread

    def _history(self, train: Heard) -> tuple[str, ...]:
        drums = sorted({hit.drum for hit in train.hits})
        settings = msgspec.to_builtins(self.plan.settings)
        return (
            f"trained on {len(train.hits)} hits of {len(drums)} drums: {', '.join(drums)}",
            ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None),
        )


def _names(train: Heard, held_out: Heard) -> tuple[str, ...]:
    """Drums that are held out, or hits where they are of the one that was trained on."""
    drums = {hit.drum for hit in held_out.hits}
    apart = drums.isdisjoint(hit.drum for hit in train.hits)
    return tuple(sorted(drums if apart else (hit.name for hit in held_out.hits)))


def begin(folder: Path, plan: DrumPlan) -> DrumRun:
    """Start a run in a folder, or resume the one that is there.

    Raises:
        RunError: the folder holds another run.
    """
    if (folder / PLAN).exists() and _read_plan(folder) != plan:
        raise RunError(
            f"{folder} holds a run with other settings (see {folder / PLAN}); "
            "give another folder, or the same settings"
        )
    with replacing(folder / PLAN) as file:
        file.write(msgspec.json.format(msgspec.json.encode(plan), indent=2))
    return DrumRun(folder, plan)


def is_drum_run(folder: Path) -> bool:
    """Whether a mapper is trained in a folder."""
    return (folder / PLAN).exists()


def open_drum_run(folder: Path) -> DrumRun:
    """A run that was begun before."""
    return DrumRun(folder, _read_plan(folder))


def _read_plan(folder: Path) -> DrumPlan:
    try:
        return msgspec.json.decode((folder / PLAN).read_bytes(), type=DrumPlan)
    except msgspec.MsgspecError as error:
        raise RunError(
            f"{folder / PLAN}: {error}; the run was made by another version, begin a new one"
        ) from error
