"""The Pd process: Pure Data with the patch of the configuration, started anew whenever that is saved."""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ddsp_pi.files import Sight, sight
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.processes import lifeline
from ddsp_pi.processes.launch import Launch, launched
from ddsp_pi.processes.patchbay import CLIENT, Patchbay
from ddsp_pi.sections import Pd as Settings
from ddsp_pi.shipped import puredata_folder

LOOK_S = 0.5
"""How often the patch is looked at."""

LOOKS_BETWEEN = 4
"""So many looks from one at JACK's connections to the next, once they are well."""

JACK_S = 5.0
"""How long Pd may be without JACK: it opens it once, at its start, and never asks again."""

STOP_S = 1.0
"""From SIGTERM to the end."""

LONGEST_LINE = 400

DSP_ON = ("-send", "; pd dsp 1")
"""Without it Pd never opens JACK."""

SOUND = {
    "none": ("-noaudio",),
    # What it would connect by itself are inputs that nobody asked for.
    "jack": (*f"-rt -jack -jackname {CLIENT} -nojackconnect -r {SAMPLE_RATE} -audiobuf 10".split(), *DSP_ON),
}

Say = Callable[[str], None]


def _say(text: str) -> None:
    print(f"pd: {text}", file=sys.stderr, flush=True)


class PatchWatch:
    """Tells when a patch, or one beside it that it may use, was saved.

    Two looks in a row must see the same: by then whoever writes has finished.
    """

    def __init__(self, patch: Path) -> None:
        self._patch = patch
        self._seen = self._settling = self._look()

    def saved(self) -> bool:
        """Look once; whether there is a new version, told once. A patch that went has none."""
        seen, before = self._look(), self._settling
        self._settling = seen
        if seen in (self._seen, None) or seen != before:
            return False
        self._seen = seen
        return True

    def _look(self) -> frozenset[Sight] | None:
        try:
            # What editors lock files with begins with a dot, and need not be a file at all.
            found = {*self._patch.parent.glob("[!.]*.pd"), self._patch}
            return frozenset(map(sight, found))
        except OSError:
            return None


class Lines:
    """What Pd prints, line by line into the log: a handful at once, and two a second in the long run."""

    AT_ONCE, PER_S = 20, 2.0

    def __init__(self, say: Say) -> None:
        self._say, self._rest = say, b""
        self._credit, self._at_s, self._left_out = float(self.AT_ONCE), 0.0, 0

    def feed(self, piece: bytes, now_s: float) -> None:
        """Some bytes that were read; the last line may be cut short."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        self._credit = min(self._credit + (now_s - self._at_s) * self.PER_S, self.AT_ONCE)
        self._at_s = now_s
        for line in filter(None, lines):
            self._pass(line.decode(errors="replace")[:LONGEST_LINE])

    def _pass(self, line: str) -> None:
        if self._credit < 1.0:
            self._left_out += 1
            return
        self._credit -= 1.0
        self._say(f"{line} ({self._left_out} lines before it left out)" if self._left_out else line)
        self._left_out = 0


class Running:
    """One process of Pd."""

    def __init__(self, argv: Sequence[str], lines: Lines) -> None:
        """Started at once.

        Raises:
            OSError: the system cannot.
        """
        self._lines, self.since_s = lines, time.monotonic()
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # No thread was started here, which is what makes this safe. It must not be left over
            # when this process is killed.
            preexec_fn=partial(lifeline.tie, os.getpid()),
        )
        assert self._process.stdout is not None
        self._fd = self._process.stdout.fileno()

    def read(self, limit_s: float) -> bool:
        """Pass on what it prints, within so many seconds; False when it has closed its mouth."""
        if not select.select([self._fd], [], [], limit_s)[0]:
            return True
        piece = os.read(self._fd, 65536)
        self._lines.feed(piece, time.monotonic())
        return bool(piece)

    def ended(self) -> int | None:
        """Its exit code, or minus the signal; None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """End it, with SIGKILL if it must be."""
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Keeper:
    """Has Pd play the patch as it is on disk. When Pd ends by itself, `run` does: the supervisor goes on."""

    def __init__(self, settings: Settings, ours: bool, say: Say = _say) -> None:
        """`ours`: whether the module plays through JACK too, and so into Pd."""
        self._settings, self._say = settings, say
        self._patch = patch_file(settings.patch or "")
        self._watch = PatchWatch(self._patch)
        self._lines = Lines(say)
        self._patchbay = Patchbay(ours, say) if settings.audio == "jack" else None
        self._running: Running | None = None
        self._complaint = ""
        self._looks = 0
        self._through: bool | None = False

    def run(self, enough: Callable[[], bool] = lambda: False) -> int:
        """Until Pd ends or `enough` says so, or SystemExit is raised by a signal. Returns an exit code."""
        try:
            while not enough():
                self._read()
                ended = self._running.ended() if self._running else None
                if ended is not None:
                    self._say(f"Pd ended ({_why(ended)})")
                    return 1
                self._look()
            return 0
        finally:
            self._stop()

    def _read(self) -> None:
        """What Pd says until the next look is due."""
        due_s = time.monotonic() + (LOOK_S if self._looks else 0.0)
        while (left_s := due_s - time.monotonic()) > 0:
            if self._running is None:
                time.sleep(left_s)
            elif not self._running.read(left_s):
                # It has ended or is about to.
                time.sleep(0.05)
                return

    def _look(self) -> None:
        self._looks += 1
        if self._watch.saved() and self._running is not None:
            self._say(f"{self._patch.name} was saved; Pd starts with it anew")
            self._stop()
        if self._running is None:
            self._start()
        if self._patchbay is not None:
            self._connect(self._patchbay)

    def _start(self) -> None:
        try:
            self._running = Running(self._argv(), self._lines)
        except (OSError, subprocess.SubprocessError) as error:
            self._complain(str(error))
        else:
            self._complaint, self._looks, self._through = "", 1, False
            self._say(f"Pd plays {self._patch}")

    def _argv(self) -> Sequence[str]:
        """Raises OSError with what is missing."""
        program = shutil.which(self._settings.program)
        if program is None:
            raise FileNotFoundError(
                f"there is no program {self._settings.program!r} (sudo apt install puredata)"
            )
        if not self._patch.is_file():
            raise FileNotFoundError(f"there is no patch {self._patch}")
        found = ("-path", str(puredata_folder()), "-open", str(self._patch))
        return program, "-nogui", "-nomidi", "-stderr", *SOUND[self._settings.audio], *found

    def _complain(self, what: str) -> None:
        if what != self._complaint:
            self._say(f"{what}; the rest plays on without Pd, which is started once that is there")
        self._complaint = what

    def _connect(self, patchbay: Patchbay) -> None:
        if self._through is not False and self._looks % LOOKS_BETWEEN:
            return
        self._through = patchbay.tend()
        if self._running and self._through is False and time.monotonic() - self._running.since_s > JACK_S:
            self._say("Pd is not at the JACK server that is there; it is started anew")
            self._stop()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.stop()
        self._running = None


def patch_file(name: str) -> Path:
    """The file that is meant: a path, or one of the patches that ship by its name."""
    path = Path(name).expanduser().absolute()
    shipped = (puredata_folder() / name).with_suffix(".pd")
    return shipped if shipped.is_file() and not path.is_file() else path


def _why(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def keeper(launch: Launch) -> Keeper:
    """What plays the patch of a configuration."""
    config = launch.config
    return Keeper(config.pd, ours=config.audio.backend == "jack")


def main(argument: str) -> int:
    """The program: returns its exit code."""
    lifeline.hold()
    # Ctrl-C reaches the whole group where it was started by hand.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    return keeper(launched(argument)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
