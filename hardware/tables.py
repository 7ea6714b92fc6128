"""Tables of a board and of all boards, in Markdown."""

from collections.abc import Callable, Sequence

from ddsp_pi.config import Config
from ddsp_pi.rack.cvs import SCAN_NS
from ddsp_pi.rack.spec import BoardSpec, CvInput
from hardware import plays
from hardware.signals import MCP3208, SPI_ENDS, lines, signals

CENTS_PER_VOLT = 1200.0
BITS = 24
"""Of one conversion on the wire."""

DRIVER_US = 18.0
"""What Python and kernel add to a conversion: 8 by the instructions counted on aarch64, at 1.2 per cycle and
1.8 GHz, and 10 assumed."""


def table(head: str, rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> str:
    """A table; `right` are the columns of figures."""
    columns = head.count("|") + 1
    rule = "|".join("---:" if column in right else "---" for column in range(columns))
    return "\n".join([f"| {head} |", f"|{rule}|", *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def boards(specs: Sequence[BoardSpec]) -> str:
    """What there is to choose from."""
    rows = []
    for spec in specs:
        codec = spec.codec
        sound = f"{codec.inputs} in, {codec.outputs} out ({codec.name})" if codec else "none of its own"
        gates = f"{len(spec.gates_in)} in, {len(spec.gates_out)} out"
        controls = f"{len(spec.buttons)} buttons{', LED' if spec.led else ''}"
        reach = plays.window(spec.cvs[0].low_volts, spec.cvs[0].high_volts)
        cvs = f"{len(spec.cvs)}, {reach}{', each with a knob' if spec.cvs[0].pot else ''}"
        rows.append((f"[{spec.title}]({spec.name}.md)", f"`{spec.name}`", cvs, gates, controls, sound))
    return table("board | its name | CV jacks | gates | panel | sound", rows)


def jacks(spec: BoardSpec, config: Config) -> str:
    """What the CV jacks play by default, and which volts they know."""
    rows = []
    for number, cv in enumerate(spec.cvs, 1):
        what, volts = plays.jack(config, number)
        rows.append((f"CV {number}", what, volts, plays.window(cv.low_volts, cv.high_volts), cv.channel))
    noon = ", knob at noon" if spec.cvs[0].pot else ""
    return table(f"jack | plays | volts that count | volts that are read{noon} | channel", rows, right=(4,))


def panel(spec: BoardSpec, config: Config) -> str:
    """What gates, buttons and LED do by default."""
    does: dict[str, Callable[[int], str]] = {
        "gate in": plays.gate_in,
        "gate out": lambda number: plays.gate_out(config, number),
        "button": lambda number: "; ".join(plays.button(config, number)),
        "led": lambda number: "says how it does",
    }
    rows = [(line.name, does[line.kind](line.number), line.bcm) for line in lines(spec)]
    below = [plays.SECOND_VOICE] * (len(spec.gates_in) > 1) + plays.together(config) * bool(spec.buttons)
    text = "\n\n".join([table("on the panel | does | GPIO", rows, right=(2,)), *map(sentence, below)])
    # Markdown has another use for stars.
    return text.replace("*", "\\*")


def sentence(words: str) -> str:
    """Words as a sentence."""
    return f"{words[0].upper()}{words[1:]}."


def pins(spec: BoardSpec) -> str:
    """Every pin of the header that the board uses."""
    rows = [(s.pin, s.bcm, s.name, s.about) for s in signals(spec)]
    return table("pin | GPIO | carries | how", rows, right=(0, 1))


def converter(spec: BoardSpec) -> str:
    """Every pin of the MCP3208."""
    ends = {f"CH{cv.channel}": f"CV {jack}" for jack, cv in enumerate(spec.cvs, 1)}
    for signal in signals(spec):
        if signal.kind == "spi":
            end = SPI_ENDS[signal.name.rpartition(" ")[2]]
            ends[end] = f"pin {signal.pin} of the Pi, GPIO {signal.bcm}"
    ends |= dict.fromkeys(("VDD", "VREF"), "3.3 V") | dict.fromkeys(("AGND", "DGND"), "ground")
    rows = [(pin, name, ends.get(name, "ground, as it is not used")) for pin, name in enumerate(MCP3208, 1)]
    return table("pin | name | goes to", rows, right=(0,))


def notes(spec: BoardSpec) -> str:
    """What the table of the board says to whoever wires it."""
    return "\n".join(f"- {note}" for note in (*spec.notes, _step(spec.cvs[0])))


def knobs(cv: CvInput) -> str:
    """Which volts of a cable are read, by where the knob of its jack stands."""
    rows = []
    for where, share in (("fully left", 0.0), ("noon", 0.5), ("fully right", 1.0)):
        shift = (share - 0.5) * (cv.high_volts - cv.low_volts)
        reach = plays.window(cv.low_volts - shift, cv.high_volts - shift)
        rows.append((where, reach, f"{plays.signed(shift)} V"))
    return table("knob | volts of a cable that are told apart | a cable at 0 V reads as", rows)


def budget(specs: Sequence[BoardSpec], oversample: int) -> str:
    """How busy the converter is."""
    hz = 10**9 // SCAN_NS
    rows = []
    for spec in specs:
        wire_us = BITS / spec.spi.hz * 1e6
        conversions = len(spec.cvs) * oversample * hz
        wire, whole = (f"{conversions * us / 1e4:.0f} %" for us in (wire_us, wire_us + DRIVER_US))
        rows.append((spec.title, f"{len(spec.cvs)} × {oversample} × {hz} = {conversions}", wire, whole))
    return f"""Each CV jack is read {hz} times a second, as the mean of `rack.oversample` conversions
({oversample} by default).

{table("board | conversions in a second | of the wire | of a core, estimated", rows, right=(2, 3))}"""


def _step(cv: CvInput) -> str:
    step, cents = cv.volts_per_count * 1000, cv.volts_per_count * CENTS_PER_VOLT
    return (
        f"One step of the converter is {step:.2f} mV, or {cents:.1f} cents at 1 V/oct, "
        "by the parts on the board: pitch needs averaging, which is done, and a calibration of each unit."
    )
