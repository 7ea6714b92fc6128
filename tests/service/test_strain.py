import pytest

from ddsp_pi.service.host import Host
from ddsp_pi.service.strain import strained

CASES = [
    ("", "", False),
    ("0", "45000", False),
    ("50000", "45000", False),
    ("50005", "45000", True),
    ("4", "45000", True),
    ("0", "81000", True),
    ("", "nonsense", False),
]


@pytest.mark.parametrize(("word", "temperature", "is_strained"), CASES)
def test_a_computer_that_slows_down_is_strained(tmp_path, word, temperature, is_strained):
    for name, text in {
        "sys/devices/platform/soc/soc:firmware/get_throttled": word,
        "sys/class/thermal/thermal_zone0/temp": temperature,
    }.items():
        if text:
            file = tmp_path / name
            file.parent.mkdir(parents=True)
            file.write_text(f"{text}\n")
    assert strained(Host(tmp_path)) == is_strained
