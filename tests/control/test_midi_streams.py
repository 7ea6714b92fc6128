"""A player of MIDI under an hour of anything, and after it: no note is left."""

import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.config import load_config
from ddsp_pi.control.midi import MidiPlayer
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.modes.cv import PARAMS, CvMode
from ddsp_pi.params import ParamSet
from tests.midi_streams import ENDINGS, Ear, Lasting, stream, streams
from tests.playing import engine, ns, play, static

USUAL = load_config().midi


class Played:
    """A player, who hears it, and what the keys themselves say."""

    def __init__(self, channel=0):
        self.ear, self.lasting = Ear(ParamSet(PARAMS)), Lasting()
        settings = msgspec.structs.replace(USUAL, channel=channel)
        self.player = MidiPlayer(self.ear.acts(), settings, ParamSet(PARAMS))

    def take(self, message):
        self.player.take(message)
        self.lasting.take(message)
        assert self.ear.sounding == self.player.sounding

    def end(self, ending):
        for message in ENDINGS[ending](self.lasting.down):
            self.take(message)


@pytest.mark.parametrize("seed", range(3))
def test_an_hour_leaves_no_note_however_it_is_ended_again_and_again(seed):
    played, endings, sounded = Played(), itertools.cycle(ENDINGS), 0
    for number, (_, message) in enumerate(stream(seed, minutes=60.0, per_second=10.0)):
        played.take(message)
        if number % 500 == 0:
            sounded += bool(played.ear.sounding)
            played.end(next(endings))
            assert not played.ear.sounding
    assert number == pytest.approx(36_000, rel=0.1)
    assert sounded > 40
    assert played.ear.panics > 20


@settings(max_examples=300, deadline=None)
@given(streams(), st.sampled_from(sorted(ENDINGS)), st.sampled_from((0, 2)))
def test_no_stream_leaves_a_note_however_it_is_ended(sent, ending, channel):
    played = Played(channel)
    for _, message in sent:
        played.take(message)
    played.end(ending)
    assert not played.ear.sounding
    assert all(spec.low <= played.ear.params.values[spec.name] <= spec.high for spec in PARAMS)


def test_a_stream_is_the_same_for_its_seed_and_as_dense_as_asked():
    first, again, other = ([*stream(seed, minutes=5.0, per_second=30.0)] for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == pytest.approx(5 * 60 * 30, rel=0.1)
    assert [sent.at_s for sent in first] == sorted(sent.at_s for sent in first)
    kinds = {message.type for _, message in first}
    assert kinds == {"note_on", "note_off", "control_change", "pitchwheel", "program_change", "reset"}
    controls = {message.control for _, message in first if message.type == "control_change"}
    assert {55, 56, 64, 120, 121, 123} <= controls


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("voices", [1, 4])
def test_what_is_left_of_a_stream_is_silence(voices, ending):
    played = Played()
    for at_s, message in stream(seed=5, minutes=0.1, per_second=40.0):
        played.ear.at_ns = ns(at_s)
        played.take(message)
    played.ear.at_ns = ns(6.0)
    played.end(ending)
    sound = play(engine(CvMode(static(voices=voices)), notes=played.ear.notes), 8.0)
    assert np.abs(sound[5 * SAMPLE_RATE : 6 * SAMPLE_RATE]).max() > 0.01
    assert np.abs(sound[7 * SAMPLE_RATE :]).max() < 1e-6
