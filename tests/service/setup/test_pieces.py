"""The parts of setup: where the program comes from, which board, the ledger, what would be done."""

import json
import os
import signal
from types import SimpleNamespace

import pytest

from ddsp_pi.errors import ConfigError
from ddsp_pi.rack.boards import board_names
from ddsp_pi.service.host import Host, Result
from ddsp_pi.service.mends import Command, Link, Packages, Program, SectionLine, Whole, by_setup, in_short
from ddsp_pi.service.setup import program
from ddsp_pi.service.setup.applying import Worker
from ddsp_pi.service.setup.board import settle_board
from ddsp_pi.service.setup.bringing import WORKED, undisturbed
from ddsp_pi.service.setup.hands import Hands, do_command, need_lasting
from ddsp_pi.service.setup.ledger import LEDGER, CommandStep, FileStep, Ledger, TreeStep
from ddsp_pi.service.setup.sketch import sketch
from ddsp_pi.service.shipping import settings_text, units, wanted_by
from tests.service.fake import CONFIG
from tests.service.setup.acting import Acting, stock


@pytest.fixture
def hands(tmp_path):
    return Hands(Host(tmp_path), lambda shell: Result(0))


def test_a_command_is_run_to_its_end_and_what_it_says_is_kept():
    result = do_command("echo $DEBIAN_FRONTEND; echo oh >&2; exit 3")
    assert (result.code, result.out) == (3, "noninteractive\noh\n")


def test_a_command_does_not_hear_ctrl_c():
    assert do_command("cut -d ' ' -f 6 /proc/$$/stat").out.strip() != str(os.getsid(0))


@pytest.fixture
def interruptible():
    """Ctrl-C as Python has it; whoever runs the tests in the background may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_waits_for_the_end_of_a_step(interruptible):
    seen, said = [], []

    def step():
        with undisturbed(said.append):
            os.kill(os.getpid(), signal.SIGINT)
            seen.append("went on")

    with pytest.raises(KeyboardInterrupt):
        step()
    assert seen == ["went on"]
    assert said == ["  stopping after this step"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_mends_are_commands_in_words():
    assert [str(each) for each in by_setup(["reboot", Command("a b"), Command("c", sudo=False)])] == [
        "sudo a b",
        "c",
    ]
    assert str(Packages(("a", "b"))) == "sudo apt-get install a b"
    assert str(Program("/media/my stick")) == "sudo ddsp-pi setup '/media/my stick'"
    assert str(Link("/a", "b")) == "sudo ln -sfn b /a"
    assert in_short(Whole("/etc/x", "long")) == "write /etc/x"


def test_a_small_file_as_a_command_makes_that_file(tmp_path):
    text = "# 100 % \\ of 'it'\n[Journal]\n"
    command = str(Whole(f"{tmp_path}/made/x.conf", text)).replace("sudo ", "")
    assert do_command(command).code == 0
    assert (tmp_path / "made/x.conf").read_text() == text


def test_a_ledger_is_there_again_and_goes_with_its_last_step(tmp_path):
    steps = [FileStep("/a", b"\xff\r\n", b""), CommandStep("x", "y", done=True), TreeStep("/opt/z")]
    ledger = Ledger(Host(tmp_path))
    for step in [*steps, steps[0]]:
        ledger.add(step)
    again = Ledger(Host(tmp_path))
    assert again.steps == steps
    for step in steps:
        again.drop(again.steps[again.steps.index(step)])
    assert not (tmp_path / LEDGER.lstrip("/")).exists()


def test_a_damaged_ledger_is_refused_with_a_remedy(tmp_path):
    file = tmp_path / LEDGER.lstrip("/")
    file.parent.mkdir(parents=True)
    file.write_text('{"steps": [{"type": "fi')
    with pytest.raises(ConfigError, match=r"setup.json is damaged.*move the file away"):
        Ledger(Host(tmp_path))


def test_what_would_be_done_is_told_and_nothing_is_touched(pi):
    stock(pi)
    acting = Acting(pi)
    before = pi.at(CONFIG).read_bytes()
    mends = [
        SectionLine(CONFIG, "dtparam=spi=on"),
        Command("reload"),
        Whole("/etc/new", "x\n"),
        Command("reload"),
    ]
    lines = sketch(acting.hands, [*mends, SectionLine(CONFIG, "dtoverlay=rpi-proto")])
    assert lines[0] == "sudo reload"
    assert lines.count("sudo reload") == 1
    assert [line for line in lines if line.startswith("+")] == [
        f"+++ {CONFIG}",
        "+dtparam=spi=on",
        "+dtoverlay=rpi-proto",
        "+++ /etc/new",
        "+x",
    ]
    assert pi.at(CONFIG).read_bytes() == before
    assert acting.ran == []


def test_a_system_that_forgets_is_refused(pi):
    stock(pi)
    need_lasting(pi.host)
    pi.read_only = True
    with pytest.raises(ConfigError, match="read-only; first: sudo mount"):
        need_lasting(pi.host)
    pi.read_only = False
    pi.replace("/proc/mounts", "/dev/mmcblk0p2 / ext4", "overlay / overlay")
    with pytest.raises(ConfigError, match="disable_overlayfs"):
        need_lasting(pi.host)


def test_what_is_a_link_is_not_written_through(hands, tmp_path):
    (tmp_path / "x").symlink_to("/dev/null")
    worker = Worker(hands, Ledger(hands.host), None, print)
    with pytest.raises(OSError, match="is a link to /dev/null"):
        worker.apply(Whole("/x", "text"))
    assert (tmp_path / "x").is_symlink()


def test_a_file_in_the_place_of_a_link_is_not_overwritten(hands, tmp_path):
    (tmp_path / "x").write_text("mine")
    with pytest.raises(OSError, match="is there and no link"):
        Worker(hands, Ledger(hands.host), None, print).apply(Link("/x", "y"))
    assert (tmp_path / "x").read_text() == "mine"


def test_the_first_settings_of_every_board_can_be_played(tmp_path):
    from ddsp_pi.config import load_config

    for name in ["", *board_names()]:
        file = tmp_path / "config.yaml"
        file.write_text(settings_text(name))
        assert load_config(file).rack.board == (name or "auto")
        assert file.read_text().startswith("# yaml-language-server: $schema=/etc/ddsp_pi/schema.json\n")


def test_what_enables_a_unit_is_known():
    wanting = {unit.name: wanted_by(unit.read_text()) for unit in units()}
    assert wanting["ddsp-pi.service"] == "multi-user.target"
    assert wanting["ddsp-pi-safe.service"] == ""


def board_view(pi):
    return Acting(pi).pi.view_of(None, Acting(pi).wish.__class__())


def test_a_pi_that_shows_nothing_must_be_told_its_board(pi):
    stock(pi)
    with pytest.raises(ConfigError, match=r"--board breadboard or --board terminal-tedium"):
        settle_board(board_view(pi), None)


@pytest.mark.parametrize(
    ("said", "board"),
    {
        "": "terminal-tedium-wm8731",
        "1": "breadboard",
        " terminal-tedium-pcm5102a\n": "terminal-tedium-pcm5102a",
    }.items(),
)
def test_who_watches_is_asked_for_the_board(pi, said, board):
    stock(pi)
    asked = []
    assert settle_board(board_view(pi), lambda words: asked.append(words) or said) == board
    assert "1 breadboard" in asked[0]


def test_a_board_that_is_none_is_refused(pi):
    stock(pi)
    with pytest.raises(ConfigError, match="no board called '9'"):
        settle_board(board_view(pi), lambda words: "9")


def test_a_board_that_is_found_or_not_needed_is_not_asked_for(pi):
    assert settle_board(board_view(pi), None) == ""
    stock(pi)
    pi.remove("/proc/device-tree")
    assert settle_board(board_view(pi), None) == ""


@pytest.mark.parametrize(
    ("origin", "source"),
    {
        "file:///media/my%20stick/ddsp_pi-1-py3-none-any.whl": "/media/my stick/ddsp_pi-1-py3-none-any.whl",
        "https://example.org/ddsp_pi.whl": "",
        None: "",
    }.items(),
)
def test_it_knows_where_it_is_from(monkeypatch, origin, source):
    text = json.dumps({"url": origin}) if origin else None
    monkeypatch.setattr(program, "distribution", lambda name: SimpleNamespace(read_text=lambda file: text))
    assert program.own_source() == source


class Shelf:
    """Stands for the versions: what is installed and switched to."""

    def __init__(self, folder):
        self.folder, self.seen = folder, []
        Shelf.last = self

    def install(self, source, say, step):
        self.seen.append(source)
        return "1-abc"

    def switch(self, name):
        self.seen.append(name)


def test_a_checkout_is_built_into_a_wheel_first(hands, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "Releases", Shelf)
    (tmp_path / "pyproject.toml").touch()

    def build(shell):
        into = shell.split("--wheel-dir ")[1].split()[0]
        open(f"{into}/ddsp_pi-1-py3-none-any.whl", "w").close()
        return Result(0)

    program.bring(Hands(Host(tmp_path), build), str(tmp_path), print, lambda steps: None)
    source, name = Shelf.last.seen
    assert source.endswith("/ddsp_pi-1-py3-none-any.whl")
    assert name == "1-abc"
    assert Shelf.last.folder == tmp_path / "opt/ddsp-pi"


def test_a_checkout_that_cannot_be_built_is_said(hands, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "Releases", Shelf)
    (tmp_path / "pyproject.toml").touch()
    failing = Hands(Host(tmp_path), lambda shell: Result(1, "no backend"))
    with pytest.raises(ChildProcessError, match=r"no wheel could be built from .*no backend"):
        program.bring(failing, str(tmp_path), print, lambda steps: None)


def test_without_a_name_an_index_is_asked(hands, monkeypatch):
    monkeypatch.setattr(program, "Releases", Shelf)
    program.bring(hands, "", print, lambda steps: None)
    assert Shelf.last.seen == [None, "1-abc"]


def test_checks_of_the_environment_that_asks_are_no_part_of_it():
    names = {check.name for check in WORKED}
    assert {"units", "program", "spi", "mixer", "service"} <= names
    assert names.isdisjoint({"onnxruntime", "spidev", "python"})
