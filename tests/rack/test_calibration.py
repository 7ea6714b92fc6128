import math
import random
from datetime import datetime

import numpy as np
import pytest

from ddsp_pi.errors import BoardError, ConfigError
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.calibration import (
    Calibration,
    Point,
    correction,
    corrections,
    measure,
    residual_cents,
    robust_mean,
)
from ddsp_pi.rack.calibration_file import (
    CalibrationWatch,
    calibration_path,
    load_calibrations,
    restore_calibration,
    save_calibration,
)
from tests.rack.desk import FIVE, FLAWS, SPEC

JACK = SPEC.cvs[0]
SPAN = (JACK.low_volts, JACK.high_volts)


def seen(volts):
    """Points of a jack with flaws, without noise."""
    return tuple(Point(v, FLAWS.seen(v, JACK), 0.001, 800) for v in volts)


def calibration(volts=FIVE, day=1):
    return Calibration(datetime(2025, 3, day, 12, 30), SPAN, seen(volts))


def noisy(mean, deviation, n=800, seed=1):
    source = random.Random(seed)
    return [JACK.volts(round(source.gauss(JACK.counts(mean), deviation))) for _ in range(n)]


def mistaken(volts, place, said):
    """Points of which one was said to be other volts than it was."""
    points = list(seen(volts))
    points[place] = Point(said, points[place].nominal, 0.001, 800)
    return points


class TestMeasuring:
    @pytest.mark.parametrize("deviation", [0.3, 1.0, 3.0])
    def test_the_mean_is_finer_than_a_count(self, deviation):
        volts = 1.2345
        assert robust_mean(noisy(volts, deviation)) == pytest.approx(volts, abs=0.2 * JACK.volts_per_count)

    def test_a_few_wild_readings_do_not_move_the_mean(self):
        readings = noisy(1.0, 1.0)
        readings[::50] = [JACK.low_volts] * len(readings[::50])
        assert robust_mean(readings) == pytest.approx(1.0, abs=0.2 * JACK.volts_per_count)
        assert abs(np.mean(readings) - 1.0) > 0.1

    def test_a_point_says_what_it_was_made_of(self):
        point = measure(1.0, noisy(1.0, 1.0), 2, JACK)
        assert (point.volts, point.conversions) == (1.0, 1600)
        assert point.spread == pytest.approx(JACK.volts_per_count, rel=0.3)

    def test_what_moves_is_refused(self):
        lfo = [1.0 + 0.2 * math.sin(i / 100) for i in range(800)]
        with pytest.raises(BoardError, match=r"^1 V: the readings move by ±\d+ mV; is the cable firmly in"):
            measure(1.0, lfo, 1, JACK)

    @pytest.mark.parametrize("volts", SPAN)
    def test_the_end_of_the_converter_is_refused(self, volts):
        with pytest.raises(BoardError, match=r"5 V reads .*the end of what the jack can read.*knob to noon"):
            measure(5.0, [volts] * 800, 1, JACK)


class TestTheCurve:
    @pytest.mark.parametrize("volts", [FIVE, (-4, 0, 4), (-3.1, -2.2, 0.7, 1.9, 2.3, 4.05)])
    def test_points_at_any_volts_are_met(self, volts):
        correct = correction(seen(volts))
        for v in np.linspace(-4, 4, 33):
            assert correct(FLAWS.seen(v, JACK)) == pytest.approx(v, abs=0.001)

    def test_the_order_of_the_points_does_not_matter(self):
        points = seen(FIVE)
        shuffled = [points[i] for i in (3, 0, 4, 1, 2)]
        assert correction(shuffled)(1.0) == pytest.approx(correction(points)(1.0), abs=1e-9)

    def test_two_points_make_a_straight_line(self):
        correct = correction([Point(0.0, 0.1, 0.001, 800), Point(2.0, 2.3, 0.001, 800)])
        assert [correct(v) for v in (-1.0, 0.1, 1.2, 2.3, 4.5)] == pytest.approx([-1.0, 0.0, 1.0, 2.0, 4.0])

    def test_beyond_the_points_it_goes_on_straight_and_without_a_corner(self):
        correct = correction(seen((0, 1, 2)))
        ends = [FLAWS.seen(v, JACK) for v in (0, 2)]
        for end, away in zip(ends, (-1.0, 1.0), strict=True):
            near, far = (correct(end + away * d) - correct(end) for d in (0.001, 3.0))
            assert far == pytest.approx(near * 3000, rel=1e-4)
        assert correct(5.02) > correct(4.0) > correct(0.0) > correct(-5.02)

    def test_an_unpatched_jack_stays_one(self):
        assert math.isnan(correction(seen(FIVE))(math.nan))

    def test_residuals_are_cents_at_one_volt_per_octave(self):
        points = list(seen(FIVE))
        points[2] = Point(0.0, points[2].nominal + 0.005, 0.001, 800)
        left = residual_cents(points)
        assert left[2] == pytest.approx(6 * (1 - 17 / 35), abs=0.3)  # its leverage in a parabola through five
        assert sum(left) == pytest.approx(0, abs=0.01)


class TestRefusals:
    @pytest.mark.parametrize("n", [0, 1])
    def test_too_few_points(self, n):
        with pytest.raises(BoardError, match=f"{n} of at least 2 points"):
            correction(seen(FIVE[:n]))

    def test_two_points_at_the_same_volts(self):
        with pytest.raises(BoardError, match="two points are at the same 1 V"):
            correction(seen((0, 1, 1.05, 2)))

    def test_readings_that_do_not_rise(self):
        points = [Point(v, 0.01 - v * 1e-6, 0.001, 800) for v in FIVE]
        with pytest.raises(BoardError, match=r"-2 V reads 0.010 V, and -4 V reads 0.010 V: it does not rise"):
            correction(points)

    def test_nothing_patched_even_if_noise_rises(self):
        points = [Point(v, 0.01 + v * 1e-4, 0.001, 800) for v in FIVE]
        with pytest.raises(BoardError, match=r"a volt more reads 0\.000 V more"):
            correction(points)

    @pytest.mark.parametrize("slope", [0.5, 0.79, 1.26, 2.0])
    def test_a_slope_that_no_parts_give(self, slope):
        with pytest.raises(BoardError, match="a volt more reads"):
            correction([Point(v, v * slope, 0.001, 800) for v in (-2.0, 0.0, 2.0)])

    @pytest.mark.parametrize("slope", [0.81, 1.24])
    def test_a_slope_of_wide_tolerance_is_taken(self, slope):
        assert correction([Point(v, v * slope, 0.001, 800) for v in (-2.0, 2.0)])(slope) == pytest.approx(1.0)

    @pytest.mark.parametrize(
        ("volts", "wrong"),
        [
            (FIVE, 1 / 12),
            (FIVE, -1 / 12),
            (FIVE, 0.9),
            ((0, 1, 2, 3, 4, 5), 1 / 12),
            ((-4, -1, 1, 4), -0.5),
        ],
    )
    def test_a_voltage_typed_in_wrong_is_named(self, volts, wrong):
        for place, volt in enumerate(volts):
            said = volt + wrong
            with pytest.raises(BoardError, match=rf"was {said:g} V \(read as .* another voltage"):
                correction(mistaken(volts, place, said))

    def test_one_of_three_wrong_ones_cannot_be_named(self):
        with pytest.raises(BoardError, match="was one of them another voltage than was said"):
            correction(mistaken((-4, 0, 4), 1, 0.5))

    def test_what_is_no_number(self):
        with pytest.raises(BoardError, match="no number"):
            correction([Point(0.0, math.nan, 0.001, 800), Point(1.0, 1.0, 0.001, 800)])


class TestTheFile:
    def test_what_was_saved_is_loaded(self, tmp_path):
        save_calibration(tmp_path, SPEC, 1, calibration())
        path = save_calibration(tmp_path, SPEC, 4, calibration((-1, 1), day=2))
        assert path == calibration_path(tmp_path, SPEC) == tmp_path / "calibration" / f"{SPEC.name}.yaml"
        assert load_calibrations(tmp_path, SPEC) == {1: calibration(), 4: calibration((-1, 1), day=2)}

    def test_a_person_can_read_it(self, tmp_path):
        lines = save_calibration(tmp_path, SPEC, 1, calibration()).read_text().splitlines()
        assert lines[0].startswith("# What the CV jacks")
        assert "board: terminal-tedium-wm8731" in lines
        assert any("volts: -4.0" in line and "nominal: -4.06" in line for line in lines)

    def test_without_a_file_nothing_is_calibrated(self, tmp_path):
        assert load_calibrations(tmp_path, SPEC) == {}

    def test_restoring_takes_the_last_change_back_and_again(self, tmp_path):
        for day in (1, 2):
            save_calibration(tmp_path, SPEC, 1, calibration(day=day))
        for day in (1, 2):
            restore_calibration(tmp_path, SPEC)
            assert load_calibrations(tmp_path, SPEC) == {1: calibration(day=day)}

    def test_the_first_calibration_can_be_taken_back(self, tmp_path):
        save_calibration(tmp_path, SPEC, 1, calibration())
        restore_calibration(tmp_path, SPEC)
        assert load_calibrations(tmp_path, SPEC) == {}

    def test_without_a_file_of_before_nothing_is_restored(self, tmp_path):
        with pytest.raises(ConfigError, match=r"no calibration of before: there is no .*previous"):
            restore_calibration(tmp_path, SPEC)

    def test_a_damaged_file_of_before_is_not_restored(self, tmp_path):
        path = save_calibration(tmp_path, SPEC, 1, calibration())
        path.with_name(path.name + ".previous").write_text("format: 1")
        with pytest.raises(ConfigError, match="missing key 'board'"):
            restore_calibration(tmp_path, SPEC)
        assert load_calibrations(tmp_path, SPEC) == {1: calibration()}

    def test_a_damaged_file_is_replaced_and_kept(self, tmp_path):
        path = calibration_path(tmp_path, SPEC)
        path.parent.mkdir()
        path.write_text("{")
        save_calibration(tmp_path, SPEC, 1, calibration())
        assert load_calibrations(tmp_path, SPEC) == {1: calibration()}
        assert path.with_name(path.name + ".previous").read_text() == "{"

    def test_a_disk_that_is_full_leaves_what_was_there(self, tmp_path, monkeypatch):
        save_calibration(tmp_path, SPEC, 1, calibration())

        def full(descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            save_calibration(tmp_path, SPEC, 1, calibration(day=2))
        assert load_calibrations(tmp_path, SPEC) == {1: calibration()}

    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ("format: 1", "format: 2", "invalid enum value 2|unknown value 2"),
            ("format: 1", "format: 1\nformat: 1", "a second time, line"),
            ("board: terminal-tedium-wm8731", "board: breadboard", "is of board 'breadboard', not"),
            ("cv1:", "cv9:", "unknown value 'cv9'"),
            ("cv1:", "cv8:", "there is no CV 8; Terminal Tedium with WM8731 codec has 6"),
            (
                "nominal: ",
                "nominal: x",
                r"expected number.* at \$.jacks.cv1.points\[\d\].nominal, line \d+ of",
            ),
            ("volts: -2.0", "volts: -4.0", "CV 1: two points are at the same -4 V"),
            ("volts: -2.0", "volts: -1.0", r"CV 1: .*was -1 V \(read as"),
            ("volts: -2.0", "volts: .nan", "CV 1: a voltage of a point is no number"),
            ("-5.02", "-10.0", "was calibrated as a jack of -10 to 5.02 V and is one of -5.02 to 5.02 V"),
        ],
    )
    def test_a_file_that_cannot_be_is_refused_with_its_reason(self, tmp_path, old, new, complaint):
        path = save_calibration(tmp_path, SPEC, 1, calibration())
        path.write_text(path.read_text().replace(old, new, 1))
        with pytest.raises(ConfigError, match=complaint):
            load_calibrations(tmp_path, SPEC)

    def test_boards_do_not_share_a_file(self, tmp_path):
        save_calibration(tmp_path, SPEC, 1, calibration())
        assert load_calibrations(tmp_path, find_board("breadboard")) == {}


class TestTheWatch:
    @pytest.fixture
    def watched(self, tmp_path):
        said, corrected = [], []
        watch = CalibrationWatch(tmp_path, SPEC, corrected.append)

        def look():
            watch.poll(said.append)
            news = (list(corrected), "\n".join(said))
            corrected.clear()
            said.clear()
            return news

        return look

    def test_the_first_look_says_what_there_is(self, tmp_path, watched):
        save_calibration(tmp_path, SPEC, 1, calibration())
        (found,), said = watched()
        assert found[1](FLAWS.seen(2.0, JACK)) == pytest.approx(2.0, abs=0.001)
        assert said == "calibrated: CV 1 (2025-03-01)"
        assert watched() == ([], "")

    def test_it_says_that_nothing_is_calibrated(self, watched):
        assert watched() == ([{}], "no CV jack is calibrated: see 'ddsp-pi calibrate'")

    def test_a_new_calibration_is_taken_up_and_a_restored_one(self, tmp_path, watched):
        watched()
        save_calibration(tmp_path, SPEC, 2, calibration())
        assert [list(found) for found in watched()[0]] == [[2]]
        restore_calibration(tmp_path, SPEC)
        assert watched()[0] == [{}]

    def test_a_damaged_file_is_said_once_and_changes_nothing(self, tmp_path, watched):
        path = save_calibration(tmp_path, SPEC, 1, calibration())
        watched()
        path.write_text("format: nonsense")
        found, said = watched()
        assert not found
        assert "The jacks stay as they were" in said
        assert watched() == ([], "")


def test_corrections_are_by_jack():
    found = corrections({2: calibration(), 5: calibration((-1, 1))})
    assert list(found) == [2, 5]
