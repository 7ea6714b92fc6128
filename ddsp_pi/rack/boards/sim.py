"""The simulated board, as a table: jacks without knobs, and no parts at all."""

from ddsp_pi.rack.spec import BoardSpec, CvInput, Line

BOARD = BoardSpec(
    name="sim",
    title="Simulated board",
    cvs=tuple(CvInput(channel, -10.0, 10.0, inverted=False, pot=False) for channel in range(8)),
    gates_in=tuple(Line(pin) for pin in (4, 17, 22, 27)),
    gates_out=(Line(16), Line(12)),
    buttons=tuple(Line(pin) for pin in (23, 25, 24)),
    led=Line(26),
    simulated=True,
)
