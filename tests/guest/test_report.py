import pytest

from tests.arm64.shell import StepError
from tests.guest import report

SAID = """<testsuites><testsuite>
<testcase classname="tests.guest.inside.test_lines" name="test_a_pulse[gpiod]" time="0.25">
  <properties><property name="pulses" value="500"/></properties></testcase>
<testcase classname="tests.guest.inside.test_lines" name="test_a_gate" time="1">
  <failure message="assert 1 == 2">the whole story</failure></testcase>
<testcase classname="" name="tests.test_board" time="0"><error message="no module">why</error></testcase>
<testcase classname="tests.test_sound" name="test_b" time="0"><skipped message="no card"/></testcase>
</testsuite></testsuites>"""


def load(tmp_path, said):
    path = tmp_path / "tests.xml"
    path.write_text(said)
    return report.load(path)


def test_every_test_is_told_with_what_it_measured(tmp_path):
    table = report.table(load(tmp_path, SAID)).splitlines()
    assert table[0].split() == ["passed", "0.2", "s", "test_lines::test_a_pulse[gpiod]"]
    assert table[1].strip() == "pulses: 500"
    assert [row.split()[0] for row in table[2:]] == ["FAILED", "ERROR", "SKIPPED"]


def test_whatever_did_not_pass_is_a_complaint_with_its_story(tmp_path):
    assert report.complaints(load(tmp_path, SAID)) == [
        "FAILED test_lines::test_a_gate\nthe whole story",
        "ERROR ::tests.test_board\nwhy",
        "SKIPPED test_sound::test_b\nno card",
    ]


def test_a_run_that_left_nothing_or_ran_nothing_is_no_success(tmp_path):
    with pytest.raises(StepError, match="did not come to an end"):
        report.load(tmp_path / "tests.xml")
    with pytest.raises(StepError, match="no test was run"):
        load(tmp_path, "<testsuites><testsuite/></testsuites>")
