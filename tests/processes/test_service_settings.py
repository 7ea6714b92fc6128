"""The settings of a module that runs as a service, edited while it plays."""

import signal

import pytest

from ddsp_pi.processes.proven import PROVEN_S
from tests.processes.test_service import Service


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path, "voices: 2\n")
    yield service
    service.close()


def kept(service):
    return service.data / "last-good.yaml"


def test_what_has_played_is_kept_and_a_bad_file_changes_nothing(service):
    service.start()
    service.until_ready()
    begun = service.until_last(lambda line: line.playing)
    good = service.file.read_bytes()
    service.until(kept(service).exists)
    assert kept(service).read_bytes() == good

    service.write("voices: 99\n")
    service.until(lambda: "voices, line 4" in service.log())
    line = service.until_last(lambda line: line.time_s > begun.time_s + PROVEN_S)
    assert (line.mode, line.engine, line.control) == ("settings", begun.engine, begun.control)
    assert kept(service).read_bytes() == good

    service.write("voices: 2\n")
    service.until(lambda: "as it was; it plays now" in service.log())
    service.process.send_signal(signal.SIGHUP)
    service.write("voices: 3\n")
    service.until(lambda: ": voices; it plays now" in service.log())
    assert service.last().engine == begun.engine
    service.process.terminate()
    assert service.process.wait(30) == 0


def test_a_bad_file_at_the_start_has_the_last_good_one_play_until_it_is_mended(service):
    kept(service).write_bytes(service.file.read_bytes().replace(b"voices: 2", b"model: flute"))
    service.write("voices: 99\n")
    service.start()
    service.until_ready()
    line = service.until_last(lambda line: line.playing)
    assert (line.mode, line.instrument) == ("last good", "flute")

    service.write("model: theremin\n")
    service.until(lambda: "no instrument called 'theremin'" in service.log())
    assert service.last().engine == line.engine
    service.write("model: cello\n")
    mended = service.until_last(lambda line: line.mode == "settings" and line.playing)
    assert (mended.instrument, mended.trouble) == ("cello", "")
    assert mended.engine != line.engine
