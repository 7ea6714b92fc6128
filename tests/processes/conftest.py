import pytest

from ddsp_pi.config import load_config
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.rack.board import N_CVS, N_GATES


@pytest.fixture
def reports():
    reports = Reports(Subscribers(lan=False), Subscribers(lan=False), N_CVS, N_GATES)
    yield reports
    reports.close()


@pytest.fixture
def acts():
    """What buttons can do, where nobody looks whether they did."""
    known = {row.do for row in load_config().rack.buttons} - {"calibrate"}
    return dict.fromkeys(known, lambda: None)
