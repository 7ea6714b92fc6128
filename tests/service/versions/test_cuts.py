"""Power cuts: kill -9 at every step of an installation and of a switch; what boots is complete."""

import os
import signal
import subprocess
import sys

import pytest

from ddsp_pi.service.versions.releases import Releases
from tests.service.versions.test_releases import answer, planted
from tests.service.versions.wheelwright import make_wheel

OLD, OLDER, UNUSED = "0.0.2-b", "0.0.1-a", "0.0.0-0"

PROGRAM = "#!/bin/sh\necho old\n"


@pytest.fixture
def fresh(tmp_path):
    """Makes modules with versions enough for one of them to go."""

    def fresh(name):
        releases = Releases(tmp_path / name / "opt")
        planted(releases, UNUSED, "0.0.0-1", OLDER, OLD)
        for version in (OLDER, OLD):
            program = releases.path(version) / "bin/ddsp-pi"
            program.parent.mkdir()
            program.write_text(PROGRAM)
            program.chmod(0o755)
            releases.switch(version)
        return releases

    return fresh


@pytest.fixture
def install(tmp_path, python):
    """Installs, and dies at a step; 0: never."""
    wheel = make_wheel(tmp_path / "stick", "0.1.0")

    def install(releases, step):
        words = [
            sys.executable,
            "-m",
            "tests.service.versions.cutting",
            releases.folder,
            wheel,
            python,
            str(step),
        ]
        return subprocess.run(words, capture_output=True, text=True, env=os.environ)

    return install


def check_finished(releases):
    assert answer(releases, "current", "--version") == "ddsp-pi 0.1.0"
    assert releases.previous == OLD
    assert UNUSED not in releases.names()
    assert all((folder / "complete").exists() for folder in (releases.folder / "versions").iterdir())


def test_a_cut_at_any_step_leaves_a_whole_version_that_boots(fresh, install):
    whole = fresh("whole")
    done = install(whole, 0)
    check_finished(whole)
    steps = int(done.stdout.split()[-1])
    played = []
    for step in range(1, steps + 1):
        releases = fresh(f"cut-{step}")
        assert install(releases, step).returncode == -signal.SIGKILL
        assert releases.current in (OLD, *(name for name in releases.names() if name.startswith("0.1.0-")))
        assert answer(releases, "current", "--version") == (
            "old" if releases.current == OLD else "ddsp-pi 0.1.0"
        )
        assert releases.previous is None or releases.previous in releases.names()
        played.append(releases.current)
        if step % 5 == 0:
            assert install(releases, 0).returncode == 0
            check_finished(releases)
    assert steps > 12
    assert played[0] == OLD
    assert played[-1] != OLD
