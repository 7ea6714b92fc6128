"""`ddsp-pi pd`: Pure Data with the patch of the settings, beside a module that runs as a service."""

import argparse
import signal
import sys
from pathlib import Path

from ddsp_pi.cli.arguments import add_config_argument
from ddsp_pi.config import Config, load_config
from ddsp_pi.errors import ConfigError
from ddsp_pi.files import Sight, sight
from ddsp_pi.processes.pd import Keeper


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    add_config_argument(parser, "settings that name the patch")


def run(args: argparse.Namespace) -> int:
    """Play the patch until told to stop: 0; also if there is none. When Pd ends by itself: 1."""
    # No function that could be interrupted halfway holds anything but Pd, which ends with its keeper.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    settings = Settings(args.config)
    while settings.config.pd.patch:
        keeper = Keeper(settings.config.pd, ours=settings.config.audio.backend == "jack")
        code = keeper.run(settings.changed)
        if code:
            return code
    print("no patch is set: see 'ddsp-pi config explain pd.patch'")
    return 0


class Settings:
    """What concerns Pd in a file of settings. One that cannot be used changes nothing."""

    def __init__(self, file: Path | None) -> None:
        """Read it.

        Raises:
            ConfigError: it cannot be used.
        """
        self._file, self._seen = file, _sight(file)
        self.config = load_config(file)

    def changed(self) -> bool:
        """Look once; whether another patch is wanted, or in another way."""
        seen = _sight(self._file)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            config = load_config(self._file)
        except ConfigError:
            return False
        before, self.config = self.config, config
        return _concerning(before) != _concerning(config)


def _concerning(config: Config) -> tuple[object, ...]:
    return config.pd, config.audio.backend


def _sight(file: Path | None) -> Sight | None:
    try:
        return None if file is None else sight(file)
    except OSError:
        return None
