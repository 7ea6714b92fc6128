"""Mode cross driven by hand: what goes in, and what comes out of it."""

from functools import cache

from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.library import SHIPPED
from ddsp_pi.modes.cross import CrossMode
from tests.playing import engine, sing


@cache
def instrument(name):
    return load_instrument(SHIPPED / f"{name}.onnx")


def cross(decoder="violin", **params):
    """The mode with a shipped instrument, by name, or another decoder."""
    mode = CrossMode(instrument(decoder).decoder() if isinstance(decoder, str) else decoder)
    for name, value in params.items():
        mode.params.set(name, value)
    return mode


def crossed(heard, decoder="violin", block=128, seconds=0.0, drive=None, **params):
    """What comes out while this comes in, and for so long after it."""
    return sing(engine(cross(decoder, **params), drive=drive), heard, block, seconds)
