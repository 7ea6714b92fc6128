import pytest

from tests.monitor.talking import Talker


@pytest.fixture
def talker():
    talker = Talker()
    yield talker
    talker.close()
