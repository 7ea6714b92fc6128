"""The engine's program alone, with the test in the place of the control process."""

import subprocess
import time

import msgspec

from ddsp_pi.config import load_config
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.link.edits import Edit, encode
from ddsp_pi.link.shared import create
from ddsp_pi.processes.launch import Launch, Status, command
from tests.live.jack import Server


class EngineAlone:
    """Started as the supervisor would, on a JACK server; plays from `with` on, nothing patched."""

    def __init__(self, server: Server, mode: str = "", voices: int = 1, **params: float) -> None:
        config = load_config(mode=mode)
        audio = msgspec.structs.replace(
            config.audio, backend="jack", device="system", period=server.period, channels=1
        )
        self._config = msgspec.structs.replace(config, audio=audio, voices=voices, params=params)
        self._environment = server.environment
        self.link = create()

    def __enter__(self) -> "EngineAlone":
        argv = command("engine", Launch(self.link.fd, self._config))
        self._process = subprocess.Popen(
            argv, pass_fds=[self.link.fd], env=self._environment, stdout=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 20.0
        while not self._playing():
            assert self._process.poll() is None, self._process.communicate()
            assert time.monotonic() < deadline, "it does not play"
            time.sleep(0.01)
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self.said, _ = self._process.communicate(timeout=20)
        self.link.close()

    def send(self, edit: Edit) -> None:
        """As the control process does."""
        assert self.link.edits.push(encode(edit))

    @property
    def telemetry(self) -> Telemetry:
        """What the engine counts, as it says it a few times a second."""
        status = self._status()
        assert status is not None, "it has said nothing yet"
        return msgspec.msgpack.decode(status.telemetry, type=Telemetry)

    def _playing(self) -> bool:
        status = self._status()
        return status is not None and status.playing

    def _status(self) -> Status | None:
        news = self.link.telemetry.read()
        return None if news is None else msgspec.msgpack.decode(news, type=Status)
