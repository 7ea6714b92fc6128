"""`ddsp-pi versions`: what is installed on this module, which one plays, and how the last update ended."""

import argparse
import time
from collections.abc import Iterator

from ddsp_pi.service.systemd import Systemd
from ddsp_pi.service.versions.alone import is_busy
from ddsp_pi.service.versions.marks import Release
from ddsp_pi.service.versions.outcome import recall
from ddsp_pi.service.versions.releases import Releases
from ddsp_pi.service.versions.trial import Trial


def configure(parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    releases = Releases()
    for line in lines(releases, Trial(Systemd(), releases.folder).name):
        print(line)
    return 0


def lines(releases: Releases, on_trial: str | None) -> Iterator[str]:
    """What there is to say, `on_trial` being a version that plays until the next boot at the latest."""
    listed = releases.listed()
    if not listed:
        yield f"no version is set up in {releases.folder}; first: sudo ddsp-pi setup"
    yield from (_row(release, _state(release, releases, on_trial)) for release in listed)
    outcome = recall(releases.folder)
    if outcome:
        yield f"last change, {_date(outcome.when)}: {outcome.words}"
    if is_busy(releases.folder):
        yield "an update is at work"
    elif on_trial not in (None, releases.current):
        yield f"the update to {on_trial} was cut short: the next boot ends it, or now: sudo ddsp-pi rollback"


def _row(release: Release, state: str) -> str:
    done = release.complete
    return f"{release.name:<24} {_date(done.when)} {done.size / 1e6:5.0f} MB  {state}".rstrip()


def _state(release: Release, releases: Releases, on_trial: str | None) -> str:
    states = [(releases.current, "current"), (releases.previous, "previous"), (on_trial, "on trial")]
    said = [state for name, state in states if name == release.name]
    if release.refusal:
        said.append(f"refused: {release.refusal.reason}")
    return ", ".join(said)


def _date(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(when))
