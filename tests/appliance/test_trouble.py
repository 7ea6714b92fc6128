"""What a module does when it hangs, crashes again and again, or cannot use its settings: it plays."""

import re

import pytest

from tests.appliance.module import SAFE, SERVICE, SETTINGS

LAST_GOOD = "/var/lib/ddsp_pi/last-good.yaml"


@pytest.fixture(scope="module")
def module(module):
    module.boot()
    return module


@pytest.fixture
def fresh(module):
    """Started just now, with no crash behind it."""
    module.machine.shell(
        f"systemctl stop {SAFE} {SERVICE}; systemctl reset-failed; systemctl start {SERVICE}"
    )
    module.machine.until(module.plays, "it plays")
    return module


def mode(module):
    """The last word of the telemetry on which settings play; nothing: there is none."""
    rows = module.telemetry()
    return rows[-1]["mode"] if rows else None


def times(log, text):
    """Seconds since the computer's start at which the log has a text."""
    rows = [row for row in log.splitlines() if text in row]
    return [float(re.match(r"\[ *([\d.]+)\]", row)[1]) for row in rows]


def test_a_module_that_hangs_is_started_again_by_the_watchdog_and_says_where_it_hung(fresh, record_property):
    hung, log = fresh.main_process(), fresh.log()
    fresh.kill(hung, "STOP")
    fresh.machine.until(lambda: fresh.main_process() not in (0, hung), "another one was started")
    fresh.machine.until(fresh.plays, "it plays")
    said = fresh.log()[len(log) :]
    assert "Watchdog timeout" in said
    assert "Fatal Python error: Aborted" in said
    took_s = times(said, "Started ")[0] - times(said, "Watchdog timeout")[0]
    record_property("silent after the watchdog for", f"{took_s:.2f} s")


def test_an_engine_that_hangs_is_replaced_and_nothing_else_is(fresh, record_property):
    main, control, engine, log = fresh.main_process(), *map(fresh.part, ("control", "engine")), fresh.log()
    fresh.kill(engine, "STOP")
    fresh.machine.until(lambda: fresh.part("engine") not in (0, engine), "another engine")
    fresh.machine.until(lambda: "plays on" in fresh.log()[len(log) :], "it plays again")
    said = fresh.log()[len(log) :]
    assert "stood still for 0.5 s and was killed" in said
    took_s = times(said, "plays on")[0] - times(said, "stood still")[0]
    record_property("silent after it was missed for", f"{took_s:.2f} s")
    assert (fresh.main_process(), fresh.part("control")) == (main, control)
    assert fresh.hear("after the engine hung", 3).loud_db > -45.0


def test_an_engine_that_crashes_again_and_again_ends_in_safe_mode(fresh):
    main, log = fresh.main_process(), fresh.log()

    def too_often():
        engine = fresh.part("engine")
        fresh.kill(engine, "SEGV")
        fresh.machine.until(lambda: fresh.part("engine") != engine, "it has ended")
        return "it has crashed too often" in fresh.log()[len(log) :]

    fresh.machine.until(too_often, "a crash loop")
    fresh.machine.until(lambda: mode(fresh) == "safe", "safe mode")
    assert fresh.main_process() == main
    assert "engine" in fresh.telemetry()[-1]["trouble"]
    fresh.machine.until(fresh.plays, "it plays")
    assert fresh.hear("safe mode", 4).loud_db > -45.0
    assert any("engine" in text for text in fresh.errors())


def test_a_module_that_cannot_be_kept_alive_is_taken_over_by_the_safe_mode_unit(fresh, record_property):
    def taken_over():
        fresh.kill(fresh.main_process())
        return fresh.plays(SAFE)

    fresh.machine.until(taken_over, "the safe mode unit plays")
    assert fresh.shown("ActiveState") == ["failed"]
    assert "Start request repeated too quickly" in fresh.log()
    fresh.machine.until(lambda: mode(fresh) == "safe", "safe mode")
    assert fresh.hear("safe mode unit", 4).loud_db > -45.0
    record_property("says", fresh.shown("StatusText", unit=SAFE)[0])


def test_starting_the_module_again_ends_safe_mode(module):
    module.machine.shell(f"systemctl reset-failed {SERVICE}; systemctl start {SERVICE}")
    module.machine.until(module.plays, "it plays")
    module.machine.until(lambda: mode(module) == "settings", "with its settings")
    assert module.shown("ActiveState", unit=SAFE) == ["inactive"]


def test_settings_that_cannot_be_used_at_boot_leave_the_last_good_ones_playing(module):
    good = module.machine.get(SETTINGS).decode()
    module.machine.put(LAST_GOOD, f"{good}osc: {{port: 9010}}\n")
    module.machine.put(SETTINGS, f"{good}audio_period: 64\n")
    module.machine.reboot()
    module.machine.until(lambda: mode(module) == "last good", "the last good settings play")
    module.machine.until(module.plays, "it plays")
    trouble = module.telemetry()[-1]["trouble"]
    assert "audio_period" in trouble
    assert SETTINGS in trouble
    assert trouble.splitlines()[0] in module.log()
    assert any("audio_period" in text for text in module.errors(port=9010))


def test_without_a_good_copy_either_safe_mode_plays(module):
    module.machine.put(LAST_GOOD, "not: [at, all\n")
    module.machine.reboot()
    module.machine.until(lambda: mode(module) == "safe", "safe mode")
    module.machine.run("rm", SETTINGS, LAST_GOOD)


def test_the_button_s_file_switches_the_computer_off_in_order(module):
    module.machine.run("touch", "/run/ddsp_pi/power-off")
    module.machine.until(lambda: not module.machine.on, "it is switched off")
