"""Setup on fake Pis, as they come from the shop: to the end, twice, broken off anywhere, and back."""

from contextlib import suppress
from dataclasses import replace

import pytest

from ddsp_pi.service.findings import REBOOT, Status
from ddsp_pi.service.setup.hands import Hands
from ddsp_pi.service.setup.ledger import LEDGER, Ledger
from ddsp_pi.service.view import Wish
from tests.service.fake import CMDLINE, CONFIG, Pi
from tests.service.setup.acting import Acting, after_restart, bullseye, stock, tree, trixie, windows

SHOP = [stock, trixie, bullseye, windows]


@pytest.fixture(params=SHOP, ids=lambda shop: shop.__name__)
def acting(pi, request):
    request.param(pi)
    return Acting(pi)


@pytest.fixture
def bookworm(pi):
    stock(pi)
    return Acting(pi)


def left(outcome):
    return {report.check.name for report in outcome.left if report.finding.status == Status.FAULT}


def test_what_a_restart_is_needed_for_is_all_that_is_left(acting):
    outcome = acting.set_up()
    assert outcome.failed == ()
    assert {report.finding.then for report in outcome.left if report.check.name in ("spi", "codec-card")} == {
        REBOOT
    }
    assert left(outcome) <= {"audio-device", "spi", "codec-i2c", "codec-card"}
    # Nothing plays without its board, so it is not started before.
    assert acting.pi.services["ddsp-pi.service"] == "inactive"


def test_after_the_restart_it_is_finished_and_plays(acting):
    acting.set_up()
    after_restart(acting.pi)
    acting.pi.services["ddsp-pi.service"] = "active"
    outcome = acting.set_up("mixer", "finish")
    assert [report.check.name for report in outcome.done] == ["mixer", "finish"]
    outcome = acting.set_up()
    assert (outcome.done, outcome.failed, left(outcome)) == ((), (), set())


def test_the_second_time_nothing_is_changed(acting):
    acting.set_up()
    before, commands = tree(acting.pi), len(acting.ran)
    outcome = acting.set_up()
    assert outcome.done == outcome.failed == ()
    assert tree(acting.pi) == before
    assert acting.ran[commands:] == []


def test_taken_back_it_leaves_no_trace(acting):
    before = tree(acting.pi)
    acting.set_up()
    assert tree(acting.pi) != before
    assert acting.undo()
    assert tree(acting.pi) == before


def test_what_was_finished_after_the_restart_is_taken_back_too(bookworm):
    before = tree(bookworm.pi)
    bookworm.set_up()
    bookworm.pi.controls["Line Capture Switch"] = ("BOOLEAN,access=rw------,values=2", "off,off")
    after = set(tree(bookworm.pi))
    after_restart(bookworm.pi)
    came = set(tree(bookworm.pi)) - after
    bookworm.set_up()
    assert bookworm.pi.controls["Line Capture Switch"][1] == "on"
    bookworm.undo()
    assert bookworm.pi.controls["Line Capture Switch"][1] == "off,off"
    now = {name: seen for name, seen in tree(bookworm.pi).items() if name not in came}
    now["/proc/asound/cards"] = before["/proc/asound/cards"]
    assert now == before


def commands_of_a_whole_setup(tmp_path_factory):
    pi = Pi(tmp_path_factory.mktemp("whole"))
    stock(pi)
    acting = Acting(pi)
    acting.set_up()
    return len(acting.ran) + 1


def test_broken_off_anywhere_it_can_be_taken_back_or_goes_on(tmp_path_factory):
    for after in range(0, commands_of_a_whole_setup(tmp_path_factory), 3):
        pi = Pi(tmp_path_factory.mktemp("cut"))
        stock(pi)
        before = tree(pi)
        acting = Acting(pi)
        acting.cut_after = after
        with pytest.raises(KeyboardInterrupt):
            acting.set_up()
        acting.cut_after = None
        if after % 2:
            assert acting.set_up().failed == ()
            assert acting.set_up().done == ()
        acting.undo()
        assert tree(pi) == before, after


WRITES = ((Hands, "write"), (Hands, "make_link"), (Hands, "make_folder"), (Ledger, "_save"))
"""All ways in which setup changes something by itself."""


def cut_at(monkeypatch, number):
    """Power goes before a write; returns how many there were so far."""
    count = []

    def counting(write):
        def counted(*words, **more):
            count.append(write)
            if len(count) > number:
                raise KeyboardInterrupt
            return write(*words, **more)

        return counted

    for place, name in WRITES:
        monkeypatch.setattr(place, name, counting(getattr(place, name)))
    return count


def test_power_that_goes_at_any_write_leaves_what_can_be_taken_back(tmp_path_factory, monkeypatch):
    number, ended = 0, False
    while not ended:
        pi = Pi(tmp_path_factory.mktemp("cut"))
        stock(pi)
        before = tree(pi)
        with monkeypatch.context() as patched:
            cut_at(patched, number)
            with suppress(KeyboardInterrupt):
                ended = Acting(pi).set_up().failed == ()
        Acting(pi).undo()
        assert tree(pi) == before, number
        number += 11
    assert number > 55


def test_undo_that_is_broken_off_goes_on(tmp_path_factory):
    for after in range(0, 12, 3):
        pi = Pi(tmp_path_factory.mktemp("cut"))
        stock(pi)
        before = tree(pi)
        acting = Acting(pi)
        acting.set_up()
        acting.cut_after = after
        with pytest.raises(KeyboardInterrupt):
            acting.undo()
        acting.cut_after = None
        acting.undo()
        assert tree(pi) == before, after


def test_boot_files_that_were_edited_since_lose_only_our_lines(acting):
    config = next(acting.pi.at(name) for name in (CONFIG, "/boot/config.txt") if acting.pi.at(name).exists())
    before = config.read_bytes()
    acting.set_up()
    end = b"\r\n" if b"\r\n" in before else b"\n"
    config.write_bytes(b"# mine" + end + config.read_bytes() + b"hdmi_group=1" + end)
    acting.undo()
    now = config.read_bytes()
    assert now.startswith(b"# mine" + end + before.rstrip())
    assert now.endswith(b"hdmi_group=1" + end)
    assert b"spi=on" not in now.replace(b"#dtparam=spi=on", b"")
    # What was added stands under [all] as before.
    assert now.rindex(b"[all]") > now.find(b"[pi3]")
    assert any("was changed since" in line for line in acting.said)


def test_what_is_the_player_s_stays_and_is_named(bookworm):
    bookworm.set_up()
    bookworm.pi.write("/etc/ddsp_pi/config.yaml", "voices: 2\n")
    bookworm.pi.write("/var/lib/ddsp_pi/presets/mine.yaml", "x")
    bookworm.pi.write("/var/lib/ddsp_pi/last-good.yaml", "x")
    bookworm.undo()
    assert bookworm.pi.at("/etc/ddsp_pi/config.yaml").read_text() == "voices: 2\n"
    assert bookworm.pi.at("/var/lib/ddsp_pi/presets/mine.yaml").exists()
    assert not bookworm.pi.at("/var/lib/ddsp_pi/last-good.yaml").exists()
    said = "\n".join(bookworm.said)
    assert "/etc/ddsp_pi/config.yaml stays" in said
    assert "/var/lib/ddsp_pi stays, it is yours: presets" in said


def test_safe_mode_is_ended_before_its_unit_goes(bookworm):
    bookworm.set_up()
    bookworm.undo()
    stopped = "systemctl stop ddsp-pi-power-off.service ddsp-pi-safe.service"
    assert stopped in bookworm.ran
    assert bookworm.said.index(stopped) < bookworm.said.index(
        "remove /etc/systemd/system/ddsp-pi-safe.service"
    )


def test_with_everything_it_goes_too(bookworm):
    before = tree(bookworm.pi)
    bookworm.set_up()
    bookworm.pi.write("/etc/ddsp_pi/config.yaml", "voices: 2\n")
    bookworm.pi.write("/var/lib/ddsp_pi/presets/mine.yaml", "x")
    bookworm.undo(everything=True)
    assert tree(bookworm.pi) == before


def test_packages_that_came_along_go_too(bookworm):
    bookworm.set_up()
    bookworm.undo()
    assert "dpkg --purge cpp gcc libc6-dev libjack0 libportaudio2 python3-dev" in bookworm.ran


def test_a_driver_that_is_on_the_stick_needs_no_compiler(bookworm, tmp_path_factory):
    stick = tmp_path_factory.mktemp("stick")
    (stick / "spidev-3.8-cp311-cp311-linux_aarch64.whl").touch()
    bookworm.wish = replace(bookworm.wish, source=str(stick))
    bookworm.set_up("packages")
    assert bookworm.ran == ["apt-get install -y -q --no-install-recommends libportaudio2"]


def test_what_fails_is_said_and_the_rest_is_done(bookworm):
    bookworm.failing["apt-get"] = "E: Temporary failure resolving"
    outcome = bookworm.set_up()
    assert ["Temporary failure resolving" in failure for failure in outcome.failed] == [True]
    assert bookworm.pi.at("/opt/ddsp-pi/current").exists()
    bookworm.failing.clear()
    assert [report.check.name for report in bookworm.set_up().done] == ["packages"]


def test_settings_that_are_there_are_left_alone(bookworm):
    bookworm.pi.write("/etc/ddsp_pi/config.yaml", "voices: 2\n")
    bookworm.set_up()
    assert bookworm.pi.at("/etc/ddsp_pi/config.yaml").read_text() == "voices: 2\n"


def test_the_first_settings_are_those_of_the_board(bookworm):
    bookworm.set_up()
    text = bookworm.pi.at("/etc/ddsp_pi/config.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=/etc/ddsp_pi/schema.json\n")
    assert "board: terminal-tedium-wm8731" in text


def test_only_units_are_brought_up_to_date(bookworm):
    bookworm.set_up()
    bookworm.pi.write("/etc/systemd/system/ddsp-pi.service", "[Service]\n")
    outcome = bookworm.set_up("units")
    assert [report.check.name for report in outcome.done] == ["units"]
    assert bookworm.ran[-1] == "systemctl daemon-reload"


def test_a_backup_is_made_once_and_never_again(bookworm):
    before = bookworm.pi.at(CONFIG).read_bytes()
    bookworm.set_up()
    bookworm.pi.at(CONFIG).write_bytes(before)
    bookworm.pi.at(CONFIG).write_bytes(before + b"# more\n")
    bookworm.set_up()
    assert bookworm.pi.at(CONFIG + ".before-ddsp-pi").read_bytes() == before


def test_modes_are_kept(bookworm):
    bookworm.pi.at(CONFIG).chmod(0o700)
    bookworm.set_up()
    assert bookworm.pi.at(CONFIG).stat().st_mode & 0o777 == 0o700
    assert bookworm.pi.at(LEDGER).stat().st_mode & 0o777 == 0o600


def test_a_price_is_paid_only_if_it_is_asked_for(bookworm):
    bookworm.set_up()
    assert "threadirqs" not in bookworm.pi.at(CMDLINE).read_text()
    bookworm.set_up(options=("realtime",))
    assert bookworm.pi.at(CMDLINE).read_text().endswith(" threadirqs\n")


def test_on_a_computer_that_is_no_pi_it_plays_at_once(pi):
    stock(pi)
    pi.remove("/proc/device-tree")
    acting = Acting(pi, Wish(source="/stick/x.whl", person="pi"))
    before = tree(pi)
    outcome = acting.set_up()
    assert (outcome.failed, left(outcome)) == ((), set())
    assert pi.services["ddsp-pi.service"] == "active"
    acting.undo()
    assert tree(pi) == before
    assert pi.services["ddsp-pi.service"] == "inactive"
