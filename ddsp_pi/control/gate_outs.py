"""What the gate outputs say: that a note sounds, that one began, or what a player sets."""

from collections.abc import Callable, Sequence

TRIGGER_S = 0.01
"""Length of a trigger: long enough for any module."""


class GateOuts:
    """Sets gate outputs, from 1 on. Times are seconds of one monotonic clock."""

    def __init__(self, kinds: Sequence[str], set_gate: Callable[[int, bool], None]) -> None:
        """`kinds`: note, trigger or osc for each output in order."""
        self._kinds, self._set_gate = tuple(kinds), set_gate
        self._until_s = 0.0
        self._begun = 0
        self._asked: dict[int, bool] = {}
        self._high: dict[int, bool] = {}

    def ask(self, gate: int, high: bool) -> None:
        """A player sets an output of the kind osc.

        Raises:
            ValueError: there is no such output of that kind.
        """
        if not 1 <= gate <= len(self._kinds) or self._kinds[gate - 1] != "osc":
            raise ValueError(
                f"gate out {gate} is not played by OSC; see 'ddsp-pi config explain rack.gate_outs'"
            )
        self._asked[gate] = high

    def renew(self) -> None:
        """Other outputs have taken the place of these and must be told."""
        self._high.clear()

    def beat(self, sounding: bool, begun: int, now_s: float) -> None:
        """Set them. `begun`: how many notes began so far."""
        if begun != self._begun:
            self._begun, self._until_s = begun, now_s + TRIGGER_S
        wanted = {"note": sounding, "trigger": now_s < self._until_s}
        for gate, kind in enumerate(self._kinds, 1):
            self._drive(gate, wanted.get(kind, self._asked.get(gate, False)))

    def _drive(self, gate: int, high: bool) -> None:
        if self._high.get(gate) != high:
            self._high[gate] = high
            self._set_gate(gate, high)
