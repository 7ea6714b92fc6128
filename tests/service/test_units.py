"""The units, as systemd's own tools read them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ddsp_pi.places import PROGRAM, SERVICE, UNITS
from ddsp_pi.shipped import units_folder

FILES = sorted(units_folder().glob("*.service"))
PATHS = sorted(units_folder().glob("*.path"))
SAFE = "ddsp-pi-safe.service"
EXPOSED = 25
"""Tenths that `systemd-analyze security` may find at most; of those that play."""

OWN_TO_SAFE_MODE = {
    "Description",
    "After",
    "Conflicts",
    "StartLimitIntervalSec",
    "StartLimitBurst",
    "OnFailure",
    "ExecStart",
    "RestartSec",
    "WantedBy",
}


@pytest.fixture(scope="module")
def analyze(need):
    """What systemd-analyze finds: (whether all is well, what it says)."""
    need("systemd-analyze", "systemd")

    def analyze(*words):
        done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True)
        return done.returncode == 0 and not done.stderr, done.stdout + done.stderr

    return analyze


@pytest.fixture
def root(tmp_path):
    """A system in which all is there that the units name: the program is only installed on a module."""
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    for command in (
        PROGRAM / "current/bin/ddsp-pi",
        Path("/usr/bin/sh"),
        Path("/usr/bin/true"),
        Path("/usr/bin/udevadm"),
    ):
        file = tmp_path / command.relative_to("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o755)
    units = tmp_path / UNITS.relative_to("/")
    units.mkdir(parents=True)
    for file in (*FILES, *PATHS):
        shutil.copy(file, units)
    return tmp_path


def settings(name):
    """All lines of a unit: name, value, in their order; a continued one is one."""
    text = (units_folder() / name).read_text().replace("\\\n", "")
    rows = [row.strip() for row in text.splitlines()]
    return [tuple(row.split("=", 1)) for row in rows if row and row[0] not in "#["]


def test_all_units_of_a_module_are_there():
    beside = {f"ddsp-pi-{name}.service" for name in ("pd", "governor", "power-off")}
    assert {file.name for file in FILES} == {SERVICE, SAFE, *beside}


@pytest.mark.parametrize("file", [*FILES, *PATHS], ids=lambda file: file.name)
def test_systemd_finds_nothing_wrong(analyze, root, file):
    assert analyze("verify", f"--root={root}", "--man=no", file.name) == (True, "")


@pytest.mark.parametrize(
    ("right", "wrong"), [("WatchdogSec=5", "WatchdogSecs=5"), ("/current/bin/", "/currant/bin/")]
)
def test_what_is_wrong_would_be_found(analyze, root, right, wrong):
    unit = root / UNITS.relative_to("/") / SERVICE
    unit.write_text(unit.read_text().replace(right, wrong))
    assert not analyze("verify", f"--root={root}", "--man=no", SERVICE)[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_fault_in_it_could_do_little(analyze, file):
    fine, said = analyze("security", "--offline=yes", "--no-pager", f"--threshold={EXPOSED}", str(file))
    assert fine, said


def test_a_unit_without_any_of_it_would_be_refused(analyze, tmp_path):
    bare = tmp_path / SERVICE
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    assert not analyze("security", "--offline=yes", f"--threshold={EXPOSED}", str(bare))[0]


def test_safe_mode_is_kept_as_the_module_is():
    of_both = [[row for row in settings(name) if row[0] not in OWN_TO_SAFE_MODE] for name in (SERVICE, SAFE)]
    assert of_both[0] == of_both[1]


def test_nothing_waits_for_a_network():
    orders = [value for file in FILES for key, value in settings(file.name) if key in ("After", "Requires")]
    assert orders
    assert not [value for value in orders if "network" in value]


@pytest.mark.parametrize("name", [SERVICE, SAFE])
def test_real_time_is_granted_and_not_forbidden(name):
    rows = dict(settings(name))
    assert (rows["LimitRTPRIO"], rows["LimitMEMLOCK"]) == ("95", "infinity")
    assert rows.get("RestrictRealtime", "no") == "no"
    assert rows.get("PrivateDevices", "no") == "no"
