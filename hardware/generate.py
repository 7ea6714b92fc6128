"""Make the pages and drawings of all boards from their tables: python -m hardware.generate."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ddsp_pi.config import load_config
from ddsp_pi.rack.boards import board_names, find_board
from ddsp_pi.rack.spec import BoardSpec
from hardware import pages
from hardware.drawing import breadboard, header, panel
from hardware.plays import Setup, setup

FOLDER = Path(__file__).parent

WIRINGS: dict[str, Callable[[BoardSpec, Setup], str]] = {"breadboard": breadboard.drawing}
"""Boards that are wired by hand; of the others only the header is drawn."""


def real_boards() -> list[BoardSpec]:
    """The boards that one can touch, by name."""
    return [spec for spec in map(find_board, board_names()) if not spec.simulated]


def files() -> dict[Path, str]:
    """Every file that is made, with what belongs into it."""
    specs = real_boards()
    made = {FOLDER / name: text for spec in specs for name, text in of_board(spec)}
    readme = FOLDER / "README.md"
    return made | {readme: pages.of_all(readme.read_text("utf-8"), specs, load_config())}


def of_board(spec: BoardSpec) -> Iterator[tuple[str, str]]:
    """The files of one board, by name."""
    start = setup(spec)
    page = FOLDER / f"{spec.name}.md"
    text = page.read_text("utf-8") if page.is_file() else pages.NEW.format(title=spec.title)
    yield page.name, pages.of_board(text, spec, start)
    yield f"{spec.name}-panel.svg", panel.drawing(spec, start)
    yield f"{spec.name}-wiring.svg", WIRINGS.get(spec.name, _header)(spec, start)


def _header(spec: BoardSpec, _: Setup) -> str:
    return header.drawing(spec)


def main() -> None:
    """Write what has changed."""
    for path, text in files().items():
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"hardware/{path.name}")


if __name__ == "__main__":
    main()
