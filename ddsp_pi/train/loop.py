"""The training loop: control-rate pre-training, then spectral fine-tuning, resumable at any step."""

import csv
import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ddsp_pi.errors import TrainingError
from ddsp_pi.files import replacing
from ddsp_pi.models.card import SecondBank
from ddsp_pi.train.basis import Synthesizer
from ddsp_pi.train.dataset import Batch, Segments
from ddsp_pi.train.features import Features
from ddsp_pi.train.losses import control_loss, spectral_loss
from ddsp_pi.train.networks import Decoder, Scaling, Widths
from ddsp_pi.train.room import RoomResponse
from ddsp_pi.train.settings import Settings
from ddsp_pi.train.snapshot import save_decoder
from ddsp_pi.train.team import ALONE, Team

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.csv"
EARLY = "early.pt"
"""The decoder as it was after pre-training, for those who want to rewind to it."""
COLUMNS = ("step", "phase", "loss", "learning_rate")
HARMONIC_FLOOR, NOISE_FLOOR = 1e-5, 1e-6
"""Amplitudes that pre-training no longer tells apart."""
LAST_RATE = 0.03
"""Where the cosine ends, relative to where it begins."""


def new_decoder(
    settings: Settings, recordings: Sequence[Features], second: SecondBank | None = None
) -> Decoder:
    """A decoder scaled to the recordings, whose first guess is their mean log spectrum."""
    torch.manual_seed(settings.seed)
    log2_f0 = np.log2(np.concatenate([r.f0_hz for r in recordings]))
    loudness = np.concatenate([r.asked_db for r in recordings])
    scaling = Scaling(
        float(log2_f0.mean()), float(log2_f0.std()), float(loudness.mean()), float(loudness.std())
    )
    decoder = Decoder(_widths(settings, recordings[0], second), settings.n_bands, scaling)
    logs = np.concatenate([np.log(np.concatenate([r.harmonics, r.noise], axis=1)) for r in recordings])
    with torch.no_grad():
        decoder.head.bias[: logs.shape[1]] = torch.from_numpy(logs.mean(axis=0))
    return decoder


def _widths(settings: Settings, recording: Features, second: SecondBank | None) -> Widths:
    columns = recording.touch.shape[1]
    widths = Widths.uniform(settings.hidden, recording.harmonics.shape[1], settings.n_bands)
    return msgspec.structs.replace(
        widths,
        gru=0 if columns else widths.gru,
        touch=columns,
        second=second.n_harmonics if second else 0,
        ratio=second.ratio if second else 1.0,
    )


class Trainer:
    """One run: what is learned, how far it is, and where the leader of the team writes it."""

    def __init__(
        self, decoder: Decoder, settings: Settings, segments: Segments, folder: Path, team: Team = ALONE
    ) -> None:
        self.decoder, self.settings, self.folder = decoder, settings, folder
        self._segments, self._team = segments, team
        self._synthesizer = Synthesizer(settings.n_bands)
        self._room = RoomResponse(settings.room_seconds) if settings.room_seconds else None
        self.step = 0
        self._rows: list[tuple[int, str, float, float]] = []
        self._optimizer = self._new_optimizer()
        self._resume()

    @property
    def total_steps(self) -> int:
        """Steps of both phases together."""
        return self.settings.pretrain_steps + self.settings.finetune_steps

    def run(self, save_every_s: float) -> None:
        """Train to the end, saving as it goes.

        Raises:
            TrainingError: the loss is no longer a number.
        """
        saved = time.monotonic()
        with (
            self._board() as board,
            tqdm(
                total=self.total_steps,
                initial=self.step,
                desc="training",
                unit="step",
                disable=not self._team.leads or None,
            ) as bar,
        ):
            while self.step < self.total_steps:
                phase, loss, rate = self._one_step()
                self._rows.append((self.step, phase, loss, rate))
                if board is not None:
                    board.add_scalar(f"loss/{phase}", loss, self.step)
                self.step += 1
                bar.update()
                bar.set_postfix_str(f"{phase} {loss:.3f}", refresh=False)
                if time.monotonic() - saved > save_every_s:
                    self.save()
                    saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write the checkpoint, then the metrics up to it; a kill at any moment leaves both whole."""
        if not self._team.leads:
            return
        with replacing(self.folder / CHECKPOINT) as file:
            torch.save(self._state(), file)
        self._write_metrics()

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "rows": self._rows,
            "decoder": self.decoder.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "room": self._room.state_dict() if self._room else None,
        }

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        mine = torch.load(path, weights_only=True) if path.exists() else self._state()
        # Whoever has come furthest: after a restart another machine, which saved nothing, may lead.
        state = max(self._team.gathered(mine), key=lambda state: int(state["step"]))
        self.decoder.load_state_dict(state["decoder"])
        self.step = state["step"]
        self._rows = [tuple(row) for row in state["rows"]]
        self._optimizer = self._new_optimizer()
        self._optimizer.load_state_dict(state["optimizer"])
        if self._room is not None:
            self._room.load_state_dict(state["room"])

    def _new_optimizer(self) -> torch.optim.AdamW:
        groups: list[dict[str, Any]] = [{"params": self.decoder.parameters(), "scale": 1.0}]
        if self._room is not None:
            groups.append({"params": self._room.parameters(), "scale": 3.0})
        return torch.optim.AdamW(groups, lr=0.0, weight_decay=self.settings.weight_decay)

    def _one_step(self) -> tuple[str, float, float]:
        settings = self.settings
        if self.step < settings.pretrain_steps:
            phase, rate = "pretrain", _cosine(settings.pretrain_rate, self.step / settings.pretrain_steps)
            loss = self._pretrain_loss()
        else:
            fine_step = self.step - settings.pretrain_steps
            if fine_step == 0:
                self._keep_early()
                self._optimizer = self._new_optimizer()
            phase, rate = "finetune", _cosine(settings.finetune_rate, fine_step / settings.finetune_steps)
            loss = self._finetune_loss()
        total = self._team.summed(loss).item()
        if not math.isfinite(total):
            raise TrainingError(
                f"loss is {total} at step {self.step}; start again with a lower learning rate"
            )
        self._learn(loss, rate)
        return phase, total, rate

    def _keep_early(self) -> None:
        if self._team.leads:
            save_decoder(self.decoder, self.folder / EARLY)

    def _learn(self, loss: Tensor, rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._team.add_gradients(p for group in self._optimizer.param_groups for p in group["params"])
        torch.nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self._optimizer.step()

    def _pretrain_loss(self) -> Tensor:
        team = self._team
        batch = self._segments.draw(
            self.step, self.settings.pretrain_batch, with_audio=False, share=team.share
        )
        harmonics, noise = self.decoder(self._jittered(batch.f0_hz), batch.asked_db, batch.touch)
        return _distance(harmonics, noise, batch, team)

    def _finetune_loss(self) -> Tensor:
        team = self._team
        batch = self._segments.draw(
            self.step, self.settings.finetune_batch, with_audio=True, share=team.share
        )
        harmonics, noise = self.decoder(self._jittered(batch.f0_hz), batch.asked_db, batch.touch)
        place = int(np.random.default_rng([self.settings.seed, self.step, 1]).integers(1 << 30))
        audio = self._synthesizer.get_signal(harmonics, noise, batch.sines, place)
        loss = self._heard_loss(audio, batch.audio)
        if self.settings.distil:
            loss = loss + self.settings.distil * _distance(harmonics, noise, batch, team)
        return loss

    def _heard_loss(self, audio: Tensor, target: Tensor) -> Tensor:
        if self._room is None:
            return spectral_loss(audio, target, overlap=2, team=self._team)
        # The room's tail of what was played before the segment is unknown, so its first third is not judged.
        settled = audio.shape[1] // 3
        return spectral_loss(self._room(audio)[:, settled:], target[:, settled:], overlap=2, team=self._team)

    def _jittered(self, f0_hz: Tensor) -> Tensor:
        """Pitch as the network is told it, (batch, frames) Hz; what it shall sound like stays."""
        reach = self.settings.pitch_jitter_cents / 1200.0
        if not reach:
            return f0_hz
        size = f0_hz.shape[0] * self._team.size
        octaves = np.random.default_rng([self.settings.seed, self.step, 2]).uniform(-reach, reach, size)
        moved = torch.from_numpy(octaves[self._team.share][: f0_hz.shape[0], None]).float()
        return f0_hz * torch.exp2(moved)

    def _board(self) -> Any:
        if not self._team.leads:
            return nullcontext()
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(self.folder / "tensorboard", purge_step=self.step)

    def _write_metrics(self) -> None:
        with replacing(self.folder / METRICS, "w") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(
                (step, phase, f"{loss:.6f}", f"{rate:.3e}") for step, phase, loss, rate in self._rows
            )


def _distance(harmonics: Tensor, noise: Tensor, batch: Batch, team: Team) -> Tensor:
    """How far controls are from the batch's, which are analysed ones, or those of a teacher."""
    wanted = batch.harmonics[..., : harmonics.shape[-1]]
    return control_loss(harmonics, wanted, batch.confidence, HARMONIC_FLOOR, team) + control_loss(
        noise, batch.noise, batch.confidence, NOISE_FLOOR, team
    )


def _cosine(rate: float, progress: float) -> float:
    return rate * (LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + math.cos(math.pi * progress)))
