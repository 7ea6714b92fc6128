"""A trained mapper → one file with its card inside, written only if it answers exactly what torch answers."""

from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from ddsp_pi.dsp.drum_presets import DrumPreset
from ddsp_pi.errors import TrainingError
from ddsp_pi.files import replacing
from ddsp_pi.models.drum_card import DRUM_KEY, DRUM_VERSION, DrumCard, MapperParity, encode
from ddsp_pi.models.drum_mapper import TOLERANCE, DrumMapper, load_mapper
from ddsp_pi.train.drum_material import Scale
from ddsp_pi.train.export import Origin
from ddsp_pi.train.mapper import INPUTS, Layered, Linear, Mapper
from ddsp_pi.train.mapper_graph import build_mapper

TRIED = 200
"""Differences on which the file is compared with torch."""

KEPT = 6
"""Of those, how many stay in the card."""

Array = NDArray[np.float32]


def write_mapper(mapper: Mapper, card: DrumCard, path: Path) -> DrumMapper:
    """Write the file atomically, and load it.

    Raises:
        TrainingError: the file and torch differ by more than 1e-5; nothing is written.
    """
    model = build_mapper(layers_of(mapper), _rest(mapper))
    model.metadata_props.add(key=DRUM_KEY, value=encode(card))
    with replacing(path) as file:
        file.write(model.SerializeToString())
        file.flush()
        difference = parity(mapper, load_mapper(Path(file.name)))
        if not difference <= TOLERANCE:
            raise TrainingError(
                f"{path} was not written: its answers differ from torch by {difference:.2g}, "
                f"allowed is {TOLERANCE:g}"
            )
    return load_mapper(path)


def parity(mapper: Mapper, written: DrumMapper) -> float:
    """Largest difference between a file and torch, over differences that are larger than any hit's."""
    tried = _tried()
    answers = np.array([written.movement(difference) for difference in tried.astype(np.float64)])
    return float(np.abs(answers - _answers(mapper, tried)).max())


def layers_of(mapper: Mapper) -> list[tuple[Array, Array]]:
    """(inputs, outputs) weights and biases of the layers."""
    if isinstance(mapper, Linear):
        weight = mapper.weight.detach().clamp(-1.0, 1.0).numpy().T
        return [(weight, np.zeros(weight.shape[1], np.float32))]
    assert isinstance(mapper, Layered)
    return [(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in mapper.linears]


def make_card(
    mapper: Mapper, origin: Origin, preset: DrumPreset, kind: str, scale: Scale, **figures: object
) -> DrumCard:
    """The card of a mapper; `figures`: metrics, history and held_out."""
    hidden = [bias.size for _, bias in layers_of(mapper)[:-1]]
    return msgspec.convert(
        {
            **msgspec.structs.asdict(origin),
            "title": origin.title or f"{preset.name}, {kind}",
            "format_version": DRUM_VERSION,
            "created": date.today().isoformat(),
            "preset": preset.name,
            "values": preset.values,
            "damping": preset.damping,
            "kind": kind,
            "hidden": hidden,
            "parameters": sum(p.numel() for p in mapper.parameters()),
            "ranges": scale.ranges,
            "reference": scale.reference,
            "parity": _parity(mapper),
            **figures,
        },
        DrumCard,
    )


def _parity(mapper: Mapper) -> MapperParity:
    tried = np.round(_tried()[:KEPT], 3)
    rows = [tuple(float(f"{value:.7g}") for value in row) for row in _answers(mapper, tried)]
    differences = [tuple(round(value, 3) for value in row) for row in tried.tolist()]
    return msgspec.convert({"differences": differences, "movements": rows}, MapperParity)


def _tried() -> Array:
    """(TRIED, 3) differences, most of them such as hits have."""
    rng = np.random.default_rng(0)
    sizes = np.geomspace(0.3, 2.0, TRIED)[:, None]
    return (sizes * rng.uniform(-1.0, 1.0, (TRIED, INPUTS))).astype(np.float32)


def _answers(mapper: Mapper, differences: Array) -> Array:
    with torch.no_grad():
        answers: Array = mapper(torch.from_numpy(differences)).numpy()
    return answers


def _rest(mapper: Mapper) -> Array:
    with torch.no_grad():
        rest: Array = mapper.bent(torch.zeros(1, INPUTS))[0].numpy()
    return rest
