"""The patches in a real Pd, and a module that writes down what they play."""

import pytest

from puredata import generate, names
from tests.programs import free_port
from tests.puredata.patchfile import windows
from tests.puredata.test_patches import PATCHES

pytestmark = pytest.mark.real

NOTES = "/ddsp/note"
ALONE = "#N canvas 0 0 300 200 12;\n#X obj 20 20 ddsp{};\n"
BROKEN = ALONE.format("") + "#X obj 20 50 no-such-object;\n"


def array(patch, name):
    return windows(generate.FOLDER / f"{patch}.pd")[-1].arrays[name]


# Opening.


@pytest.mark.parametrize("patch", [path.stem for path in PATCHES])
def test_a_patch_opens_without_a_word(patch, play):
    pd = play(patch)
    assert pd.said.all == []


def test_a_broken_patch_does_not(play, tmp_path):
    path = tmp_path / "broken.pd"
    path.write_text(BROKEN)
    pd = play(path)
    assert any("couldn't create" in line for line in pd.said.all)


# The abstraction, towards the module.


def test_each_parameter_goes_by_its_name(play, module):
    pd = play("ddsp")
    for param in generate.params():
        pd.send(f"ddsp-{param.name}", 0.5)
        assert module.hears(f"/ddsp/param/{param.name}") == (0.5,)


def test_one_number_is_a_pitch_and_two_are_a_key(play, module):
    pd = play("ddsp")
    pd.send("ddsp-note", 60)
    pd.send("ddsp-note", 61.5, 0.75)
    pd.send("ddsp-note", 61.5, 0)
    module.hears("/ddsp/param/note", 60.0)
    module.hears(NOTES, 61.5, 0.75)
    module.hears(NOTES, 61.5, 0.0)
    assert [heard for heard in module.heard.all if heard[0] != "/ddsp/subscribe"] == [
        ("/ddsp/param/note", 60.0), (NOTES, 61.5, 0.75), (NOTES, 61.5, 0.0)
    ]  # fmt: skip


@pytest.mark.parametrize("jack", [1, 8])
def test_a_jack_is_taken_over_and_given_back_by_word_or_bang(jack, play, module):
    pd = play("ddsp")
    for release in ([], ["release"]):
        pd.send(f"ddsp-cv{jack}", 2.5)
        assert module.hears(f"/ddsp/cv/{jack}/override") == (2.5,)
        pd.send(f"ddsp-cv{jack}", *release)
        assert module.hears(f"/ddsp/cv/{jack}/release") == ()


def test_a_gate_comes_and_goes_by_one_name_without_going_back(play, module):
    pd = play("ddsp", "ddsp-gate2")
    module.tell(pd.port, "/ddsp/gate/2", "i", 1)
    pd.says("ddsp-gate2", "1")
    pd.send("ddsp-gate2", 0)
    assert module.hears("/ddsp/gate/2") == (0.0,)
    assert [heard for heard in module.heard.all if heard[0] != "/ddsp/subscribe"] == [("/ddsp/gate/2", 0.0)]


def test_instrument_preset_panic_and_gate_outputs_go_too(play, module):
    pd = play("ddsp")
    pd.send("ddsp-instrument", "cello")
    pd.send("ddsp-instrument", "symbol", "alto-sax")
    pd.send("ddsp-preset", "dark")
    pd.send("ddsp-panic", 1)
    pd.send("ddsp-gateout2", 1)
    assert module.hears("/ddsp/instrument") == ("cello",)
    assert module.hears("/ddsp/instrument") == ("alto-sax",)
    assert module.hears("/ddsp/preset/load") == ("dark",)
    assert module.hears("/ddsp/panic") == ()
    assert module.hears("/ddsp/gateout/2") == (1.0,)


def test_what_is_sent_when_a_patch_opens_is_not_lost(play, module, tmp_path):
    path = tmp_path / "early.pd"
    arguments = f"127.0.0.1 {module.port} 0"
    boxes = [
        "obj 20 20 loadbang",
        "msg 20 50 69 0.5",
        "obj 20 80 s ddsp-note",
        f"obj 200 20 ddsp {arguments}",
    ]
    lines = [
        "#N canvas 0 0 300 200 12",
        *(f"#X {box}" for box in boxes),
        "#X connect 0 0 1 0",
        "#X connect 1 0 2 0",
    ]
    path.write_text(";\n".join(lines) + ";\n")
    play(path)
    assert (NOTES, 69.0, 0.5) in module.heard.all


def test_the_subscription_is_renewed(play, module):
    pd = play("ddsp")
    assert module.hears("/ddsp/subscribe") == (float(pd.port),)


def test_of_two_copies_one_talks_and_when_it_is_closed_the_other_does(play, module, tmp_path):
    first, second, port = tmp_path / "first.pd", tmp_path / "second.pd", free_port()
    first.write_text(ALONE.format(""))
    second.write_text(ALONE.format(f" 127.0.0.1 {module.port} {port}"))
    pd = play(first)
    pd.send("pd", "open", second.name, tmp_path)
    pd.send("ddsp-note", 60, 0.5)
    pd.send("ddsp-note", 61, 0.5)
    module.hears(NOTES, 61.0, 0.5)
    assert module.heard.all.count((NOTES, 60.0, 0.5)) == 1
    pd.send("pd-first.pd", "menuclose", 1)
    module.hears("/ddsp/subscribe", float(port))
    pd.send("ddsp-note", 62, 0.5)
    module.hears(NOTES, 62.0, 0.5)
    assert pd.said.all == []


# The abstraction, from the module.


def test_each_name_of_the_table_tells_what_the_module_says(play, module):
    told = [name for row in names.RECEIVES for name in row.all]
    pd = play("ddsp", *told)
    port = pd.port
    volts = [1.5, -2.0, 0.25, 4.0, 5.0, 6.0, 7.0, 8.0]
    module.tell(port, "/ddsp/cv", "f" * 8, *volts)
    for jack in range(8, 0, -1):
        assert float(pd.says(f"ddsp-cv{jack}")) == volts[jack - 1]
    rows = [
        *((f"/ddsp/gate/{n}", "i", 1, f"ddsp-gate{n}", "1") for n in range(1, 5)),
        *((f"/ddsp/button/{n}", "i", 2, f"ddsp-button{n}", "2") for n in range(1, 4)),
        ("/ddsp/stat/load", "f", 0.25, "ddsp-load", "0.25"),
        ("/ddsp/stat/worst_load", "f", 0.5, "ddsp-worst_load", "0.5"),
        ("/ddsp/stat/xruns", "i", 3, "ddsp-xruns", "3"),
        ("/ddsp/f0", "f", 440.0, "ddsp-f0", "440"),
        ("/ddsp/instrument", "s", "violin", "ddsp-playing", "symbol violin"),
        ("/ddsp/preset", "s", "dark", "ddsp-loaded", "symbol dark"),
        ("/ddsp/error", "s", "no, not that", "ddsp-error", r"symbol no\\,\\ not\\ that"),
    ]
    seen = {f"ddsp-cv{jack}" for jack in range(1, 9)} | {"ddsp-alive", "ddsp-level", "ddsp-onset"}
    for address, types, value, name, text in rows:
        module.tell(port, address, types, value)
        pd.says(name, text)
        seen.add(name)
    module.tell(port, "/ddsp/level", "ff", 0.5, 0.25)
    pd.says("ddsp-level", "0.5 0.25")
    module.tell(port, "/ddsp/onset", "ffff", 14.5, -18.5, 97.25, -6.5)
    pd.says("ddsp-onset", "14.5 -18.5 97.25 -6.5")
    assert seen == set(told)


def test_echoes_come_to_their_names(play, module):
    params = [param.name for param in generate.params()]
    pd = play("ddsp", *(f"ddsp-param-{name}" for name in params))
    for name in params:
        module.tell(pd.port, f"/ddsp/param/{name}", "f", 0.5)
        pd.says(f"ddsp-param-{name}", "0.5")
    assert not any(address.startswith("/ddsp/param") for address, *_ in module.heard.all)


def test_what_a_jack_says_is_not_sent_back_to_it(play, module):
    pd = play("ddsp", "ddsp-cv1", "ddsp-cv8")
    module.tell(pd.port, "/ddsp/cv", "f" * 8, *[1.0] * 8)
    pd.says("ddsp-cv1", "1")
    pd.send("ddsp-cv1", 2)
    module.hears("/ddsp/cv/1/override", 2.0)
    overrides = [heard for heard in module.heard.all if heard[0].startswith("/ddsp/cv/")]
    assert overrides == [("/ddsp/cv/1/override", 2.0)]


def test_a_jack_with_nothing_patched_is_at_0_volts(play, module):
    pd = play("ddsp", "ddsp-cv2")
    module.tell(pd.port, "/ddsp/cv", "ff", 1.0, float("nan"))
    pd.says("ddsp-cv2", "0")


def test_a_patch_knows_whether_the_module_answers(play, module):
    pd = play("ddsp", "ddsp-alive")
    pd.says("ddsp-alive", "0")
    module.tell(pd.port, "/ddsp/stat/load", "f", 0.1)
    pd.says("ddsp-alive", "1")
    pd.says("ddsp-alive", "0")
    assert pd.said.all == ["ddsp-alive: 0", "ddsp-alive: 1", "ddsp-alive: 0"]


# The examples.


def test_keys_of_hello_sound_until_the_next_or_until_they_are_let_go(play, module):
    pd = play("hello")
    pd.send("hello-key", 4)
    assert module.hears(NOTES) == (64.0, pytest.approx(0.8))
    pd.send("hello-octave", 1)
    pd.send("hello-velocity", 0.5)
    pd.send("hello-key", 7)
    assert module.hears(NOTES) == (64.0, 0.0)
    assert module.hears(NOTES) == (79.0, 0.5)
    pd.send("hello-off")
    pd.send("hello-off")
    assert module.hears(NOTES) == (79.0, 0.0)
    pd.send("hello-brightness", 2)
    assert module.hears("/ddsp/param/brightness") == (2.0,)
    assert len([heard for heard in module.heard.all if heard[0] == NOTES]) == 4


def test_sliders_of_hello_follow_without_answering(play, module):
    pd = play("hello", "ddsp-loudness", "ddsp-param-loudness")
    module.tell(pd.port, "/ddsp/param/loudness", "f", -30.0)
    pd.says("ddsp-param-loudness")
    pd.send("hello-loudness", "bang")
    assert float(pd.says("ddsp-loudness")) == pytest.approx(-30.0, abs=0.5)
    assert module.hears("/ddsp/param/loudness") == (pytest.approx(-30.0, abs=0.5),)
    assert len([heard for heard in module.heard.all if heard[0] == "/ddsp/param/loudness"]) == 1


def test_the_sequencer_plays_its_steps_and_lets_each_go(play, module):
    notes, velocities = array("sequencer", "seq-notes"), array("sequencer", "seq-velocity")
    pd = play("sequencer")
    pd.send("seq-bpm", 300)
    pd.send("seq-transpose", 12)
    pd.send("seq-run", 1)
    steps = [*zip(notes, velocities, strict=True)]
    assert 0.0 in velocities, "a rest"
    for note, velocity in [step for step in (*steps, steps[0]) if step[1]]:
        assert module.hears(NOTES) == (note + 12, pytest.approx(velocity))
        assert module.hears(NOTES) == (note + 12, 0.0)
    pd.send("seq-run", 0)


def test_the_drone_keeps_to_its_scale_and_moves_its_colours(play, module):
    pd = play("drone")
    module.tell(pd.port, "/ddsp/stat/load", "f", 0.1)
    module.hears("/ddsp/param/attack", 1.5)
    module.hears("/ddsp/param/release", 4.0)
    module.hears("/ddsp/param/glide", 300.0)
    pd.send("drone-seconds", 0.2)
    pd.send("drone-run", 1)
    played = [module.hears(NOTES) for _ in range(12)]
    begun, ended = played[::2], played[1::2]
    assert {note for note, _ in begun} <= set(array("drone", "drone-scale"))
    assert [(note, 0.0) for note, _ in begun] == ended
    by_name = {param.name: param for param in generate.params()}
    for name in ("brightness", "vibrato_depth", "noise"):
        values = [
            value for address, *rest in module.heard.all for value in rest if address.endswith(f"/{name}")
        ]
        assert len(set(values)) > 5
        assert all(by_name[name].low <= value <= by_name[name].high for value in values)


def test_the_remapper_turns_what_the_rack_does_into_something_else(play, module):
    pd = play("remapper")
    volts = [0.0, 0.0, 0.0, 0.0, 2.5, 1.0]
    module.tell(pd.port, "/ddsp/cv", "f" * 6, *volts)
    assert module.hears("/ddsp/param/vibrato_rate") == (5.0,)
    module.tell(pd.port, "/ddsp/gate/3", "i", 1)
    assert -4.0 <= module.hears("/ddsp/param/brightness")[0] <= 4.0
    for octave in (12.0, 0.0):
        module.tell(pd.port, "/ddsp/button/3", "i", 1)
        assert module.hears("/ddsp/param/tune") == (octave,)
    pd.send("remap-6", 1)
    pd.send("ddsp-panic")  # One socket is read before another as it comes: this one has been.
    module.hears("/ddsp/panic")
    module.tell(pd.port, "/ddsp/cv", "f" * 6, *volts[:5], 2.0)
    assert module.hears("/ddsp/cv/4/override") == (3.0,)
    pd.send("remap-6", 0)
    assert module.hears("/ddsp/cv/4/release") == ()
