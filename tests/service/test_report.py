"""One file for a bug report, with everything in it but what is nobody else's business."""

import pytest

from ddsp_pi.cli import main
from ddsp_pi.service import report
from ddsp_pi.service.host import Result
from ddsp_pi.service.last_minute import Line
from ddsp_pi.service.redact import redacted

LINE = Line(1_700_000_000.0, "0.1.0", "safe", "no instrument", True, "violin", 0.05, 0.4, 3, 11, 12)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("from 192.168.1.17 port 22", "192.168.1.17"),
        ("at fe80::1ff:fe23:4567:890a now", "4567"),
        ("2001:db8:85a3:0:0:8a2e:370:7334", "8a2e"),
        ("link b8:27:eb:12:34:56 up", "b8:27"),
        ("psk=hunter2hunter2 # wifi", "hunter2"),
        ("Password: correct horse", "horse"),
        ("ssid: Ada's flat", "Ada"),
        ("mail ada.b@example.org", "example"),
        ("git clone https://ada:hunter2@example.org/x", "hunter2"),
        ("/home/ada/patches/tune.pd", "ada"),
        ("Serial : 10000000abcdef12", "abcdef12"),
        ("ada plays on tedium1", "ada"),
        ("ada plays on tedium1", "tedium1"),
    ],
)
def test_what_is_nobody_elses_business_is_left_out(text, without):
    assert without not in redacted(text, ("ada", "tedium1"))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T20:34:05+00:00 ddsp-pi[12]: violin plays now",
        "127.0.0.1:9000 and 0.0.0.0 and ::1",
        "expected int >= 32 at $.audio.period, line 12 of /etc/ddsp_pi/config.yaml",
        "/var/lib/ddsp_pi/models/cello.onnx: 64 units",
        "6.12.47+rpt-rpi-v8 #1 SMP PREEMPT Debian 1:6.12.47-1+rpt1",
        "20:34:05 safe      yes     5.0%    40%      3      11  violin",
    ],
)
def test_what_helps_stays_as_it_is(text):
    assert redacted(text, ("ada",)) == text


def test_the_folder_of_a_user_keeps_what_is_in_it():
    assert redacted("/home/ada/patches/tune.pd and /root/x") == "~/patches/tune.pd and ~/x"


def test_a_part_that_fails_costs_no_other():
    def fail():
        raise OSError("no such thing")

    text = report.make_report([report.Section("One", fail), report.Section("Two", lambda: "fine```")], ())
    assert "## One\n\n```\nfailed: OSError: no such thing\n```" in text
    assert "## Two\n\n```\nfine'''\n```" in text


def test_the_last_minute_is_a_table():
    heading, row, trouble = report.telemetry([LINE]).splitlines()
    assert heading.split() == ["time", "mode", "plays", "load", "worst", "xruns", "engine", "instrument"]
    assert row.split() == ["22:13:20", "safe", "yes", "5.0%", "40%", "3", "11", "violin"]
    assert trouble == "trouble: no instrument"
    assert "no service runs" in report.telemetry([])


def test_versions_name_what_is_installed(pi):
    for name in ("0.1.0-aaaaaaaa", "0.2.0-bbbbbbbb"):
        pi.write(f"/opt/ddsp-pi/versions/{name}/complete", "{}")
    pi.link("/opt/ddsp-pi/current", "versions/0.2.0-bbbbbbbb")
    said = report.versions(pi.host)
    assert "0.1.0-aaaaaaaa, 0.2.0-bbbbbbbb (current)" in said
    assert "Raspberry Pi 4" in said


def test_people_and_the_name_of_the_machine_are_known(pi):
    pi.write(
        "/etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\npi:x:1:1::/home/pi:/\n"
    )
    pi.write("/etc/hostname", "tedium1\n")
    assert report.own_names(pi.host) == ("ada", "tedium1")


def test_settings_say_what_is_wrong_with_them_and_stand_there_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path))
    file = tmp_path / "config.yaml"
    file.write_text("audio: {period: 3}  # mine\n")
    text = report.settings(file)
    assert "$.audio.period" in text
    assert "# mine" in text
    assert "last good copy: there is none" in text


def test_journal_and_service_are_asked_for_this_start_and_the_last(pi):
    asked = []

    def run(words):
        asked.append(words)
        return Result(0, "said\n")

    host = report.Host(pi.host.root, run)
    assert report.journal(host).count("said") == 2
    report.service(host)
    assert {words[0] for words in asked} == {"journalctl", "systemctl"}
    assert any("-1" in words for words in asked)


def test_it_is_one_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 0
    (file,) = tmp_path.iterdir()
    assert file.name in capsys.readouterr().out
    text = file.read_text()
    for title in ("Versions", "Doctor", "Settings", "Service", "The last minute", "Journal"):
        assert f"## {title}" in text
    assert "failed:" not in text
