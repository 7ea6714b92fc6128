"""Every writer on a disk that refuses: prints what each says, fails if one says nothing or changes a file."""

import sys

from ddsp_pi.models.library import add_instrument
from ddsp_pi.places import data_folder
from tests.instruments import VIOLIN
from tests.power.writers import WRITERS

NAMES = ("the first state", "the first preset", "settings", "the first calibration")


def main() -> int:
    """See above."""
    acts = [*(WRITERS[name].write for name in NAMES), lambda: add_instrument(VIOLIN)]
    for act in acts:
        before = sorted(path.name for path in data_folder().rglob("*") if path.is_file())
        try:
            act()
        except OSError as error:
            print(error)
        else:
            return 1
        if before != sorted(path.name for path in data_folder().rglob("*") if path.is_file()):
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
