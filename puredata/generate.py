"""Renew what repeats in ddsp.pd and in the page, from the parameters: python -m puredata.generate."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ddsp_pi.modes.tables import SHIPPED_PARAMS
from ddsp_pi.params import Param
from ddsp_pi.rack.board import N_CVS, N_GATES
from hardware.pages import renewed
from puredata import names

FOLDER = Path(__file__).parent

LEFT, TOP, ROW = 20, 60, 30
"""Pixels left of the boxes and above them, and from one line of them to the next."""

COLUMNS, COLUMN = 6, 330
"""So many parameters stand side by side, so far apart."""

APART = 70
"""Pixels between jacks."""

Cord = tuple[int, int, int, int]
"""From a box and its outlet to a box and its inlet; boxes are counted as they stand in the file."""

OUT = r"s \$0-out"
"""What leaves for the module, by the name that only this copy of the patch has."""

JACK = r"""#N canvas 60 60 560 330 {name} 0;
#X obj 20 20 inlet;
#X obj 20 60 t b f b;
#X msg 20 140 1;
#X obj 60 100 s ddsp-{name};
#X msg 180 140 0;
#X obj 260 100 r ddsp-{name};
#X obj 260 140 spigot 1;
#X text 20 220 What comes from the jack does not go back to it., f 26;
#X obj 260 290 {out};
{boxes}
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 3 0;
#X connect 1 2 4 0;
#X connect 2 0 6 1;
#X connect 4 0 6 1;
#X connect 5 0 6 0;
#X connect 6 0 9 0;
{cords}
#X restore {x} {y} pd {name};"""
"""A jack that comes and goes by one name, as far as cables and gates are alike."""

CABLE = (
    (
        "#X obj 260 180 route float bang release;",
        "#X obj 260 220 oscformat /ddsp/cv/{n}/override;",
        "#X obj 260 250 oscformat /ddsp/cv/{n}/release;",
    ),
    ((9, 0, 10, 0), (9, 1, 11, 0), (9, 2, 11, 0), (10, 0, 8, 0), (11, 0, 8, 0)),
)

GATE = (
    (
        "#X obj 260 180 route float;",
        "#X obj 260 220 oscformat /ddsp/gate/{n};",
    ),
    ((9, 0, 10, 0), (10, 0, 8, 0)),
)


def params() -> list[Param]:
    """What can be turned, in any mode."""
    return list({param.name: param for table in SHIPPED_PARAMS.values() for param in table}.values())


def files() -> dict[Path, str]:
    """Every file that is renewed, with what belongs into it."""
    patch, page = FOLDER / "ddsp.pd", FOLDER / "README.md"
    text, known = patch.read_text("utf-8"), params()
    for name, inside in (("parameters", parameters(known)), ("cables", cables()), ("gates", gates())):
        text = replaced(text, name, inside)
    tables = {"sends": names.sends(known), "receives": names.receives(known)}
    return {patch: text, page: renewed(page.read_text("utf-8"), tables)}


def replaced(text: str, name: str, inside: Sequence[str]) -> str:
    """A patch whose subpatch of that name has other lines inside.

    Raises:
        ValueError: the patch has no such subpatch.
    """
    subpatch = rf"(#N canvas [-\d ]+ {name} \d;\n).*?\n(#X restore \d+ \d+ pd {name};)"
    new, found = re.subn(
        subpatch, lambda old: "\n".join([old[1][:-1], *inside, old[2]]), text, flags=re.DOTALL
    )
    if found != 1:
        raise ValueError(f"the patch has no subpatch {name}")
    return new


def parameters(known: Sequence[Param]) -> list[str]:
    """From their names to their addresses; only single numbers, for `ddsp-note` with two is a key."""
    boxes = ["#X text 20 20 A single number sets a parameter \\, in its unit., f 60;"]
    cords: list[Cord] = []
    for at, param in enumerate(known):
        words = (f"r ddsp-{param.name}", "route float", f"oscformat /ddsp/param/{param.name}", OUT)
        first = len(boxes)
        x, y = LEFT + COLUMN * (at % COLUMNS), TOP + (len(words) + 1) * ROW * (at // COLUMNS)
        boxes += [f"#X obj {x} {y + ROW * line} {word};" for line, word in enumerate(words)]
        cords += [(first + line, 0, first + line + 1, 0) for line in range(len(words) - 1)]
    return boxes + drawn(cords)


def cables() -> list[str]:
    """A subpatch for each CV jack."""
    boxes = [f"#X obj {LEFT} {LEFT} inlet;", f"#X obj {LEFT} {TOP} unpack{' f' * N_CVS};"]
    boxes += jacks("cv", N_CVS, TOP + 2 * ROW, *CABLE)
    return boxes + drawn([(0, 0, 1, 0), *((1, at, 2 + at, 0) for at in range(N_CVS))])


def gates() -> list[str]:
    """A subpatch for each gate; which one it is comes as a word of one digit."""
    words = (
        "inlet",
        "list split 1",
        "list fromsymbol",
        "- 48",
        "pack f f",
        f"route {' '.join(_numbers(N_GATES))}",
    )
    boxes = [f"#X obj {LEFT} {LEFT + 40 * at} {word};" for at, word in enumerate(words)]
    boxes += jacks("gate", N_GATES, LEFT + 40 * len(words) + ROW, *GATE)
    cords = [(at, 0, at + 1, 0) for at in range(len(words) - 1)]
    cords += [(1, 1, 4, 1), *((5, at, 6 + at, 0) for at in range(N_GATES))]
    return boxes + drawn(cords)


def jacks(kind: str, count: int, y: int, boxes: Sequence[str], cords: Sequence[Cord]) -> list[str]:
    """Subpatches side by side, of jacks that come and go by one name each."""
    return [
        JACK.format(
            name=f"{kind}{n}",
            x=LEFT + APART * at,
            y=y,
            out=OUT,
            boxes="\n".join(boxes).format(n=n),
            cords="\n".join(drawn(cords)),
        )
        for at, n in enumerate(_numbers(count))
    ]


def _numbers(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def drawn(cords: Iterable[Cord]) -> list[str]:
    """Cords, as they stand in a file."""
    return [f"#X connect {' '.join(map(str, cord))};" for cord in cords]


def main() -> None:
    """Write what has changed."""
    for path, text in files().items():
        if path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"puredata/{path.name}")


if __name__ == "__main__":
    main()
