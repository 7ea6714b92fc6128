"""What a picture of a MIDI piece shows."""

import numpy as np
import pytest

from ddsp_pi.control.midi_file import Song, Turn
from ddsp_pi.frame import SAMPLE_RATE, Note
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.shipped import configs_folder
from ddsp_pi.song_picture import (
    COLUMNS,
    HIGH_HZ,
    LOW_HZ,
    ROWS,
    Bar,
    Line,
    bars,
    draw_song,
    lines,
    spectrogram_db,
)
from tests.playing import ns

LINE = configs_folder() / "performances" / "sequencer-line.csv"


def song(notes=(), turns=()):
    events = [Note(float(note), velocity, ns(at_s)) for at_s, note, velocity in notes]
    return Song(tuple(events), tuple(Turn(ns(at_s), *turn) for at_s, *turn in turns), (), ns(4.0))


CHORD = song([(0.0, 60, 0.5), (0.5, 64, 1.0), (1.0, 60, 0.0), (1.5, 64, 0.0)])


def test_notes_are_bars_from_their_beginning_to_their_end():
    assert bars(CHORD) == [Bar(60.0, 0.5, 0.0, 1.0), Bar(64.0, 1.0, 0.5, 1.5)]


def test_a_key_that_is_struck_again_is_another_bar():
    again = song([(0.0, 60, 0.5), (1.0, 60, 0.25), (3.0, 60, 0.0)])
    assert bars(again) == [Bar(60.0, 0.5, 0.0, 1.0), Bar(60.0, 0.25, 1.0, 3.0)]


def test_what_is_turned_is_a_line_from_where_it_stood():
    start = ParamSet(PARAMS)
    start.set("noise", 0.5)
    turned = song(turns=[(1.0, "noise", 2.0), (2.0, "brightness", -6.0), (3.0, "noise", 0.0)])
    assert lines(turned, start) == [
        Line("noise", [0.0, 1.0, 3.0], [0.25, 1.0, 0.0]),
        Line("brightness", [0.0, 2.0], [0.5, 0.0]),
    ]


def test_what_stays_where_it_stood_is_no_line():
    assert lines(song(turns=[(1.0, "tune", 0.0)]), ParamSet(PARAMS)) == []


def row_of(hz):
    return int(ROWS * np.log(hz / LOW_HZ) / np.log(HIGH_HZ / LOW_HZ))


@pytest.mark.parametrize("f0_hz", [65.4, 98.1, 440.0, 7000.0])
def test_a_tone_is_in_its_row_of_the_spectrogram_while_it_sounds(f0_hz):
    tone = np.sin(2.0 * np.pi * f0_hz * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    levels = spectrogram_db(np.concatenate([tone, np.zeros_like(tone)]))
    assert levels.shape[0] == ROWS
    first, second = np.split(levels, [levels.shape[1] // 2], axis=1)
    middle = first[:, first.shape[1] // 2]
    assert abs(int(np.argmax(middle)) - row_of(f0_hz)) <= 2
    assert middle.max() > second[:, -10].max() + 60.0


def test_a_fifth_above_a_low_c_is_seen_apart():
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    chord = (np.sin(2.0 * np.pi * 65.4 * t) + np.sin(2.0 * np.pi * 98.1 * t)).astype(np.float32)
    levels = spectrogram_db(chord)[:, 40]
    between = levels[row_of(80.0)]
    assert min(levels[row_of(65.4)], levels[row_of(98.1)]) > between + 20.0


def test_a_long_piece_has_no_more_columns_than_a_picture():
    assert spectrogram_db(np.zeros(100 * SAMPLE_RATE, np.float32)).shape == (ROWS, COLUMNS)


@pytest.mark.parametrize("cables", [None, LINE])
@pytest.mark.parametrize("turns", [(), [(1.0, "noise", 2.0)]])
def test_it_is_drawn_with_what_there_was(tmp_path, cables, turns):
    pixels = []
    for notes in ([(0.0, 60, 0.5)], [(0.0, 60, 1.0)]):
        sound = np.random.default_rng(0).normal(0, 0.01, 2 * SAMPLE_RATE).astype(np.float32)
        played = song([*notes, (1.0, 60, 0.0)], turns)
        patched = None if cables is None else load_performance(cables)
        draw_song(played, ParamSet(PARAMS), patched, sound, "a note", tmp_path / "song.png")
        pixels.append((tmp_path / "song.png").read_bytes())
    assert all(drawn.startswith(b"\x89PNG") for drawn in pixels)
    assert pixels[0] != pixels[1]  # the velocity is seen
