"""`python -m ddsp_pi` is `ddsp-pi`."""

import sys

from ddsp_pi.cli import main

sys.exit(main())
