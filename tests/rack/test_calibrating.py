import math
from datetime import datetime

import pytest

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.board import Press
from ddsp_pi.rack.calibrating import PATIENCE, READINGS, Light, PanelCalibration, Session
from ddsp_pi.rack.calibration import correction
from ddsp_pi.rack.simulated import Flaws
from tests.rack.desk import FIVE, Desk

MADE = datetime(2025, 3, 1)


@pytest.fixture
def session():
    return Session(Desk().jack, 1)


def fed(session, nominal):
    """The point that a steady reading makes."""
    for _ in range(READINGS - 1):
        assert session.take(nominal) is None
    return session.take(nominal)


class TestASession:
    def test_it_waits_collects_and_waits_again(self, session):
        assert not session.collecting
        assert session.take(1.0) is None
        session.begin(1.0)
        assert session.collecting
        assert fed(session, 1.02).nominal == pytest.approx(1.02)
        assert not session.collecting
        assert [point.volts for point in session.points] == [1.0]

    def test_it_ends_in_a_calibration(self):
        desk = Desk()
        made = desk.measured().finish(MADE)
        assert (made.made, made.span) == (MADE, (desk.jack.low_volts, desk.jack.high_volts))
        assert [point.volts for point in made.points] == list(FIVE)
        assert all(point.conversions >= 256 for point in made.points)

    def test_the_same_volts_again_take_the_place_of_those_before(self, session):
        for nominal in (1.02, 1.03):
            session.begin(1.0)
            fed(session, nominal)
        assert [point.nominal for point in session.points] == [1.03]

    def test_readings_that_make_no_point_are_refused_and_it_goes_on(self, session):
        session.begin(1.0)
        for reading in range(READINGS - 1):
            session.take(reading / 1000)
        with pytest.raises(BoardError, match="readings move"):
            session.take(0.0)
        assert not session.collecting
        assert session.points == ()
        session.begin(1.0)
        assert fed(session, 1.0) is not None

    def test_a_converter_without_a_reading_is_waited_for(self, session):
        session.begin(1.0)
        for _ in range(2 * READINGS):
            session.take(math.nan)
        assert session.collecting

    def test_repeating_forgets_the_last_point(self, session):
        for volts in (0.0, 1.0):
            session.begin(volts)
            fed(session, volts)
        session.repeat()
        assert [point.volts for point in session.points] == [0.0]

    def test_cancelling_forgets_everything(self, session):
        session.begin(1.0)
        fed(session, 1.0)
        session.begin(2.0)
        session.cancel()
        assert not session.collecting
        with pytest.raises(BoardError, match="0 of at least 2 points"):
            session.finish(MADE)

    def test_octaves_are_whole_volts_from_the_first_which_is_the_nearest(self, session):
        for nominal in (0.31, 1.34, -1.75, 2.4):
            session.begin()
            fed(session, nominal)
        assert [point.volts for point in session.points] == [0.0, 1.0, -2.0, 2.0]


class Rack:
    """A board whose panel calibrates jack 1, and the keyboard in it."""

    def __init__(self, save=None, **desk):
        self.desk = Desk(**desk)
        self.saved, self.said = [], []
        keep = save or self.saved.append
        self.panel = PanelCalibration(1, self.desk.jack, 1, keep, self.said.append, lambda: MADE)

    def press(self, *buttons, held=False):
        self.panel.press(Press(buttons, held, 0))

    def wait(self, readings=READINGS):
        for _ in range(readings):
            self.desk.scan()
            self.panel.take(self.desk.reader.nominal[0])

    def play(self, *octaves):
        for volts in octaves:
            self.desk.volts = volts
            self.press(1)
            self.wait()


@pytest.fixture
def rack():
    return Rack()


class TestThePanel:
    def test_five_octaves_in_any_order_calibrate_by_themselves(self, rack):
        rack.play(0.0, 3.0, -2.0, 4.0)
        assert not rack.panel.over
        rack.play(-4.0)
        assert rack.panel.light is Light.DONE
        assert rack.saved == [rack.panel.calibration]
        rack.desk.reader.correct({1: correction(rack.panel.calibration.points)})
        rack.desk.volts = 2.5
        rack.desk.scan(100)
        assert sum(rack.desk.scan(200)) / 200 == pytest.approx(2.5, abs=1.5 / 1200)
        assert "CV 1 is calibrated; what is left, in cents: " in rack.said[-1]

    def test_the_light_follows(self, rack):
        assert rack.panel.light is Light.CALIBRATING
        rack.press(1)
        rack.wait(READINGS - 1)
        assert rack.panel.light is Light.COLLECTING
        rack.wait(1)
        assert rack.panel.light is Light.CALIBRATING
        assert rack.said[-1].startswith("CV 1: 0 V reads 0.0")

    def test_button_3_ends_it_sooner(self, rack):
        rack.play(0.0, 2.0)
        rack.press(3)
        assert rack.panel.light is Light.DONE
        assert [point.volts for point in rack.saved[0].points] == [0.0, 2.0]

    def test_button_3_waits_until_the_note_is_taken(self, rack):
        rack.play(0.0, 2.0)
        rack.press(1)
        rack.press(3)
        assert rack.panel.light is Light.COLLECTING

    @pytest.mark.parametrize("collecting", [False, True])
    def test_button_2_cancels(self, rack, collecting):
        rack.play(0.0, 2.0)
        if collecting:
            rack.press(1)
        rack.press(2)
        assert rack.panel.light is Light.REFUSED
        assert rack.said[-1] == "CV 1 is calibrated as it was before: cancelled"
        rack.play(1.0, 3.0, 4.0, -1.0, -3.0)
        assert not rack.saved

    def test_buttons_held_or_together_mean_nothing(self, rack):
        rack.press(1, held=True)
        rack.press(1, 2)
        rack.press(1, 2, held=True)
        assert rack.panel.light is Light.CALIBRATING

    def test_an_unpatched_jack_is_refused_at_the_end(self, rack):
        rack.play(0.0, 0.0, 0.0)
        rack.press(3)
        assert rack.panel.light is Light.REFUSED
        assert "as it was before: 1 of at least 2 points" in rack.said[-1]
        assert not rack.saved

    def test_a_note_that_moves_is_asked_for_again(self, rack):
        rack.press(1)
        for reading in range(READINGS):
            rack.desk.volts = reading / 1000
            rack.wait(1)
        assert rack.panel.light is Light.CALIBRATING
        assert "a point that was not taken" in rack.said[-1]
        rack.play(0.0, 2.0)
        rack.press(3)
        assert rack.panel.light is Light.DONE

    def test_what_cannot_be_saved_is_said(self):
        def full(calibration):
            raise OSError(28, "No space left on device")

        rack = Rack(save=full)
        rack.play(0.0, 2.0)
        rack.press(3)
        assert rack.panel.light is Light.REFUSED
        assert rack.panel.calibration is None
        assert "No space left on device" in rack.said[-1]

    def test_nobody_there_ends_it(self, rack):
        rack.play(0.0)
        rack.panel.press(Press((1,), False, 0))
        for _ in range(PATIENCE):
            rack.panel.take(0.0)
        assert rack.panel.light is Light.REFUSED
        assert "two minutes" in rack.said[-1]

    def test_a_keyboard_that_is_off_by_a_knob_is_taken_for_octaves(self):
        rack = Rack(flaws=Flaws(gain=-0.02, offset_volts=0.4, noise_counts=1.0))
        rack.play(1.0, 0.0, 2.0, 3.0, -4.0)
        assert [point.volts for point in rack.saved[0].points] == [1.0, 0.0, 2.0, 3.0, -4.0]
