"""What a Raspberry Pi 4 says of its processor, in place of what the host says of its own.

onnxruntime reads this when it is imported, and an aarch64 one does not survive another processor's files.
"""

from pathlib import Path

CORES = range(4)

_CORE = """\
processor\t: {core}
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3
"""

CPUINFO = "\n".join(_CORE.format(core=core) for core in CORES)

_ALL = {"possible": "0-3", "present": "0-3", "online": "0-3", "kernel_max": "3"}
_EACH = {
    "topology/core_id": "{core}",
    "topology/physical_package_id": "0",
    "topology/core_siblings_list": "0-3",
    "topology/cluster_cpus_list": "0-3",
    "topology/thread_siblings_list": "{core}",
    "cache/index2/level": "2",
    "cache/index2/size": "1024K",
    "cache/index2/shared_cpu_list": "0-3",
}


def write(root: Path) -> None:
    """Put the files where programs in the root look for them."""
    processors = root / "sys/devices/system/cpu"
    files = {processors / name: text for name, text in _ALL.items()}
    for core in CORES:
        files |= {processors / f"cpu{core}" / name: text.format(core=core) for name, text in _EACH.items()}
    files[root / "proc/cpuinfo"] = CPUINFO.removesuffix("\n")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
