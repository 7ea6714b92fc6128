"""`ddsp-pi analyze` on recordings whose notes are known, and on files nobody can use."""

import os
import sys

import numpy as np
import pytest

from ddsp_pi.cli import main
from ddsp_pi.cli.analyze import HEADER, nearest_note
from ddsp_pi.dsp.transcription import find_gates, runs, transcribe
from ddsp_pi.errors import MissingExtraError, RecordingError
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.recording import load_recording

soundfile = pytest.importorskip("soundfile")


def note(f0_hz, seconds, gain_db=0.0, rate=SAMPLE_RATE, decay_db=0.0):
    """A sawtooth-like tone with edges of 3 ms, losing `decay_db` per second."""
    t = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * k * f0_hz * t + 0.7 * k * k) / k for k in range(1, 12))
    edges = np.minimum(1.0, np.minimum(t, seconds - t) / 0.003)
    return 0.1 * 10 ** ((gain_db - decay_db * t) / 20) * tone * edges


def rest(seconds, rate=SAMPLE_RATE):
    return np.zeros(round(seconds * rate))


def write(path, *parts, rate=SAMPLE_RATE, subtype=None):
    """Parts in a row, over a hiss of −80 dBFS."""
    audio = np.concatenate(parts)
    hiss = np.random.default_rng(0).normal(0, 1e-4, audio.shape)
    soundfile.write(path, audio + hiss, rate, subtype=subtype)
    return path


def analyse(source, *options):
    output = source.with_suffix(".csv")
    assert main(["analyze", str(source), "-o", str(output), *options]) == 0
    return load_performance(output)


def gates(performance):
    return [(edge.high, edge.at_ns / 1e9) for edge in performance.edges]


def assert_gates(performance, *notes, within_s=0.010):
    times = [time for note in notes for time in note]
    found = gates(performance)
    assert [high for high, _ in found] == [True, False] * len(notes)
    assert [time for _, time in found] == pytest.approx(times, abs=within_s)


def pitch_cents(performance, f0_hz, start_s, end_s):
    at = (performance.times_ns / 1e9 >= start_s) & (performance.times_ns / 1e9 < end_s)
    assert at.any()
    return 1200 * performance.volts[at, 0] - 1200 * np.log2(f0_hz / 261.6255653)


@pytest.mark.parametrize(
    ("low_hz", "high_hz"), [(45.0, 61.7), (196.0, 311.1), (440.0, 659.3), (987.8, 1760.0)]
)
def test_two_notes_give_their_pitch_and_their_gates(tmp_path, low_hz, high_hz):
    parts = rest(0.3), note(low_hz, 0.5), rest(0.2), note(high_hz, 0.4), rest(0.3)
    played = analyse(write(tmp_path / "two.wav", *parts))
    assert_gates(played, (0.3, 0.8), (1.0, 1.4))
    edge = max(0.01, 1 / low_hz)
    assert np.abs(pitch_cents(played, low_hz, 0.3 + edge, 0.8 - edge)).max() < 5
    assert np.abs(pitch_cents(played, high_hz, 1.0 + edge, 1.4 - edge)).max() < 5


def test_pitch_moves_only_while_the_gate_is_open(tmp_path):
    parts = rest(0.3), note(220, 0.4), rest(0.4), note(550, 0.4), rest(0.3)
    played = analyse(write(tmp_path / "two.wav", *parts))
    opens, closes, again = (edge.at_ns / 1e9 for edge in played.edges[:3])
    assert len(set(pitch_cents(played, 220, 0.0, opens))) == 1
    assert len(set(pitch_cents(played, 220, closes, again))) == 1
    assert np.abs(pitch_cents(played, 550, again, again + 0.01)).max() < 5


@pytest.mark.parametrize(("gap_s", "depth_db"), [(0.05, -100.0), (0.06, -8.0), (0.15, -10.0)])
def test_a_repeated_note_opens_the_gate_again(tmp_path, gap_s, depth_db):
    parts = rest(0.2), note(440, 0.4), note(440, gap_s, depth_db), note(440, 0.4), rest(0.2)
    played = analyse(write(tmp_path / "again.wav", *parts))
    assert [high for high, _ in gates(played)] == [True, False] * 2
    assert gates(played)[2][1] == pytest.approx(0.6 + gap_s, abs=0.010)


def test_a_plucked_note_that_rings_into_the_next_opens_the_gate_again(tmp_path):
    parts = rest(0.2), note(196, 0.8, decay_db=15), note(196, 0.8, decay_db=15), rest(0.2)
    played = analyse(write(tmp_path / "plucked.wav", *parts))
    assert [high for high, _ in gates(played)] == [True, False] * 2
    assert gates(played)[2][1] == pytest.approx(1.0, abs=0.010)
    assert gates(played)[1][1] > 0.93


def test_legato_tremolo_and_shallow_dips_keep_the_gate_open(tmp_path):
    swell = 10 ** (-4 / 40 * (1 + np.sin(2 * np.pi * 5 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)))
    legato = np.concatenate([note(440, 0.403), note(523.25, 0.4)[:-100]])
    for parts in (
        (legato,),
        (note(330, 1.0) * swell,),
        (note(440, 0.4)[:-150], note(440, 0.06, -4.0)[150:-150], note(440, 0.4)[150:]),
    ):
        played = analyse(write(tmp_path / "one.wav", rest(0.2), *parts, rest(0.2)))
        assert [high for high, _ in gates(played)] == [True, False]


def test_loudness_is_ten_decibels_per_volt(tmp_path):
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    sine = np.concatenate([a * np.sin(2 * np.pi * 1000 * t) for a in (0.5, 0.05)])
    volts = analyse(write(tmp_path / "sine.wav", sine)).volts[:, 1]
    assert volts[60:120] == pytest.approx(8.0 - 0.9, abs=0.02)
    assert volts[260:320] == pytest.approx(8.0 - 2.9, abs=0.02)
    assert volts.min() >= 0.0


def test_the_file_has_a_row_per_reading_and_one_for_every_edge(tmp_path):
    source = write(tmp_path / "one.wav", rest(0.2013), note(440, 0.3), rest(0.2))
    played = analyse(source)
    lines = source.with_suffix(".csv").read_text("utf-8").splitlines()
    assert lines[0] == HEADER
    assert len(played.times_ns) == len(lines) - 1
    assert np.diff(played.times_ns).max() <= 5_334_000
    assert all(len(cell.partition(".")[2]) == 6 for cell in (line.split(",")[0] for line in lines[1:]))
    assert all(edge.at_ns in played.times_ns for edge in played.edges)
    assert played.length_ns / 1e9 == pytest.approx(0.7013, abs=0.003)


def test_a_part_of_a_recording(tmp_path):
    source = write(tmp_path / "two.wav", rest(0.3), note(220, 0.5), rest(0.2), note(330, 0.4), rest(0.6))
    played = analyse(source, "--start", "0.9", "--duration", "0.8")
    assert_gates(played, (0.1, 0.5))
    assert np.abs(pitch_cents(played, 330, 0.11, 0.49)).max() < 5
    assert played.length_ns / 1e9 == pytest.approx(0.8, abs=0.006)


def test_other_rates_and_channels_are_brought_to_ours_and_said(tmp_path, capsys):
    tone = np.concatenate([rest(0.3, 44_100), note(440, 0.5, rate=44_100), rest(0.3, 44_100)])
    source = write(tmp_path / "stereo.wav", np.stack([tone, 0.3 * tone], axis=1), rate=44_100)
    played = analyse(source)
    assert_gates(played, (0.3, 0.8))
    assert np.abs(pitch_cents(played, 440, 0.31, 0.79)).max() < 5
    said = capsys.readouterr().out
    assert "1 note, A4 to A4 (440 to 440 Hz)" in said
    assert "stereo mixed down to mono" in said
    assert "resampled from 44100 Hz to 48000 Hz" in said


def test_a_good_file_is_taken_as_it_is(tmp_path):
    audio = note(440, 0.5).astype(np.float32)
    soundfile.write(tmp_path / "good.wav", audio, SAMPLE_RATE, subtype="FLOAT")
    loaded = load_recording(tmp_path / "good.wav")
    np.testing.assert_array_equal(loaded.audio, audio)
    assert loaded.notes == ()
    assert loaded.seconds == 0.5


def corrupt(path):
    write(path, note(440, 1.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def not_a_number(path):
    audio = note(440, 0.5)
    audio[12_000:12_003] = np.nan, np.inf, -np.inf
    soundfile.write(path, audio, SAMPLE_RATE, subtype="FLOAT")


BAD = {
    "none.wav": (lambda path: None, "no such file"),
    "folder.wav": (os.mkdir, "a folder"),
    "text.wav": (lambda path: path.write_text("hello"), "not audio"),
    "half.flac": (corrupt, "damaged"),
    "empty.wav": (lambda path: soundfile.write(path, np.zeros(0), SAMPLE_RATE), "empty"),
    "short.wav": (lambda path: write(path, note(440, 0.05)), "only 0.050 s"),
    "silent.wav": (lambda path: write(path, rest(1.0)), "silent: its peak is -6"),
    "clipped.wav": (
        lambda path: soundfile.write(path, np.r_[rest(0.5), 20 * note(440, 0.5)], SAMPLE_RATE),
        r"clipped: \d+ samples \(\d+\.\d%\) are cut off at full scale, the first at 0\.50",
    ),
    "broken.wav": (not_a_number, r"3 samples are not numbers, the first at 0\.250 s"),
    "opposite.wav": (
        lambda path: soundfile.write(path, np.outer(note(440, 0.5), [1, -1]), SAMPLE_RATE),
        "cancel each other",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_recordings_say_what_where_and_what_next(tmp_path, name):
    make, message = BAD[name]
    make(tmp_path / name)
    with pytest.raises(RecordingError, match=message) as caught:
        load_recording(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert ";" in str(caught.value)


def test_a_loud_peak_is_not_clipping(tmp_path):
    audio = note(440, 1.0)
    soundfile.write(tmp_path / "loud.wav", audio / np.abs(audio).max(), SAMPLE_RATE)
    assert load_recording(tmp_path / "loud.wav").notes == ()


@pytest.mark.parametrize("library", ["soundfile", "soxr"])
def test_a_missing_library_names_the_extra(tmp_path, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"needs {library}.*pip install 'ddsp-pi\[files\]'"):
        load_recording(tmp_path / "any.wav")


def test_noise_has_no_notes(tmp_path, capsys):
    noise = np.random.default_rng(1).normal(0, 0.1, SAMPLE_RATE)
    source = write(tmp_path / "noise.wav", noise)
    assert main(["analyze", str(source), "-o", str(tmp_path / "noise.csv")]) == 2
    assert "no note found between 0 s and 1 s" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["noise.wav"]


@pytest.mark.parametrize("options", [("--start", "5"), ("--duration", "0.01")])
def test_parts_that_are_not_there_are_refused(tmp_path, capsys, options):
    source = write(tmp_path / "one.wav", note(440, 0.5))
    assert main(["analyze", str(source), "-o", str(tmp_path / "one.csv"), *options]) == 2
    assert "0.50 s long" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["nan", "-1", "inf", "soon"])
def test_times_that_are_no_times_are_refused(tmp_path, value):
    with pytest.raises(SystemExit) as caught:
        main(["analyze", "any.wav", "-o", "any.csv", f"--start={value}"])
    assert caught.value.code == 2


def test_an_older_performance_survives_a_failure_and_is_replaced_by_a_success(tmp_path, monkeypatch):
    source = write(tmp_path / "one.wav", note(440, 0.5))
    output = tmp_path / "one.csv"
    output.write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _fail)
        assert main(["analyze", str(source), "-o", str(output)]) == 1
    assert output.read_text() == "old"
    assert main(["analyze", str(source), "-o", str(output)]) == 0
    assert output.read_text("utf-8").startswith(HEADER)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.csv", "one.wav"]


def _fail(_):
    raise OSError("no space left on device")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_room_of_earlier_notes_does_not_pull_the_octave_down(seed):
    """Notes over reverberation at −10 dB of the ones before, with which they share sub-multiples."""
    rng = np.random.default_rng(seed)
    melody = [392.0, 587.3, 293.7, 493.9, 740.0, 440.0, 659.3, 329.6, 880.0, 554.4]
    dry = np.concatenate([note(f0_hz, 0.256) for f0_hz in melody])
    room = rng.normal(0, 1, SAMPLE_RATE) * 10 ** (-60 / 20 * np.arange(SAMPLE_RATE) / SAMPLE_RATE / 1.3)
    room *= 10 ** (-10 / 20) / np.sqrt((room**2).sum())
    size = len(dry) + len(room)
    wet = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(room, size), size)[: len(dry)]
    heard = transcribe((dry + wet).astype(np.float32))
    middles = heard.f0_hz[:-1].reshape(len(melody), 96)[:, 20:-10]
    assert np.mean(np.abs(1200 * np.log2(middles / np.array(melody)[:, None])) > 100) < 0.01


def test_a_bass_note_s_cycles_do_not_close_the_gate():
    rows = np.arange(300)
    ripple = (-30 - 4 * np.sin(2 * np.pi * rows / 4.6)).astype(np.float32)
    assert len(runs(find_gates(ripple, np.ones(300, bool)))[0]) == 1


@pytest.mark.parametrize(("f0_hz", "name"), [(261.63, "C4"), (440.0, "A4"), (41.2, "E1"), (1108.7, "C♯6")])
def test_note_names(f0_hz, name):
    assert nearest_note(f0_hz) == name
