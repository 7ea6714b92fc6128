"""What can go wrong, each kind also the builtin that a reader would catch.

A message says what is wrong, where, and what to do next. `exit_code` is what the command line
returns: 2 for input that cannot be used, 1 for work that failed.
"""


class DdspPiError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code = 2


class ConfigError(DdspPiError, ValueError):
    """A configuration file, or a choice in the environment, that cannot be used."""


class ParamError(DdspPiError, LookupError):
    """A parameter name nobody owns."""


class PerformanceError(DdspPiError, ValueError):
    """A CV/gate or MIDI file that cannot be played."""


class RecordingError(DdspPiError, ValueError):
    """An audio file that cannot be analysed or learned from."""


class InstrumentError(DdspPiError, ValueError):
    """An instrument file that is not ours, is damaged or does not fit."""


class AudioError(DdspPiError, OSError):
    """An audio device that is missing or refuses the requested format."""

    exit_code = 1


class BoardError(DdspPiError, OSError):
    """A board that is not there or does not answer."""


class LinkError(DdspPiError, ValueError):
    """Shared memory that is no link of ours, or a record that does not fit into it."""


class RunError(DdspPiError, ValueError):
    """A folder that holds no training run, or another one."""


class TrainingError(DdspPiError, RuntimeError):
    """A training run that cannot go on or cannot be exported."""

    exit_code = 1


class MissingExtraError(DdspPiError, ImportError):
    """A verb that needs an optional dependency which is not installed."""
