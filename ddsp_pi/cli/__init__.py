"""The command line: one verb, one module, loaded only when it is called."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ddsp_pi import __version__
from ddsp_pi.errors import DdspPiError, MissingExtraError

VERBS = {
    "run": "play live: the rack, or a computer with --sim",
    "render": "play a CV/gate file into a WAV file",
    "models": "list the instruments and what their cards say",
    "presets": "list sounds to come back to, show what they set, check files",
    "monitor": "show what jacks, gates and buttons say and how the engine does, and record it",
    "calibrate": "tune the CV jacks to a few cents by known voltages",
    "analyze": "turn a recording into a CV/gate performance",
    "bench": "measure how fast the engine runs here",
    "config": "check, show and explain the settings",
    "reload": "have a running module read its settings now",
    "setup": "make this computer a module that plays when it is switched on, or take that back",
    "pd": "play the Pure Data patch of the settings beside a module that runs as a service",
    "doctor": "find what is wrong with this system, and say what mends it",
    "report": "write one file for a bug report",
    "update": "install another version, try it, and go back by itself if it does worse",
    "versions": "list what is installed on this module, and how the last update ended",
    "rollback": "let the version before play again",
    "train": "learn an instrument from recordings",
    "trim": "make a trained run smaller and faster",
    "study": "compare trimmings in a table and a picture",
    "evaluate": "measure an instrument on recordings it has not heard",
    "export": "write a trained instrument as one file",
}
"""Each verb is the module of that name in this package, with `configure(parser)` and `run(args)`."""

EXTRAS = {
    "RPi": "rpi-gpio",
    "dask": "dask",
    "distributed": "dask",
    "gpiod": "rack",
    "joblib": "train",
    "matplotlib": "plot",
    "mido": "midi",
    "onnx": "train",
    "ray": "ray",
    "rtmidi": "midi",
    "soundfile": "files",
    "soxr": "files",
    "spidev": "rack",
    "swift_f0": "train",
    "tensorboard": "train",
    "torch": "train",
    "tqdm": "train",
}
"""The extra that brings each optional library."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code: 0 done, 1 failed while working, 2 unusable input."""
    # Blocks are far too small for BLAS to share them out, and its threads would wake beside the sound.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    chosen = _chooser().parse_args(argv)
    try:
        exit_code = _run(chosen.verb, chosen.rest)
        sys.stdout.flush()
        return exit_code
    except KeyboardInterrupt:
        return 130
    except DdspPiError as error:
        return _complain(chosen.verb, error, error.exit_code)
    except BrokenPipeError:
        # Whoever reads us, like `head`, has had enough; the exit must not write to it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _complain(chosen.verb, error, 1)


def _chooser() -> argparse.ArgumentParser:
    verbs = "\n".join(f"  {verb:<10}{meaning}" for verb, meaning in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="ddsp-pi",
        description="A neural synthesizer for Eurorack.",
        epilog=f"verbs:\n{verbs}\n\n'ddsp-pi VERB --help' says what a verb takes.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("verb", metavar="VERB", choices=VERBS, help="what to do, see below")
    parser.add_argument("rest", metavar="...", nargs=argparse.REMAINDER, help="what the verb takes")
    return parser


def _run(verb: str, rest: Sequence[str]) -> int:
    try:
        module = import_module(f"{__name__}.{verb}")
        parser = argparse.ArgumentParser(prog=f"ddsp-pi {verb}", description=VERBS[verb])
        module.configure(parser)
        return int(module.run(parser.parse_args(rest)))
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRAS:
            raise
        needs = f"this needs {library}; install it with: pip install 'ddsp-pi[{EXTRAS[library]}]'"
        raise MissingExtraError(needs) from error


def _complain(verb: str, error: Exception, exit_code: int) -> int:
    print(f"ddsp-pi {verb}: {error}", file=sys.stderr)
    return exit_code
