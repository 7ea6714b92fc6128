import msgspec

from ddsp_pi.engine.remarks import OutsideLog, notes_on
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.card import Range
from tests.instruments import VIOLIN

CARD = msgspec.structs.replace(
    load_instrument(VIOLIN).card, pitch_range_hz=Range(219.7, 1134.1), loudness_range_db=Range(-39.2, -11.7)
)


def test_each_range_that_was_left_has_its_line():
    telemetry = Telemetry(sounding_samples=48_000, outside_pitch_samples=5_800, outside_loudness_samples=100)
    pitch, loudness = notes_on(telemetry, CARD)
    assert (
        pitch == "note: 12 % of the time outside violin's trained pitch range 220–1134 Hz; "
        "it plays, but as a guess"
    )
    assert loudness.startswith(
        "note: under 1 % of the time outside violin's trained loudness range -39 to -12 dB"
    )
    assert list(notes_on(Telemetry(), CARD)) == []


def test_the_log_says_it_when_it_begins_and_not_all_the_time():
    said, telemetry = [], Telemetry()
    log = OutsideLog(telemetry, said.append)
    log.poll(CARD)
    assert said == []
    for _ in range(5):
        telemetry.outside_pitch_samples += 128
        log.poll(CARD)
    telemetry.outside_loudness_samples += 128
    log.poll(CARD)
    assert [line.partition(" ")[0] for line in said] == ["pitch", "loudness"]


def test_the_log_says_it_again_after_a_while():
    said, telemetry = [], Telemetry()
    log = OutsideLog(telemetry, said.append, quiet_s=0.0)
    for _ in range(2):
        telemetry.outside_pitch_samples += 128
        log.poll(CARD)
    assert len(said) == 2
