"""One thing after another is broken on a fake Pi: the right check says so, and what mends it."""

import subprocess

import pytest

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.mcp3208 import Mcp3208
from ddsp_pi.rack.simulated import SimSpi
from ddsp_pi.service.checks import CHECKS, installed
from ddsp_pi.service.doctor import as_table, examine, in_words
from ddsp_pi.service.findings import Check, Status, ok
from ddsp_pi.service.host import TOOK_TOO_LONG, Result
from ddsp_pi.service.mends import Whole
from tests.service.broken import BROKEN, logged_in_before, pcm5102a, without_spi_line
from tests.service.broken_module import BROKEN_MODULE
from tests.service.fake import CMDLINE, CONFIG, PCM, FakeGpio
from tests.service.module import set_up

TROUBLE = (Status.WARNING, Status.FAULT)


def remedies(finding):
    return "\n".join((*map(str, finding.mend), finding.by_hand, finding.then))


def test_all_is_well_on_a_pi_that_is_set_up(pi):
    unwell = {name: finding for name, finding in pi.findings().items() if finding.status in TROUBLE}
    assert unwell == {}


def test_all_is_well_on_a_module_that_plays_by_itself(pi):
    set_up(pi)
    findings = pi.findings()
    assert {name: each for name, each in findings.items() if each.status in TROUBLE} == {}
    assert findings["service"].found == "ddsp-pi.service is active"


def test_what_makes_a_module_is_no_fault_elsewhere(pi):
    findings = pi.findings()
    own = ("packages", "user", "person", "data-folder", "program", "launcher", "units", "journal", "service")
    assert {findings[name].found for name in own} == {
        "not set up as a service ('sudo ddsp-pi setup' does it)"
    }


def test_all_is_well_with_the_other_board(pi):
    pcm5102a(pi)
    findings = pi.findings()
    assert {name for name, finding in findings.items() if finding.status in TROUBLE} == set()
    assert "I²C is off" in findings["i2c-off"].found


@pytest.mark.parametrize("broken", [*BROKEN, *BROKEN_MODULE], ids=lambda broken: broken.what)
def test_what_is_broken_is_found_with_its_remedy(pi, broken):
    broken.how(pi)
    findings = pi.findings()
    finding = findings[broken.check]
    assert (finding.status, broken.found in finding.found) == (broken.status, True), finding
    assert broken.remedy in remedies(finding), finding
    # Nor does anything else fail over it, and whatever else is said has a remedy too.
    assert not [name for name, each in findings.items() if each.found.startswith("the check")]
    assert all(remedies(each).strip() for each in findings.values() if each.status in TROUBLE)


MENDED = {
    "SPI off": "though dtparam=spi=on stands in",
    "SPI in the wrong file": "though dtparam=spi=on stands in",
    "SPI for another model": "though dtparam=spi=on stands in",
    "SPI switched off again": "though dtparam=spi=on stands in",
    "another codec's overlay": "dtoverlay=rpi-proto in line 13",
    "an overlay too many": "dtoverlay=rpi-proto in line 11",
    "no overlay": "dtoverlay=rpi-proto in line 12",
    "the overlay under another model": "dtoverlay=rpi-proto in line 13",
    "a serial console": "leaves GPIO 14",
    "the serial port on": "leaves GPIO 14",
    "I²C off": "though dtparam=i2c_arm=on",
    "I²C under the gates": "take",
}
"""What the check says after its commands were run, before the Pi is started again."""


@pytest.mark.parametrize(
    "broken", [each for each in BROKEN if each.what in MENDED], ids=lambda each: each.what
)
def test_commands_for_the_firmware_s_files_do_what_they_should(pi, broken):
    broken.how(pi)
    for command in map(str, pi.findings()[broken.check].mend):
        for name in (CONFIG, CMDLINE):
            command = command.replace(name, str(pi.at(name)))
        subprocess.run(command.replace("sudo ", ""), shell=True, check=True, capture_output=True)
    finding = pi.findings()[broken.check]
    assert MENDED[broken.what] in finding.found + finding.by_hand
    assert finding.mend == ()


def test_every_check_can_find_trouble():
    apart = {"schema"}
    assert {broken.check for broken in (*BROKEN, *BROKEN_MODULE)} | apart == {check.name for check in CHECKS}


def test_an_old_schema_is_found_with_its_remedy(pi, monkeypatch):
    set_up(pi)
    monkeypatch.setattr(installed, "schema_text", lambda: "{}\n")
    pi.write("/etc/ddsp_pi/schema.json", "{}")
    assert pi.findings()["schema"].status == Status.OK
    pi.write("/etc/ddsp_pi/schema.json", "{1}")
    finding = pi.findings()["schema"]
    assert finding.status == Status.WARNING
    assert finding.mend == (Whole("/etc/ddsp_pi/schema.json", "{}\n"),)


def test_every_check_has_a_name_of_its_own():
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_a_computer_without_anything_has_no_fault_of_a_pi_s(pi, tmp_path):
    pi.root = tmp_path / "empty"
    pi.root.mkdir()
    pi.settings = ""
    findings = pi.findings()
    assert [name for name, finding in findings.items() if finding.status == Status.FAULT] == []
    assert "not a Raspberry Pi" in findings["model"].found
    assert findings["spi"].status == findings["overlay"].status == Status.SKIPPED


def test_a_check_that_fails_is_a_finding(pi):
    def look(view):
        raise ZeroDivisionError("oh")

    checks = [
        Check("broken", "Section", "Title", "Why", look),
        Check("next", "Section", "Next", "Why", lambda view: ok("fine")),
    ]
    first, second = examine(pi.view(), checks)
    assert first.finding.status == Status.FAULT
    assert first.finding.found == "the check 'broken' failed: ZeroDivisionError: oh"
    assert second.finding.status == Status.OK


def test_a_command_that_hangs_is_no_traceback(pi):
    pi.commands["amixer"] = Result(TOOK_TOO_LONG, err="amixer did not answer")
    assert pi.findings()["mixer"].status == Status.FAULT


def test_ddsp_pi_itself_may_use_everything(pi):
    pi.gpio = FakeGpio({4: "ddsp-pi", 26: "ddsp-pi led"})
    pi.write(PCM, "state: RUNNING\nowner_pid   : 812\n")
    findings = pi.findings()
    used = [findings[name].found for name in ("spi-busy", "gpio-lines", "codec-busy")]
    assert used == ["ddsp-pi uses it", "ddsp-pi uses them", "ddsp-pi plays on it"]


def test_jack_may_have_the_card_that_it_was_given(pi):
    pi.settings = "audio: {backend: jack}"
    pi.write("/proc/900/comm", "jackd\n")
    pi.write(PCM, "state: RUNNING\nowner_pid   : 900\n")
    assert pi.findings()["codec-busy"].status == Status.OK


def test_on_a_pi_5_the_serial_console_has_a_socket_of_its_own(pi):
    pi.replace(CMDLINE, "console=tty1", "console=serial0,115200 console=tty1")
    pi.link("/dev/serial0", "ttyAMA10")
    assert pi.findings()["serial-console"].status == Status.OK


def test_a_simulated_board_needs_no_parts(pi):
    pi.board = "sim"
    without_spi_line(pi)
    findings = pi.findings()
    assert findings["spi"].found == findings["converter"].found == "the board is a simulated one"
    assert [name for name, finding in findings.items() if finding.status == Status.FAULT] == []


@pytest.mark.parametrize("stuck", [0, 1])
def test_a_data_line_that_is_stuck_is_found_by_the_real_driver(pi, stuck):
    bus = SimSpi(pi.view().board.cvs, lambda jack: 1.0)
    bus.stuck = stuck
    converter = Mcp3208(bus)
    pi.probe(read_counts=lambda spi, channels: {channel: [converter.read(channel)] for channel in channels})
    finding = pi.findings()["converter"]
    assert finding.status == Status.FAULT
    assert "SPI0 MISO at GPIO 9 (header pin 21)" in finding.by_hand


def test_words_for_people_are_one_line_unless_there_is_trouble(pi):
    healthy = in_words(examine(pi.view())).splitlines()
    sections = {check.section for check in CHECKS}
    assert sum(line.startswith(("  ✓", "  ·")) for line in healthy) == len(CHECKS)
    assert sections <= set(healthy)
    assert healthy[-1] == "36 fine, 13 not applicable here"


def test_words_for_people_say_why_and_what_to_run(pi):
    without_spi_line(pi)
    lines = [line.strip() for line in in_words(examine(pi.view())).splitlines()]
    at = next(i for i, line in enumerate(lines) if line.startswith("✗ SPI "))
    assert [line.partition(":")[0] for line in lines[at + 1 : at + 4]] == ["why", "run", "then"]
    assert lines[-1].startswith("1 fault, ")


def test_a_report_in_plain_words_has_everything(pi):
    logged_in_before(pi)
    report = next(report for report in examine(pi.view()) if report.check.name == "groups").plain
    assert report == {
        "name": "groups",
        "section": "Rights",
        "title": "groups",
        "status": "fault",
        "found": "pi is in spi, gpio, but was logged in before that",
        "why": "spi opens the CV converter; gpio opens gates, buttons and the LED",
        "mend": [],
        "by_hand": "log out and in again",
        "then": "",
    }


def test_the_table_of_checks_has_a_row_for_each():
    rows = as_table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [check.name for check in CHECKS]


def test_a_board_given_by_hand_must_exist(pi):
    pi.board = "theremin"
    with pytest.raises(BoardError, match="no board called 'theremin'"):
        pi.view()
