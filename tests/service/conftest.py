import pytest

from tests.service.fake import Pi


@pytest.fixture
def pi(tmp_path):
    """A fake Raspberry Pi with Terminal Tedium, all well."""
    return Pi(tmp_path)
