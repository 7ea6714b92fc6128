import numpy as np
import pytest

from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.card import Range
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.modes.cv import CvMode
from tests.playing import engine, gate, play, static

LOW, HIGH = 57.0, 81.0  # A3 and A5
HELD = gate(0.0)


def trained(low=LOW, high=HIGH, loudness=(-40.0, -10.0)):
    decoder = static()
    decoder.pitch_range_hz = Range(*(440.0 * 2.0 ** ((note - 69.0) / 12.0) for note in (low, high)))
    decoder.loudness_range_db = Range(*loudness)
    return decoder


def telemetry(note=69.0, loudness=-20.0, edges=HELD, decoder=None, seconds=0.5, block=HOP, morph=0.0):
    mode = CvMode(decoder or trained())
    mode.params.set("morph", morph)

    def drive(params, at):
        params.drive("note", note(at) if callable(note) else note)
        params.drive("loudness", loudness(at) if callable(loudness) else loudness)

    player = engine(mode, edges, drive=drive)
    assert np.isfinite(play(player, seconds, block)).all()
    return player.telemetry


@pytest.mark.parametrize("note", [LOW, LOW - 0.4, 69.0, HIGH, HIGH + 0.4])
def test_inside_and_at_the_edges_nothing_is_flagged(note):
    found = telemetry(note)
    assert (found.outside_pitch, found.outside_pitch_samples) == (False, 0)
    assert found.sounding_samples == SAMPLE_RATE // 2


@pytest.mark.parametrize("note", [LOW - 0.6, HIGH + 0.6, 0.0, 127.0])
def test_a_pitch_outside_plays_and_is_flagged(note):
    found = telemetry(note)
    assert found.outside_pitch
    assert found.outside_pitch_samples == found.sounding_samples == SAMPLE_RATE // 2
    assert not found.outside_loudness
    assert found.peak > 0.0


@pytest.mark.parametrize(
    ("loudness", "outside"),
    [(-10.0, False), (-9.1, False), (-8.9, True), (-40.9, False), (-41.1, True), (-80.0, True)],
)
def test_a_loudness_outside_is_flagged(loudness, outside):
    found = telemetry(loudness=loudness)
    assert found.outside_loudness is outside
    assert not found.outside_pitch


def test_silence_is_never_outside():
    found = telemetry(note=20.0, loudness=-80.0, edges=())
    assert (found.sounding_samples, found.outside_pitch_samples, found.outside_loudness_samples) == (0, 0, 0)


def test_the_flag_falls_with_the_note():
    found = telemetry(note=20.0, edges=gate(0.0, 0.2), seconds=1.0)
    assert not found.outside_pitch
    assert 0.2 < found.outside_pitch_samples / SAMPLE_RATE < 0.6


@pytest.mark.parametrize("block", [16, HOP, 1000, 2048])
def test_the_time_outside_does_not_depend_on_the_block(block):
    found = telemetry(note=lambda seconds: 69.0 if seconds <= 0.3 else 90.0, block=block)
    assert found.outside_pitch_samples == pytest.approx(0.2 * SAMPLE_RATE, abs=HOP)


def test_vibrato_across_the_edge_does_not_flicker():
    changes, before = 0, False
    mode = CvMode(trained())
    player = engine(
        mode, gate(0.0), drive=lambda params, at: params.drive("note", HIGH + 0.5 + 0.2 * np.sin(60.0 * at))
    )
    for _ in range(375):
        play(player, HOP / SAMPLE_RATE)
        changes += player.telemetry.outside_pitch != before
        before = player.telemetry.outside_pitch
    assert changes == 1


@pytest.mark.parametrize(("morph", "outside"), [(0.0, False), (0.5, True), (1.0, True)])
def test_between_two_instruments_both_must_know_the_pitch(morph, outside):
    violin_and_cello = MorphDecoder(trained(), trained(36.0, 60.0))
    assert telemetry(decoder=violin_and_cello, morph=morph).outside_pitch is outside
