"""A training run: its folder, and the steps from recordings to an instrument."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import torch

from ddsp_pi.errors import RecordingError, RunError, TrainingError
from ddsp_pi.files import write_whole
from ddsp_pi.models.bundle import Instrument, load_instrument
from ddsp_pi.models.card import Card, SecondBank, Style
from ddsp_pi.models.decoder import StaticDecoder
from ddsp_pi.train.baseline import mean_spectrum
from ddsp_pi.train.basis import SinusoidBasis
from ddsp_pi.train.dataset import Segments, check_rates, find_recordings, split
from ddsp_pi.train.evaluate import Sounds, measure, perform
from ddsp_pi.train.export import Origin, make_card, write_instrument
from ddsp_pi.train.features import Features, Harvest, Job, extract_all
from ddsp_pi.train.loop import CHECKPOINT, EARLY, Trainer, new_decoder
from ddsp_pi.train.networks import Decoder, rounded
from ddsp_pi.train.notes import harvest_takes
from ddsp_pi.train.readout import refit_second_bank
from ddsp_pi.train.settings import Settings
from ddsp_pi.train.snapshot import load_decoder
from ddsp_pi.train.takes import Sizes
from ddsp_pi.train.team import ALONE, Team
from ddsp_pi.train.variation import Variation
from ddsp_pi.train.workers import Workers

PLAN = "run.json"
SINUSOIDS = "sinusoids.f16"

ONE_WORKER = Workers()

_REFUSED = "some recordings cannot be used; move them away, or go on without them with --skip-unusable:"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides a run, written into its folder so that it can only be resumed as it was started."""

    data: str
    only: str
    held_out: tuple[str, ...]
    """Glob patterns of recordings to hold out; empty holds out `held_out_share` of them."""
    held_out_share: float
    skip_unusable: bool
    """Whether to go on without recordings that cannot be learned from."""
    origin: Origin
    settings: Settings
    any_rate: bool = False
    """Whether recordings at different sample rates belong together."""
    style: Style | None = None
    """What the recordings are played with: a folder of notes then, and not of what is to be analysed."""


@dataclass(frozen=True, slots=True)
class Material:
    """Features of both sets, and what there was to say about the recordings."""

    train: list[Features]
    held_out: list[Features]
    remarks: list[str]


class Run:
    """One run folder. Everything in it can be made again from the recordings and run.json."""

    def __init__(self, folder: Path, plan: Plan, workers: Workers = ONE_WORKER, team: Team = ALONE) -> None:
        self.folder, self.plan, self._workers, self._team = folder, plan, workers, team

    @cached_property
    def material(self) -> Material:
        """Features of the training and the held-out recordings.

        Raises:
            RecordingError: there is nothing to learn from, nothing to judge by, or some recordings
                cannot be used; the message names all of them.
        """
        plan = self.plan
        if plan.style is not None:
            return self._notes(plan.style)
        recordings = find_recordings(Path(plan.data), plan.only)
        if not plan.any_rate:
            check_rates(recordings)
        train, held_out = split(recordings, plan.held_out, plan.held_out_share)
        with self._team.leader_first():
            both = [self._harvest(paths) for paths in (train, held_out)]
        refusals = [text for harvest in both for text in harvest.refusals]
        if refusals and not (plan.skip_unusable and both[0].features and both[1].features):
            raise RecordingError("\n  ".join([_REFUSED, *refusals]))
        remarks = [text for harvest in both for text in harvest.remarks]
        remarks += [f"left out: {text}" for text in refusals]
        return Material(both[0].features, both[1].features, remarks)

    def _notes(self, style: Style) -> Material:
        plan = self.plan
        sizes = Sizes(plan.settings.n_harmonics, plan.settings.n_bands, style)
        with self._team.leader_first():
            notes = harvest_takes(
                *(Path(plan.data), sizes, self.folder / "features", plan.held_out, plan.held_out_share),
                workers=self._workers if self._team.leads_here else ONE_WORKER,
                skip_unusable=plan.skip_unusable,
                shifts=plan.settings.shifts,
                silence_s=plan.settings.silence_s,
            )
        return Material(notes.train, notes.held_out, notes.remarks)

    def use_threads(self, n: int) -> None:
        """How many cores one training may take; the result of a run depends on it in the last bits."""
        torch.set_num_threads(n)

    def train(self, save_every_s: float) -> Decoder:
        """Train to the end, from the checkpoint if there is one."""
        self._team.must_agree(
            (self.plan.settings, [(r.name, len(r.audio)) for r in self.material.train]),
            "settings or recordings",
        )
        decoder = self.new_decoder()
        with self.segments(self.material.train, self.plan.settings, self.folder) as segments:
            Trainer(decoder, self.plan.settings, segments, self.folder, self._team).run(save_every_s)
        return decoder

    @contextmanager
    def segments(
        self, recordings: Sequence[Features], settings: Settings, folder: Path
    ) -> Iterator[Segments]:
        """Training segments of recordings, on sinusoids that lie in a folder until training has ended."""
        sinusoids = folder / SINUSOIDS
        with self._team.leader_first():
            basis = SinusoidBasis(recordings, self.new_decoder().numbers.numpy(), sinusoids)
        variation = Variation(
            settings.gain_jitter_db, settings.release_share, settings.release_s, settings.steady_s
        )
        varied = variation if self.plan.style is not None else None
        yield Segments(recordings, basis, settings.segment_hops, settings.seed, varied)
        sinusoids.unlink(missing_ok=True)

    def trained(self) -> Decoder:
        """The decoder of the last checkpoint.

        Raises:
            RunError: nothing has been trained yet.
        """
        path = self.folder / CHECKPOINT
        if not path.exists():
            raise RunError(f"{self.folder}: nothing trained yet; run 'ddsp-pi train … -o {self.folder}'")
        decoder = self.new_decoder()
        decoder.load_state_dict(torch.load(path, weights_only=True)["decoder"])
        return decoder

    def early(self) -> Decoder:
        """The decoder as it was after pre-training.

        Raises:
            RunError: the run did not get that far.
        """
        path = self.folder / EARLY
        if not path.exists():
            raise RunError(f"{path}: not there; only runs that have begun to fine-tune can be rewound")
        return load_decoder(path, like=self.new_decoder())

    def new_decoder(self) -> Decoder:
        """The decoder as it is before it has learned anything."""
        return new_decoder(self.plan.settings, self.material.train, self._second)

    @property
    def _second(self) -> SecondBank | None:
        return self.plan.style.second if self.plan.style else None

    def export(
        self, decoder: Decoder, path: Path, history: Sequence[str] = ()
    ) -> tuple[Instrument, list[Sounds]]:
        """Write the instrument with its held-out figures inside; also what it and its rivals played.

        The figures are taken from the written file itself, as it will play. `history`: what was
        done to the decoder since the run trained it.
        """
        if self._second is not None:
            decoder = copy.deepcopy(decoder)
            refit_second_bank(decoder, self.material.train)
            history = (*history, "second bank fitted to its analysed partials")
        decoder = rounded(decoder)
        card = self._card(decoder, history)
        write_instrument(decoder, card, path)
        sounds = self.perform(load_instrument(path))
        write_instrument(decoder, msgspec.structs.replace(card, metrics=measure(sounds)), path)
        return load_instrument(path), sounds

    def perform(self, instrument: Instrument) -> list[Sounds]:
        """What an instrument makes of the held-out recordings, beside baseline and oracle."""
        settings = self.plan.settings
        static = StaticDecoder(instrument.card.baseline, settings.n_harmonics, settings.n_bands)
        return perform(self.material.held_out, instrument.decoder(), static)

    def _card(self, decoder: Decoder, later: Sequence[str]) -> Card:
        settings, material = self.plan.settings, self.material
        seconds = sum(recording.seconds for recording in material.train)
        history = (
            f"trained on {seconds:.0f} s in {len(material.train)} recordings",
            f"{settings.pretrain_steps} control-rate steps, {settings.finetune_steps} spectral steps, "
            f"{settings.hidden} wide, seed {settings.seed}",
            *later,
        )
        return make_card(
            decoder,
            self.plan.origin,
            material.train,
            mean_spectrum(material.train, self._second),
            metrics={},
            history=history,
            held_out=tuple(recording.name for recording in material.held_out),
            style=self.plan.style,
        )

    def _harvest(self, recordings: list[Path]) -> Harvest:
        jobs = [self._job(path) for path in recordings]
        if self._team.leads_here:
            return extract_all(jobs, self._workers)
        # The leader has just made them: there is nothing left but to read.
        return extract_all(jobs, ONE_WORKER, quiet=True)

    def _job(self, recording: Path) -> Job:
        settings = self.plan.settings
        return Job(recording, self.folder / "features", settings.n_harmonics, settings.n_bands)


def begin(folder: Path, plan: Plan, workers: Workers = ONE_WORKER, team: Team = ALONE) -> Run:
    """Start a run in a folder, or resume the one that is there.

    Raises:
        RunError: the folder holds a run with other settings.
        TrainingError: a batch has fewer items than the team has processes.
    """
    smallest = min(plan.settings.pretrain_batch, plan.settings.finetune_batch)
    if smallest < team.size:
        raise TrainingError(
            f"{team.size} processes cannot share a batch of {smallest}; start fewer, "
            "or raise pretrain_batch and finetune_batch with --set"
        )
    if (folder / PLAN).exists() and _read_plan(folder) != plan:
        raise RunError(
            f"{folder} holds a run with other settings (see {folder / PLAN}); "
            "give another folder, or the same settings"
        )
    if team.leads:
        write_whole(folder / PLAN, msgspec.json.format(msgspec.json.encode(plan), indent=2))
    return Run(folder, plan, workers, team)


def open_run(folder: Path) -> Run:
    """A run that was begun before.

    Raises:
        RunError: there is none in that folder.
    """
    if not (folder / PLAN).exists():
        raise RunError(f"{folder}: no training run there ({PLAN} is missing); begin one with 'ddsp-pi train'")
    return Run(folder, _read_plan(folder))


def _read_plan(folder: Path) -> Plan:
    try:
        return msgspec.json.decode((folder / PLAN).read_bytes(), type=Plan)
    except msgspec.MsgspecError as error:
        raise RunError(
            f"{folder / PLAN}: {error}; the run was made by another version, begin a new one"
        ) from error
