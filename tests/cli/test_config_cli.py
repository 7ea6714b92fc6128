"""`ddsp-pi config`, and what every verb shares: exit codes, messages, and loading no more than it needs."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

import ddsp_pi
from ddsp_pi import cli
from ddsp_pi.cli import EXTRAS, VERBS, main
from ddsp_pi.config import load_config
from ddsp_pi.errors import AudioError, ConfigError

TRAINERS = {"train", "trim", "study", "evaluate", "export"}


@pytest.fixture
def verb(monkeypatch):
    """Make the verb `bench` do what the test says."""

    def plant(run):
        module = SimpleNamespace(configure=lambda parser: parser.add_argument("--deep"), run=run)
        monkeypatch.setitem(sys.modules, "ddsp_pi.cli.bench", module)

    return plant


def failing(error):
    def run(args):
        raise error

    return run


def loaded_by(code):
    """Names of the libraries that a fresh interpreter has loaded after `code`."""
    report = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_check_accepts_a_good_file(tmp_path, capsys):
    file = tmp_path / "my.yaml"
    file.write_text("audio:\n  period: 64\n")
    assert main(["config", "check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: fine\n"


def test_check_refuses_a_bad_file_in_one_line(tmp_path, capsys):
    file = tmp_path / "my.yaml"
    file.write_text("audio:\n  period: 8\n")
    assert main(["config", "check", str(file)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        f"ddsp-pi config: expected int >= 32 at $.audio.period, line 2 of {file}; "
        "see 'ddsp-pi config explain audio.period'\n"
    )


def test_show_prints_what_loads_as_the_same(tmp_path, capsys):
    file, shown = tmp_path / "my.yaml", tmp_path / "shown.yaml"
    file.write_text("audio: {period: 64, backend: 'null'}\nparams: {noise: 0.5}\n")
    assert main(["config", "show", str(file)]) == 0
    shown.write_text(capsys.readouterr().out)
    assert load_config(shown) == load_config(file)
    assert load_config(shown) != load_config()


def test_explain_prints_type_range_default_and_meaning(capsys):
    assert main(["config", "explain", "audio.period"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "audio.period"
    assert "Samples per block" in lines[1]
    assert [line.split() for line in lines[2:]] == [
        ["type", "int"],
        ["range", "32..512"],
        ["default", "128"],
    ]


def test_explain_refuses_what_is_no_setting(capsys):
    assert main(["config", "explain", "audio.perid"]) == 2
    assert "did you mean 'audio.period'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [[], ["rendr"], ["config"], ["config", "mend"], ["config", "show", "a", "b"]]
)
def test_unusable_arguments_leave_with_2(words, capsys):
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "usage: ddsp-pi" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"ddsp-pi {ddsp_pi.__version__}\n"


def test_help_names_every_verb(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = [
        line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if line.startswith("  ")
    ]
    assert dict(row for row in listed if row[0] in VERBS) == VERBS


def test_what_a_verb_takes_and_returns_passes_through(verb):
    verb(lambda args: int(args.deep))
    assert main(["bench", "--deep", "1"]) == 1
    assert main(["bench", "--deep=0"]) == 0


@pytest.mark.parametrize(
    ("error", "exit_code", "message"),
    [
        (ConfigError("no good"), 2, "ddsp-pi bench: no good\n"),
        (AudioError("no sound card"), 1, "ddsp-pi bench: no sound card\n"),
        (OSError(28, "No space left on device", "out.wav"), 1, "No space left on device: 'out.wav'\n"),
        (KeyboardInterrupt(), 130, ""),
        (ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn"), 2, "'ddsp-pi[train]'\n"),
        (ModuleNotFoundError("No module named 'soxr'", name="soxr"), 2, "'ddsp-pi[files]'\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_expected_errors_are_one_line_and_an_exit_code(verb, capsys, error, exit_code, message):
    verb(failing(error))
    assert main(["bench"]) == exit_code
    said = capsys.readouterr().err
    assert said.endswith(message)
    assert said.count("\n") == bool(message)


@pytest.mark.parametrize("error", [ModuleNotFoundError("gone", name="ddsp_pi.gone"), ZeroDivisionError()])
def test_our_own_mistakes_keep_their_traceback(verb, error):
    verb(failing(error))
    with pytest.raises(type(error)):
        main(["bench"])


def test_a_reader_who_leaves_early_is_no_error():
    code = "import sys; from ddsp_pi.cli import main; sys.exit(main(['config', 'explain']))"
    done = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    done.stdout.close()
    assert (done.stderr.read(), done.wait()) == (b"", 1)


def test_asking_for_settings_loads_no_synthesizer():
    loaded = loaded_by("from ddsp_pi.cli import main; main(['config', 'explain', 'mode'])")
    assert loaded.isdisjoint({"numpy", "onnxruntime", "sounddevice", *EXTRAS})


@pytest.mark.parametrize("verb_name", sorted(VERBS.keys() - TRAINERS))
def test_playing_needs_no_optional_library(verb_name):
    loaded = loaded_by(f"import {cli.__name__}.{verb_name}")
    assert loaded.isdisjoint(EXTRAS)
