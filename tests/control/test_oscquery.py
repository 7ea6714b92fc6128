import http.client
import json
import math
import socket

import pytest

from ddsp_pi.control.messages import message
from ddsp_pi.control.oscquery import MOST_AT_ONCE, QueryServer
from ddsp_pi.errors import AudioError
from ddsp_pi.link.edits import Set
from ddsp_pi.modes.cv import PARAMS
from tests.control.answering import HERE, MODELS, MODES, Module, eventually


class Asked(Module):
    """With an OSCQuery server beside."""

    def __init__(self):
        super().__init__()
        self.query = QueryServer(lambda: self.namespace, 0, False, self.server.port)

    def close(self):
        self.query.close()
        super().close()

    def get(self, target, method="GET"):
        connection = http.client.HTTPConnection(HERE, self.query.port, timeout=10)
        connection.request(method, target)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        is_json = body and answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(body, parse_constant=pytest.fail) if is_json else None

    def node(self, target):
        status, found = self.get(target)
        assert status == 200
        return found


@pytest.fixture
def asked():
    asked = Asked()
    yield asked
    asked.close()


def leaves(node):
    """Every place of a tree that is an address."""
    if node["ACCESS"]:
        yield node
    for name, inner in node.get("CONTENTS", {}).items():
        assert inner["FULL_PATH"].rpartition("/")[2] == name
        yield from leaves(inner)


def test_the_tree_has_every_address_with_its_attributes(asked):
    asked.hub.set("attack", 0.5)
    tree = asked.node("/")
    assert sorted(leaf["FULL_PATH"] for leaf in leaves(tree)) == sorted(asked.namespace)
    assert tree["FULL_PATH"] == "/"
    assert (
        asked.node("/ddsp/param/attack")
        == tree["CONTENTS"]["ddsp"]["CONTENTS"]["param"]["CONTENTS"]["attack"]
    )
    attack = asked.node("/ddsp/param/attack")
    (spec,) = [param for param in PARAMS if param.name == "attack"]
    norm = attack.pop("CONTENTS")["norm"]
    assert attack == {
        "FULL_PATH": "/ddsp/param/attack",
        "ACCESS": 3,
        "TYPE": "f",
        "VALUE": [0.5],
        "RANGE": [{"MIN": spec.low, "MAX": spec.high}],
        "CLIPMODE": ["both"],
        "UNIT": ["time.second"],
        "DESCRIPTION": spec.doc,
    }
    assert norm["VALUE"] == [pytest.approx(spec.to_norm(0.5))]
    assert asked.node("/ddsp/mode")["RANGE"] == [{"VALS": list(MODES)}]
    assert asked.node("/ddsp/model")["RANGE"] == [{"VALS": list(MODELS)}]
    note = asked.node("/ddsp/note")
    assert (note["ACCESS"], note["TYPE"], len(note["RANGE"])) == (2, "ff", 2)
    assert "VALUE" not in note
    assert (asked.node("/ddsp/panic")["TYPE"], asked.node("/ddsp/panic")["ACCESS"]) == ("I", 2)


def test_the_host_says_where_messages_go(asked):
    info = asked.node("/?HOST_INFO")
    assert info == asked.node("/ddsp/param?HOST_INFO")
    assert (info["NAME"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == ("ddsp-pi", asked.server.port, "UDP")
    extensions = info["EXTENSIONS"]
    assert [extensions[name] for name in ("VALUE", "ACCESS", "RANGE", "UNIT", "LISTEN")] == [True] * 4 + [
        False
    ]


@pytest.mark.parametrize(
    "attribute", ["FULL_PATH", "ACCESS", "TYPE", "VALUE", "RANGE", "DESCRIPTION", "UNIT"]
)
def test_one_attribute_is_told_alone(asked, attribute):
    whole = asked.node("/ddsp/param/noise")
    assert asked.node(f"/ddsp/param/noise?{attribute}") == {attribute: whole[attribute]}


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/ddsp", 200),
        ("/ddsp/", 200),
        ("/ddsp?CONTENTS", 200),
        ("/ddsp%2Fparam/noise?VALUE", 200),
        ("/ddsp?VALUE", 204),
        ("/ddsp/note?VALUE", 204),
        ("/ddsp/preset?VALUE", 204),
        ("/ddsp/mode?UNIT", 204),
        ("/ddsp/param/noise/norm?CONTENTS", 204),
        ("/ddsp/param/noise?COLOUR", 400),
        ("/ddsp/param/noise?VALUE&TYPE", 400),
        ("/ddsp/param/noise?LISTEN", 400),
        ("/ddsp/param/wobble", 404),
        ("/ddsp/param/wobble?VALUE", 404),
        ("/dds", 404),
        ("//", 200),
    ],
)
def test_what_cannot_be_answered_has_its_number(asked, target, status):
    assert asked.get(target)[0] == status


def test_nothing_but_asking_is_taken(asked):
    assert asked.get("/ddsp/param/noise", "POST")[0] == 501


def test_volts_of_a_jack_with_nothing_in_it_are_no_number(asked):
    asked.reports.volts((1.5, math.nan, 0.0, 0.0, 0.0, 0.0), 0)
    assert asked.node("/ddsp/cv?VALUE") == {"VALUE": [1.5, None, 0.0, 0.0, 0.0, 0.0]}


def right_values(leaf):
    """Values that an address must take, made from what the tree says of it and nothing else."""
    ranges = leaf.get("RANGE", [{}] * len(leaf["TYPE"]))
    values = []
    for tag, span in zip(leaf["TYPE"].replace("I", ""), ranges, strict=False):
        if tag == "s":
            values.append(span.get("VALS", ["glass"])[-1])
        else:
            middle = span.get("MIN", 0) + (span.get("MAX", 100) - span.get("MIN", 0)) / 4
            values.append(int(middle) + 1 if tag == "i" else float(middle))
    return values


def sent_to(asked, leaf, values):
    """What the module did about a message, as far as it can be seen."""
    before = asked.server.rejected
    asked.send(message(leaf["FULL_PATH"], leaf["TYPE"].replace("I", "")[: len(values)], *values))
    asked.send(message("/ddsp/ping", "i", 12345))
    while asked.hear() != [("/ddsp/pong", (12345,))]:
        pass
    asked.hub.beat()
    seen = [*asked.sent, *asked.done, *([asked.reports.listeners] if asked.reports.listeners else [])]
    seen += [asked.reports.recorders] if asked.reports.recorders else []
    asked.sent.clear()
    asked.done.clear()
    return asked.server.rejected - before, seen


def subject(leaf, values):
    """The values as the tree wants them sent, hosts and names where texts are free."""
    path = leaf["FULL_PATH"]
    if path.startswith("/ddsp/subscribe"):
        return [9001, HERE]
    return ["/ddsp/param/noise"] if path == "/ddsp/get" else values


def test_every_address_that_the_tree_lists_acts_and_tells_what_was_set(asked, monkeypatch):
    now_s = [0.0]
    monkeypatch.setattr("ddsp_pi.control.hub.time.monotonic", lambda: now_s[0])
    asked.reports.engine(0.25, 0.5, 3, "violin")
    asked.reports.health((0.001,) * 6, "")
    asked.reports.volts((0.5,) * 6, 0)
    walked = list(leaves(asked.node("/")))
    for leaf in walked:
        now_s[0] += 1.0
        path, values = leaf["FULL_PATH"], subject(leaf, right_values(leaf))
        if leaf["ACCESS"] & 2:
            rejected, seen = sent_to(asked, leaf, values)
            assert (path, rejected) == (path, 0)
            assert seen or path in ("/ddsp/get", "/ddsp/ping", "/ddsp/gate/1"), path
        if leaf["ACCESS"] == 3:
            assert asked.node(f"{path}?VALUE")["VALUE"] == pytest.approx(values), path
        elif leaf["ACCESS"] == 1 and path != "/ddsp/preset":
            assert asked.node(f"{path}?VALUE")["VALUE"], path
            assert sent_to(asked, leaf, values)[0] == 1, path
    assert len(walked) > 60


def test_no_address_that_the_tree_does_not_list_acts(asked):
    listed = {leaf["FULL_PATH"] for leaf in leaves(asked.node("/"))}
    others = {f"{path}/more" for path in listed} | {path.rpartition("/")[0] for path in listed}
    others |= {path[:-1] for path in listed} | {f"{path}2" for path in listed} | {"/", "/ddsp/*", "/*"}
    # A slash at the end is no address, but a browser may ask with it.
    others = sorted(path for path in others - listed if path.rstrip("/") == path != "")
    for path in others:
        rejected, seen = sent_to(asked, {"FULL_PATH": path, "TYPE": "f"}, [1.0])
        assert (path, rejected, seen) == (path, 1, [])
        assert asked.get(path)[0] in (200, 404)
        assert asked.get(f"{path}?VALUE")[0] in (204, 404)


def test_a_value_set_by_udp_is_read_over_http(asked):
    asked.send(message("/ddsp/param/noise", "f", 0.75))
    eventually(lambda: asked.node("/ddsp/param/noise?VALUE") == {"VALUE": [0.75]})
    asked.hub.beat()
    assert asked.sent == [Set("noise", 0.75)]


def test_who_holds_the_line_is_not_waited_for_by_others(asked):
    held = [socket.create_connection((HERE, asked.query.port)) for _ in range(MOST_AT_ONCE)]

    def turned_away():
        try:
            asked.get("/")
        except (http.client.HTTPException, ConnectionError):
            return True
        return False

    eventually(turned_away)
    for line in held:
        line.close()
    eventually(lambda: not turned_away())


def test_a_taken_query_port_is_said(asked):
    with pytest.raises(AudioError, match=r"osc\.query_port"):
        QueryServer(lambda: asked.namespace, asked.query.port, False, 9000)
