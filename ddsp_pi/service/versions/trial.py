"""A version on trial: it plays in the place of the current one until the verdict, or until the next boot.

The change is one file in memory. A power cut at any moment therefore boots what played before.
"""

import re
from pathlib import Path

from ddsp_pi.files import write_whole
from ddsp_pi.places import SERVICE, UNITS
from ddsp_pi.service.systemd import BOOTED, Systemd

SAFE_SERVICE = "ddsp-pi-safe.service"
"""What systemd starts when the service gave up; it would be in the way."""


class Trial:
    """Puts a version in the place of the current one, and takes it away again."""

    def __init__(self, systemd: Systemd, program: Path, memory: Path = BOOTED, units: Path = UNITS) -> None:
        self._systemd, self._program, self._unit = systemd, program, units / SERVICE
        self._file = memory / f"{SERVICE}.d" / "trial.conf"

    @property
    def name(self) -> str | None:
        """The version that is on trial now; None: none is."""
        try:
            found = re.search(r"/versions/([^/\s]+)/", self._file.read_text("utf-8"))
        except OSError:
            return None
        return found and found[1]

    def begin(self, name: str) -> str:
        """Start a version in the place of the current one; why it is not ready, empty if it is.

        Raises:
            ChildProcessError: systemd does not answer.
        """
        write_whole(self._file, f"[Service]\nExecStart=\nExecStart={self._command(name)}\n")
        self._systemd.reload()
        # What was started by hand several times before does not count against the new version.
        self._systemd.clear()
        return self._systemd.restart()

    def forget(self) -> None:
        """The next start is that of the current version again; what plays now plays on."""
        self._file.unlink(missing_ok=True)
        self._systemd.reload()

    def end(self) -> str:
        """Start the current version in the place of the one on trial; why it is not ready, if so."""
        self.forget()
        self._systemd.clear(SAFE_SERVICE)
        return self._systemd.restart()

    def _command(self, name: str) -> str:
        """How the unit starts the current version, with another one's path."""
        version = f"{self._program}/versions/{name}/"
        usual = re.findall(r"^ExecStart=(.+)$", self._unit.read_text("utf-8"), re.MULTILINE)[-1]
        return str(usual).replace(f"{self._program}/current/", version)
