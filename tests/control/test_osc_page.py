"""docs/osc.md is what the addresses say; to write it again: python -m tests.control.test_osc_page"""

from pathlib import Path

from ddsp_pi.config import load_config
from ddsp_pi.control.osc_page import everything, osc_page
from ddsp_pi.modes.tables import SHIPPED_PARAMS

PAGE = Path(__file__).parents[2] / "docs" / "osc.md"
PARAMS = {param.name: param for params in SHIPPED_PARAMS.values() for param in params}


def page():
    return osc_page(everything(PARAMS.values()))


def test_the_page_about_osc_is_what_the_addresses_say():
    assert PAGE.read_text() == page(), "write it again: python -m tests.control.test_osc_page"


def test_the_page_names_every_parameter_and_the_ports():
    for param in PARAMS.values():
        assert f"| `/ddsp/param/{param.name}` | set ask | f | {param.low:g}…{param.high:g}" in page()
    osc = load_config().osc
    assert f"port {osc.port} (`osc.port`)" in page()
    assert f"port {osc.query_port} (`osc.query_port`)" in page()


if __name__ == "__main__":
    PAGE.write_text(page())
