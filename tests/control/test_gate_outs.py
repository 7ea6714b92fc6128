import pytest

from ddsp_pi.control.gate_outs import TRIGGER_S, GateOuts


@pytest.fixture
def said():
    return []


@pytest.fixture
def outs(said):
    return GateOuts(["note", "trigger", "osc"], lambda gate, high: said.append((gate, high)))


def test_a_note_holds_its_output_and_triggers_the_other(outs, said):
    outs.beat(False, 0, 0.0)
    assert said == [(1, False), (2, False), (3, False)]
    outs.beat(True, 1, 1.0)
    outs.beat(True, 1, 1.0 + TRIGGER_S / 2)
    assert said[3:] == [(1, True), (2, True)]
    outs.beat(True, 1, 1.0 + TRIGGER_S)
    outs.beat(False, 1, 3.0)
    assert said[5:] == [(2, False), (1, False)]


def test_a_second_note_under_a_held_one_triggers_too(outs, said):
    outs.beat(True, 1, 1.0)
    outs.beat(True, 1, 2.0)
    said.clear()
    outs.beat(True, 2, 3.0)
    assert said == [(2, True)]


def test_osc_sets_only_what_is_left_to_it(outs, said):
    outs.ask(3, True)
    outs.beat(False, 0, 0.0)
    assert (3, True) in said
    for gate in (0, 1, 4):
        with pytest.raises(ValueError, match="gate_outs"):
            outs.ask(gate, True)
