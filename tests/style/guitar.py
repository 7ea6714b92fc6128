"""The guitar that ships, played by what plays it for a musician: MIDI files, keys and jacks."""

import math
from pathlib import Path

import mido
import msgspec
import numpy as np

from ddsp_pi.app import MODE_PARAMS, build, midi_of
from ddsp_pi.config import load_config
from ddsp_pi.control.midi_file import load_midi
from ddsp_pi.frame import SAMPLE_RATE, Note
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.board import NullBoard
from tests.playing import Script, ns, play

BLOCK = 16 * 128
"""Samples: those of `render`."""

JACK_NOTE = 60.0
"""At 0 V."""


def settings(voices=1, **params):
    """Mode style as it comes, with some parameters set."""
    config = load_config(mode="style")
    return msgspec.structs.replace(config, voices=voices, params={**config.params, **params})


def on(note, second=0.0, velocity=100):
    return Note(float(note), velocity / 127.0, ns(second))


def off(note, second):
    return Note(float(note), 0.0, ns(second))


class Jacks(Script):
    """Volts that stand still, and gates."""

    def __init__(self, edges, **volts):
        super().__init__(edges)
        self._volts = tuple(volts.get(f"cv{jack}", math.nan) for jack in range(1, 7))

    def volts(self, at_ns):
        return self._volts


def sound(seconds, *events, block=BLOCK, voices=1, board=None, **params):
    """What keys and gates at their times sound like."""
    app = build(settings(voices, **params), board or Script(events))
    return play(app.engine, seconds, block)


def song(path: Path, seconds, block=BLOCK, voices=1, **params):
    """What a MIDI file sounds like, as `render --midi` plays it, for so long."""
    config = settings(voices, **params)
    start = ParamSet(MODE_PARAMS[config.mode])
    for name, value in config.params.items():
        start.set(name, value)
    midi = load_midi(path, midi_of(config), start, NullBoard())
    app = build(config, midi)
    midi.turn_with(app.set_param)
    return play(app.engine, seconds, block)


def write_song(path, *messages):
    """A MIDI file of messages, each with the sample at 48 kHz at which it comes."""
    track, before = mido.MidiTrack(), 0
    for sample, message in messages:
        track.append(message.copy(time=sample - before))
        before = sample
    mido.MidiFile(ticks_per_beat=SAMPLE_RATE // 2, tracks=[track]).save(path)
    return path


def part(audio, begin, end):
    return audio[round(begin * SAMPLE_RATE) : round(end * SAMPLE_RATE)]


def hertz(note):
    return 440.0 * 2.0 ** ((note - 69.0) / 12.0)


def cents(hz, note):
    return 1200.0 * float(np.log2(hz / hertz(note)))
