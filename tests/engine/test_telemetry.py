import math

import msgspec
import numpy as np
import pytest

from ddsp_pi.engine.telemetry import Telemetry, load_within
from ddsp_pi.link.latest import Latest
from ddsp_pi.link.shared import create


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99, 0.999, 1.0])
def test_the_histogram_knows_what_share_of_the_blocks_kept_to(share):
    loads = np.random.default_rng(1).lognormal(-2.0, 0.7, 20_000)
    telemetry = Telemetry()
    for load in loads:
        telemetry.count(float(load), 0.0)
    exact = np.quantile(loads, share)
    assert exact <= load_within(telemetry.loads, share) * 1.001
    assert load_within(telemetry.loads, share) <= exact * 2.0 ** (1 / 8) * 1.001


@pytest.mark.parametrize("load", [0.0, 1e-9, 1e9])
def test_loads_beyond_all_bins_are_counted_too(load):
    telemetry = Telemetry()
    telemetry.count(load, 0.0)
    assert sum(telemetry.loads) == 1


def test_of_no_blocks_nothing_is_said():
    assert load_within(Telemetry().loads, 0.5) == 0.0


def test_it_fits_the_link_after_years():
    telemetry = Telemetry(loads=[10**9] * len(Telemetry().loads), load=math.pi)
    record = msgspec.msgpack.encode(telemetry)
    link = create()
    link.telemetry.write(record)
    assert isinstance(link.telemetry, Latest)
    assert msgspec.msgpack.decode(link.telemetry.read(), type=Telemetry) == telemetry
    link.close()
