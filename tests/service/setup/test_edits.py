"""Changes of the firmware's files: to the byte, twice as once, and taken out of what was edited since."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.service.bootfiles import read_boot
from ddsp_pi.service.mends import Commented, SectionLine, Whole, WithoutWord, WithWord
from ddsp_pi.service.setup.applying import edited
from ddsp_pi.service.setup.merging import without
from tests.service.fake import CONFIG

UNHURRIED = settings(deadline=None)
PATH = "/boot/firmware/config.txt"

SETTINGS = (
    "dtparam=spi=on",
    "dtparam=i2c_arm=on",
    "dtoverlay=rpi-proto",
    "dtoverlay=hifiberry-dac",
    "enable_uart=1",
)
ROWS = st.sampled_from(
    [
        *SETTINGS,
        *(
            "#dtparam=spi=on",
            "dtparam=spi=off",
            "dtparam=audio=on,spi=off",
            "  dtparam=spi=on  # mine",
            "enable_uart = 1",
        ),
        *("[all]", "[pi4]", "[pi5]", "[ALL]", "", "# words", "gpu_mem=16", "hdmi_group=1"),
    ]
)
ENDS = st.sampled_from(["\n", "\r\n"])
TEXTS = st.builds(
    lambda rows, end, last: end.join(rows) + (end if last else ""),
    st.lists(ROWS, max_size=12),
    ENDS,
    st.booleans(),
)
EDITS = st.one_of(
    st.builds(SectionLine, st.just(PATH), st.sampled_from(SETTINGS)),
    st.builds(Commented, st.just(PATH), st.sampled_from(SETTINGS)),
)
WORDS = st.lists(
    st.sampled_from(["console=tty1", "console=serial0,115200", "root=x", "rootwait", "threadirqs"])
)
LINES = st.builds(lambda words, end: " ".join(words) + end, WORDS, st.sampled_from(["", "\n", " \n", "\r\n"]))
WORD_EDITS = st.sampled_from([WithoutWord(PATH, "console=serial0"), WithWord(PATH, "threadirqs")])


@UNHURRIED
@given(TEXTS, EDITS)
def test_twice_is_as_once(text, edit):
    once = edit.changed(text)
    assert edit.changed(once) == once


@UNHURRIED
@given(LINES, WORD_EDITS)
def test_twice_is_as_once_for_the_kernel_s_line_too(text, edit):
    once = edit.changed(text)
    assert edit.changed(once) == once
    assert once.count("\n") == text.count("\n")


@UNHURRIED
@given(TEXTS, st.lists(EDITS, max_size=5))
def test_everything_else_stays_to_the_byte(text, edits):
    changed = text
    for edit in edits:
        changed = edit.changed(changed)
    kept = [row.lstrip("#").strip() for row in text.splitlines()]
    rows = [row.lstrip("#").strip() for row in changed.splitlines()]
    composite = [row for row in kept if "," in row]
    assert [row for row in rows[: len(kept)] if row not in composite] == [
        r for r in kept if r not in composite
    ]
    assert ("\r\n" in changed) == ("\r\n" in text) or not text.count("\n")


@UNHURRIED
@given(TEXTS, st.sampled_from(SETTINGS))
def test_a_line_that_is_added_counts_in_the_end(text, line):
    """As the firmware reads it, on any model: that is what the section is for."""
    section, counts = "all", None
    subject = line.split("=")[0 if line == "enable_uart=1" else 1]
    for row in SectionLine(PATH, line).changed(text).splitlines():
        row = row.partition("#")[0].replace(" ", "")
        if row.startswith("["):
            section = row.strip("[]").lower()
        elif subject in row and section == "all":
            counts = row
    assert counts == line


def test_the_firmware_s_reader_agrees(pi):
    for text in ("[pi5]\nx=1", "dtparam=spi=on\ndtparam=spi=off\n", "#dtparam=spi=on\r\n[cm5]\r\n", ""):
        pi.at(CONFIG).write_bytes(SectionLine(PATH, "dtparam=spi=on").changed(text).encode())
        assert read_boot(pi.host).switched_on("spi")


@pytest.mark.parametrize(
    ("row", "left"),
    {
        "dtparam=spi=on": "#dtparam=spi=on",
        "  dtparam=spi=on # mine": "#  dtparam=spi=on # mine",
        "dtparam=audio=off,spi=on,i2c=on": "dtparam=audio=off,i2c=on",
        "#dtparam=spi=on": "#dtparam=spi=on",
        "dtparam=spi=onn": "dtparam=spi=onn",
        "dtoverlay=spi=on": "dtoverlay=spi=on",
    }.items(),
)
def test_a_setting_is_taken_out_and_no_other(row, left):
    assert Commented(PATH, "dtparam=spi=on").changed(row + "\n") == left + "\n"


def test_an_overlay_is_not_taken_for_one_that_begins_alike():
    text = "dtoverlay=hifiberry-dacplus\n"
    assert Commented(PATH, "dtoverlay=hifiberry-dac").changed(text) == text


def test_bytes_that_are_no_text_stay(pi):
    data = b"# caf\xe9\r\n"
    assert edited(data, SectionLine(PATH, "a=b")) == data + b"a=b\r\n"
    assert edited(None, Whole("/x", "new\n")) == b"new\n"


@UNHURRIED
@given(TEXTS, EDITS)
def test_taken_out_of_what_nobody_has_edited_is_as_it_was(text, edit):
    merged = without(text, edit.changed(text), edit.changed(text))
    kept_heading = not text.endswith("[all]") and merged.text.count("[") > text.count("[")
    assert merged.whole
    assert merged.text == text or kept_heading or not text.endswith("\n")


@UNHURRIED
@given(TEXTS, EDITS, st.lists(ROWS, max_size=3), st.lists(ROWS, max_size=3))
def test_taken_out_of_what_was_edited_around_it_leaves_the_edits(text, edit, above, below):
    after = edit.changed(text)
    end = "\r\n" if "\r\n" in text else "\n"
    mine = [f"# {n} {row}" for n, row in enumerate([*above, *below])]
    head, tail = mine[: len(above)], mine[len(above) :]
    closed = after if not after or after.endswith("\n") else after + end
    now = "".join(row + end for row in head) + closed + "".join(row + end for row in tail)
    rows = without(text, after, now).text.splitlines()
    assert [row for row in rows if row in mine] == mine
    # What was there before is there again, and what was added is not.
    assert [row for row in rows if row not in mine and not row.startswith("[")] == [
        row for row in text.splitlines() if not row.startswith("[")
    ]


def test_a_line_that_was_taken_out_comes_back_where_it_was():
    before, after = "a=1\nb=2\nc=3\n", "a=1\n#b=2\nc=3\n"
    assert without(before, after, "# mine\na=1\n#b=2\nc=4\n") == ("# mine\na=1\nb=2\nc=4\n", True)


def test_a_line_that_was_edited_by_hand_is_left_alone_and_that_is_known():
    before, after = "a=1\nb=2\nc=3\n", "a=1\n#b=2\nc=3\n"
    assert without(before, after, "a=1\n#b=7\nc=3\n") == ("a=1\n#b=7\nc=3\n", False)


def test_a_kernel_argument_comes_back_into_an_edited_line():
    before = "console=serial0,115200 console=tty1 root=x rootwait\n"
    after = "console=tty1 root=x rootwait\n"
    assert without(before, after, "console=tty1 root=x rootwait quiet\n") == (
        "console=serial0,115200 console=tty1 root=x rootwait quiet\n",
        True,
    )
    assert without(
        after, after.replace("\n", " threadirqs\n"), "root=y rootwait threadirqs quiet\n"
    ).text == ("root=y rootwait quiet\n")


def test_what_somebody_added_under_our_heading_stays_under_it():
    before, after = "[pi3]\na=1\n", "[pi3]\na=1\n\n[all]\ndtparam=spi=on\n"
    assert without(before, after, after + "mine=1\n").text == "[pi3]\na=1\n[all]\nmine=1\n"
