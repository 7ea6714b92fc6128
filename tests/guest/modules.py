"""The kernel modules of the simulated panel, built in the root for the root's kernel.

gpio-sim is the kernel's own, but Debian's kernel is built without it, so it is taken from Debian's kernel
sources. It needs irq_sim, which then has to be part of the module.
"""

import shutil
from pathlib import Path

from tests.guest.kept import Kept, key_of
from tests.guest.root import KERNEL_SOURCE, Root

OWN = sorted(Path(__file__).with_name("modules").iterdir())
KERNELS = ("drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c")

# Modules may not call the two functions in the first pattern; one that they may call does the same.
BUILD = rf"""
set -e
release=$(basename /lib/modules/*)
version=$(dpkg-query -W -f '${{Version}}' linux-headers-amd64)
mkdir -p /mnt/modules /mnt/downloads
cd /mnt/downloads
ls {KERNEL_SOURCE}_$version*.deb >/dev/null 2>&1 || apt-get -q download {KERNEL_SOURCE}=$version
cd /mnt/modules
dpkg-deb --fsys-tarfile /mnt/downloads/{KERNEL_SOURCE}_$version*.deb |
    tar -xO ./usr/src/{KERNEL_SOURCE}.tar.xz |
    tar -xJ --transform 's|.*/||' {" ".join(f"{KERNEL_SOURCE}/{path}" for path in KERNELS)}
sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq_safe(irqnum)/' irq_sim.c
make -s -C /lib/modules/$release/build M=$PWD modules
install -D -t /lib/modules/$release/extra ./*.ko
depmod $release
"""


def build(root: Root, kept: Kept) -> None:
    """Make and install them, unless that is done."""
    kept.once("modules", key_of(kept.key("root"), BUILD, *OWN), lambda: _build(root))


def _build(root: Root) -> None:
    folder = root.share / "modules"
    # What was built for another kernel must not be taken for this one's.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in OWN:
        (folder / source.name).write_bytes(source.read_bytes())
    root.enter("sh", "-c", BUILD)
