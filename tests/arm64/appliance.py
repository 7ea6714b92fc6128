"""The module on an emulated Pi that is booted with systemd: the scenarios of tests/appliance, there."""

from tests.appliance import host
from tests.appliance.scenarios import play
from tests.appliance.workshop import WORKSHOPS
from tests.arm64.host import install_missing


def boot(chosen: str) -> None:
    """Make what is missing, and do the scenarios that pytest's -k finds by `chosen`.

    Raises:
        StepError: something could not be made, or a scenario did not pass.
    """
    shop = WORKSHOPS["arm64"]()
    install_missing(shop.shell, host.PACKAGES)
    shop.root.make()
    shop.stick.fetch()
    shop.stick.build()
    play(shop, chosen)
