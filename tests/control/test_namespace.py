import math

import pytest

from ddsp_pi.control.acts import Acts, Asks, Panel
from ddsp_pi.control.contract import contract, watched
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.namespace import LONGEST_TEXT, Address, Namespace, Value
from ddsp_pi.link.edits import Set
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from tests.control.answering import MODES, Module, messages

NOBODY = ("127.0.0.1", 9)


@pytest.fixture
def module():
    module = Module()
    yield module
    module.close()


@pytest.mark.parametrize(
    ("value", "given", "meant"),
    [
        (Value("f", 0, 1), 1, 1.0),
        (Value("f", 0, 1, held=True), 7.5, 1.0),
        (Value("f", 0, 1, held=True), -math.inf, 0.0),
        (Value("f"), -1e30, -1e30),
        (Value("i", 1, 9), 9.0, 9),
        (Value("i", 0, 1), True, 1),
        (Value("i"), -5, -5),
        (Value("s"), "name", "name"),
    ],
)
def test_a_value_is_taken_as_it_is_meant(value, given, meant):
    found = value.checked(given)
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (Value("f", 0, 1), 1.5),
        (Value("f", 0, 1, held=True), math.nan),
        (Value("f"), math.inf),
        (Value("f"), "1"),
        (Value("f"), True),
        (Value("f"), None),
        (Value("f"), [1.0]),
        (Value("i", 0, 1), 2),
        (Value("i", 1, 9), True),
        (Value("i"), 1.5),
        (Value("i"), math.inf),
        (Value("i"), 1 << 31),
        (Value("s"), ""),
        (Value("s"), 5),
        (Value("s"), b"name"),
        (Value("s"), "n" * (LONGEST_TEXT + 1)),
    ],
)
def test_a_value_of_another_kind_or_outside_is_refused(value, given):
    with pytest.raises(ValueError, match="wants"):
        value.checked(given)


def test_an_address_wants_as_many_values_as_it_has():
    two = Address("/a", "", (Value("f"), Value("f", optional=True)))
    assert two.checked([1]) == [1.0]
    assert two.checked([1, 2]) == [1.0, 2.0]
    for values in ([], [1, 2, 3]):
        with pytest.raises(ValueError, match=f"wants 1 to 2 values, not {len(values)}"):
            two.checked(values)


@pytest.mark.parametrize("pressed", [[], [None], [True]])
def test_a_push_button_takes_nothing_or_an_impulse(pressed):
    assert Address("/a", "").checked(pressed) == []
    with pytest.raises(ValueError, match="no value"):
        Address("/a", "").checked([False])


def test_no_address_is_listed_twice():
    with pytest.raises(ValueError, match="/a is listed twice"):
        Namespace([Address("/a", ""), Address("/a", "")])


@pytest.mark.parametrize("path", ["/ddsp/*", "/ddsp/param/nois?", "/ddsp/{note,gate}", "/ddsp/gate/[1-4]"])
def test_a_pattern_is_refused_by_name(module, path):
    with pytest.raises(ValueError, match="patterns are not taken"):
        module.namespace.act(path, [1.0], NOBODY)


def test_what_nobody_wired_is_not_listed():
    namespace = contract(Hub(ParamSet(PARAMS), print), Panel(6), Acts())
    assert {path.split("/")[2] for path in namespace} == {"param", "note", "gate", "get"}


def test_every_parameter_has_its_range_and_unit_twice(module):
    for param in PARAMS:
        (value,) = module.namespace[f"/ddsp/param/{param.name}"].values
        assert (value.low, value.high, value.unit) == (param.low, param.high, param.unit)
        (knob,) = module.namespace[f"/ddsp/param/{param.name}/norm"].values
        assert (knob.low, knob.high) == (0.0, 1.0)


def test_a_knob_turns_the_parameter_over_its_range(module):
    module.namespace.act("/ddsp/param/attack/norm", [0.5], NOBODY)
    (attack,) = [param for param in PARAMS if param.name == "attack"]
    module.hub.beat()
    assert module.sent == [Set("attack", pytest.approx(math.sqrt(attack.low * attack.high)))]
    assert module.namespace["/ddsp/param/attack/norm"].read() == (pytest.approx(0.5),)


def test_a_cable_wins_over_what_was_set_until_it_is_out(module):
    noise = module.namespace["/ddsp/param/noise"]
    module.namespace.act("/ddsp/param/noise", [0.5], NOBODY)
    assert noise.read() == (0.5,)
    module.driven["noise"] = 1.5
    module.namespace.act("/ddsp/param/noise", [0.25], NOBODY)
    assert noise.read() == (1.5,)
    module.driven.clear()
    assert noise.read() == (0.25,)


def test_gates_by_message_open_and_close_once(module):
    for level in (1, 1, 0, 0):
        module.namespace.act("/ddsp/gate/2", [level], NOBODY)
        module.hub.beat()
        assert module.namespace["/ddsp/gate/2"].read() == (level,)
    assert [(edge.gate, edge.high) for edge in module.sent] == [(2, True), (2, False)]
    module.namespace.act("/ddsp/gate", [1], NOBODY)
    module.hub.beat()
    assert module.namespace["/ddsp/gate/1"].read() == (1,)
    assert module.hub.begun == 2


def test_who_asks_is_answered_with_address_and_value(module):
    module.hub.set("tune", 3.0)
    assert messages(module.namespace.act("/ddsp/get", ["/ddsp/param/tune"], NOBODY)) == [
        ("/ddsp/param/tune", (3.0,))
    ]
    assert messages(module.namespace.ask("/ddsp/mode")) == [("/ddsp/mode", ("cv",))]


@pytest.mark.parametrize(
    "path", ["/ddsp/panic", "/ddsp/preset", "/ddsp/stat/load", "/ddsp/nothing", "/ddsp/*"]
)
def test_who_asks_for_what_is_not_there_is_refused(module, path):
    with pytest.raises(ValueError, match=r"nothing to say|nobody listens|patterns"):
        module.namespace.act("/ddsp/get", [path], NOBODY)


def test_what_can_only_be_asked_cannot_be_set(module):
    with pytest.raises(ValueError, match="only be asked"):
        module.namespace.act("/ddsp/stat/load", [0.0], NOBODY)


@pytest.mark.parametrize(
    "path", ["/ddsp/model", "/ddsp/instrument", "/ddsp/preset/load", "/ddsp/preset/save"]
)
@pytest.mark.parametrize("name", ["../violin", "/etc/passwd", "Violin", "a b", "é", "-"])
def test_no_message_names_a_file(module, path, name):
    with pytest.raises(ValueError, match="wants a name"):
        module.namespace.act(path, [name], NOBODY)
    assert module.done == []


def test_only_a_mode_that_is_there_is_chosen(module):
    module.namespace.act("/ddsp/mode", ["mimic"], NOBODY)
    with pytest.raises(ValueError, match=", ".join(MODES)):
        module.namespace.act("/ddsp/mode", ["opera"], NOBODY)
    assert module.done == [("mode", "mimic")]


def test_numbered_addresses_act_on_their_number(module):
    for path, values in [
        ("/ddsp/cv/3/override", [2.5]),
        ("/ddsp/cv/3/release", []),
        ("/ddsp/gateout/2", [1]),
        ("/ddsp/sim/cv/8", [-1]),
        ("/ddsp/sim/cv/8/release", []),
        ("/ddsp/sim/gate/4", [0]),
        ("/ddsp/sim/button/3", [1.0]),
        ("/ddsp/led", [1]),
        ("/ddsp/panic", []),
    ]:
        module.namespace.act(path, values, NOBODY)
    assert module.done == [
        ("override", 3, 2.5),
        ("release", 3),
        ("gate_out", 2, True),
        ("sim patch", 8, -1.0),
        ("sim release", 8),
        ("sim gate", 4, False),
        ("sim button", 3, True),
        ("led", True),
        ("panic",),
    ]
    assert "/ddsp/cv/7/override" not in module.namespace
    assert "/ddsp/gateout/3" not in module.namespace


def test_the_input_is_told_where_the_mode_listens(module):
    address = module.namespace["/ddsp/input"]
    assert (address.tags, address.read()) == ("fif", (0.5, 1, 0.0625))
    assert "/ddsp/input" in {one.path for one in watched(module.namespace)}
    assert "/ddsp/input" not in contract(module.hub, Panel(6), Acts(), Asks())
