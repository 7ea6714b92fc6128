"""What played last: when it is kept, and what of it counts at the next start."""

from contextlib import suppress
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.control import memory
from ddsp_pi.control.memory import SAVE_S, SLOWEST_S, Memory, Recalled, changed, recalled
from ddsp_pi.control.state_file import (
    LARGEST_BYTES,
    Began,
    State,
    read_state,
    set_aside,
    state_path,
    state_text,
    write_state,
)
from ddsp_pi.errors import ConfigError

CV = MODE_PARAMS["cv"]
BEGAN = Began("cv", "violin", {"noise": 0.5})
NAMES = ("cello", "flute", "violin")
LOOK_S = 0.5


class Playing:
    """A memory on a clock of its own, and what it plays."""

    def __init__(self, path, kept=None):
        self.path, self.now_s, self.said, self.errands = path, 100.0, [], []
        self.state = State(BEGAN, "violin") if kept is None else kept
        self.memory = Memory(
            path, kept, lambda: self.state, self.errands.append, self.said.append, lambda: self.now_s
        )
        self.written = []

    def turn(self, brightness):
        self.state = msgspec.structs.replace(self.state, params={"brightness": brightness})

    def wait(self, seconds, turning=False):
        """So long, with a look every half second and errands done at once."""
        for step in range(round(seconds / LOOK_S)):
            self.now_s += LOOK_S
            if turning:
                self.turn(float(step))
            self.memory.look()
            while self.errands:
                self.errands.pop()()

    def writes(self, monkeypatch):
        """The times at which something is written from now on."""
        times = []

        def write(path, state):
            times.append(self.now_s)
            write_state(path, state)

        monkeypatch.setattr(memory, "write_state", write)
        return times


@pytest.fixture
def playing(tmp_path):
    return Playing(state_path(tmp_path))


def test_an_idle_hour_writes_nothing(playing, monkeypatch):
    times = playing.writes(monkeypatch)
    playing.wait(3600)
    playing.memory.save()
    assert times == []
    assert not playing.path.exists()


def test_a_knob_that_was_turned_is_kept_once_a_few_seconds_later(playing, monkeypatch):
    times = playing.writes(monkeypatch)
    playing.wait(2, turning=True)
    last_s = playing.now_s
    playing.wait(3600)
    assert len(times) == 1
    assert times[0] <= last_s + SAVE_S + LOOK_S
    assert read_state(playing.path) == playing.state


def test_knobs_that_are_turned_now_and_then_are_never_kept_late(playing, monkeypatch):
    times = playing.writes(monkeypatch)
    for turn in range(40):
        playing.turn(float(turn))
        playing.wait(SAVE_S * 2 + 3)
        assert read_state(playing.path) == playing.state
    assert len(times) == 40


def test_what_turns_without_an_end_is_kept_less_and_less_often(playing, monkeypatch):
    times = playing.writes(monkeypatch)
    playing.wait(3600, turning=True)
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= SAVE_S
    assert max(gaps) <= SLOWEST_S + 2 * LOOK_S
    assert len(times) < 3600 / SLOWEST_S + 6
    playing.wait(SLOWEST_S + SAVE_S)
    playing.turn(-1.0)
    playing.wait(SAVE_S + 2 * LOOK_S)
    assert read_state(playing.path) == playing.state


def test_what_is_turned_back_is_not_kept(playing, monkeypatch):
    times = playing.writes(monkeypatch)
    before = playing.state
    playing.turn(3.0)
    playing.wait(2)
    playing.state = before
    playing.wait(60)
    assert times == []


def test_at_the_end_it_is_kept_at_once(playing):
    playing.turn(2.0)
    playing.memory.save()
    assert read_state(playing.path) == playing.state


def test_what_is_kept_already_is_not_written_again(tmp_path, monkeypatch):
    state = State(BEGAN, "cello", "cello-solo", {"brightness": 1.5}, {"glide": 33})
    write_state(state_path(tmp_path), state)
    playing = Playing(state_path(tmp_path), read_state(state_path(tmp_path)))
    times = playing.writes(monkeypatch)
    playing.wait(60)
    playing.memory.save()
    assert times == []


def test_a_disk_that_refuses_is_said_once_and_tried_again(playing, monkeypatch):
    tries = []

    def refuse(path, state):
        tries.append(playing.now_s)
        raise OSError("there is no room")

    with monkeypatch.context() as full:
        full.setattr(memory, "write_state", refuse)
        playing.turn(2.0)
        playing.wait(600)
    assert playing.said == ["what plays cannot be remembered: there is no room. It plays on"]
    assert 5 <= len(tries) <= 600 / SLOWEST_S + 6
    playing.wait(SLOWEST_S + SAVE_S)
    assert playing.said[1:] == ["what plays is remembered again"]
    assert read_state(playing.path) == playing.state


def test_an_errand_that_is_dropped_comes_again(playing):
    playing.turn(2.0)
    for _ in range(40):
        playing.now_s += LOOK_S
        playing.memory.look()
        if playing.now_s < 110:
            playing.errands.clear()
    assert len(playing.errands) >= 1


def state(**values):
    return State(BEGAN, **{"instrument": "violin", **values})


def in_range(found):
    specs = {spec.name: spec for spec in CV}
    return all(specs[name].clip(value) == value for name, value in found.params.items())


def test_what_played_comes_back():
    played = state(instrument="cello", preset="p", params={"noise": 1.5}, midi={"glide": 3})
    assert recalled(played, BEGAN, CV, NAMES) == Recalled("cello", "p", {"noise": 1.5}, {"glide": 3})


def test_a_line_of_the_settings_that_has_changed_counts_more():
    played = state(instrument="cello", preset="p", params={"noise": 1.5, "brightness": 2.0})
    now = msgspec.structs.replace(BEGAN, params={"noise": 0.7})
    assert recalled(played, now, CV, NAMES).params == {"brightness": 2.0}
    now = msgspec.structs.replace(BEGAN, params={})
    assert recalled(played, now, CV, NAMES).params == {"brightness": 2.0}
    now = msgspec.structs.replace(BEGAN, model="flute")
    found = recalled(played, now, CV, NAMES)
    assert (found.instrument, found.preset, found.params) == ("", "", played.params)
    now = msgspec.structs.replace(BEGAN, mode="drums")
    assert recalled(played, now, CV, NAMES).params == {}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"instrument": "kazoo"}, "kazoo"),
        ({"instrument": "/etc/passwd"}, "passwd"),
        ({"instrument": "../violin"}, "no instrument"),
        ({"params": {"wobble": 1.0}}, "wobble"),
        ({"params": {"noise": float("nan")}}, "no number"),
        ({"params": {"noise": 1e9}}, "held at"),
    ],
)
def test_what_cannot_be_used_is_said(entries, said):
    found = recalled(state(**entries), BEGAN, CV, NAMES)
    assert len(found.left_out) == 1
    assert said in found.left_out[0]
    assert found.instrument == ""
    assert in_range(found)


def test_the_owner_s_own_file_is_not_asked_for_in_the_library():
    began = Began("cv", "/home/me/kazoo.onnx", {})
    assert recalled(State(began, "/home/me/kazoo.onnx"), began, CV, NAMES) == Recalled()


def test_only_what_is_not_as_at_the_start_is_kept():
    values = {spec.name: spec.default for spec in CV} | {"noise": 0.5, "brightness": 0.1 + 1e-9}
    assert changed(values, BEGAN, CV) == {"brightness": 0.1}
    assert changed(values | {"noise": 1.0}, BEGAN, CV) == {"brightness": 0.1, "noise": 1.0}


WORDS = st.text(max_size=9)
NUMBERS = st.floats(allow_nan=False)
STATES = st.builds(
    State,
    st.builds(Began, WORDS, WORDS, st.dictionaries(WORDS, NUMBERS, max_size=4)),
    st.text(max_size=70),
    st.text(max_size=70),
    st.dictionaries(st.sampled_from([spec.name for spec in CV]) | WORDS, NUMBERS, max_size=9),
    st.dictionaries(WORDS, st.integers(0, 127), max_size=4),
)


@settings(deadline=None, max_examples=30)
@given(STATES)
def test_every_state_is_read_as_it_was_written(tmp_path_factory, any_state):
    path = state_path(tmp_path_factory.mktemp("data"))
    write_state(path, any_state)
    assert read_state(path) == any_state


@settings(deadline=None, max_examples=30)
@given(STATES)
def test_whatever_a_state_says_the_parameters_stay_in_range(any_state):
    now = msgspec.structs.replace(any_state.began, mode="cv")
    found = recalled(msgspec.structs.replace(any_state, began=now), now, CV, NAMES)
    assert in_range(found)
    assert found.instrument in ("", *NAMES)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_but_never_more(tmp_path_factory, data):
    whole = state_text(state(params={"noise": 1.5}, midi={"glide": 3})).encode()
    cut, place = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.binary(max_size=40))
    path = state_path(tmp_path_factory.mktemp("data"))
    path.write_bytes((whole[:place] + other + whole[place + len(other) :])[:cut])
    with suppress(ConfigError):
        read_state(path)


def test_no_file_is_no_state(tmp_path):
    assert read_state(state_path(tmp_path)) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "format"),
        (bytes(4096), "not YAML"),
        (b"- a\n", "format"),
        (b"format: 2\n", "format"),
        (b"format: 1\nbegan: {mode: cv, model: violin, params: {}}\n", "instrument"),
        (b"format: 1\nbegan: 3\ninstrument: violin\n", "map"),
        (b"x" * (LARGEST_BYTES + 1), "bytes"),
        (b"[" * 5000, "YAML"),
    ],
)
def test_what_is_no_state_is_refused_and_kept_aside(tmp_path, content, why):
    path = state_path(tmp_path)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=why):
        read_state(path)
    assert set_aside(path).read_bytes() == content
    assert read_state(path) is None


def test_a_folder_in_its_place_is_set_aside_too(tmp_path):
    state_path(tmp_path).mkdir()
    with pytest.raises(ConfigError):
        read_state(state_path(tmp_path))
    assert set_aside(state_path(tmp_path)).is_dir()
