"""Tiny wheels with our name: a real pip installs them, and what their program does is said here."""

import zipfile

FINE = """
import sys
def main():
    if sys.argv[1:] == ["--version"]:
        print("ddsp-pi VERSION")
"""
CONFUSED = """
import sys
def main():
    if sys.argv[1:2] == ["config"]:
        sys.exit("ddsp-pi config: unknown key 'colour' at $.audio, line 3 of " + sys.argv[-1])
"""
SILENT = """
import sys
def main():
    if sys.argv[1:2] == ["models"]:
        sys.exit("cannot play: violin.onnx")
"""
DEAD = "import no_such_module\n"


def make_wheel(
    folder,
    version="0.1.0",
    *,
    cli=FINE,
    needs=(),
    extras=None,
    tag="py3-none-any",
    package="ddsp_pi",
    python=">=3.11",
):
    """Write a wheel; `needs` are requirements, `extras` a name with its requirements each."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{package}-{version}-{tag}.whl"
    lines = ["Metadata-Version: 2.1", f"Name: {package.replace('_', '-')}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}", *(f"Requires-Dist: {need}" for need in needs)]
    for extra, wanted in (extras or {}).items():
        lines += [f"Provides-Extra: {extra}"]
        lines += [f'Requires-Dist: {need}; extra == "{extra}"' for need in wanted]
    about = f"{package}-{version}.dist-info"
    files = {
        f"{package}/__init__.py": "",
        f"{package}/cli.py": cli.replace("VERSION", version),
        f"{about}/METADATA": "\n".join(lines) + "\n",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{about}/entry_points.txt": f"[console_scripts]\n{package.replace('_', '-')} = {package}.cli:main\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            # One date for all, so that the same wheel made twice is the same file.
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


def make_index(folder, *wheels):
    """An index of packages in a folder; its address."""
    for wheel in wheels:
        page = folder / wheel.name.partition("-")[0].replace("_", "-")
        page.mkdir(parents=True, exist_ok=True)
        (page / wheel.name).write_bytes(wheel.read_bytes())
        names = [path.name for path in page.glob("*.whl")]
        (page / "index.html").write_text("".join(f'<a href="{name}">{name}</a>\n' for name in names))
    return folder.as_uri()
