"""Why a program ended: what it leaves behind, and when that is believed."""

import subprocess
import sys

import msgspec
import pytest

from ddsp_pi.config import load_config
from ddsp_pi.errors import AudioError, InstrumentError
from ddsp_pi.processes import begin
from ddsp_pi.processes.child import AWAY, UNUSABLE_INPUT
from ddsp_pi.processes.crashes import LOOP
from ddsp_pi.processes.launch import Launch, complain
from ddsp_pi.processes.unattended import Played, bare_settings

WITHOUT_A_CARD = """
import sys
from ddsp_pi.errors import AudioError
from ddsp_pi.processes import engine

def program(launch, link):
    raise AudioError("the sound card has gone")

engine.Program, engine.attach = program, lambda fd: None
if sys.argv[2:]:
    sys.stderr.close()
engine.main(sys.argv[1])
"""


@pytest.fixture
def launch(tmp_path):
    return Launch(0, load_config(), last_words=str(tmp_path / "last-words"), unattended=True)


@pytest.fixture
def words(tmp_path):
    return tmp_path / "last-words"


def test_input_that_cannot_be_used_is_said_and_left_behind(launch, words, capfd):
    complain(launch, InstrumentError("no instrument called 'Flöte \udcff'"))
    assert words.read_text("utf-8") == "no instrument called 'Flöte ?'"
    assert "no instrument called" in capfd.readouterr().err


def test_what_another_start_may_mend_is_only_said(launch, words, capsys):
    complain(launch, AudioError("no sound"))
    assert not words.exists()
    assert "no sound" in capsys.readouterr().err


def test_a_disk_that_takes_no_words_changes_no_end(launch, tmp_path):
    complain(msgspec.structs.replace(launch, last_words=str(tmp_path)), InstrumentError("no instrument"))


@pytest.mark.parametrize("stderr", ["there", "closed"])
def test_an_engine_whose_card_has_gone_leaves_no_words_and_nothing_keeps_it(launch, words, stderr):
    more = ["closed"] if stderr == "closed" else []
    command = [sys.executable, "-c", WITHOUT_A_CARD, msgspec.json.encode(launch).decode(), *more]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == AWAY
    assert not words.exists()
    assert more or "the sound card has gone" in ended.stderr


class Ending:
    """A supervisor whose programs left words and ended at once."""

    why = "engine was ended by SIGSEGV"
    code, words = 0, ""

    def __init__(self, link, commands, **more):
        (launch,) = {argv[-1] for argv in commands.values()}
        self.file = msgspec.json.decode(launch, type=Launch).last_words

    def run(self):
        if self.words:
            with open(self.file, "w") as file:
                file.write(self.words)
        return self.code


@pytest.mark.parametrize(
    ("code", "words", "why"),
    [
        (UNUSABLE_INPUT, "no instrument called 'x'", "no instrument called 'x'"),
        (UNUSABLE_INPUT, "", Ending.why),
        (LOOP, "of some earlier end", Ending.why),
    ],
)
def test_words_count_only_for_input_that_cannot_be_used(tmp_path, monkeypatch, code, words, why):
    played = []

    def keep_playing(play, *rest):
        played.append(play(bare_settings(), "", False))
        return 0

    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(Ending, "code", code)
    monkeypatch.setattr(Ending, "words", words)
    monkeypatch.setattr(begin, "Supervisor", Ending)
    monkeypatch.setattr(begin, "keep_playing", keep_playing)
    monkeypatch.setattr(begin.signal, "signal", lambda *_: None)
    begin.Service(None, print, print).run()
    assert played == [Played(code, why)]
