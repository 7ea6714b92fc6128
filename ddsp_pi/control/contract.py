"""What OSC can do here: every address, made from the parameter table, the board and what there is to act on.

In: whatever has a `write`. Out: whatever has a `read`.
"""

from collections.abc import Callable, Iterator, Sequence

from ddsp_pi.control.acting import (
    Choose,
    Names,
    Say,
    act_on,
    known,
    named,
    one_of,
    single,
    switch,
    with_number,
    writes,
)
from ddsp_pi.control.acts import Acts, Asks, Hands, Panel
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.messages import message
from ddsp_pi.control.namespace import Address, Namespace, Read, Sender, Value, Write
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.params import Param

GATES = (1, 2, 3, 4)
"""Gates that can be played by message, whether or not the board has a jack for them."""

ON = Value("i", 0, 1)

VOLTS = 12.0
"""No cable in a rack carries more."""


def contract(
    hub: Hub, panel: Panel, acts: Acts, asks: Asks | None = None, reports: Reports | None = None
) -> Namespace:
    """All addresses for the parameters that a hub has now. Without reports nobody can subscribe."""
    asks = Asks() if asks is None else asks
    addresses = [
        *parameters(hub),
        *_notes(hub, reports),
        *_jacks(panel, acts),
        *_choices(acts, asks, reports),
        *_others(panel, acts),
        *(_hands(acts.hands) if acts.hands is not None else ()),
        *(_reports(reports) if reports is not None else ()),
        *_sound(asks),
    ]
    namespace = Namespace([*addresses, _get(lambda path: namespace.ask(path))])
    return namespace


def parameters(hub: Hub) -> Iterator[Address]:
    """Each parameter in its unit, and as the position 0..1 of a knob."""
    for param in hub.specs:
        yield from _parameter(hub, param)


def watched(namespace: Namespace) -> list[Address]:
    """What subscribers are told whenever it changes: parameters, what was chosen, and the sound."""
    also = {
        "/ddsp/mode",
        "/ddsp/model",
        "/ddsp/preset",
        "/ddsp/drum",
        "/ddsp/f0",
        "/ddsp/level",
        "/ddsp/input",
    }
    return [
        address
        for path, address in namespace.items()
        if path in also or (path.startswith("/ddsp/param/") and not path.endswith("/norm"))
    ]


def _parameter(hub: Hub, param: Param) -> Iterator[Address]:
    def value() -> float:
        return hub.value(param.name)

    path, doc = f"/ddsp/param/{param.name}", param.doc
    in_unit = Value("f", param.low, param.high, param.unit, held=True)
    knob = Value("f", 0.0, 1.0, held=True)
    yield Address(path, doc, (in_unit,), lambda: (value(),), act_on(lambda new: hub.set(param.name, new)))
    yield Address(
        f"{path}/norm",
        "A parameter as the position of a knob, 0 low and 1 high.",
        (knob,),
        lambda: (param.to_norm(value()),),
        act_on(lambda position: hub.set(param.name, param.from_norm(position))),
    )


def _notes(hub: Hub, reports: Reports | None) -> Iterator[Address]:
    def play(gate: int) -> Write:
        def move(level: int) -> None:
            hub.gate(gate, bool(level))
            if reports is not None:
                reports.gate(gate, bool(level))

        return act_on(move)

    def is_open(gate: int) -> Read:
        return lambda: (int(hub.is_open(gate)),)

    note = Value("f", 0, 127, "semitones"), Value("f", 0, 1)
    yield Address(
        "/ddsp/note", "A key: its note, and how hard it is struck; 0 lets go.", note, None, act_on(hub.play)
    )
    yield Address("/ddsp/gate", "Gate 1, for who plays only one.", (ON,), is_open(1), play(1))
    for gate in GATES:
        doc = "A gate opens (1) or closes (0), as if by cable; the latest of both counts."
        yield Address(f"/ddsp/gate/{gate}", doc, (ON,), is_open(gate), play(gate))


def _jacks(panel: Panel, acts: Acts) -> Iterator[Address]:
    volts = (Value("f", -VOLTS, VOLTS, "V"),)
    for jack in range(1, panel.cvs + 1):
        yield from writes(
            f"/ddsp/cv/{jack}/override", "Holds a jack at so many volts, whatever its cable says.", volts,
            with_number(acts.override, jack),
        )  # fmt: skip
        yield from writes(
            f"/ddsp/cv/{jack}/release",
            "The cable of the jack counts again.",
            (),
            with_number(acts.release, jack),
        )


_MORPH_TO = "Chooses the preset that /ddsp/preset/morph goes to, from the one that was loaded."
_SAVE_DRUM = "Mode drums: saves what was learned of the drum that is played, under that name."
_LEARN = "Gives the next MIDI controller that is moved to the parameter of that name."


def _choices(acts: Acts, asks: Asks, reports: Reports | None) -> Iterator[Address]:
    model = None if reports is None else lambda: reports.instrument
    modes = asks.modes
    rows: Sequence[tuple[str, str, Choose, Say, Names]] = (
        ("/ddsp/mode", "How the instrument is played.", one_of(modes, acts.mode), asks.mode, modes),
        ("/ddsp/model", "The instrument, by name.", acts.model, model, asks.models),
        ("/ddsp/instrument", "The same as /ddsp/model.", acts.model, model, asks.models),
        ("/ddsp/preset", "The preset that was loaded last.", None, asks.preset, None),
        ("/ddsp/preset/load", "Loads a preset, by name.", acts.load_preset, None, asks.presets),
        ("/ddsp/preset/save", "Saves what is set as a preset of that name.", acts.save_preset, None, None),
        ("/ddsp/preset/morph_to", _MORPH_TO, acts.morph_to, None, asks.presets),
        ("/ddsp/drum", "Mode drums: the drum that is played, if it was saved.", None, asks.drum, None),
        ("/ddsp/drum/save", _SAVE_DRUM, acts.save_drum, None, None),
        ("/ddsp/drum/load", "Mode drums: that drum is played again.", acts.load_drum, None, asks.drums),
        ("/ddsp/midi/learn", _LEARN, acts.learn, None, None),
    )
    for path, doc, act, say, names in rows:
        if act is not None or say is not None:
            read = None if say is None else known(say)
            yield Address(path, doc, (Value("s", choices=names),), read, act and act_on(named(act)))


def _others(panel: Panel, acts: Acts) -> Iterator[Address]:
    panic, led, gate_out, morph = acts.panic, acts.led, acts.gate_out, acts.morph
    if morph is not None:
        doc = "Everything between two presets: 0 is the one that was loaded, 1 the one that was chosen."
        yield Address("/ddsp/preset/morph", doc, (Value("f", 0, 1, held=True),), None, act_on(morph))
    yield from writes("/ddsp/panic", "Silence: every note ends, every gate closes.", (), panic)
    if acts.reload is not None:
        doc = "Reads the settings anew. Answered by the same address with their file."
        yield Address("/ddsp/reload", doc, (), None, _answered("/ddsp/reload", acts.reload))
    if led is not None:
        doc = "The light: 1 lit, 0 dark."
        yield Address("/ddsp/led", doc, (ON,), None, act_on(lambda level: led(bool(level))))
    if gate_out is not None:
        for gate in panel.gate_outs:
            doc = "A gate output of the kind osc goes high (1) or low (0)."
            yield Address(f"/ddsp/gateout/{gate}", doc, (ON,), None, act_on(switch(gate_out, gate)))


def _hands(hands: Hands) -> Iterator[Address]:
    volts = (Value("f", -VOLTS, VOLTS, "V"),)
    for jack in range(1, hands.cvs + 1):
        path = f"/ddsp/sim/cv/{jack}"
        yield from writes(
            path, "Puts a cable with so many volts into a jack.", volts, with_number(hands.patch, jack)
        )
        yield from writes(f"{path}/release", "Pulls that cable out.", (), with_number(hands.release, jack))
    rows = (
        ("gate", hands.gates, hands.gate, "Moves a gate input."),
        ("button", hands.buttons, hands.button, "Presses a button."),
    )
    for name, count, move, doc in rows:
        for number in range(1, count + 1):
            yield Address(f"/ddsp/sim/{name}/{number}", doc, (ON,), None, act_on(switch(move, number)))


def _reports(reports: Reports) -> Iterator[Address]:
    cvs = reports.cvs

    def jacks(read: Callable[[], Sequence[float]]) -> Read:
        return lambda: read() or None

    def figure(place: int) -> Read:
        return lambda: None if reports.figures is None else (reports.figures[place],)

    volts, share, count = Value("f", unit="V"), Value("f", 0), Value("i", 0)
    yield Address(
        "/ddsp/cv",
        "Volts of the CV jacks; no number where nothing is patched.",
        (volts,) * cvs,
        jacks(lambda: reports.cables),
    )
    yield Address("/ddsp/stat/noise", "Noise on each jack.", (volts,) * cvs, jacks(lambda: reports.noise))
    yield Address("/ddsp/stat/load", "Share of its time that the engine needs.", (share,), figure(0))
    yield Address("/ddsp/stat/worst_load", "The most that it needed so far.", (share,), figure(1))
    yield Address("/ddsp/stat/xruns", "Times that sound came too late.", (count,), figure(2))
    yield from _subscriptions(reports)
    yield Address(
        "/ddsp/ping",
        "Answered by /ddsp/pong with the same number.",
        (Value("i"),),
        None,
        _pong(reports.listeners),
    )


def _subscriptions(reports: Reports) -> Iterator[Address]:
    where = Value("i", 1, 65_535), Value("s", optional=True)
    doc = "Tells a UDP port, of the sender or of the host named, {} for 10 s; say it again to go on."
    yield Address("/ddsp/subscribe", doc.format("what happens"), where, None, _join(reports.listeners))
    yield Address(
        "/ddsp/subscribe/raw", doc.format("every reading of the jacks"), where, None, _join(reports.recorders)
    )


def _sound(asks: Asks) -> Iterator[Address]:
    f0_hz, levels, heard = asks.f0_hz, asks.levels, asks.input
    if f0_hz is not None:
        hertz = (Value("f", 0, unit="Hz"),)
        yield Address(
            "/ddsp/f0", "Pitch that is played, without glide and vibrato.", hertz, lambda: single(f0_hz())
        )
    if levels is not None:
        yield Address(
            "/ddsp/level", "Level of left and right, 1 = full scale.", (Value("f", 0, 1),) * 2, levels
        )
    if heard is not None:
        doc = "The input: level behind the gain, 1 if it was cut off lately, and offset; 1 = full scale."
        yield Address("/ddsp/input", doc, (Value("f", 0), ON, Value("f", -1, 1)), heard)


def _get(ask: Callable[[str], bytes]) -> Address:
    doc = "Answers the sender with the address of that name and its value."
    return Address("/ddsp/get", doc, (Value("s"),), None, lambda sender, path: ask(path))


def _join(subscribers: Subscribers) -> Write:
    def join(sender: Sender, port: int, host: str = "") -> None:
        subscribers.add(host or sender[0], port)

    return join


def _answered(path: str, act: Callable[[], str]) -> Write:
    return lambda sender: message(path, "s", act())


def _pong(listeners: Subscribers) -> Write:
    def answer(sender: Sender, number: int) -> bytes:
        pong = message("/ddsp/pong", "i", number)
        listeners.send(pong)
        return pong

    return answer
