import pytest

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
    return dict.fromkeys(("next_instrument", "previous_instrument", "panic"), lambda: None)
