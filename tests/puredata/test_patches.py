"""The patches as files: vanilla, tidy, and never behind the tables."""

from itertools import combinations

import pytest

from puredata import generate, names
from tests.puredata.patchfile import ATOMS, WORDS, windows

FOLDER = generate.FOLDER
PATCHES = sorted(FOLDER.glob("*.pd"), key=lambda path: path.name)
EXAMPLES = ("hello", "sequencer", "remapper", "drone", "effects")

VANILLA = """
inlet outlet inlet~ outlet~ pd declare loadbang
send s receive r send~ s~ receive~ r~ value v netsend netreceive oscformat oscparse print
bang float f symbol int i list trigger t pack unpack route select sel spigot moses until swap change
metro delay del timer pipe line makenote stripnote poly makefilename random clip max min mod div
+ - * / == != > < >= <= && || abs pow sqrt log exp mtof ftom dbtorms rmstodb
array tabread tabwrite text qlist key keyup keyname notein noteout ctlin ctlout
bng tgl nbx vsl hsl vradio hradio vu cnv
adc~ dac~ osc~ phasor~ noise~ +~ -~ *~ /~ clip~ max~ min~ wrap~ sqrt~ abs~
lop~ hip~ bp~ vcf~ biquad~ delwrite~ delread~ delread4~ vd~ sig~ line~ vline~ snapshot~ env~ tabread4~
"""
"""Objects that every Pd has."""


@pytest.fixture(params=PATCHES, ids=lambda path: path.stem)
def patch(request):
    return request.param


def names_of(path, *kinds):
    """What a patch sends to or receives from by name."""
    boxes = [box for window in windows(path) for box in window.boxes if box.name in kinds]
    return {box.words[1] for box in boxes if box.words[1].startswith("ddsp-")}


def test_every_patch_is_there():
    assert {path.stem for path in PATCHES} == {"ddsp", "ddsp-help", *EXAMPLES}


def test_what_is_committed_is_what_is_made_now():
    stale = [path.name for path, text in generate.files().items() if path.read_text("utf-8") != text]
    assert stale == [], "run: python -m puredata.generate"


def test_a_patch_without_the_subpatch_to_renew_is_refused():
    with pytest.raises(ValueError, match="no subpatch cables"):
        generate.replaced("#N canvas 0 0 100 100 12;\n", "cables", [])


def test_patches_are_made_of_vanilla_objects_alone(patch):
    ours = {"ddsp"} if patch.stem != "ddsp" else set()
    used = {box.name for window in windows(patch) for box in window.boxes if box.kind == "obj"}
    assert used - {*VANILLA.split()} - ours == set()


def test_boxes_do_not_overlap(patch):
    touching = [
        (window.name, " ".join(one.words), " ".join(other.words))
        for window in windows(patch)
        for one, other in combinations(window.boxes, 2)
        if one.overlaps(other)
    ]
    assert touching == []


def test_boxes_that_overlap_are_seen(tmp_path):
    path = tmp_path / "crowded.pd"
    path.write_text(
        "#N canvas 0 0 300 200 12;\n#X obj 20 20 metro 100;\n#X obj 60 30 print;\n#X obj 120 30 f;\n"
    )
    one, other, far = windows(path)[-1].boxes
    assert one.overlaps(other)
    assert not one.overlaps(far)


def test_boxes_are_inside_their_windows(patch):
    for window in windows(patch):
        if window.graph:
            continue
        for box in window.boxes:
            width, height = box.size
            assert box.x + width <= window.width, (window.name, box.words)
            assert box.y + height <= window.height, (window.name, box.words)


def test_only_boxes_that_have_a_place_are_known(patch):
    kinds = {box.kind for window in windows(patch) for box in window.boxes}
    assert kinds <= {*WORDS, *ATOMS, "graph"}


def test_every_patch_says_what_it_is(patch):
    top = windows(patch)[-1]
    first = next(box for box in top.boxes if box.kind == "text")
    assert (first.x, first.y) == (20, 20)


def test_the_abstraction_has_the_names_of_the_tables_and_no_others():
    params = {f"ddsp-{param.name}" for param in generate.params()}
    taken = {name for row in names.SENDS for name in row.all} | params
    told = {name for row in names.RECEIVES for name in row.all}
    among_copies = {"ddsp-anybody", "ddsp-somebody"}
    assert names_of(FOLDER / "ddsp.pd", "r") - among_copies == taken
    assert names_of(FOLDER / "ddsp.pd", "s") - among_copies == told


def test_only_jacks_come_and_go_by_one_name():
    params = {f"ddsp-{param.name}" for param in generate.params()}
    taken = {name for row in names.SENDS for name in row.all} | params
    told = {name for row in names.RECEIVES for name in row.all}
    both = [f"ddsp-cv{number}" for number in range(1, 9)] + [f"ddsp-gate{number}" for number in range(1, 5)]
    assert taken & told == {*both}


@pytest.mark.parametrize("name", [*EXAMPLES, "ddsp-help"])
def test_patches_use_names_that_there_are(name):
    params = [param.name for param in generate.params()]
    known = {one for row in (*names.SENDS, *names.RECEIVES) for one in row.all}
    known |= {f"ddsp-{param}" for param in params} | {f"ddsp-param-{param}" for param in params}
    used = names_of(FOLDER / f"{name}.pd", "s", "r")
    assert used
    assert used <= known
