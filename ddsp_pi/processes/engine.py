"""The engine's program: the audio callback, and nothing beside it that holds the lock for long."""

import os
import signal
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import NoReturn

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.app import App, build_live
from ddsp_pi.dsp.yardstick import Measures
from ddsp_pi.engine.audio import AudioSettings
from ddsp_pi.engine.backends import open_audio
from ddsp_pi.engine.realtime import BESIDE, raise_thread, settle_process
from ddsp_pi.engine.remarks import notes_on
from ddsp_pi.errors import AudioError, ConfigError, DdspPiError
from ddsp_pi.link.edits import say
from ddsp_pi.link.shared import Link, attach
from ddsp_pi.modes.base import Mode
from ddsp_pi.modes.meter import Hit
from ddsp_pi.native.library import describe
from ddsp_pi.processes import lifeline
from ddsp_pi.processes.aside import Aside
from ddsp_pi.processes.child import AWAY
from ddsp_pi.processes.launch import Input, Launch, Status, Struck, complain, launched, newest, say_why
from ddsp_pi.processes.linked import LinkedControls
from ddsp_pi.processes.resuming import recall, resume

BEAT_BLOCKS = 8
"""Blocks between two beats in the link."""

LONGEST_PATH = 400
"""Bytes of an instrument's path that still fit into an edit."""

Array = NDArray[np.float32]


class Program:
    """The engine in its process: wired to the link, beating, fading out when told to stop."""

    def __init__(self, launch: Launch, link: Link) -> None:
        """Load everything.

        Raises:
            DdspPiError: what is configured cannot be played.
        """
        controls = LinkedControls(link)
        self.app = app = build_live(launch.config, controls, _say)
        resume(app, recall(launch), _say)
        self._record, self._pid = link.telemetry, os.getpid()
        self._encode = msgspec.msgpack.Encoder().encode
        self.stop = threading.Event()
        self._aside = Aside(
            app,
            partial(say, link.said),
            partial(self.beat, False),
            lambda: newest(launch).config,
            self.stop.set,
        )
        controls.on(
            app.set_param, self._aside.select, app.engine.release, self._aside.configure, self._measure
        )
        self._audio = msgspec.convert(launch.config.audio, AudioSettings, from_attributes=True)
        self._hit: Hit | None = None

    def play(self) -> None:
        """Until told to stop.

        Raises:
            AudioError: the device refuses, or has gone.
        """
        engine = self.app.engine
        audio = open_audio(self._audio, engine.telemetry, _say)
        raise_thread(BESIDE)
        self._aside.start()
        audio.run(self._render, self.stop, lambda: engine.silent)
        self._aside.close()

    def beat(self, playing: bool, level: float = 0.0) -> None:
        """A sign of life, with all there is to know."""
        app = self.app
        telemetry, instrument = self._encode(app.engine.telemetry), str(app.instrument.path)
        if len(os.fsencode(instrument)) > LONGEST_PATH:
            instrument = ""
        params = app.params
        heard = _input(app.engine.parts.mode)
        status = Status(self._pid, playing, telemetry, instrument, params.values, level, params.driven, heard)
        self._record.write(self._encode(status))

    def _render(self, out: Array, heard: Array) -> None:
        engine = self.app.engine
        engine.render(out, heard)
        # The rack follows a drummer at once.
        if engine.telemetry.blocks % BEAT_BLOCKS == 0 or self._is_struck():
            self.beat(playing=True, level=float(np.abs(out).max()))
        if self.stop.is_set():
            engine.stop()

    def _measure(self, measures: Measures) -> None:
        # Control has checked them, and the sound does not depend on it.
        with suppress(ConfigError):
            self.app.measure_by(measures)

    def _is_struck(self) -> bool:
        """Whether there is a hit that has not been told."""
        meter = self.app.engine.parts.mode.meter
        hit = None if meter is None else meter.hit
        if hit is self._hit:
            return False
        self._hit = hit
        return hit is not None


def _input(mode: Mode) -> Input | None:
    meter = mode.meter
    if meter is None:
        return None
    struck = None if meter.hit is None else Struck(*meter.hit)
    ringing = struck is not None and mode.outside.sounding
    return Input(meter.level, meter.clipped, meter.offset, meter.f0_hz, struck, ringing, meter.measures)


def main(argument: str) -> int:
    """Play until told to stop; returns the exit code."""
    lifeline.hold()
    launch = launched(argument)
    if launch.safe:
        # What the player brought in may be what brought it down; what ships is enough.
        os.environ["DDSP_PI_DATA"] = os.devnull
    # Ctrl-C is for the supervisor, which asks for a fade.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        program = Program(launch, attach(launch.link_fd))
        signal.signal(signal.SIGTERM, lambda *_: program.stop.set())
        _say(f"{describe()}; {settle_process()}")
        program.play()
    except AudioError as error:
        _leave(error)
    except DdspPiError as error:
        complain(launch, error)
        return error.exit_code
    _report(program.app)
    return 0


def _leave(error: AudioError) -> NoReturn:
    """End at once: an audio library whose server has died may hang in its own clean-up."""
    try:
        say_why(error)
    finally:
        os._exit(AWAY)


def _say(text: str) -> None:
    print(text, flush=True)


def _report(app: App) -> None:
    telemetry = app.engine.telemetry
    _say(
        f"{telemetry.blocks} blocks, {telemetry.xruns} xruns, load {telemetry.load:.1%} "
        f"(worst block {telemetry.worst_load:.0%}), peak {telemetry.peak:.2f}"
    )
    for note in notes_on(telemetry, app.card):
        _say(note)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
