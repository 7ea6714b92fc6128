"""The board inside the control process: cables and gates go on to the engine, buttons act, lights speak."""

from collections.abc import Callable, Mapping

import msgspec

from ddsp_pi.config import Config
from ddsp_pi.control.gate_outs import GateOuts
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.led import Led
from ddsp_pi.control.overrides import Overrides
from ddsp_pi.control.reports import Reports
from ddsp_pi.errors import BoardError
from ddsp_pi.frame import Edge
from ddsp_pi.processes.boards import Opened
from ddsp_pi.processes.launch import Struck
from ddsp_pi.processes.tuning import Tuning
from ddsp_pi.rack.board import N_CVS, Board, NullBoard, Press
from ddsp_pi.rack.panel import PanelBoard
from ddsp_pi.rack.played import Played
from ddsp_pi.rack.sim import SimBoard

Act = Callable[[], object]


class RackSide:
    """Reads a board and speaks through it. Called by the control loop's thread only."""

    def __init__(
        self,
        open_board: Callable[[], Opened],
        config: Config,
        hub: Hub,
        acts: Mapping[str, Act],
        reports: Reports,
        say: Callable[[str], None],
    ) -> None:
        """`acts`: what the names in `rack.buttons` do; to calibrate it knows itself."""
        self._open, self._settings, self._hub, self._say = open_board, config.rack, hub, say
        self._delay_ns = round(config.rack.gate_delay_ms * 1e6)
        self._routes, self._reports = config.cv.routes, reports
        acts = {**acts, "calibrate": self.calibrate}
        self._acts = {(row.buttons, row.held): acts[row.do] for row in config.rack.buttons}
        self.board: Board = NullBoard()
        self._there = False
        self.player: SimBoard | None = None
        """Who plays the board, if it is simulated."""
        self._played = Played(self.board, 0.0)
        self.overrides = Overrides()
        self._tuning: Tuning | None = None
        self.ringing = False
        """Whether something sounds that was struck by what is heard, for the outputs of the kind note."""
        self._trouble = ""
        self.led = Led(lambda lit: self.board.set_led(lit))
        self.gate_outs = GateOuts(config.rack.gate_outs, lambda gate, high: self.board.set_gate(gate, high))

    def open(self) -> None:
        """Open the board.

        Raises:
            BoardError: it cannot be opened; the message says what to do.
        """
        self.board, self.player = self._open()
        self._there = True
        if self.player is not None:
            self._hub.on_first_note(self.player.unplug)
        self._played = Played(self.board, self._settings.gate_delay_ms, joins=True)
        if isinstance(self.board, PanelBoard):
            self._say(self.board.parts)
            self._tuning = Tuning(self.board, self._routes, self.led, self._say)
        self.led.renew()
        self.gate_outs.renew()

    def volts(self, now_ns: int) -> tuple[float, ...]:
        """Volts of the CV jacks and of the gates."""
        volts = self.overrides.over(self._played.volts(now_ns))
        if self._tuning is not None:
            self._tuning.beat()
        self._reports.volts(volts[:N_CVS], now_ns)
        if self._reports.recorders:
            self._reports.raw(self.board.health().raw_volts, now_ns)
        return volts

    def beat(self, now_ns: int) -> None:
        """Pass gates on, act on buttons, set light and outputs."""
        now_s = now_ns * 1e-9
        events = self._played.events(now_ns)
        edges = [event for event in events if isinstance(event, Edge)]
        self._hub.beat(edges)
        if edges:
            self.led.flicker(now_s)
        for edge in edges:
            # As it came: who plays a recording again delays it again.
            self._reports.edge(msgspec.structs.replace(edge, at_ns=edge.at_ns - self._delay_ns))
        for event in events:
            if isinstance(event, Press):
                self.press(event)
        self.gate_outs.beat(self._hub.sounding or self.ringing, self._hub.begun, now_s)
        self.led.beat(now_s)

    def struck(self, hit: Struck) -> None:
        """A hit was heard: outputs and listeners follow it."""
        self._hub.begun += 1
        self._reports.onset(hit.rise_db, hit.loudness_db, hit.centroid, hit.flatness_db)

    def press(self, press: Press) -> None:
        """Buttons were used."""
        self._reports.press(press.buttons, press.held)
        if self._tuning is not None and self._tuning.busy:
            self._tuning.press(press)
            return
        act = self._acts.get((press.buttons, press.held))
        if act is not None:
            act()

    def calibrate(self) -> None:
        """Calibrate from the panel."""
        if self._tuning is None:
            self._say("nothing here to calibrate: no board with a converter plays")
        else:
            self._tuning.begin()

    def look(self) -> None:
        """Say once what is wrong with the board, and when it is right again; open it if it was not there."""
        health = self.board.health()
        trouble = health.trouble if self._there else self._missing()
        self._reports.health(health.noise_volts, trouble)
        if trouble != self._trouble:
            self._trouble = trouble
            self._say(f"{trouble}. What was last read plays on" if trouble else "the board answers again")
        if self._tuning is not None:
            self._tuning.look()

    def close(self) -> None:
        """Light and outputs off; let go of the board."""
        self.board.close()

    def _missing(self) -> str:
        """Why the board cannot be opened; empty: it has been, just now."""
        try:
            self.open()
        except BoardError as error:
            return str(error)
        return ""
