"""Whether a button is down before anything else is."""

import time
from dataclasses import replace

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.open_pins import open_pins
from ddsp_pi.rack.pins import Pins
from ddsp_pi.rack.spec import BoardSpec
from ddsp_pi.sections import Rack

LOOKS, PAUSE_S = 3, 0.01
"""Long enough for the pull-ups to pull, and for what bounces to settle."""


def button_held(spec: BoardSpec, settings: Rack) -> bool:
    """Whether one is down now; a board that is not there has none."""
    if spec.simulated or not spec.buttons:
        return False
    try:
        pins = open_pins(replace(spec, gates_in=(), gates_out=(), led=None), settings.gpio)
    except BoardError:
        return False
    try:
        return _held(pins)
    except BoardError:
        return False
    finally:
        pins.close()


def _held(pins: Pins) -> bool:
    down: set[str] = set()
    for _ in range(LOOKS):
        for change in pins.changes():
            (down.add if change.active else down.discard)(change.name)
        time.sleep(PAUSE_S)
    return bool(down)
