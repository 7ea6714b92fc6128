"""An instrument's network on onnxruntime: plays any graph, and is the oracle of the native decoder."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ddsp_pi.dsp.cells import cells
from ddsp_pi.models.card import Card
from ddsp_pi.models.decoder import Answer, Array, silence
from ddsp_pi.models.touch import played_by


def open_session(content: bytes) -> Any:
    """An onnxruntime session of one thread; what it raises are its own classes."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # The arena keeps whole megabytes for buffers of a few hundred bytes.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


class OnnxDecoder:
    """One thread, bound buffers, voices as the batch, no allocation per step.

    Two sets of state buffers take turns as input and output, so nothing is copied.
    """

    def __init__(self, session: Any, card: Card, voices: int = 1) -> None:
        self.voices, self.n_harmonics, self.n_bands = voices, card.n_harmonics, card.n_bands
        self.pitch_range_hz, self.loudness_range_db = card.pitch_range_hz, card.loudness_range_db
        self._session = session
        self._f0_hz, self._loudness_db = np.zeros((2, voices, 1), np.float32)
        self._cells = cells(self._f0_hz), cells(self._loudness_db)
        self._states = np.zeros((2, 1, voices, card.hidden), np.float32)
        self._turn = 0
        self.answer_into(*silence(voices, card.n_harmonics, card.n_bands))

    def answer_into(self, harmonics: Array, noise: Array) -> None:
        """See Decoder."""
        self._answer = harmonics, noise
        self._bindings = [self._bound(turn) for turn in range(2)]

    def _bound(self, turn: int) -> Any:
        from onnxruntime import OrtValue

        binding = self._session.io_binding()
        harmonics, noise = self._answer
        inputs = {"f0_hz": self._f0_hz, "loudness_db": self._loudness_db, **self._before(turn)}
        outputs = {"harmonics": harmonics, "noise": noise, **self._after(turn)}
        for name, array in inputs.items():
            binding.bind_ortvalue_input(name, OrtValue.ortvalue_from_numpy(array))
        for name, array in outputs.items():
            binding.bind_ortvalue_output(name, OrtValue.ortvalue_from_numpy(array))
        return binding

    def _before(self, turn: int) -> dict[str, Array]:
        """The other inputs."""
        return {"state": self._states[turn]}

    def _after(self, turn: int) -> dict[str, Array]:
        """The other outputs."""
        return {"next_state": self._states[1 - turn]}

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        f0_cells, loudness_cells = self._cells
        for voice in range(self.voices):
            f0_cells[voice, 0], loudness_cells[voice, 0] = f0_hz[voice], loudness_db[voice]
        self._session.run_with_iobinding(self._bindings[self._turn])
        self._turn = 1 - self._turn
        return self._answer

    def reset(self) -> None:
        """See Decoder."""
        self._states[:] = 0.0

    def forget(self, voice: int) -> None:
        """See Decoder."""
        self._states[:, 0, voice] = 0.0


class OnnxPlayedDecoder(OnnxDecoder):
    """The same for an instrument that is played by notes: it has a touch, and no state."""

    def __init__(self, session: Any, card: Card, voices: int = 1) -> None:
        self.style, self.touch = played_by(card, voices)
        self._touch = np.array(self.touch.rows, np.float32)
        super().__init__(session, card, voices)

    def _before(self, turn: int) -> dict[str, Array]:
        return {"touch": self._touch}

    def _after(self, turn: int) -> dict[str, Array]:
        return {}

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        self._touch[:] = self.touch.rows
        return super().step(f0_hz, loudness_db)
