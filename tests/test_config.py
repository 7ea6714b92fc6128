"""Settings: what loads, what is refused and where the complaint points."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ddsp_pi import shipped
from ddsp_pi.config import Config, explain, load_config
from ddsp_pi.errors import ConfigError
from ddsp_pi.shipped import configs_folder

DEFAULTS = load_config()


@pytest.fixture
def load(tmp_path):
    """Load a text as the user's file."""

    def load(text):
        file = tmp_path / "my.yaml"
        file.write_text(text, "utf-8")
        return load_config(file)

    return load


def leaves(value, prefix=""):
    """Dotted keys of a configuration; rows of lists share theirs."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield prefix
        for row in value:
            yield from leaves(row, prefix)
    else:
        yield prefix


def test_the_defaults_play_the_violin_by_cv():
    assert (DEFAULTS.mode, DEFAULTS.model) == ("cv", "violin")
    assert (DEFAULTS.audio.backend, DEFAULTS.audio.device, DEFAULTS.audio.period) == ("portaudio", None, 128)
    assert (DEFAULTS.osc.port, DEFAULTS.osc.lan) == (9000, False)
    assert DEFAULTS.cv.zero_volt_note == 60.0


def test_the_default_routes_are_the_six_jacks_in_order():
    routes = DEFAULTS.cv.routes
    assert [route.jack for route in routes] == ["cv1", "cv2", "cv3", "cv4", "cv5", "cv6"]
    assert [route.to for route in routes] == [
        "note",
        "loudness",
        "brightness",
        "noise",
        "morph",
        "vibrato_depth",
    ]
    assert [route.law for route in routes] == ["v_oct"] + ["linear"] * 5
    assert (routes[1].volts, routes[1].range) == ((0.0, 8.0), (-80.0, 0.0))


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "audio:\n  # period: 64\n", "~\n"])
def test_a_file_that_says_nothing_changes_nothing(load, text):
    assert load(text) == DEFAULTS


def test_maps_are_merged(load):
    config = load("audio:\n  period: 64\nparams:\n  brightness: 0.3\n")
    assert config.audio.period == 64
    assert config.audio.channels == DEFAULTS.audio.channels
    assert config.cv == DEFAULTS.cv
    assert config.params == {"brightness": 0.3}


def test_lists_are_replaced(load):
    config = load("cv:\n  routes:\n    - {jack: cv2, to: note, law: v_oct}\n")
    assert [route.jack for route in config.cv.routes] == ["cv2"]
    assert config.cv.zero_volt_note == DEFAULTS.cv.zero_volt_note


def test_a_route_needs_only_its_jack_and_its_parameter(load):
    (route,) = load("cv: {routes: [{jack: cv3, to: morph}]}").cv.routes
    assert (route.law, route.volts, route.range, route.smooth_ms) == ("linear", (-5.0, 5.0), None, 0.0)


def test_a_range_may_fall(load):
    (route,) = load("cv: {routes: [{jack: cv3, to: loudness, range: [0, -80]}]}").cv.routes
    assert route.range == (0.0, -80.0)


def test_a_device_has_a_name_or_a_number(load):
    assert load("audio: {device: USB Audio}").audio.device == "USB Audio"
    assert load("audio: {device: 3}").audio.device == 3


def test_a_configuration_cannot_be_changed():
    with pytest.raises(AttributeError):
        DEFAULTS.audio.period = 64


REFUSED = {
    "too small": ("osc:\n  port: 9000\naudio:\n  period: 8\n", "expected int >= 32 at $.audio.period", 4),
    "too large": ("audio: {period: 2048}\n", "expected int <= 512 at $.audio.period", 1),
    "wrong type": ("audio:\n  channels: 2\n  period: fast\n", "expected int, got text at $.audio.period", 3),
    "yes is no number": ("audio:\n  period: yes\n", "expected int, got true or false at $.audio.period", 2),
    "quoted number": ("osc:\n\n  port: '9000'\n", "expected int, got text at $.osc.port", 3),
    "key": ("audio:\n  perod: 64\n", "unknown key at $.audio.perod", 2),
    "section": ("mode: cv\n\naudi:\n  period: 64\n", "unknown key at $.audi", 3),
    "key in a row": (
        "cv:\n  routes:\n    - jack: cv1\n      to: note\n      volt: [0, 5]\n",
        "unknown key at $.cv.routes[0].volt",
        5,
    ),
    "missing key": (
        "cv:\n  routes:\n    - {jack: cv1, to: note}\n    - {jack: cv2}\n",
        "missing key 'to'",
        4,
    ),
    "choice": ("audio: {channels: 3}\n", "unknown value 3 at $.audio.channels", 1),
    "bare null": ("audio:\n  backend: null\n", "expected text, got nothing at $.audio.backend", 2),
    "not a map": ("audio: [64]\n", "expected map, got list at $.audio", 1),
    "list on top": ("- audio\n", "expected map, got list at $", 1),
    "parameter": ("params:\n  noise: 1\n  morph: soft\n", "expected number, got text at $.params.morph", 3),
    "huge parameter": (f"params:\n  noise: 9{'0' * 400}\n", "number out of range at $.params.noise", 2),
    "parameter without a name": ("params:\n  3: 1\n", "as a key at $.params", 1),
    "nan": ("params:\n  noise: 1\n  morph: .nan\n", "expected a finite number at $.params.morph", 3),
    "infinite": (
        "cv:\n  routes:\n    - jack: cv1\n      to: note\n      volts:\n        - 0\n        - .inf\n",
        "expected a finite number at $.cv.routes[0].volts[1]",
        7,
    ),
    "falling volts": (
        "cv:\n  routes:\n    - {jack: cv1, to: note}\n    - {jack: cv2, to: noise, volts: [5, 0]}\n",
        "volts must rise from the first to the second at $.cv.routes[1]",
        4,
    ),
    "range of notes": ("cv: {routes: [{jack: cv1, to: note, law: v_oct, range: [0, 1]}]}\n", "no range", 1),
    "log of nothing": ("cv: {routes: [{jack: cv1, to: x, law: log, range: [0, 9]}]}\n", "stay above 0", 1),
    "two cables": (
        "mode: cv\ncv:\n  routes: [{jack: cv1, to: note}, {jack: cv2, to: note}]\n",
        "more than one route to note at $.cv",
        2,
    ),
    "twice": (
        "audio:\n  period: 64\nmode: cv\naudio:\n  period: 32\n",
        "'audio' stands here a second time",
        4,
    ),
    "open bracket": ("mode: cv\nparams: [\n", "but found", 3),
    "tab": ("audio:\n\tperiod: 64\n", "cannot start any token", 2),
    "second document": ("mode: cv\n---\nmode: cv\n", "found another document", 2),
    "code": ("mode: !!python/object/apply:os.getcwd []\n", "could not determine a constructor", 1),
}


@pytest.mark.parametrize(("text", "complaint", "line"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_named_with_its_line(load, tmp_path, text, complaint, line):
    with pytest.raises(ConfigError) as refusal:
        load(text)
    assert complaint in str(refusal.value)
    assert f"line {line} of {tmp_path / 'my.yaml'}" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("audio: {perod: 64}", "did you mean 'period'?"),
        ("moode: cv", "did you mean 'mode'?"),
        ("audio: {colour: red}", "backend, device, period, latency, channels, inputs, sample_rate"),
        ("cv: {routes: [{jack: cv1, to: note, smooth: 3}]}", "did you mean 'smooth_ms'?"),
        ("audio: {backend: oss}", "it may be alsa or jack or 'null' or portaudio or wav"),
        ("audio: {period: 8}", "see 'ddsp-pi config explain audio.period'"),
        ("params: {morph: x}", "see 'ddsp-pi config explain params'"),
        ("cv: {routes: [{jack: cv1, to: note, smooth_ms: -1}]}", "explain cv.routes.smooth_ms'"),
        ("[]", "see 'ddsp-pi config explain'"),
    ],
)
def test_a_complaint_says_what_to_do_next(load, text, hint):
    with pytest.raises(ConfigError) as refusal:
        load(text)
    assert str(refusal.value).endswith(hint)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read .*gone\.yaml: No such file"):
        load_config(tmp_path / "gone.yaml")


@pytest.mark.parametrize("content", [b"\x00\xff\xfe", b"mode: \xe9\xe9", b"[" * 5000, b"period: !!int ''"])
def test_a_file_that_is_no_yaml_is_named(tmp_path, content):
    file = tmp_path / "my.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"my\.yaml"):
        load_config(file)


def is_loaded_or_refused(file):
    try:
        return isinstance(load_config(file), Config)
    except ConfigError as refusal:
        return str(file) in str(refusal)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(
            st.sampled_from(["mode", "audio", "period", "cv", "routes", "jack", "to", "volts", "params", "x"])
            | st.integers(),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(value=VALUES)
def test_whatever_yaml_says_it_loads_or_is_refused(tmp_path_factory, value):
    file = tmp_path_factory.mktemp("any") / "my.yaml"
    file.write_text(yaml.safe_dump(value), "utf-8")
    assert is_loaded_or_refused(file)


@given(content=st.binary(max_size=60) | st.text("{}[]:-!&*#?|>'\" \n\tab1", max_size=40).map(str.encode))
def test_whatever_a_file_holds_it_loads_or_is_refused(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("any") / "my.yaml"
    file.write_bytes(content)
    assert is_loaded_or_refused(file)


def test_every_line_of_the_defaults_is_explained():
    stated = yaml.safe_load((configs_folder() / "default.yaml").read_text("utf-8"))
    stated["rack"]["wakes"] = stated["midi"]["controllers"] = {}  # a map is one setting, whatever is in it
    unstated = {f"cv.routes.{name}" for name in ("range", "attenuverter", "offset")}
    assert {setting.key for setting in explain()} == set(leaves(stated)) | unstated
    assert all(setting.meaning and setting.type and setting.default for setting in explain())


def test_explain_knows_what_the_check_knows(load):
    (period,) = explain("audio.period")
    low, high = (int(end) for end in period.range.split(".."))
    assert (period.type, period.default) == ("int", "128")
    for value in (low, high):
        assert load(f"audio: {{period: {value}}}").audio.period == value
    for value in (low - 1, high + 1):
        with pytest.raises(ConfigError):
            load(f"audio: {{period: {value}}}")


def test_explain_of_a_section_is_all_inside_it():
    assert [setting.key for setting in explain("osc")] == ["osc.port", "osc.query_port", "osc.lan"]


def test_explain_understands_a_place_from_a_complaint():
    assert explain("$.cv.routes[1].law") == explain("cv.routes.law")


def test_explain_suggests_the_nearest_name():
    with pytest.raises(ConfigError, match=r"did you mean 'audio\.period'"):
        explain("audio.perid")


@pytest.mark.parametrize("is_wheel", [True, False])
def test_the_configs_are_inside_a_wheel_and_beside_a_checkout(tmp_path, monkeypatch, is_wheel):
    package = tmp_path / "ddsp_pi"
    expected = package / "configs" if is_wheel else tmp_path / "configs"
    expected.mkdir(parents=True)
    monkeypatch.setattr(shipped, "__file__", str(package / "shipped.py"))
    assert configs_folder() == expected


def test_a_mode_brings_routes_and_inputs_of_its_own(load):
    for config in (load("mode: cross\n"), load_config(mode="cross")):
        assert (config.mode, config.audio.inputs, config.audio.period) == ("cross", 1, 128)
        assert [route.to for route in config.cv.routes][:3] == ["note", "pitch_shift", "model_mix"]
        assert config.rack.wakes.keys() == {"cv1", "cv2"}
    assert load("audio: {inputs: 0}\n") == DEFAULTS


def test_a_file_has_the_last_word_on_what_a_mode_brings(load, tmp_path):
    own = "mode: cross\naudio: {inputs: 2}\ncv:\n  routes:\n    - {jack: cv3, to: note, law: v_oct}\n"
    config = load(own)
    assert (config.audio.inputs, [route.jack for route in config.cv.routes]) == (2, ["cv3"])
    (tmp_path / "plain.yaml").write_text("model: flute\n")
    config = load_config(tmp_path / "plain.yaml", "cross")
    assert (config.mode, config.model, config.audio.inputs) == ("cross", "flute", 1)


@pytest.mark.parametrize("mode", ["dance", "../default"])
def test_a_mode_that_is_none_brings_nothing(load, mode):
    assert load(f"mode: {mode}\n").cv == DEFAULTS.cv


@pytest.mark.parametrize("mode", ["[1]", "{a: 1}"])
def test_a_mode_that_is_no_name_is_refused_at_its_place(load, mode):
    with pytest.raises(ConfigError, match=r"\$\.mode, line 1"):
        load(f"mode: {mode}\n")
