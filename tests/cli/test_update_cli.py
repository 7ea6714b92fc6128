"""`update`, `versions` and `rollback` as they are typed; what they decide is tested with the service."""

import os
import signal
import subprocess
import sys

import pytest

from ddsp_pi import cli
from ddsp_pi.cli import main
from ddsp_pi.errors import ConfigError
from ddsp_pi.places import SERVICE
from ddsp_pi.service.versions.module import check_changeable
from ddsp_pi.service.versions.releases import Releases

NOBODY = 65534

LOST = """
import signal, sys, time
from ddsp_pi.service.versions.undisturbed import say, undisturbed
with undisturbed():
    say("began")
    sys.stdin.readline()
    say("nobody hears this")
    print("nor this", file=sys.stderr, flush=True)
    with open(sys.argv[1], "w") as file:
        file.write("went on to its end")
"""

STARTED = """
import sys
from pathlib import Path
from ddsp_pi.service.versions.quietly import Quietly
from ddsp_pi.service.versions.undisturbed import say, undisturbed
with undisturbed():
    say("began")
    Quietly(Path(sys.argv[1])).run(["sh", "-c", "sleep 2; touch " + sys.argv[2]])
"""

KILLED = """
import time
from ddsp_pi.service.versions.undisturbed import say, undisturbed
with undisturbed():
    try:
        say("began")
        time.sleep(600)
    finally:
        say("tidied up")
"""


@pytest.fixture
def module(tmp_path):
    """Arguments for a check of a module that is set up."""
    booted, units = tmp_path / "booted", tmp_path / "units"
    booted.mkdir()
    units.mkdir()
    (units / SERVICE).write_text("[Service]\n")
    return {"user": 0, "booted": booted, "units": units}


def test_a_module_that_was_set_up_can_be_changed_by_root(module):
    check_changeable("update", **module)


def test_others_are_told_the_command_for_root(module):
    with pytest.raises(ConfigError, match="sudo ddsp-pi update /media/stick"):
        check_changeable("update /media/stick", **module | {"user": NOBODY})


def test_what_was_never_set_up_is_told_so(module):
    (module["units"] / SERVICE).unlink()
    with pytest.raises(ConfigError, match="first: sudo ddsp-pi setup"):
        check_changeable("update", **module)


def test_without_systemd_pip_is_the_way(module):
    module["booted"].rmdir()
    with pytest.raises(ConfigError, match="with pip instead"):
        check_changeable("update", **module)


@pytest.mark.parametrize("words", [["update"], ["update", "a.whl"], ["rollback"], ["rollback", "1.0"]])
def test_what_cannot_be_done_ends_with_2_and_one_line(words, capsys, monkeypatch):
    def refuse(verb):
        assert verb == " ".join(words)
        raise ConfigError("not here")

    monkeypatch.setattr(f"ddsp_pi.cli.{words[0]}.check_changeable", refuse)
    assert main(words) == 2
    assert capsys.readouterr().err == f"ddsp-pi {words[0]}: not here\n"


@pytest.mark.parametrize(("plays", "code"), [(True, 0), (False, 1)])
@pytest.mark.parametrize("verb", ["update", "rollback"])
def test_the_exit_code_says_whether_it_plays(verb, plays, code, monkeypatch):
    class Pretended:
        def update(self, source, step):
            return plays

        def rollback(self, word):
            return plays

    monkeypatch.setattr(f"ddsp_pi.cli.{verb}.check_changeable", lambda verb: None)
    monkeypatch.setattr(f"ddsp_pi.cli.{verb}.updates", lambda minute_s, second: Pretended())
    assert main([verb]) == code


def test_versions_of_a_computer_without_any(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("ddsp_pi.cli.versions.Releases", lambda: Releases(tmp_path))
    assert main(["versions"]) == 0
    assert capsys.readouterr().out == f"no version is set up in {tmp_path}; first: sudo ddsp-pi setup\n"


def started(code, *words):
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert process.stdout.readline() == "began\n"
    return process


@pytest.mark.parametrize("lost", ["hang-up", "pipe"])
def test_it_goes_on_when_the_connection_is_lost(tmp_path, lost):
    done = tmp_path / "done"
    process = started(LOST, done)
    if lost == "hang-up":
        os.kill(process.pid, signal.SIGHUP)
        assert process.communicate("go on\n", timeout=60) == ("", "")
    else:
        process.stdout.close()
        process.stdin.write("go on\n")
        process.stdin.flush()
        process.stderr.read()
    process.wait(60)
    assert done.read_text() == "went on to its end"


def test_what_it_has_started_goes_on_when_the_terminal_is_closed(tmp_path):
    """As the kernel does it: everything that belongs to the terminal gets the signal."""
    log, done = tmp_path / "log", tmp_path / "done"
    process = started(STARTED, log, done)
    os.killpg(process.pid, signal.SIGHUP)
    process.communicate("", timeout=60)
    assert process.returncode == 0
    assert done.exists()


def test_a_kill_unwinds(tmp_path):
    process = started(KILLED)
    process.terminate()
    assert process.communicate(timeout=60)[0] == "tidied up\n"


def test_help_hides_what_is_for_tests(capsys):
    with pytest.raises(SystemExit):
        main(["update", "--help"])
    said = capsys.readouterr().out
    assert "--minute" not in said
    assert "WHEEL|FOLDER|INDEX" in said
    assert cli.VERBS["update"] in " ".join(said.split())
