import math

import pytest

from ddsp_pi.control.hub import MOST_HELD, MOST_PENDING, Hub
from ddsp_pi.errors import ParamError
from ddsp_pi.frame import Edge, Note
from ddsp_pi.link.edits import Select, Set
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet


@pytest.fixture
def sent():
    return []


@pytest.fixture
def hub(sent):
    return Hub(ParamSet(PARAMS), sent.append)


def test_only_the_latest_value_is_sent(hub, sent):
    for value in range(1000):
        hub.set("brightness", value / 1000.0)
    hub.set("noise", 2.0)
    hub.beat()
    assert sent == [Set("brightness", 0.999), Set("noise", 2.0)]
    hub.beat()
    assert len(sent) == 2


def test_values_are_held_in_range_and_nan_is_ignored(hub, sent):
    hub.set("noise", 99.0)
    hub.set("brightness", math.nan)
    hub.beat()
    assert sent == [Set("noise", 2.0)]
    with pytest.raises(ParamError, match="wobble"):
        hub.set("wobble", 1.0)


def test_a_flood_of_notes_is_bounded_and_the_newest_stay(hub, sent):
    for note in range(10 * MOST_PENDING):
        hub.play(note % 128, 1.0)
    hub.beat()
    assert len(sent) == MOST_PENDING
    assert sent[-1].note == (10 * MOST_PENDING - 1) % 128


def test_a_new_engine_is_told_what_the_last_one_knew(hub, sent):
    hub.set("noise", 0.5)
    hub.select("/tmp/cello.onnx")
    hub.play(60.0, 1.0)
    hub.play(64.0, 1.0)
    hub.play(60.0, 0.0)
    hub.beat([Edge(1, True, 5), Edge(2, True, 6), Edge(1, False, 7)])
    sent.clear()
    hub.renew()
    assert sent[:3] == [Set("noise", 0.5), Select("/tmp/cello.onnx"), Edge(2, True, 6, standing=True)]
    assert [(note.note, note.velocity) for note in sent[3:] if isinstance(note, Note)] == [(64.0, 1.0)]


def test_what_a_playing_engine_knows_is_kept_for_the_next_one(hub, sent):
    hub.set("noise", 0.5)
    hub.beat()
    hub.adopt({"noise": 1.5, "tune": 12.0}, "/tmp/cello.onnx")
    sent.clear()
    hub.renew()
    assert sorted(sent[:2], key=lambda edit: edit.name) == [Set("noise", 0.5), Set("tune", 12.0)]
    assert sent[2:] == [Select("/tmp/cello.onnx")]


def test_values_are_sent_once_a_hop_and_none_is_lost(hub, sent, monkeypatch):
    now_s = [100.0]
    monkeypatch.setattr("ddsp_pi.control.hub.time.monotonic", lambda: now_s[0])
    for beat in range(9):
        hub.set("noise", beat / 10.0)
        hub.beat()
        now_s[0] += 0.001
    assert [edit.value for edit in sent] == [0.0, 0.3, 0.6]
    now_s[0] += 0.01
    hub.beat()
    assert sent[-1] == Set("noise", 0.8)


def test_keys_that_never_go_up_do_not_fill_the_memory(hub, sent):
    for step in range(1000):
        hub.play(step / 10.0, 1.0)
        hub.beat()
    sent.clear()
    hub.renew()
    assert [edit.note for edit in sent] == [step / 10.0 for step in range(1000 - MOST_HELD, 1000)]


def test_what_was_set_is_known_whatever_a_cable_says(hub):
    cables = {"noise": 1.5}
    hub.follow_cables(lambda: cables)
    hub.set("noise", 0.5)
    hub.set("tune", 99.0)
    assert (hub.value("noise"), hub.value("tune"), hub.value("morph")) == (1.5, 24.0, 0.0)
    assert (hub.values["noise"], hub.values["tune"]) == (0.5, 24.0)
    cables.clear()
    assert hub.value("noise") == 0.5
    with pytest.raises(ParamError, match="wobble"):
        hub.value("wobble")


def test_what_a_playing_engine_was_told_before_is_known_but_not_what_has_been_set_since(hub):
    hub.set("noise", 0.5)
    hub.adopt({"noise": 1.5, "tune": 12.0, "gone": 1.0}, "")
    assert (hub.value("noise"), hub.value("tune")) == (0.5, 12.0)


def test_gates_by_message_are_edges_and_begin_what_a_first_note_begins(hub, sent):
    first = []
    hub.on_first_note(lambda: first.append("first"))
    hub.gate(1, True)
    hub.gate(1, True)
    hub.beat([Edge(3, True, 5)])
    hub.gate(3, True)
    hub.gate(3, False)
    hub.beat()
    assert [(edge.gate, edge.high) for edge in sent] == [(3, True), (1, True), (3, False)]
    assert (hub.is_open(1), hub.is_open(3), hub.sounding, hub.begun) == (True, False, True, 1)
    assert first == ["first"]


def test_a_flood_of_gates_is_bounded(hub, sent):
    for step in range(10 * MOST_PENDING):
        hub.gate(1, step % 2 == 0)
    hub.beat()
    assert len(sent) <= MOST_PENDING
    assert not hub.is_open(1)


def test_silence_comes_between_what_was_played_before_and_after(hub, sent):
    hub.gate(1, True)
    hub.play(60.0, 1.0)
    hub.hush()
    hub.play(64.0, 1.0)
    hub.beat()
    assert [type(edit).__name__ for edit in sent] == ["Edge", "Note", "Panic", "Note"]
    sent.clear()
    hub.renew()
    assert [edit.note for edit in sent] == [64.0]
