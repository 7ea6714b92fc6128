"""The page of docs about OSC, written from the addresses themselves."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from ddsp_pi.control.acts import Acts, Asks, Hands, Panel
from ddsp_pi.control.contract import contract
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.namespace import Address, Namespace, Value
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.params import Param, ParamSet

CVS, GATE_OUTS, GATES, BUTTONS = 6, (1, 2), 4, 3
"""Of the board that the page shows."""

EVENTS: Sequence[tuple[str, str, str]] = (
    ("/ddsp/button/‹n›", "i", "A button of the board was pressed: 1 shortly, 2 long."),
    ("/ddsp/error", "s", "What is wrong, or was refused; of many the latest, 4 times a second at most."),
    (
        "/ddsp/onset",
        "ffff",
        "A hit was heard (mode drums): rise in dB, RMS in dBFS, centroid as a MIDI note, flatness in dB.",
    ),
    ("/ddsp/pong", "i", "The answer to `/ddsp/ping`."),
    ("/ddsp/raw", "iib", "To raw subscribers: batches so far, jacks, and scans (time in ns and volts)."),
    ("/ddsp/raw/gate", "iih", "To raw subscribers: gate, level, time in ns."),
)
"""What is told and is no state that could be asked for: address, types, meaning."""

HEAD = """\
# OSC

Messages come in by UDP on port 9000 (`osc.port`). Only programs on this computer are heard; with
`osc.lan: true` every computer of the network is. There is no password: whoever can send can play.

Which addresses a running ddsp-pi has it tells itself, by [OSCQuery](https://github.com/Vidvox/OSCQueryProposal)
on TCP port 9002 (`osc.query_port`): `http://localhost:9002/` is all of them with types, ranges, units and
values, `http://localhost:9002/ddsp/param/noise?VALUE` one value, `http://localhost:9002/?HOST_INFO` the port
for messages. This page is made from the same table.

* Values are in the unit of the parameter. What lies outside its range is held at the ends; elsewhere it is
  refused. Whole numbers may come as floats and the other way round, as Pd sends them.
* An address is taken as it stands here. Patterns with `*` or `?` are refused.
* Bundles act at once, whatever time they carry.
* A message that is wrong is dropped, counted and named in `/ddsp/error`.
* If another program has the port, the module plays without OSC, says so in its log, and tries again twice
  a second.
* **Several hands on one parameter.** A cable that drives a parameter wins. What is set meanwhile by OSC, MIDI
  or a preset is kept, and plays as soon as the cable is out. Of what is set, the latest counts, wherever it
  came from. Whoever asks for a parameter is told what plays. The same holds for a jack with an override:
  the override is its cable until it is released. Of a gate, the latest edge counts.

"""

SUBSCRIBING = """\
## Being told

`/ddsp/subscribe 9001` sends what happens to port 9001 of the computer that asked, for 10 seconds: say it
again every few seconds. Whatever in the table above can be asked for is told, parameters in their unit:
parameters, gates and choices when they change (a parameter 50 times a second at most), moving volts 200 times
a second, the rest 4 times. And these:

"""


def osc_page(namespace: Namespace) -> str:
    """The page, in Markdown."""
    rows = list(_folded(namespace.values()))
    return "".join(
        [HEAD, _table(("address", "", "types", "range", "meaning"), rows), "\n", SUBSCRIBING,
         _table(("address", "types", "meaning"), [(f"`{path}`", tags, doc) for path, tags, doc in EVENTS])]
    )  # fmt: skip


def everything(params: Iterable[Param]) -> Namespace:
    """All addresses that there can be with these parameters, wired to nothing."""
    reports = Reports(Subscribers(False), Subscribers(False), CVS, GATES)
    reports.close()
    hub = Hub(ParamSet(params), _nothing)
    return contract(hub, Panel(CVS, GATE_OUTS), _acts(), _asks(), reports)


def _nothing(*values: object) -> None:
    return None


def _acts() -> Acts:
    hands = Hands(
        patch=_nothing,
        release=_nothing,
        gate=_nothing,
        button=_nothing,
        cvs=CVS,
        gates=GATES,
        buttons=BUTTONS,
    )
    return Acts(
        model=_nothing, mode=_nothing, panic=_nothing, override=_nothing, release=_nothing, led=_nothing,
        gate_out=_nothing, load_preset=_nothing, save_preset=_nothing, load_drum=_nothing, save_drum=_nothing,
        morph_to=_nothing, morph=_nothing,
        learn=_nothing, reload=str, hands=hands,
    )  # fmt: skip


def _asks() -> Asks:
    text: Callable[[], str] = str
    return Asks(mode=text, preset=text, drum=text, f0_hz=_nothing, levels=_nothing, input=_nothing)


def _folded(addresses: Iterable[Address]) -> Iterator[Sequence[str]]:
    """A row for each address; those that differ in a number share one."""
    rows = sorted((_row(address) for address in addresses), key=lambda row: row[0].strip("`"))
    for _, alike in groupby(rows):
        yield next(alike)


def _row(address: Address) -> Sequence[str]:
    path = re.sub(r"/\d+", "/‹n›", address.path)
    path = re.sub(r"/\w+/norm$", "/‹name›/norm", path)
    ways = " ".join(
        way for way, there in (("set", address.write), ("ask", address.read)) if there is not None
    )
    tags = " ".join(f"[{value.tag}]" if value.optional else value.tag for value in address.values)
    if len(tags) > CVS and len(set(address.values)) == 1:
        tags = f"{address.values[0].tag} for each jack"
    spans = ", ".join(filter(None, map(_span, dict.fromkeys(address.values))))
    return f"`{path}`", ways, tags, spans, address.doc


def _span(value: Value) -> str:
    low, high = (f"{end:g}" if end is not None else "" for end in (value.low, value.high))
    span = f"{low}…{high}" if low or high else ""
    return f"{span} {value.unit}".strip()


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
