"""Pages and drawings of the boards say what the tables say, and the tables can be true."""

import re
import tomllib
from itertools import combinations
from xml.etree import ElementTree

import pytest

from ddsp_pi.config import load_config
from ddsp_pi.rack.board import N_BUTTONS, N_CVS, N_GATES
from ddsp_pi.rack.boards import board_names, find_board
from ddsp_pi.rack.spec import FULL_SCALE
from ddsp_pi.service.bootfiles import read_boot
from ddsp_pi.service.host import Host
from hardware import boot, generate, pages, plays, signals
from hardware.drawing import breadboard
from hardware.drawing.layouts import layout
from hardware.parts import PARTS, Values

FOLDER = generate.FOLDER
CONFIG = load_config()
BOARDS = {spec.name: spec for spec in generate.real_boards()}
README = (FOLDER / "README.md").read_text("utf-8")
DRAWINGS = sorted(path.name for path in FOLDER.glob("*.svg"))

PINOUT = {
    2: 3, 3: 5, 4: 7, 17: 11, 27: 13, 22: 15, 10: 19, 9: 21, 11: 23, 0: 27, 5: 29, 6: 31, 13: 33, 19: 35,
    26: 37,
    14: 8, 15: 10, 18: 12, 23: 16, 24: 18, 25: 22, 8: 24, 7: 26, 1: 28, 12: 32, 16: 36, 20: 38, 21: 40,
}  # fmt: skip
"""BCM number → pin of the header, as on the pinout that Raspberry Pi prints."""

GROUNDS, FIVE_VOLTS, THREE_VOLTS = {6, 9, 14, 20, 25, 30, 34, 39}, {2, 4}, {1, 17}
OF_SPI0 = {"SPI0 MISO": 9, "SPI0 MOSI": 10, "SPI0 SCLK": 11}
CHIP_SELECT = {0: ("SPI0 CE0", 8), 1: ("SPI0 CE1", 7)}
OF_PCM = {"I²S BCLK": 18, "I²S LRCLK": 19, "I²S in": 20, "I²S out": 21}
OF_I2C1 = {"I²C1 SDA": 2, "I²C1 SCL": 3}


def example(kind):
    """The block of code of that kind in the README."""
    return re.search(rf"```{kind}\n(.*?)```", README, re.DOTALL)[1]


def example_board():
    space = {}
    exec(compile(example("python"), "README.md", "exec"), space)
    return space["BOARD"]


ALL = [*BOARDS.values(), example_board()]


@pytest.fixture(params=ALL, ids=lambda spec: spec.name)
def spec(request):
    return request.param


def page(name):
    return (FOLDER / f"{name}.md").read_text("utf-8")


def svg(spec, what):
    return dict(generate.of_board(spec))[f"{spec.name}-{what}.svg"]


def nodes(root, tag):
    return root.iter(f"{{http://www.w3.org/2000/svg}}{tag}")


def texts(spec, what):
    return [node.text for node in nodes(ElementTree.fromstring(svg(spec, what)), "text")]


def written(root, letter):
    """Words with left, right, top and bottom, where a letter is so wide as a share of the font's size."""
    for node in nodes(root, "text"):
        x, y, size = (float(node.attrib[name]) for name in ("x", "y", "font-size"))
        long = letter * size * len(node.text)
        left = x - long * {"middle": 0.5, "end": 1.0}.get(node.attrib.get("text-anchor"), 0.0)
        yield node.text, left, left + long, y - 0.75 * size, y + 0.15 * size


# What is committed.


def test_what_is_committed_is_what_is_made_now():
    stale = [path.name for path, text in generate.files().items() if path.read_text("utf-8") != text]
    assert stale == [], "run: python -m hardware.generate"


def test_every_board_has_its_page_and_drawings_and_nothing_is_left_of_another():
    real = {name for name in board_names() if not find_board(name).simulated}
    assert {"breadboard", "terminal-tedium-wm8731", "terminal-tedium-pcm5102a"} <= real == BOARDS.keys()
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == real
    assert {name.removesuffix(".svg").rpartition("-")[0] for name in DRAWINGS} == real
    assert len(DRAWINGS) == 2 * len(real)


@pytest.mark.parametrize("name", BOARDS)
def test_a_page_has_every_section_that_it_needs(name):
    text = page(name)
    assert all(f"<!-- {section} -->" in text for section in pages.EVERY)
    assert all(note in text for note in BOARDS[name].notes)
    assert f"({name}-panel.svg)" in text
    assert f"({name}-wiring.svg)" in text


@pytest.mark.parametrize("name", [*BOARDS, "README"])
def test_every_link_leads_somewhere(name):
    text = page(name)
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text)
    assert links
    for target, anchor in links:
        if target.startswith("https://"):
            continue
        there = FOLDER / (target or f"{name}.md")
        assert there.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in {title.lower().replace(" ", "-") for title in titles}


# What the tables must be.


def test_the_header_is_that_of_every_pi():
    named = {bcm: pin for pin, bcm in enumerate(signals.HEADER, 1) if isinstance(bcm, int)}
    assert named == PINOUT
    supplies = {"GND": GROUNDS, "5V": FIVE_VOLTS, "3V3": THREE_VOLTS}
    for name, there in supplies.items():
        assert {pin for pin, carries in enumerate(signals.HEADER, 1) if carries == name} == there
    assert signals.HEADER[breadboard.SUPPLY_PIN - 1] == "3V3"
    assert signals.HEADER[breadboard.GROUND_PIN - 1] == "GND"


def test_the_converter_has_the_legs_of_its_data_sheet():
    left = ["CH0", "CH1", "CH2", "CH3", "CH4", "CH5", "CH6", "CH7"]
    right_from_above = ["VDD", "VREF", "AGND", "CLK", "DOUT", "DIN", "CS", "DGND"]
    assert [*signals.MCP3208] == left + right_from_above[::-1]


def test_no_pin_is_used_twice(spec):
    used = [signal.bcm for signal in signals.signals(spec)]
    assert len(used) == len(set(used)) == len(spec.lines) + len(spec.bus_pins)
    assert set(used) <= PINOUT.keys() - {0, 1}, "0 and 1 belong to the boards' identification"


def test_the_buses_are_where_the_pi_has_them(spec):
    name, pin = CHIP_SELECT[spec.spi.device]
    wanted = OF_SPI0 | {name: pin}
    if spec.codec:
        ways = {"I²S in": spec.codec.inputs, "I²S out": spec.codec.outputs}
        wanted |= {name: pin for name, pin in OF_PCM.items() if ways.get(name, 1)}
        wanted |= OF_I2C1 if spec.codec.i2c_address is not None else {}
    assert dict(spec.bus_pins) == wanted
    assert spec.spi.hz <= 1_000_000


def test_jacks_are_no_more_than_the_rest_can_take_and_each_has_its_channel(spec):
    channels = [cv.channel for cv in spec.cvs]
    assert len(set(channels)) == len(channels)
    assert set(channels) <= set(range(8))
    assert 1 <= len(spec.cvs) <= N_CVS
    assert len(spec.gates_in) <= N_GATES
    assert len(spec.buttons) <= N_BUTTONS
    assert all(line.active_low == line.pull_up for line in (*spec.gates_in, *spec.buttons))


def test_volts_and_counts_are_each_other_s_inverse(spec):
    for cv in spec.cvs:
        ends = (cv.high_volts, cv.low_volts) if cv.inverted else (cv.low_volts, cv.high_volts)
        assert (cv.volts(0), cv.volts(FULL_SCALE)) == pytest.approx(ends)
        assert cv.volts(cv.counts(1.25)) == pytest.approx(1.25)
        assert 0.002 < cv.volts_per_count < 0.005


def test_a_codec_has_a_card_for_each_overlay_and_plays_our_rate(spec):
    if spec.codec:
        assert len(spec.codec.overlays) == len(spec.codec.card_ids) >= 1
        assert 48_000 in spec.codec.rates_hz
        assert all(len(card) <= 15 for card in spec.codec.card_ids), "ALSA cuts them off"


# The drawings.


@pytest.fixture(params=["panel", "wiring"])
def drawn(request, spec):
    return ElementTree.fromstring(svg(spec, request.param))


def test_nothing_leaves_the_paper(drawn):
    width, height = float(drawn.attrib["width"]), float(drawn.attrib["height"])
    for words, left, right, top, bottom in written(drawn, 0.62):
        assert left >= 0, words
        assert right <= width, words
        assert top >= 0, words
        assert bottom <= height, words


def test_no_words_lie_upon_others(drawn):
    for one, other in combinations(written(drawn, 0.55), 2):
        apart = one[2] <= other[1] or other[2] <= one[1] or one[4] <= other[3] or other[4] <= one[3]
        assert apart, f"{one[0]!r} and {other[0]!r}"


def test_every_pin_stands_in_drawing_and_table(spec):
    said, rows = texts(spec, "wiring"), pages.BOARD["pins"](spec, plays.setup(spec)).splitlines()
    for signal in signals.signals(spec):
        assert f"GPIO {signal.bcm}" in said
        assert signal.name in said or signal.name.removeprefix("SPI0 ") in said
        assert f"| {PINOUT[signal.bcm]} | {signal.bcm} | {signal.name} | {signal.about} |" in rows
    assert [text for text in said if text.isdigit()].count("40") == 1


def test_the_wire_of_each_signal_ends_at_its_own_pin(spec):
    root = ElementTree.fromstring(svg(spec, "wiring"))
    ends = {
        tuple(map(float, point.split(",")))
        for line in nodes(root, "polyline")
        for point in (line.attrib["points"].split()[0], line.attrib["points"].split()[-1])
    }
    numbers = {
        node.text: (float(node.attrib["x"]), float(node.attrib["y"]) - 4.5)
        for node in nodes(root, "text")
        if node.text.isdigit() and node.attrib["font-size"] == "12.5"
    }
    assert len(numbers) == 40
    assert all(numbers[str(PINOUT[signal.bcm])] in ends for signal in signals.signals(spec))


def test_everything_on_the_board_is_on_its_panel(spec):
    codec = spec.codec
    counts = {
        "cv": len(spec.cvs),
        "gate in": len(spec.gates_in),
        "gate out": len(spec.gates_out),
        "button": len(spec.buttons),
        "led": int(spec.led is not None),
        "knob": sum(cv.pot for cv in spec.cvs),
        "audio in": codec.inputs if codec else 0,
        "audio out": codec.outputs if codec else 0,
    }
    plan = layout(spec)
    for kind, count in counts.items():
        found = sorted(spot.number for spot in plan.spots if spot.kind == kind)
        assert found == list(range(1, count + 1)), kind
    assert all(0 < spot.x_mm < plan.width_mm and 0 < spot.y_mm < plan.height_mm for spot in plan.spots)


@pytest.mark.parametrize("name", BOARDS)
def test_the_panel_says_what_the_settings_of_the_board_play(name):
    said, made = texts(BOARDS[name], "panel"), plays.setup(BOARDS[name])
    assert f"The panel, and what it plays with configs/{made.file}" in said
    for route in made.config.cv.routes:
        assert ("pitch" if route.law == "v_oct" else route.to.replace("_", " ")) in said
    # Gates 3 and 4.
    assert said.count("free") == 2 + len(BOARDS[name].cvs) - len(made.config.cv.routes)
    assert "next instrument" in said
    assert "Buttons 1 + 2 held: calibrate." in said


def test_the_breadboard_s_parts_are_those_of_its_table():
    spec = BOARDS["breadboard"]
    series, shunt = (float(value.removesuffix(" kΩ")) for value in (Values.series, Values.shunt))
    assert {cv.high_volts for cv in spec.cvs} == {3.3 * (series + shunt) / shunt}
    counts = {part.name: part.count(spec) for part in PARTS}
    assert counts[f"resistor {Values.series}, 1 %"] == 12
    assert counts["jack 3.5 mm, mono"] == 14
    said = texts(spec, "wiring")
    assert {Values.series, Values.shunt, Values.diode, Values.sampling, Values.transistor} <= set(said)
    assert [name for name in signals.MCP3208 if name not in said] == []


# What the pages tell the reader to type.


def config_lines(spec):
    first, *lines = boot.config_txt(spec).splitlines()
    assert first == "[all]"
    return [line for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "terminal-tedium-wm8731",
            [
                "dtparam=spi=on",
                "dtparam=i2c_arm=on",
                "dtparam=audio=off",
                "dtoverlay=rpi-proto",
                "enable_uart=0",
            ],
        ),
        (
            "terminal-tedium-pcm5102a",
            ["dtparam=spi=on", "dtparam=i2c_arm=off", "dtparam=audio=off", "dtoverlay=hifiberry-dac"],
        ),
        ("breadboard", ["dtparam=spi=on"]),
    ],
)
def test_the_boot_lines_of_each_board(name, lines):
    assert config_lines(BOARDS[name]) == lines
    assert ("serial-getty" in boot.page(BOARDS[name])) == ("enable_uart=0" in lines)


def test_the_doctor_reads_the_boot_lines_as_the_board_wants_them(spec, tmp_path):
    file = tmp_path / "boot/firmware/config.txt"
    file.parent.mkdir(parents=True)
    file.write_text(f"dtparam=audio=on\n[cm5]\ndtoverlay=dwc2,dr_mode=host\n{boot.config_txt(spec)}\n")
    read = read_boot(Host(tmp_path))
    codec, pins = spec.codec, {line.pin for line in spec.lines.values()}
    assert read.switched_on("spi")
    assert read.switched_on("i2c_arm") == (codec is not None and codec.i2c_address is not None)
    assert read.switched_on("audio") == (codec is None)
    assert [line.overlay for line in read.overlays() if line.applies] == (
        [codec.overlays[0]] if codec else []
    )
    assert read.values("enable_uart") == (["0"] if 14 in pins else [])


def test_the_console_is_taken_out_of_the_kernel_s_line_and_nothing_else():
    script = re.search(r"s/(.*?)//'", boot.page(BOARDS["terminal-tedium-wm8731"]))[1]
    pattern = script.replace(r"\(", "(").replace(r"\)", ")").replace(r"\|", "|")
    line = "console=serial0,115200 console=tty1 root=PARTUUID=4e639091-02 rootfstype=ext4 rootwait"
    assert re.sub(pattern, "", line) == line.removeprefix("console=serial0,115200 ")


def test_every_setting_of_a_mixer_has_its_command():
    spec = BOARDS["terminal-tedium-wm8731"]
    said = boot.commands(spec.codec, "sndrpiproto")
    assert "amixer -c sndrpiproto cset name='Input Mux' 'Line In'" in said
    assert len(said) == len(spec.codec.mixer)
    assert boot.mixer(spec).rstrip("`\n").endswith("sudo alsactl store")


@pytest.mark.parametrize("name", BOARDS)
def test_the_settings_that_a_page_names_are_those_of_its_board(name):
    made = plays.setup(BOARDS[name])
    assert f"sudo install -D configs/{made.file} /etc/ddsp_pi/config.yaml" in page(name)
    assert made.config.rack.board == name
    assert made.config.audio.device == (BOARDS[name].codec and BOARDS[name].codec.card_ids[0])


def test_the_settings_of_a_board_that_has_no_file_can_be_used(tmp_path):
    file = tmp_path / "config.yaml"
    text = boot.settings(example_board(), plays.Setup(plays.DEFAULT, CONFIG))
    file.write_text(text.removeprefix("```yaml\n").removesuffix("```"))
    config = load_config(file)
    assert (config.rack.board, config.audio.device) == ("my-rack", "sndrpihifiberry")


@pytest.mark.parametrize("name", [*BOARDS, "README"])
def test_settings_that_the_text_names_exist(name, tmp_path):
    for path in re.findall(r"`(rack\.\w+)`", page(name)):
        assert hasattr(CONFIG.rack, path.removeprefix("rack.")), path
    for number, line in enumerate(re.findall(r"`((?:audio|cv|rack): \{[^`]*\})`", page(name))):
        file = tmp_path / f"{number}.yaml"
        file.write_text(line)
        assert load_config(file) != CONFIG


def test_what_the_text_says_of_a_jack_that_wakes_is_the_default():
    assert "with `cv2: 0.25`, the default" in README
    assert CONFIG.rack.wakes == {"cv2": 0.25}


def test_the_knob_table_is_the_sum_of_knob_and_cable():
    rows = re.findall(r"^\| (fully left|noon|fully right) \| (\S+)…(\S+) V \|", README, re.MULTILINE)
    found = {where: tuple(float(volts.replace("−", "-")) for volts in reach) for where, *reach in rows}
    assert found == {"fully left": (0, 10.04), "noon": (-5.02, 5.02), "fully right": (-10.04, 0)}


# A new board.


def test_the_board_of_the_readme_is_found_by_its_entry_point(tmp_path, monkeypatch):
    group, entries = next(iter(tomllib.loads(example("toml"))["project"]["entry-points"].items()))
    (tmp_path / "my_rack.py").write_text(example("python"))
    info = tmp_path / "my_rack-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-rack\nVersion: 0.1\n")
    rows = "".join(f"{name} = {value}\n" for name, value in entries.items())
    (info / "entry_points.txt").write_text(f"[{group}]\n{rows}")
    monkeypatch.syspath_prepend(tmp_path)
    assert "my-rack" in board_names()
    assert find_board("my-rack") == example_board()


def test_a_new_board_gets_a_page_of_its_own():
    made = dict(generate.of_board(example_board()))
    assert sorted(made) == ["my-rack-panel.svg", "my-rack-wiring.svg", "my-rack.md"]
    assert all(f"<!-- {section} -->\n<!--" not in made["my-rack.md"] for section in pages.EVERY)
    assert "dtoverlay=hifiberry-dac" in made["my-rack.md"]


@pytest.mark.parametrize(
    "text", ["no sections at all", "<!-- pins -->\n<!-- /pins -->\n<!-- odd -->\n<!-- /odd -->"]
)
def test_a_page_whose_sections_are_wrong_is_refused(text):
    with pytest.raises(ValueError, match="pins"):
        pages.renewed(text, {"pins": "a table"})
