"""`ddsp-pi reload`, and who answers."""

import pytest

from ddsp_pi.cli import main
from ddsp_pi.cli.reload import asked
from ddsp_pi.places import last_good_file
from tests.control.answering import Module
from tests.programs import free_port

FILE = "/etc/ddsp_pi/config.yaml"


@pytest.fixture
def asked_for():
    return []


@pytest.fixture
def module(asked_for):
    def reload():
        asked_for.append("reload")
        return FILE

    module = Module(reload=reload)
    yield module
    module.close()


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))


def config(tmp_path, text):
    file = tmp_path / "config.yaml"
    file.write_text(text)
    return str(file)


def test_a_module_on_a_port_is_asked(module, asked_for, capsys):
    assert main(["reload", "--port", str(module.server.port)]) == 0
    assert asked_for == ["reload"]
    assert FILE in capsys.readouterr().out


def test_the_port_is_that_of_the_configuration(module, asked_for, tmp_path):
    file = config(tmp_path, f"osc: {{port: {module.server.port}}}\n")
    assert main(["reload", "--config", file]) == 0
    assert asked_for == ["reload"]


@pytest.mark.parametrize("text", ["osc: {{port: {}}}\n", "voices: 99\n"])
def test_where_that_is_edited_or_bad_it_is_that_of_the_last_good_copy(module, asked_for, tmp_path, text):
    last_good_file().parent.mkdir(parents=True)
    last_good_file().write_text(f"osc: {{port: {module.server.port}}}\n")
    assert main(["reload", "--config", config(tmp_path, text.format(free_port()))]) == 0
    assert asked_for == ["reload"]


def test_with_nobody_there_it_says_what_to_do(capsys):
    port = free_port()
    assert main(["reload", "--port", str(port)]) == 1
    assert f"no module answers on OSC port {port}; does it run?" in capsys.readouterr().err


def test_a_module_without_a_file_is_no_answer(capsys):
    def none():
        raise ValueError("there is no file of settings to read")

    module = Module(reload=none)
    try:
        assert asked(module.server.port) is None
    finally:
        module.close()
