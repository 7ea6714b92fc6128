"""Another version on a module without a network: kept if it plays, gone if not, and the power fails."""

import json
import shutil

import pytest

from tests.appliance.remade import CRASHES, GLITCHES, remake, stick_of

MINUTE_S = 15
"""What a minute is here; the rules are the same."""

PLUGGED = "/media/versions"

VERSIONS = {"0.2.0": None, "0.3.0": CRASHES, "0.4.0": GLITCHES, "0.5.0": None}
"""What each does otherwise."""

FIRST = {"version": "0.1.0", "wheel": "", "when": 1.0, "size": 300_000_000, "extras": ["rack", "midi"]}


@pytest.fixture(scope="module")
def module(module, workshop):
    """A module whose first version counts as one that was installed, with a stick of new ones in it."""
    folder = workshop.results.parent / "versions"
    shutil.rmtree(folder, ignore_errors=True)
    for version, added in VERSIONS.items():
        stick_of(remake(workshop.stick.wheel(), folder / version, version, added), workshop.stick.folder)
    remake(workshop.stick.wheel(), folder / "alone", "0.6.0")
    module.machine.binds[folder] = PLUGGED
    module.boot()
    module.machine.put("/opt/ddsp-pi/versions/first/complete", json.dumps(FIRST))
    return module


def update(module, version):
    command = ("ddsp-pi", "update", f"{PLUGGED}/{version}", "--minute", MINUTE_S)
    return module.machine.run(*command, check=False, seconds=600)


def begin(module, version):
    """An update that nobody waits for."""
    words = ("systemd-run", "--unit=updating", "--collect", "/usr/local/bin/ddsp-pi", "update")
    module.machine.run(*words, f"{PLUGGED}/{version}", "--minute", "600")


def begin_trial(module, version):
    """The same, as far as its minute."""
    begin(module, version)
    module.machine.until(lambda: "trial" in module.shown("DropInPaths")[0], "it is on trial", seconds=600)
    assert playing(module) == version


def cut_off(module):
    """The power goes and comes back."""
    module.machine.cut()
    module.boot()


def playing(module):
    """The version that says how it does."""
    module.machine.until(module.plays, "it plays")
    module.machine.until(lambda: _fresh(module), "it says how it does")
    return module.telemetry()[-1]["version"]


def _fresh(module):
    lines = module.telemetry()
    return bool(lines) and lines[-1]["engine"] == module.part("engine")


def versions(module):
    return module.machine.run("ddsp-pi", "versions").out


def linked(module, link):
    return module.machine.run("readlink", f"/opt/ddsp-pi/{link}").out.strip().removeprefix("versions/")


def test_a_version_that_plays_is_kept(module, record_property):
    done = update(module, "0.2.0")
    assert done.code == 0, done
    record_property("said", done.out.splitlines()[-1])
    assert playing(module) == "0.2.0"
    assert linked(module, "current").startswith("0.2.0-")
    assert linked(module, "previous") == "first"
    assert module.shown("NRestarts") == ["0"]
    assert "trial" not in module.shown("DropInPaths")[0]
    assert module.machine.run("ddsp-pi", "--version").out == "ddsp-pi 0.2.0\n"


def test_a_version_that_crashes_at_its_start_goes_by_itself(module, record_property):
    done = update(module, "0.3.0")
    assert done.code == 1, done
    assert "this version is broken" in done.out
    record_property("said", done.out.splitlines()[-1])
    assert playing(module) == "0.2.0"
    assert module.shown("ActiveState", unit="ddsp-pi-safe.service") == ["inactive"]
    assert "refused" in versions(module)


def test_a_version_that_glitches_goes_by_itself(module, record_property):
    done = update(module, "0.4.0")
    assert done.code == 1, done
    assert "it glitches" in done.out
    record_property("said", done.out.splitlines()[-1])
    assert playing(module) == "0.2.0"


def test_rollback_and_forth(module):
    assert module.machine.run("ddsp-pi", "rollback", check=False, seconds=300).code == 0
    assert playing(module) == "0.1.0"
    assert module.machine.run("ddsp-pi", "rollback", check=False, seconds=300).code == 0
    assert playing(module) == "0.2.0"


UNFINISHED = """
    cd /opt/ddsp-pi/versions
    for name in 0.5.0-*; do test ! -e $name/{sign} || test -e $name/complete || echo $name; done
"""


def is_installing(module, sign):
    """Whether an installation has come so far."""
    return bool(module.machine.shell(UNFINISHED.replace("{sign}", sign)).out)


@pytest.mark.parametrize(
    "sign", ["pyvenv.cfg", "lib/python3.11/site-packages/onnxruntime"], ids=["early", "late"]
)
def test_a_power_cut_while_it_installs_boots_the_old_version(module, sign):
    begin(module, "0.5.0")
    module.machine.until(lambda: is_installing(module, sign), "it installs", seconds=300)
    cut_off(module)
    assert playing(module) == "0.2.0"
    assert "0.5.0" not in versions(module)


def test_a_power_cut_in_its_minute_boots_the_old_version(module):
    begin_trial(module, "0.5.0")
    assert "on trial" in versions(module)
    assert "an update is at work" in versions(module)
    cut_off(module)
    assert playing(module) == "0.2.0"
    assert "on trial" not in versions(module)


def test_an_update_that_is_killed_is_ended_by_rollback(module):
    begin_trial(module, "0.5.0")
    module.machine.run("systemctl", "kill", "--signal=KILL", "updating.service")
    module.machine.until(lambda: "was cut short" in versions(module), "it is seen")
    assert module.machine.run("ddsp-pi", "rollback", seconds=300).code == 0
    assert playing(module) == "0.2.0"


def test_a_stick_with_one_wheel_is_enough_for_a_module_that_has_the_rest(module):
    done = update(module, "alone")
    assert done.code == 0, done
    assert playing(module) == "0.6.0"


def test_after_a_reboot_it_is_still_there(module):
    module.machine.reboot()
    assert playing(module) == "0.6.0"
    assert linked(module, "previous").startswith("0.2.0-")
