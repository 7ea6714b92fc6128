"""The instruments that ship, and files made from the shipped violin with something changed."""

import msgspec
import numpy as np
import onnx
import onnxruntime

from ddsp_pi.models.card import METADATA_KEY, decode
from ddsp_pi.models.cards import read_card
from ddsp_pi.models.library import SHIPPED
from ddsp_pi.models.onnx_decoder import OnnxDecoder

VIOLIN = SHIPPED / "violin.onnx"

SHIPPED_FILES = sorted(SHIPPED.glob("*.onnx"))
BY_NOTES = [path for path in SHIPPED_FILES if read_card(path).style]
BY_PITCH = [path for path in SHIPPED_FILES if path not in BY_NOTES]
"""Those that are played by notes, and those that are played by pitch and loudness alone."""


def changed(path, *changes):
    """The shipped violin with something changed, as a file."""
    model = onnx.load(VIOLIN)
    for change in changes:
        change(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def with_card(**values):
    def change(model):
        for entry in model.metadata_props:
            if entry.key == METADATA_KEY:
                entry.value = msgspec.json.encode(msgspec.json.decode(entry.value) | values).decode()

    return change


def one_weight_off(model):
    values = _bias(model).copy()
    values[0] += 0.5
    _set_bias(model, values)


def darker(model):
    """A sound of its own: every harmonic some dB below the one before it."""
    card = decode(model.metadata_props[0].value)
    values = _bias(model).copy()
    values[: card.n_harmonics] -= 0.3 * np.arange(card.n_harmonics, dtype=np.float32)
    _set_bias(model, values)
    with_card(parity=_answers(model, card))(model)


def own_violin(path, name="violin", **card):
    """A sound instrument that is audibly not the shipped one."""
    return changed(path, darker, with_card(name=name, title="Dark violin", **card))


def _answers(model, card):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    decoder, parity = OnnxDecoder(session, card), card.parity
    for request in zip(parity.f0_hz, parity.loudness_db, strict=True):
        harmonics, noise = decoder.step(*np.array(request)[:, None])
    return {
        "f0_hz": parity.f0_hz,
        "loudness_db": parity.loudness_db,
        "harmonics": harmonics[0].tolist(),
        "noise": noise[0].tolist(),
    }


def _bias(model):
    return onnx.numpy_helper.to_array(_initializer(model))


def _set_bias(model, values):
    head = _initializer(model)
    head.CopyFrom(onnx.numpy_helper.from_array(values, head.name))


def _initializer(model):
    return next(c for c in model.graph.initializer if c.name == "logits.bias")
