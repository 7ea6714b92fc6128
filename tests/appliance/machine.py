"""A machine: a Debian with systemd that is switched on, used from outside, cut off, and switched on again."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.appliance.scene import Done, MachineError
from tests.appliance.traces import first_process, forget_groups

BOOT = Path(__file__).with_name("boot.sh")
GENEROUS_S = 120.0
"""A step that hangs ends with an error instead; nothing is measured by it."""

PLAIN = ("HOME=/root", "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


class Machine:
    """What changes on it is kept in its folder, over what it began as, from boot to boot."""

    def __init__(self, folder: Path, *below: Path, slower: float = 1.0) -> None:
        """`below` is what it begins as: the bare system, and before it the `changes` of machines made of it.

        `slower`: how many times all patience is longer, for an emulated one.
        """
        self.folder, self.slower = folder, slower
        self._below = below
        self._process: subprocess.Popen[bytes] | None = None
        self._first = 0
        """The first process inside, by its number here; 0: there is none yet."""
        self.binds: dict[Path, str] = {}
        """Folders of this computer, and where the machine sees them: what is plugged in, read-only."""
        self.covers: dict[str, str] = {}
        """Paths of the machine, and those that they lie over from its start on."""

    @property
    def on(self) -> bool:
        """Whether it is switched on."""
        return self._process is not None and self._process.poll() is None

    @property
    def changes(self) -> Path:
        """All that is different from what it began as."""
        return self.folder / "changes"

    def renew(self) -> None:
        """As it began."""
        self.cut()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def boot(self, *more: str, finished: bool = True) -> None:
        """Switch it on; `more` goes to systemd-nspawn. Returns when it answers, or has `finished` its start.

        Raises:
            MachineError: it does not come up.
        """
        assert not self.on, "it is switched on already"
        self.folder.mkdir(parents=True, exist_ok=True)
        binds = [f"--bind-ro={here}:{there}" for here, there in self.binds.items()]
        below = ":".join(map(str, self._below))
        command = ["unshare", "--mount", BOOT, below, self.folder, *binds, *more]
        with (self.folder / "console.txt").open("ab") as console:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, process_group=0
            )
        self.until(self._is_up, "it answers")
        for path, below in self.covers.items():
            subprocess.run([*self._inside(), "mount", "--bind", path, below], check=True)
        if finished:
            # "degraded" is an answer, too: what failed is for the tests to say.
            self.run("systemctl", "is-system-running", "--wait", check=False)

    def run(
        self, *command: object, check: bool = True, user: str = "root", seconds: float = GENEROUS_S
    ) -> Done:
        """Run a command there as a service of its own, as systemd-run does it.

        Raises:
            MachineError: it fails and `check` is set, or does not end in so many seconds.
        """
        # It must also work while the machine has not come far.
        words = [
            "systemd-run",
            "--quiet",
            "--pipe",
            "--wait",
            "--collect",
            "--property=DefaultDependencies=no",
        ]
        words += [f"--uid={user}"]
        words += [f"--setenv={row}" for row in PLAIN if user == "root" or not row.startswith("HOME")]
        words = [*self._inside(), *words, "--", *map(str, command)]
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds * self.slower
            )
        except subprocess.TimeoutExpired as late:
            raise MachineError(
                f"{command} did not end within {seconds:g} s; it said {late.output!r}"
            ) from None
        result = Done(
            done.returncode, *(said.decode(errors="replace") for said in (done.stdout, done.stderr))
        )
        if check and result.code:
            raise MachineError(f"{' '.join(map(str, command))} ended with {result}")
        return result

    def shell(self, script: str, check: bool = True, user: str = "root", seconds: float = GENEROUS_S) -> Done:
        """The same for lines of a shell, which ends with the first that fails."""
        return self.run("bash", "-euc", script, check=check, user=user, seconds=seconds)

    def put(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write a file there as root; its folder is made if need be."""
        data = content.encode() if isinstance(content, str) else content
        script = 'install -D -m "$1" /dev/stdin "$2"'
        words = [*self._inside(), "sh", "-c", script, "sh", f"{mode:o}", path]
        subprocess.run(words, input=data, check=True, capture_output=True)

    def get(self, path: str) -> bytes:
        """A file's content, byte for byte.

        Raises:
            MachineError: it cannot be read.
        """
        done = subprocess.run([*self._inside(), "cat", path], stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            raise MachineError(done.stderr.decode(errors="replace"))
        return done.stdout

    def until(self, told: Callable[[], object], what: str, seconds: float = GENEROUS_S) -> None:
        """Wait until something is true, with patience.

        Raises:
            MachineError: it does not become true.
        """
        deadline_s = time.monotonic() + seconds * self.slower
        while not told():
            if time.monotonic() > deadline_s:
                raise MachineError(f"not within {seconds:g} s: {what}; console: {self.folder}/console.txt")
            time.sleep(0.1)

    def halt(self) -> None:
        """Switch it off in good order."""
        self.run("systemctl", "poweroff", "--no-block")
        assert self._process is not None
        self._process.wait(GENEROUS_S * self.slower)
        self._forget()

    def reboot(self, *more: str) -> None:
        """In good order."""
        self.halt()
        self.boot(*more)

    def cut(self) -> None:
        """Pull the plug: everything ends where it stands. What was written is kept, synced or not."""
        if self._process is None:
            return
        for number in filter(None, (first_process(self._process.pid), self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self._process.wait(GENEROUS_S)
        self._forget()

    def _forget(self) -> None:
        assert self._process is not None
        forget_groups(f"machine-{self._process.pid}")
        self._process, self._first = None, 0

    def _is_up(self) -> bool:
        if not self.on:
            said = (self.folder / "console.txt").read_text(errors="replace").splitlines()[-5:]
            raise MachineError("\n".join(["systemd-nspawn ended:", *said]))
        assert self._process is not None
        self._first = first_process(self._process.pid)
        return bool(self._first) and self.run("true", check=False).code == 0

    def _inside(self) -> list[str]:
        assert self._first, "it is switched off"
        namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd")
        return ["nsenter", f"--target={self._first}", *namespaces, "env", "-i", *PLAIN]
