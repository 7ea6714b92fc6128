import re
import wave
from dataclasses import replace

import numpy as np
import pytest

from ddsp_pi.cli import main
from ddsp_pi.drum_picture import Listening
from ddsp_pi.dsp.onset_settings import MODES
from ddsp_pi.pictures import read_wav
from ddsp_pi.shipped import configs_folder
from tests.drums import pad
from tests.playing import pitch_of
from tests.singing import vowel

LINE = configs_folder() / "performances" / "sequencer-line.csv"


@pytest.fixture
def short(tmp_path):
    path = tmp_path / "a4.csv"
    path.write_text("time_s,cv1,gate1\n0,0.75,1\n0.8,0.75,0\n1.0,0.75,0\n")
    return path


def test_renders_sound_and_picture(short, tmp_path, capsys):
    wav, png = tmp_path / "out" / "a4.wav", tmp_path / "out" / "a4.png"
    assert (
        main(
            [
                "render",
                "--mode",
                "cv",
                "--model",
                "violin",
                "--cv",
                str(short),
                "-o",
                str(wav),
                "--plot",
                str(png),
            ]
        )
        == 0
    )
    audio = read_wav(wav)
    assert len(audio) == 2 * 48_000
    assert 1200 * abs(np.log2(pitch_of(audio[12_000:36_000], 440.0) / 440.0)) < 2.0
    assert np.abs(audio[-4800:]).max() < 1e-3
    assert png.read_bytes().startswith(b"\x89PNG")
    assert re.search(r"2\.0 s of .*, 1 notes", capsys.readouterr().out)


@pytest.mark.parametrize("block", ["16", "1000"])
def test_a_steady_note_is_the_same_in_blocks_of_any_size(short, tmp_path, block):
    made = []
    for size in ("128", block):
        wav = tmp_path / f"{size}.wav"
        assert main(["render", "--cv", str(short), "-o", str(wav), "--block", size]) == 0
        made.append(read_wav(wav))
    assert 10 * np.log10(np.mean((made[0] - made[1]) ** 2) / np.mean(made[0] ** 2) + 1e-20) < -60.0


def test_a_moving_performance_is_the_same_to_the_bit_in_blocks_of_whole_hops(tmp_path):
    phrase = configs_folder() / "performances" / "violin-phrase.csv"
    made = []
    for size in ("128", "2048"):
        wav = tmp_path / f"{size}.wav"
        assert main(["render", "--cv", str(phrase), "-o", str(wav), "--block", size]) == 0
        made.append(wav.read_bytes())
    assert made[0] == made[1]


def test_set_reaches_the_sound(short, tmp_path):
    quiet, loud = tmp_path / "q.wav", tmp_path / "l.wav"
    assert main(["render", "--cv", str(short), "-o", str(quiet), "--set", "loudness=-50"]) == 0
    assert main(["render", "--cv", str(short), "-o", str(loud), "--set", "loudness=-20"]) == 0
    ratio = np.std(read_wav(loud)) / np.std(read_wav(quiet))
    assert 20 * np.log10(ratio) == pytest.approx(30.0, abs=3.0)


def test_a_long_release_is_heard_to_its_end(short, tmp_path, capsys):
    wav = tmp_path / "long.wav"
    assert main(["render", "--cv", str(short), "-o", str(wav), "--set", "release=4"]) == 0
    audio = read_wav(wav)
    assert 4 * 48_000 < len(audio) < 8 * 48_000
    assert np.abs(audio[3 * 48_000 : 4 * 48_000]).max() > 1e-3
    assert np.abs(audio[-4800:]).max() < 1e-4
    said = capsys.readouterr().out
    assert f"{len(audio) / 48_000:.1f} s of" in said
    assert "faded out" not in said


BAD = {
    "missing performance": (["--cv", "none.csv"], "no such file"),
    "unknown instrument": (["--cv", str(LINE), "--model", "kazoo"], "no instrument called 'kazoo'"),
    "unknown mode": (["--cv", str(LINE), "--mode", "dance"], "no mode called 'dance'"),
    "unknown parameter": (["--cv", str(LINE), "--set", "wobble=1"], "no parameter called 'wobble'"),
    "not an assignment": (["--cv", str(LINE), "--set", "noise"], "NAME=NUMBER"),
    "no MIDI": (["--midi", str(LINE)], "sequencer-line.csv: not a MIDI file"),
    "a folder of MIDI": (["--midi", str(LINE.parent)], "not a MIDI file, but a folder"),
    "missing MIDI": (["--midi", "none.mid"], "none.mid: no such file"),
    "no block at all": (["--cv", str(LINE), "--block", "0"], "--block 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_input_is_code_2_and_says_why(name, tmp_path, capsys):
    arguments, said = BAD[name]
    assert main(["render", *arguments, "-o", str(tmp_path / "x.wav")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_what_is_outside_the_trained_range_is_played_and_said(tmp_path, capsys):
    line, wav = tmp_path / "up.csv", tmp_path / "up.wav"
    # Half a second of A4 and half a second of A6, which no violin of ours has learned.
    line.write_text("time_s,cv1,cv2,gate1\n0,0.75,6,1\n0.5,2.75,6,1\n1.0,2.75,6,0\n")
    assert main(["render", "--cv", str(line), "-o", str(wav)]) == 0
    said = capsys.readouterr().out
    found = re.search(
        r"^note: (\d+) % of the time outside violin's trained pitch range \d+–\d+ Hz; "
        r"it plays, but as a guess$",
        said,
        re.MULTILINE,
    )
    assert found
    assert 50 <= int(found[1]) <= 70  # the release counts too
    assert "loudness range" not in said
    assert np.abs(read_wav(wav)[30_000:45_000]).max() > 0.01


def test_inside_the_trained_range_nothing_is_said(short, tmp_path, capsys):
    assert main(["render", "--cv", str(short), "-o", str(tmp_path / "a.wav")]) == 0
    assert "note:" not in capsys.readouterr().out


def test_models_list_show_verify(capsys, tmp_path):
    assert main(["models", "list"]) == 0
    assert main(["models", "show", "violin"]) == 0
    assert main(["models", "verify", "violin"]) == 0
    shown = capsys.readouterr().out
    for word in ("violin", "attribution", "held out", "loss_oracle", "fit to play"):
        assert word in shown
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"not a network")
    assert main(["models", "verify", str(bad)]) == 2


@pytest.fixture
def song(tmp_path):
    mido = pytest.importorskip("mido")
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack())
    for kind, wait in (("note_on", 0), ("note_off", 960)):
        file.tracks[0].append(mido.Message(kind, note=69, velocity=100, time=wait))
    file.save(tmp_path / "a4.mid")
    return tmp_path / "a4.mid"


def test_a_midi_file_is_played_in_tune_and_drawn(song, tmp_path, capsys):
    wav, png = tmp_path / "song.wav", tmp_path / "song.png"
    assert main(["render", "--midi", str(song), "-o", str(wav), "--plot", str(png)]) == 0
    audio = read_wav(wav)
    assert len(audio) == 2 * 48_000
    assert 1200 * abs(np.log2(pitch_of(audio[12_000:36_000], 440.0) / 440.0)) < 3.0
    assert png.read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert "1 notes" in said
    assert "song.png: notes, knobs, loudness and spectrogram" in said


def test_cables_and_keys_are_played_together_until_the_later_ends(song, short, tmp_path, capsys):
    wav = tmp_path / "both.wav"
    assert main(["render", "--midi", str(song), "--cv", str(short), "-o", str(wav)]) == 0
    assert "2 notes" in capsys.readouterr().out
    assert len(read_wav(wav)) == 2 * 48_000


def test_with_nothing_to_play_it_says_what_it_wants(tmp_path, capsys):
    assert main(["render", "-o", str(tmp_path / "x.wav")]) == 2
    assert "--cv" in capsys.readouterr().err


def test_it_begins_with_a_preset_and_what_was_named_besides_wins(short, tmp_path, capsys):
    wav = tmp_path / "solo.wav"
    arguments = ["render", "--cv", str(short), "-o", str(wav), "--preset"]
    assert main([*arguments, "cello-solo"]) == 0
    assert "Cello" in capsys.readouterr().out
    assert main([*arguments, "cello-solo", "--model", "flute"]) == 0
    assert "Flute" in capsys.readouterr().out
    assert main([*arguments, "kazoo"]) == 2
    assert "presets list" in capsys.readouterr().err


@pytest.fixture
def sung_file(tmp_path):
    """A vowel on 220 Hz, in stereo at 44.1 kHz."""
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "sung.flac"
    heard = vowel(220.0 * 48_000 / 44_100, seconds=1.0)
    soundfile.write(path, np.stack([heard, heard], axis=1), 44_100)
    return path


def test_what_is_sung_is_played_on_another_pitch(sung_file, tmp_path, capsys):
    wav, png = tmp_path / "out.wav", tmp_path / "out.png"
    arguments = ["--mode", "cross", "--audio", str(sung_file), "--model", "violin"]
    assert main(["render", *arguments, "--set", "pitch_shift=12", "-o", str(wav), "--plot", str(png)]) == 0
    audio = read_wav(wav)
    assert len(audio) == pytest.approx((48_000 / 44_100 + 1.0) * 48_000, abs=2)
    assert pitch_of(audio[24_000:48_000], 440.0) == pytest.approx(440.0, rel=2e-3)
    assert np.abs(audio[-4800:]).max() < 1e-3
    assert png.read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert re.search(r"2\.1 s of .*, played by sung\.flac", said)
    assert "resampled from 44100 Hz" in said
    assert "stereo mixed down" in said


def test_a_performance_plays_the_knobs_of_what_is_sung(sung_file, tmp_path):
    cables = tmp_path / "cables.csv"
    cables.write_text("time_s,cv1\n0,1\n1.0,1\n1.5,1\n")
    wav = tmp_path / "out.wav"
    arguments = ["--mode", "cross", "--audio", str(sung_file), "--cv", str(cables)]
    assert main(["render", *arguments, "-o", str(wav)]) == 0
    assert pitch_of(read_wav(wav)[24_000:48_000], 523.25) == pytest.approx(523.25, rel=2e-3)


def test_a_clipped_file_is_played_and_said_to_be(tmp_path, capsys):
    soundfile = pytest.importorskip("soundfile")
    path, wav = tmp_path / "loud.wav", tmp_path / "out.wav"
    soundfile.write(path, np.clip(8.0 * vowel(220.0), -1.0, 1.0), 48_000)
    assert main(["render", "--mode", "cross", "--audio", str(path), "-o", str(wav)]) == 0
    assert "clipped" in capsys.readouterr().out


WITHOUT_A_VOICE = {
    "nothing to hear": (["--mode", "cross"], "give --audio FILE"),
    "nobody listens": (["--audio", "sung.flac"], "mode cv does not listen"),
    "no such file": (["--mode", "cross", "--audio", "none.flac"], "none.flac: no such file"),
}


@pytest.mark.parametrize("name", WITHOUT_A_VOICE)
def test_input_that_cannot_be_heard_is_code_2_and_says_why(name, tmp_path, capsys):
    arguments, said = WITHOUT_A_VOICE[name]
    assert main(["render", *arguments, "-o", str(tmp_path / "x.wav")]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def write_hits(path):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((32_767.0 * pad((0.2, 0.5, 0.8), 1.2).clip(-1.0, 1.0)).astype("<i2").tobytes())
    return path


def test_drums_are_rendered_without_naming_an_instrument(tmp_path, capsys):
    hits, wav, png = write_hits(tmp_path / "hits.wav"), tmp_path / "out.wav", tmp_path / "out.png"
    assert main(["render", "--mode", "drums", "--audio", str(hits), "-o", str(wav), "--plot", str(png)]) == 0
    assert re.search(r"2\.2 s of drums \(snare_1\), played by hits\.wav", capsys.readouterr().out)
    made = read_wav(wav)
    for begin_s in (0.2, 0.5, 0.8):
        before, after = round(begin_s * 48_000), round((begin_s + 0.006) * 48_000)
        assert np.abs(made[after : after + 4800]).max() > 3.0 * np.abs(made[before - 480 : before]).max()
    assert png.read_bytes().startswith(b"\x89PNG")


def test_the_picture_of_drums_listens_as_they_did(tmp_path, monkeypatch, capsys):
    drawn = []
    monkeypatch.setattr("ddsp_pi.drum_picture.draw_drum", lambda *args: drawn.append(args))
    hits = write_hits(tmp_path / "hits.wav")
    played = ["render", "--preset", "tom_1", "--audio", str(hits), "-o", str(tmp_path / "out.wav")]
    turned = ["--set", "input_gain=6", "--set", "trigger=1", "--set", "onset_mode=2", "--set", "onset_on=9"]
    assert main([*played, *turned, "--plot", str(tmp_path / "out.png")]) == 0
    ((_, _, title, _, how),) = drawn
    assert how == Listening(replace(MODES["roll"], on_db=9.0), 6.0, True)
    assert title.startswith("hits played by drums")
    assert "tom_1, input_gain=6, trigger=1" in title
    assert "loudness, centroid and flatness of each hit" in capsys.readouterr().out


def test_drums_are_played_by_gates_and_by_presets_too(short, tmp_path, capsys):
    made = {}
    for preset in ("snare_1", "tom_1"):
        wav = tmp_path / f"{preset}.wav"
        assert main(["render", "--preset", preset, "--cv", str(short), "-o", str(wav)]) == 0
        made[preset] = read_wav(wav)
        assert np.abs(made[preset][:4800]).max() > 0.05
    assert "drums (snare_1), 1 notes" in capsys.readouterr().out
    assert len(made["tom_1"]) >= len(made["snare_1"])
    assert np.abs(made["tom_1"][14_400:]).max() > 2.0 * np.abs(made["snare_1"][14_400:]).max()
