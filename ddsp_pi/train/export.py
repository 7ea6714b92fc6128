"""A trained run → one instrument file, written only if it plays exactly what torch plays."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import FLOOR_DB
from ddsp_pi.errors import TrainingError
from ddsp_pi.files import replacing
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.models.bundle import PARITY_TOLERANCE, load_instrument
from ddsp_pi.models.card import (
    FORMAT_VERSION,
    METADATA_KEY,
    PLAYED_VERSION,
    Card,
    Parity,
    Range,
    Spectrum,
    encode,
)
from ddsp_pi.models.decoder import touch_of
from ddsp_pi.models.touch import CONTROLS, GATE, HELD_S, ONSET, RELEASE
from ddsp_pi.train.features import Features
from ddsp_pi.train.graph import build_model
from ddsp_pi.train.labels import SURE
from ddsp_pi.train.networks import Decoder

STREAM_SECONDS = 60
PARITY_STEPS = 48

Array = NDArray[np.float32]


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What only a person knows of an instrument: who made it, from what, under what licence."""

    name: str
    title: str = ""
    author: str = "unknown"
    licence: str = "unknown: all rights reserved until the owner of the recordings says otherwise"
    attribution: str = "none given"
    made_from: str = "recordings"


def write_instrument(decoder: Decoder, card: Card, path: Path) -> float:
    """Write the file atomically; returns the largest difference from torch over a minute of streaming.

    Raises:
        TrainingError: ONNX and torch differ by more than 1e-4; nothing is written.
    """
    model = build_model(decoder)
    model.metadata_props.add(key=METADATA_KEY, value=encode(card))
    with replacing(path) as file:
        file.write(model.SerializeToString())
        file.flush()
        difference = streaming_difference(decoder, Path(file.name), STREAM_SECONDS)
        if not difference <= PARITY_TOLERANCE:
            raise TrainingError(
                f"{path} was not written: its output differs from torch by {difference:.2g} over "
                f"{STREAM_SECONDS} s, allowed is {PARITY_TOLERANCE:g}"
            )
    return difference


def streaming_difference(decoder: Decoder, path: Path, seconds: float) -> float:
    """Largest difference in any amplitude between the file, step by step, and torch in one sequence."""
    told = wandering(round(seconds * HOP_RATE), decoder.widths.touch)
    wanted = _in_torch(decoder, *told)
    player = load_instrument(path).decoder()
    worst = 0.0
    for frame, (pitch, loudness, row) in enumerate(zip(*told, strict=True)):
        if decoder.widths.touch:
            touch_of(player).rows[0][:] = row.tolist()
        made = np.concatenate(player.step([pitch], [loudness]), axis=1)[0]
        worst = max(worst, float(np.abs(made - wanted[frame]).max()))
    return worst


def wandering(frames: int, columns: int = 0) -> tuple[Array, Array, Array]:
    """A performance nobody would play, (frames,) each: 40 Hz to 4 kHz, silence to full, slow and sudden.

    The third is its touch, (frames, columns), with notes of all lengths, held and let go.
    """
    rng = np.random.default_rng(0)
    hops = np.arange(frames)
    jumps = rng.uniform(-1.0, 1.0, (2, frames // 40 + 1)).repeat(40, axis=1)[:, :frames]
    octaves = 3.3 * (0.5 * np.sin(hops / 200.0) + 0.5 * jumps[0])
    loudness = -45.0 + 45.0 * (0.5 * np.sin(hops / 90.0) + 0.5 * jumps[1])
    touch = rng.uniform(0.0, 1.0, (frames, columns))
    if columns:
        held = jumps[0] > 0.0
        touch[:, ONSET] = 10.0 ** (4.0 * touch[:, ONSET] - 3.0)
        touch[:, RELEASE] = np.where(held, HELD_S, touch[:, RELEASE] ** 4)
        touch[:, GATE] = held
    f0_hz = 400.0 * 2.0**octaves
    return f0_hz.astype(np.float32), loudness.astype(np.float32), touch.astype(np.float32)


def _in_torch(decoder: Decoder, *told: Array) -> Array:
    with torch.no_grad():
        harmonics, noise = decoder(*(torch.from_numpy(part)[None] for part in told))
    return torch.cat([harmonics, noise], dim=-1)[0].numpy()


def make_card(
    decoder: Decoder, origin: Origin, recordings: Sequence[Features], baseline: Spectrum, **figures: object
) -> Card:
    """The card of a decoder trained on these recordings; `figures`: metrics, history, held_out and style."""
    pitch, loudness = _played_ranges(recordings)
    return msgspec.convert(
        {
            **msgspec.structs.asdict(origin),
            "title": origin.title or origin.name,
            "format_version": PLAYED_VERSION if decoder.widths.touch else FORMAT_VERSION,
            "created": date.today().isoformat(),
            "sample_rate": SAMPLE_RATE,
            "hop": HOP,
            "n_harmonics": decoder.n_harmonics,
            "n_bands": decoder.n_bands,
            "hidden": decoder.widths.gru,
            "parameters": sum(p.numel() for p in decoder.parameters()),
            "pitch_range_hz": pitch,
            "loudness_range_db": loudness,
            "baseline": baseline,
            "parity": _parity(decoder),
            **figures,
        },
        Card,
    )


def _played_ranges(recordings: Sequence[Features]) -> tuple[Range, Range]:
    sure = np.concatenate([r.confidence >= SURE for r in recordings])
    f0_hz = np.concatenate([r.f0_hz for r in recordings])[sure]
    loudness = np.concatenate([r.asked_db for r in recordings])[sure]
    pitch_ends, loudness_ends = np.percentile(f0_hz, (1, 99)), np.percentile(loudness, (1, 99))
    return (
        Range(*(round(float(hz), 1) for hz in pitch_ends)),
        Range(*(round(max(float(db), FLOOR_DB), 1) for db in loudness_ends)),
    )


def _parity(decoder: Decoder) -> Parity:
    stride = HOP // 4
    f0_hz, loudness_db, touch = (
        np.round(v[::stride], 2) for v in wandering(PARITY_STEPS * stride, decoder.widths.touch)
    )
    # The answer that is kept must be a loud one, or a damaged network could hide behind silence.
    loudness_db[-1] = -10.0
    touch[-1, :CONTROLS] = [0.05, HELD_S, 1.0][: decoder.widths.touch]
    answer = [float(f"{value:.6g}") for value in _in_torch(decoder, f0_hz, loudness_db, touch)[-1]]
    return Parity(
        f0_hz=tuple(round(hz, 2) for hz in f0_hz.tolist()),
        loudness_db=tuple(round(db, 2) for db in loudness_db.tolist()),
        harmonics=tuple(answer[: decoder.n_harmonics]),
        noise=tuple(answer[decoder.n_harmonics :]),
        touch=tuple(tuple(round(value, 2) for value in row) for row in touch.tolist() if row),
    )
