from ddsp_pi.processes.patchbay import CODEC, INPUTS, OUTPUTS, Patchbay, cables, change

DIRECT = """system:playback_1
   PortAudio:out_0
system:playback_2
   PortAudio:out_1
PortAudio:out_0
   system:playback_1
PortAudio:out_1
   system:playback_2
"""
PD = "\n".join((*INPUTS, *OUTPUTS, ""))


def test_a_listing_is_read_with_what_is_connected():
    assert cables(DIRECT + PD)["PortAudio:out_0"] == {"system:playback_1"}
    assert cables(DIRECT + PD)[OUTPUTS[0]] == frozenset()
    assert cables("") == {}


def test_the_sound_is_led_through_pd_and_no_longer_past_it():
    todo = change(cables(DIRECT + PD), ours=True)
    assert todo.lay == {
        ("PortAudio:out_0", INPUTS[0]),
        ("PortAudio:out_1", INPUTS[1]),
        (OUTPUTS[0], CODEC[0]),
        (OUTPUTS[1], CODEC[1]),
    }
    assert todo.pull == {("PortAudio:out_0", CODEC[0]), ("PortAudio:out_1", CODEC[1])}


def test_a_single_channel_goes_into_both_inputs():
    one = DIRECT.replace("PortAudio:out_1\n   system:playback_2\n", "").replace("   PortAudio:out_1\n", "")
    todo = change(cables(one + PD), ours=True)
    assert {pair for pair in todo.lay if pair[0] == "PortAudio:out_0"} == {
        ("PortAudio:out_0", INPUTS[0]),
        ("PortAudio:out_0", INPUTS[1]),
    }


def test_what_is_well_is_left_alone():
    well = (
        f"{CODEC[0]}\n{CODEC[1]}\nPortAudio:out_0\n  {INPUTS[0]}\n  ear:in\nPortAudio:out_1\n  {INPUTS[1]}\n"
    )
    well += f"{INPUTS[0]}\n{INPUTS[1]}\n{OUTPUTS[0]}\n  {CODEC[0]}\n{OUTPUTS[1]}\n  {CODEC[1]}\n"
    assert change(cables(well), ours=True) == (frozenset(), frozenset())


def test_without_pd_the_module_plays_past_it():
    gone = DIRECT.replace("   PortAudio:out_0\n", "").replace("   system:playback_1\n", "")
    todo = change(cables(gone), ours=True)
    assert todo.lay == {("PortAudio:out_0", CODEC[0])}
    assert not todo.pull


def test_a_module_that_plays_elsewhere_is_left_alone():
    todo = change(cables(DIRECT + PD), ours=False)
    assert todo.lay == set(zip(OUTPUTS, CODEC, strict=True))
    assert not todo.pull


def test_a_server_without_a_codec_has_nothing_to_connect_to():
    assert change(cables(PD), ours=True) == (frozenset(), frozenset())


def test_without_the_tools_it_is_said_what_to_connect(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    said = []
    assert Patchbay(True, said.append).tend() is None
    (line,) = said
    assert all(port in line for port in (*INPUTS, *OUTPUTS, *CODEC, "jack-tools"))
