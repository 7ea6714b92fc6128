"""A module that begins under other conditions: before the network, on a card that cannot be written."""

from tests.appliance.module import SERVICE

SLOW_NETWORK = """\
[Unit]
Description=A network that is not there yet
DefaultDependencies=no
Before=network.target network-online.target sysinit.target
[Service]
Type=oneshot
ExecStart=sleep infinity
TimeoutStartSec=infinity
[Install]
WantedBy=network.target sysinit.target
"""
"""It holds up the network, and with it all that waits for the system's usual first half."""


def test_it_plays_before_there_is_a_network(module):
    module.machine.boot()
    module.machine.put("/etc/systemd/system/slow-network.service", SLOW_NETWORK)
    # The bus is what these tests ask by, and by itself it waits for that half.
    for unit in ("dbus.service", "dbus.socket"):
        early = f"/etc/systemd/system/{unit}.d/early.conf"
        module.machine.put(early, "[Unit]\nDefaultDependencies=no\n")
    module.machine.run("systemctl", "enable", "slow-network.service")
    module.machine.run("systemctl", "add-wants", "sysinit.target", "dbus.socket")
    module.machine.halt()
    module.boot(finished=False)
    waiting = ("network.target", "network-online.target", "sysinit.target", "multi-user.target")
    states = module.machine.run("systemctl", "is-active", *waiting, check=False).out.split()
    assert states == ["inactive"] * len(waiting)
    assert module.hear("before the network", 3).loud_db > -45.0
    module.machine.cut()
    module.machine.renew()


def test_it_plays_from_a_card_that_cannot_be_written_and_keeps_its_state_elsewhere(module, tmp_path):
    module.machine.boot()
    owner = module.machine.run("stat", "-c", "%u", "/var/lib/ddsp_pi").out.strip()
    module.machine.halt()
    tmp_path.chmod(0o755)
    data = tmp_path / "data"
    data.mkdir()
    module.boot("--read-only", f"--bind={data}:/var/lib/ddsp_pi", "--tmpfs=/var/log", "--tmpfs=/var/tmp")
    assert module.machine.run("touch", "/etc/written", check=False).code == 1
    assert module.machine.run("systemctl", "--failed", "--plain", "--no-legend").out == ""
    assert module.hear("read-only", 3).loud_db > -45.0
    module.osc("/ddsp/param/release", "f", 0.75)
    module.machine.until(lambda: module.asked("/ddsp/param/release") == 0.75, "it is turned")
    module.machine.run("systemctl", "stop", SERVICE)
    assert str(data.stat().st_uid) == owner
    assert "release" in (data / "state.yaml").read_text()
