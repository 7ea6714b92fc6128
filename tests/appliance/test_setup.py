"""A computer becomes a module by `setup`, once and for all, and by `setup --undo` it is what it was."""

import pytest

from tests.appliance.installing import SETTINGS, add_jack, begin_with_pip, show_processor
from tests.appliance.listing import differences, listing
from tests.appliance.module import Module
from tests.appliance.workshop import STICK

PATIENCE_S = 600.0
DROP_IN = "/etc/systemd/system/ddsp-pi.service.d/mine.conf"


@pytest.fixture(scope="module")
def setup(machine, workshop):
    """`ddsp-pi setup …` on a bare Debian, as somebody has it who has just got the wheel."""
    machine.boot()
    if workshop.emulated:
        show_processor(machine)
    command = begin_with_pip(machine, workshop.stick.wheel())

    def setup(*words):
        return machine.run(command, "setup", *words, seconds=PATIENCE_S)

    return setup


@pytest.fixture(scope="module")
def before(setup, machine):
    """All files of that Debian."""
    return listing(machine)


def test_what_would_be_done_is_said_and_nothing_is_done(before, setup, machine):
    said = setup("--dry-run", STICK).out
    assert "ddsp-pi.service" in said
    assert differences(before, listing(machine)) == {}


def test_it_is_set_up_from_a_stick_without_a_network(before, setup, machine, record_property):
    setup(STICK)
    there = listing(machine)
    new = [path for path in there if path not in before and not path.startswith("/opt/ddsp-pi/versions/")]
    assert new
    record_property("outside of the program's folder", ", ".join(new))
    assert machine.run("systemctl", "is-enabled", "ddsp-pi.service").out == "enabled\n"


def test_the_second_time_changes_nothing_and_what_somebody_added_to_a_unit_stays(setup, machine):
    machine.put(DROP_IN, "[Service]\nNice=-5\n")
    there = listing(machine)
    assert "nothing to do" in setup(STICK).out
    assert differences(there, listing(machine)) == {}
    machine.shell(f"rm {DROP_IN}; rmdir --ignore-fail-on-non-empty {DROP_IN.rpartition('/')[0]}")


def test_systemd_finds_nothing_wrong_with_the_units_in_their_place(setup, machine, record_property):
    verified = machine.shell("systemd-analyze verify --man=no /etc/systemd/system/ddsp-pi*.{path,service}")
    assert verified.out + verified.err == ""
    exposed = machine.run(
        "systemd-analyze", "security", "--no-pager", "--threshold=25", "ddsp-pi.service"
    ).out
    record_property("exposed", exposed.splitlines()[-1])


def test_after_a_reboot_it_plays(setup, machine, workshop, record_property):
    written = machine.get("/etc/ddsp_pi/config.yaml")
    add_jack(machine)
    module = Module(machine, workshop.results / "setup")
    machine.halt()
    module.boot()
    module.keep_journal()
    heard = module.hear("after setup", 4)
    record_property("as loud as", f"{heard.loud_db:.1f} dB of full scale")
    assert heard.loud_db > -45.0
    machine.shell("systemctl disable --now jackd; rm /etc/systemd/system/jackd.service")
    assert machine.get("/etc/ddsp_pi/config.yaml").decode() == SETTINGS
    machine.put("/etc/ddsp_pi/config.yaml", written)


def test_a_doctor_finds_nothing_to_mend(setup, machine):
    assert "nothing to do" in setup(STICK).out


def test_undone_it_leaves_no_trace_but_what_was_played(before, setup, machine):
    setup("--undo")
    left = differences(before, listing(machine))
    assert {path for path in left if not path.startswith("/var/lib/ddsp_pi")} == set()


def test_undone_with_everything_it_leaves_no_trace_at_all(before, setup, machine):
    setup(STICK)
    setup("--undo", "--everything")
    assert differences(before, listing(machine)) == {}
