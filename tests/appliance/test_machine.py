"""The machines themselves: what the other scenarios rely on."""

import pytest

from tests.appliance.scene import MachineError
from tests.appliance.workshop import STICK


@pytest.fixture(scope="module")
def machine(machine):
    machine.boot()
    return machine


def test_it_boots_with_nothing_failed_and_says_what_commands_come_to(machine):
    assert machine.run("systemctl", "is-system-running").out == "running\n"
    done = machine.shell("echo out; echo err >&2; exit 3", check=False)
    assert (done.code, done.out, done.err) == (3, "out\n", "err\n")
    with pytest.raises(MachineError, match="exit code 3"):
        machine.run("sh", "-c", "exit 3")


def test_files_go_in_and_come_out(machine):
    machine.put("/srv/there/file", b"\0\xff", mode=0o640)
    assert machine.get("/srv/there/file") == b"\0\xff"
    assert machine.run("stat", "-c", "%a", "/srv/there/file").out == "640\n"


def test_nothing_but_itself_is_in_its_network_and_the_stick_is_read_only(machine):
    assert [row.split()[0] for row in machine.run("ip", "-br", "addr").out.splitlines()] == ["lo"]
    assert machine.run("touch", f"{STICK}/mine", check=False).code == 1


def test_what_was_written_is_there_after_a_cut_and_after_a_reboot(machine):
    machine.shell("echo kept > /srv/kept; sync; echo forgotten > /run/forgotten")
    machine.cut()
    assert not machine.on
    machine.boot()
    assert machine.get("/srv/kept") == b"kept\n"
    with pytest.raises(MachineError, match="No such file"):
        machine.get("/run/forgotten")
    machine.reboot()
    assert machine.get("/srv/kept") == b"kept\n"


def test_another_one_begins_where_one_ended_and_leaves_it_alone(workshop, machine):
    machine.halt()
    other = workshop.machine("other", machine)
    other.boot()
    machine.boot()
    other.put("/srv/kept", "changed")
    assert machine.get("/srv/kept") == b"kept\n"
    other.cut()
    assert machine.run("systemctl", "is-system-running").out == "running\n"
