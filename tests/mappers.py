"""Drum mapper files for tests, with every weight moved, and such with something changed."""

import msgspec
import onnx
import torch

from ddsp_pi.dsp.drum_presets import drum_preset
from ddsp_pi.models.card import Range
from ddsp_pi.models.drum_card import DRUM_KEY
from ddsp_pi.train.drum_material import Scale
from ddsp_pi.train.export import Origin
from ddsp_pi.train.mapper import new_mapper
from ddsp_pi.train.mapper_export import make_card, write_mapper

SCALE = Scale((Range(-60.0, 0.0), Range(70.0, 110.0), Range(-100.0, -20.0)), (-20.0, 95.0, -70.0))


def moved_mapper(kind, seed=0):
    """In torch, with every weight moved."""
    mapper = new_mapper(kind, seed)
    with torch.no_grad():
        for values in mapper.parameters():
            values += 0.2 * torch.randn(values.shape)
    return mapper


def mapper_file(path, kind="small", name="toy", preset="snare_1", metrics=None):
    """A file, and the mapper in torch that is in it."""
    mapper = moved_mapper(kind)
    origin = Origin(name, licence="CC0-1.0", attribution="nobody")
    card = make_card(
        mapper,
        origin,
        drum_preset(preset),
        kind,
        SCALE,
        metrics=metrics or {"error": 1.0},
        history=("made up",),
        held_out=("none",),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_mapper(mapper, card, path)
    return path, mapper


def changed(path, *changes, kind="small"):
    """A mapper file with something changed."""
    model = onnx.load(mapper_file(path, kind)[0])
    for change in changes:
        change(model)
    onnx.save(model, path)
    return path


def with_card(**values):
    def change(model):
        for entry in model.metadata_props:
            if entry.key == DRUM_KEY:
                entry.value = msgspec.json.encode(msgspec.json.decode(entry.value) | values).decode()

    return change


def with_weight(name, values):
    """Another tensor in the place of one; a function of the old one."""

    def change(model):
        tensor = next(c for c in model.graph.initializer if c.name == name)
        tensor.CopyFrom(onnx.numpy_helper.from_array(values(onnx.numpy_helper.to_array(tensor).copy()), name))

    return change
