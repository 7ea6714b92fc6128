"""How a mapper learns: a drum shall differ from its preset as a hit differs from its reference."""

import csv
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ddsp_pi.dsp.drum_presets import DrumPreset
from ddsp_pi.dsp.snare import NOISE_SAMPLES
from ddsp_pi.dsp.snare_params import to_norms
from ddsp_pi.errors import TrainingError
from ddsp_pi.files import replacing
from ddsp_pi.train import drum_synth
from ddsp_pi.train.drum_features import BRIGHTNESS, SAMPLES, get_features
from ddsp_pi.train.drum_material import Heard, Ranges
from ddsp_pi.train.drum_pairs import Pairs
from ddsp_pi.train.mapper import KINDS, Mapper, new_mapper, turned
from ddsp_pi.train.mapper_settings import MapperSettings

CHECKPOINT, METRICS = "checkpoint.pt", "metrics.csv"
LAST_RATE = 0.03
"""Where the cosine of the learning rate ends, relative to where it begins."""

PLACES = 64
"""How often the preset is heard, each time with other noise, to know what it sounds like in the mean."""

MOST_AT_ONCE = 16


class Drum:
    """A preset on the synthesizer, and what it sounds like when its knobs are turned."""

    def __init__(self, preset: DrumPreset) -> None:
        self.preset = torch.from_numpy(to_norms(preset.values)).float()
        self.damping = torch.tensor(preset.damping, dtype=torch.float32)
        with torch.no_grad():
            played = self.hear(self.preset.expand(PLACES, -1), places(np.random.default_rng(0), PLACES))
        self.sound = played.mean(0)
        """(7,) features of the preset itself."""

    def hear(self, knobs: Tensor, noise: Tensor) -> Tensor:
        """(batch, 14) positions of the knobs, (batch,) places of the noise → (batch, 7) features."""
        parts = zip(torch.split(knobs, MOST_AT_ONCE), torch.split(noise, MOST_AT_ONCE), strict=True)
        return torch.cat(
            [get_features(drum_synth.get_signal(drum_synth.from_norms(k), SAMPLES, n)) for k, n in parts]
        )

    def turned(self, movement: Tensor) -> Tensor:
        """(batch, 14) movements → positions of the knobs."""
        return turned(self.preset, self.damping, movement)

    def differs(self, movement: Tensor, noise: Tensor) -> Tensor:
        """(batch, 7) how the sound of hits differs from that of the preset."""
        return self.hear(self.turned(movement), noise) - self.sound


def places(rng: np.random.Generator, count: int) -> Tensor:
    """(count,) anywhere in the noise: every hit is struck at another moment."""
    return torch.from_numpy(rng.integers(0, NOISE_SAMPLES, count))


def weights(wanted: Tensor, balance: float, brightness: float) -> Tensor:
    """(7,) of the features in the loss, their mean 1; see MapperSettings."""
    raw = wanted.abs().mean(0).clamp_min(1e-3) ** -balance
    raw[BRIGHTNESS] *= brightness
    return raw / raw.mean()


class MapperTrainer:
    """One training: what is learned, how far it is, and where it is written. The same for the same seed."""

    def __init__(
        self, kind: str, drum: Drum, heard: Heard, ranges: Ranges, settings: MapperSettings, folder: Path
    ) -> None:
        self.mapper = new_mapper(kind, settings.seed)
        self.settings, self.folder, self.step = settings, folder, 0
        self._drum = drum
        self._pairs = Pairs(heard, ranges, settings)
        self._weights = weights(heard.wanted, settings.balance, settings.brightness)
        self._rate = settings.rate or KINDS[kind].rate
        self._rows: list[tuple[int, float, float]] = []
        self._optimizer = torch.optim.AdamW(
            self.mapper.parameters(), lr=self._rate, weight_decay=settings.weight_decay
        )
        self._resume()

    def run(self, save_every_s: float) -> Mapper:
        """Train to the end, saving as it goes.

        Raises:
            TrainingError: the loss is no longer a number.
        """
        saved, total = time.monotonic(), self.settings.steps
        with tqdm(total=total, initial=self.step, desc="training", unit="step", disable=None) as bar:
            while self.step < total:
                loss = self._one_step()
                bar.update()
                bar.set_postfix_str(f"{loss:.3f}", refresh=False)
                if time.monotonic() - saved > save_every_s:
                    self.save()
                    saved = time.monotonic()
        self.save()
        return self.mapper

    def save(self) -> None:
        """Write the checkpoint, then the losses up to it; a kill at any moment leaves both whole."""
        with replacing(self.folder / CHECKPOINT) as file:
            torch.save(self._state(), file)
        with replacing(self.folder / METRICS, "w") as file:
            writer = csv.writer(file)
            writer.writerow(("step", "loss", "learning_rate"))
            writer.writerows((step, f"{loss:.6f}", f"{rate:.3e}") for step, loss, rate in self._rows)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "rows": self._rows,
            "mapper": self.mapper.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.step, self._rows = state["step"], [tuple(row) for row in state["rows"]]
        self.mapper.load_state_dict(state["mapper"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _one_step(self) -> float:
        rng = np.random.default_rng([self.settings.seed, self.step])
        loss = self._loss(rng)
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(
                f"loss is {value} at step {self.step}; start again with a lower learning rate"
            )
        rate = self._learn(loss)
        self._rows.append((self.step, value, rate))
        self.step += 1
        return value

    def _loss(self, rng: np.random.Generator) -> Tensor:
        difference, wanted = self._pairs.draw(rng)
        made = self._drum.differs(self.mapper(difference), places(rng, len(difference)))
        return ((made - wanted) * self._weights).abs().mean()

    def _learn(self, loss: Tensor) -> float:
        progress = self.step / self.settings.steps
        rate = self._rate * (LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + math.cos(math.pi * progress)))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.mapper.parameters(), 10.0)
        self._optimizer.step()
        return rate
