"""Presets: what is read of a file, what is left out, saving whole, playing, and the way between two."""

import math
import multiprocessing
import os
import random
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.control.preset_file import LARGEST_BYTES, Preset, check_name, preset_text, read_preset
from ddsp_pi.control.presets import Acts, Presets, apply, full_params, preset_of
from ddsp_pi.errors import ConfigError
from ddsp_pi.params import Param

SPECS = (
    Param("tune", "semitones", -24, 24, 0, "Added to the pitch."),
    Param("brightness", "dB/oct", -6, 6, 0, "Tilt."),
    Param("attack", "s", 0.001, 5, 0.04, "Rise.", warp="log"),
    Param("sustain", "share", 0, 1, 0.7, "Held."),
)
TABLES = {"cv": SPECS, "drums": (Param("snap", "share", 0, 1, 0.5, "How hard."),)}
INSTRUMENTS = ("violin", "cello")
HEAD = "format: 1\nname: mine\nmode: cv\ninstrument: violin\n"
KILLS = 40
CARD_S = 0.005
"""How long a card takes."""


def read(folder, text):
    file = folder / "mine.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_preset(file, TABLES, lambda mode: INSTRUMENTS)


@pytest.fixture
def shelf(tmp_path):
    (tmp_path / "shipped").mkdir()
    for name in ("solo", "drone"):
        preset = Preset(name, "cv", "violin", {"sustain": 1.0}, "ships")
        (tmp_path / "shipped" / f"{name}.yaml").write_text(preset_text(preset))
    return Presets(tmp_path / "data" / "presets", tmp_path / "shipped", TABLES, lambda mode: INSTRUMENTS)


def test_a_file_is_read_as_it_is_written(tmp_path):
    loaded = read(tmp_path, HEAD + "note: Soft.\nparams: {attack: 0.2, tune: -12}\nmidi: {brightness: 74}\n")
    assert loaded.left_out == ()
    assert loaded.preset == Preset(
        "mine", "cv", "violin", {"attack": 0.2, "tune": -12.0}, "Soft.", {"brightness": 74}
    )


def test_format_mode_and_instrument_are_enough(tmp_path):
    loaded = read(tmp_path, "format: 1\nmode: cv\ninstrument: cello\n")
    assert (loaded.preset, loaded.left_out) == (Preset("mine", "cv", "cello"), ())


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "params: {brigtness: 3, sustain: 1}",
            "params.brigtness, line 5: left out: no parameter called 'brigtness'",
        ),
        ("params: {brigtness: 3, sustain: 1}", "did you mean brightness?"),
        ("params:\n  sustain: 1\n  tune: 99", "params.tune, line 7: 99 semitones is held at 24"),
        ("params:\n  sustain: 1\n  attack: 0", "params.attack, line 7: 0 s is held at 0.001"),
        ("params: {sustain: 1, tune: -.inf}", "params.tune, line 5: -inf semitones is held at -24"),
        ("params: {sustain: 1, tune: .nan}", "params.tune, line 5: left out: expected a number"),
        ("params: {sustain: 1, tune: loud}", "params.tune, line 5: left out: expected number, got text"),
        (
            "params: {sustain: 1, tune: true}",
            "params.tune, line 5: left out: expected number, got true or false",
        ),
        ("params: {sustain: 1, tune: [1]}", "params.tune, line 5: left out: expected number, got list"),
        ("params: {sustain: 1, tune: }", "params.tune, line 5: left out: expected number, got nothing"),
        (
            "params: {sustain: 1, tune: 1" + "0" * 400 + "}",
            "params.tune, line 5: left out: number out of range",
        ),
        ("params: {sustain: 1, 7: 1}", "params.7, line 5: left out: no parameter called '7'"),
        ("colour: red\nparams: {sustain: 1}", "colour, line 5: left out: no key called 'colour'"),
        ("2020-01-01: 1\nparams: {sustain: 1}", "2020-01-01, line 5: left out: no key"),
        ("note: [1]\nparams: {sustain: 1}", "note, line 5: left out: expected text, got list"),
        ("midi: 7\nparams: {sustain: 1}", "midi, line 5: left out: expected map, got int"),
        ("midi: {tune: 128}\nparams: {sustain: 1}", "midi.tune, line 5: left out: expected int <= 119"),
        ("midi: {tune: 7.5}\nparams: {sustain: 1}", "midi.tune, line 5: left out: expected int"),
        ("midi: {snap: 7}\nparams: {sustain: 1}", "midi.snap, line 5: left out: no parameter called 'snap'"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_rest_is_loaded(tmp_path, entry, said):
    loaded = read(tmp_path, f"{HEAD}{entry}\n")
    assert len(loaded.left_out) == 1
    assert said in loaded.left_out[0]
    assert loaded.preset.params["sustain"] == 1.0
    assert loaded.preset.instrument == "violin"


def test_values_out_of_range_are_held_at_the_ends(tmp_path):
    loaded = read(tmp_path, HEAD + "params: {tune: 99, attack: 0, brightness: -6}\n")
    assert loaded.preset.params == {"tune": 24.0, "attack": 0.001, "brightness": -6.0}
    assert len(loaded.left_out) == 2


def test_params_that_are_no_map_leave_instrument_and_mode(tmp_path):
    loaded = read(tmp_path, HEAD + "params: [1, 2]\n")
    assert loaded.left_out == ("params, line 5: left out: expected map, got list",)
    assert (loaded.preset.mode, loaded.preset.instrument) == ("cv", "violin")


@pytest.mark.parametrize(
    ("line", "said"),
    [("instrument: viola", "did you mean violin?"), ("", "none is named"), ("instrument: 7", "")],
)
def test_an_instrument_that_is_not_there_leaves_the_one_that_plays(tmp_path, line, said):
    loaded = read(tmp_path, f"format: 1\nmode: cv\n{line}\nparams: {{tune: 1}}\n")
    assert said in " ".join(loaded.left_out)
    assert "the one that plays stays" in loaded.left_out[-1]
    assert loaded.preset == Preset("mine", "cv", "", {"tune": 1.0})


def test_another_name_in_the_file_is_said_and_the_files_counts(tmp_path):
    loaded = read(tmp_path, HEAD.replace("mine", "yours"))
    assert loaded.preset.name == "mine"
    assert loaded.left_out == ("name, line 2: the file's counts, which is mine",)


def test_foreign_text_is_quoted_and_kept_short(tmp_path):
    loaded = read(tmp_path, HEAD + 'params: {"\\e[31m\\n' + "x" * 1000 + '": 1}\n')
    (said,) = loaded.left_out
    assert said.isprintable()
    assert len(said) < 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no line 'format:'"),
        ("format: 1\n", "has no line 'mode:'"),
        ("[]", "holds no map"),
        ("just words", "holds no map"),
        ("format: '1'\nmode: cv\n", "expected int, got text at $.format, line 1"),
        ("format: true\nmode: cv\n", "expected int, got true or false at $.format, line 1"),
        ("format: 1\nmode: [cv]\n", "expected text, got list at $.mode, line 2"),
        ("format: 1\nmode: cv\nparams: {a: [}\n", "line 3"),
        ("format: 1\nmode: cv\nmode: cv\n", "a second time, line 3"),
        ("format: 1\n\0", "not YAML"),
        (b"\xff\xfe\xfa", "not YAML"),
        (b"RIFF" + bytes(LARGEST_BYTES), "bytes, and a preset a few lines"),
    ],
)
def test_what_is_no_preset_is_refused_with_place_and_remedy(tmp_path, text, said):
    with pytest.raises(ConfigError, match="no preset") as refused:
        read(tmp_path, text)
    message = str(refused.value)
    assert said in message
    assert "mine.yaml" in message
    assert "\n" not in message
    assert "instrument: violin" in message or "a few lines" in message


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("format: 2\n", "format 2, line 1 of .*mine.yaml: .*update it"),
        ("format: 1\nmode: organ\n", "'organ', line 2 of .*mine.yaml; there are: cv, drums"),
    ],
)
def test_another_format_or_mode_is_refused_with_its_remedy(tmp_path, text, remedy):
    with pytest.raises(ConfigError, match=remedy):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_preset(tmp_path / "gone.yaml", TABLES, lambda mode: INSTRUMENTS)
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match="no such file"):
        read_preset(tmp_path / "folder.yaml", TABLES, lambda mode: INSTRUMENTS)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.dictionaries(st.sampled_from([spec.name for spec in SPECS]) | st.text(max_size=8), JUNK, max_size=6)


@given(rows=ROWS, midi=ROWS | JUNK, others=st.dictionaries(st.text(max_size=8), JUNK, max_size=3))
@settings(deadline=None)
def test_whatever_stands_in_it_what_is_loaded_can_be_played(tmp_path_factory, rows, midi, others):
    said = others | {"format": 1, "mode": "cv", "instrument": "violin", "params": rows, "midi": midi}
    loaded = read(tmp_path_factory.mktemp("junk"), yaml.safe_dump(said))
    ranges = {spec.name: (spec.low, spec.high) for spec in SPECS}
    for name, value in loaded.preset.params.items():
        low, high = ranges[name]
        assert low <= value <= high
    assert len(loaded.left_out) >= len(rows) - len(loaded.preset.params)
    assert all(entry.isprintable() for entry in loaded.left_out)


@given(st.binary(max_size=60) | st.text(alphabet="format: 1mdecv\n-[]{}&*!?|>'\"#", max_size=60))
@settings(deadline=None)
def test_any_bytes_are_a_preset_or_refused_by_name(tmp_path_factory, content):
    try:
        said = read(tmp_path_factory.mktemp("bytes"), content).preset.name
    except ConfigError as error:
        said = str(error)
    assert "mine" in said


@given(
    values=st.fixed_dictionaries({spec.name: st.floats(spec.low, spec.high) for spec in SPECS}),
    note=st.text(max_size=40),
)
@settings(deadline=None)
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, values, note):
    folder = tmp_path_factory.mktemp("own")
    presets = Presets(folder / "own", folder / "shipped", TABLES, lambda mode: INSTRUMENTS)
    saved = preset_of("mine", "cv", "cello", values, SPECS, note, {"tune": 7})
    presets.save(saved)
    loaded = presets.load("mine")
    assert (loaded.preset, loaded.left_out) == (saved, ())
    for name, value in full_params(loaded.preset, SPECS).items():
        assert value == pytest.approx(values[name], rel=1e-6)


def test_a_saved_file_reads_well():
    values = {"tune": -12.0, "attack": 0.20000000298023224, "sustain": 0.7, "brightness": 0.0}
    text = preset_text(preset_of("mine", "cv", "violin", values, SPECS, "Soft."))
    assert text.splitlines()[1:] == [
        "format: 1",
        "name: mine",
        "mode: cv",
        "instrument: violin",
        "note: Soft.",
        "params:",
        "  tune: -12",
        "  attack: 0.2",
    ]


@pytest.mark.parametrize("name", ["solo", "0", "a-b_c", "x" * 64])
def test_names_are_taken(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../solo",
        "/etc/passwd",
        "a/b",
        "solo.yaml",
        "Solo",
        "-a",
        "_a",
        "a\n",
        "ä",
        "a b",
        "a\0",
        "x" * 65,
    ],
)
def test_what_is_no_name_reaches_no_file(shelf, tmp_path, name):
    before = sorted(tmp_path.rglob("*"))
    for attempt in (shelf.find, shelf.load, lambda name: shelf.save(Preset(name, "cv", "violin"))):
        with pytest.raises(ConfigError, match="no name for a preset"):
            attempt(name)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_own_preset_hides_the_shipped_one(shelf):
    assert shelf.names() == ["drone", "solo"]
    path = shelf.save(Preset("solo", "cv", "cello", note="mine"))
    assert shelf.names() == ["drone", "solo"]
    assert shelf.load("solo").preset.note == "mine"
    assert [shelf.is_own(file) for file in shelf.files()] == [False, True]
    assert [file.stem for file in shelf.shipped()] == ["drone", "solo"]
    path.unlink()
    assert shelf.load("solo").preset.note == "ships"


def test_a_name_that_is_not_there_is_answered_with_those_like_it(shelf):
    with pytest.raises(ConfigError, match="no preset called 'sol'; there are solo: see"):
        shelf.find("sol")
    with pytest.raises(ConfigError, match="there are drone, solo"):
        shelf.find("zzz")


def test_a_save_that_fails_leaves_the_old_file_and_says_what_to_do(shelf, monkeypatch):
    path = shelf.save(Preset("mine", "cv", "cello"))
    before = path.read_bytes()

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ddsp_pi.files.os.fsync", full)
    with pytest.raises(OSError, match=r"mine\.yaml: No space left.*not written.*Make room"):
        shelf.save(Preset("mine", "cv", "violin"))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def numbered(number):
    """A preset of some ten kilobytes, each line of which says the same number."""
    return Preset("mine", "cv", "violin", {"tune": float(number)}, f"{number} " * 5000)


def save_for_ever(folder, first):
    fsync = os.fsync

    def as_a_card_does(handle):
        time.sleep(CARD_S)
        fsync(handle)

    os.fsync = as_a_card_does
    presets = Presets(folder, folder / "none", TABLES, lambda mode: INSTRUMENTS)
    for turn in range(1_000_000):
        presets.save(numbered((first + turn) % 24))


def as_it_stands(folder):
    state = (folder / "mine.yaml").stat()
    return state.st_ino, state.st_mtime_ns


def is_written(folder):
    return any(folder.glob(".*.part"))


def test_a_save_that_is_killed_leaves_a_whole_file(tmp_path):
    presets = Presets(tmp_path, tmp_path / "none", TABLES, lambda mode: INSTRUMENTS)
    presets.save(numbered(0))
    chance = random.Random(6)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    seen, interrupted = set(), 0
    for kill in range(KILLS):
        before = as_it_stands(tmp_path)
        saving = processes.Process(target=save_for_ever, args=(tmp_path, kill))
        saving.start()
        while as_it_stands(tmp_path) == before or not is_written(tmp_path):
            assert saving.is_alive()
        time.sleep(chance.uniform(0.0, 2.0 * CARD_S))
        saving.kill()
        saving.join()
        interrupted += is_written(tmp_path)
        loaded = presets.load("mine")
        number = int(loaded.preset.params.get("tune", 0))
        assert (loaded.preset, loaded.left_out) == (numbered(number), ())
        seen.add(number)
    assert len(seen) > 1
    assert interrupted, "no save was: this has shown nothing"
    assert presets.names() == ["mine"]


class Player:
    """Does what a preset asks, and remembers it in order."""

    def __init__(self, mode="cv", instrument="violin"):
        self.mode, self.instrument = mode, instrument
        self.values, self.done = {}, []
        self.acts = Acts(
            lambda: self.mode,
            lambda: self.instrument,
            self.change_mode,
            self.select_instrument,
            self.set_param,
        )

    def change_mode(self, name):
        self.done.append(f"mode {name}")
        self.mode = name

    def select_instrument(self, name):
        self.done.append(f"instrument {name}")
        self.instrument = name

    def set_param(self, name, value):
        self.done.append(name)
        self.values[name] = value


def test_playing_a_preset_sets_every_parameter():
    player = Player()
    apply(Preset("a", "cv", "violin", {"tune": 5.0}), TABLES, player.acts)
    assert player.values == {"tune": 5.0, "brightness": 0, "attack": 0.04, "sustain": 0.7}
    assert player.done == ["tune", "brightness", "attack", "sustain"]


def test_the_same_preset_sounds_the_same_whatever_was_before():
    preset = Preset("a", "cv", "cello", {"tune": 5.0})
    fresh, used = Player(), Player("drums", "organ")
    used.values = {"tune": -1.0, "brightness": 3.0, "attack": 1.0, "sustain": 0.0}
    for player in (fresh, used):
        apply(preset, TABLES, player.acts)
    assert fresh.values == used.values
    assert (used.mode, used.instrument) == ("cv", "cello")
    assert used.done[:2] == ["mode cv", "instrument cello"]


def test_a_preset_without_instrument_leaves_the_one_that_plays():
    player = Player()
    apply(Preset("a", "drums", ""), TABLES, player.acts)
    assert player.done == ["mode drums", "snap"]
    assert math.isclose(player.values["snap"], 0.5)
