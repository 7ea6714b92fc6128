"""What is decided about a new version, on a module that is pretended."""

import json
from dataclasses import replace

import pytest

from ddsp_pi.cli.versions import lines
from ddsp_pi.errors import ConfigError
from ddsp_pi.service.versions.alone import alone
from ddsp_pi.service.versions.outcome import recall
from tests.service.versions.fake_module import FakeModule, Version

OLD, NEW = "1.0-aaaaaaaa", "2.0-bbbbbbbb"


@pytest.fixture
def module(tmp_path):
    def module(new=None, **versions):
        named = {name.replace("_", "."): version for name, version in versions.items()}
        return FakeModule(tmp_path, {OLD: named.pop("old", Version()), NEW: new or Version(), **named})

    return module


def test_a_version_that_plays_on_for_a_minute_is_kept(module):
    module = module()
    began_s = module.now_s
    assert module.updates().update(NEW)
    assert module.plays == module.booted == NEW
    assert module.releases.previous == OLD
    assert module.starts == [NEW]
    assert module.now_s - began_s >= 60
    assert module.trial.name is None
    assert module.said[-1] == f"{NEW} plays; before it was {OLD}"


def test_until_the_verdict_a_power_cut_boots_the_old_one(module):
    module = module(Version(cut_at=30))
    booted = []
    updates = module.updates()
    pass_by = updates.sleep

    def sleep(seconds):
        booted.append((module.plays, module.booted, module.trial.name))
        pass_by(seconds)

    with pytest.raises(KeyboardInterrupt):
        replace(updates, sleep=sleep).update(NEW)
    assert set(booted) == {(NEW, OLD, NEW)}
    assert len(booted) == 30
    assert module.plays == OLD


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (Version(ready=False), "it did not become ready (Job for ddsp-pi.service failed)"),
        (Version(ends_at=50), "it ended and was started again"),
        (Version(engine_dies_at=50), "its engine ended and was started again"),
        (Version(mode="last good"), "it does not play your settings but: last good"),
        (Version(mode="safe"), "it does not play your settings but: safe"),
        (Version(mode="a new one"), "it does not play your settings but: a new one"),
        (Version(playing=False), "there is no sound from it"),
        (Version(xruns_per_s=1), "it glitches: 6 xruns within the minute, against 0 before"),
        (Version(speechless_at=1), "it has not said how it does for 10 s"),
        (Version(speechless_at=40), "it has not said how it does for 10 s"),
    ],
)
def test_a_version_that_does_worse_goes_and_is_marked(module, new, reason):
    module = module(new)
    assert not module.updates().update(NEW)
    assert module.plays == module.booted == OLD
    assert module.starts == [NEW, OLD]
    assert module.trial.name is None
    marks = {release.name: release.refusal for release in module.releases.listed()}
    assert reason in marks[NEW].reason
    assert marks[OLD] is None
    assert module.said[-1] == f"{NEW} was not kept: {marks[NEW].reason}. {OLD} is the version again"
    assert f"  | {NEW} says: ImportError" in module.said
    assert "systemctl stop ddsp-pi-safe.service" in module.commands


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Version(xruns_per_s=1), Version(xruns_per_s=2)),
        (Version(mode="safe"), Version(mode="last good")),
        (Version(playing=False), Version(playing=False)),
    ],
)
def test_a_version_that_does_no_worse_is_kept(module, old, new):
    module = module(new, old=old)
    assert module.updates().update(NEW)
    assert module.plays == NEW


def test_a_refused_version_may_try_again(module):
    module = module(Version(playing=False))
    assert not module.updates().update(NEW)
    module.versions[NEW] = Version()
    assert module.updates().update(NEW)
    assert all(release.refusal is None for release in module.releases.listed())


def test_a_version_that_does_not_understand_the_settings_is_not_started(module):
    module = module()
    module.plant(NEW, 1, config="echo 'unknown key, line 3'; exit 2")
    with pytest.raises(ConfigError, match=r"does not understand the settings: unknown key, line 3"):
        module.updates().update(NEW)
    assert module.starts == []


def test_the_version_that_plays_is_left_alone(module):
    module = module()
    assert module.updates().update(OLD)
    assert module.starts == []
    assert module.said == [f"{OLD} plays already: nothing to do"]


def test_the_units_of_a_kept_version_take_their_place(module):
    module = module()
    module.updates().update(NEW)
    assert module.calls(NEW)[-2:] == ["setup --help", "setup --only units"]


def test_rollback_and_forth(module):
    module = module()
    module.updates().update(NEW)
    began_s = module.now_s
    assert module.updates().rollback(None)
    assert (module.plays, module.booted, module.releases.previous) == (OLD, OLD, NEW)
    assert module.now_s == began_s
    assert module.updates().rollback("2.0")
    assert module.plays == module.booted == NEW


def test_a_rollback_to_what_does_not_start_stays_where_it_was(module):
    module = module()
    module.updates().update(NEW)
    module.versions[OLD] = Version(ready=False)
    assert not module.updates().rollback(None)
    assert module.plays == module.booted == NEW


def test_a_rollback_to_what_does_not_know_the_settings_says_what_will_play(module):
    module = module()
    module.updates().update(NEW)
    module.plant(OLD, 0, config="echo 'unknown key, line 3'; exit 2")
    assert module.updates().rollback(None)
    assert any("will not play these settings" in line and "line 3" in line for line in module.said)


@pytest.mark.parametrize(
    ("word", "reason"), [(None, "no version before"), ("7", "no version 7 is installed")]
)
def test_a_rollback_to_nowhere(module, word, reason):
    with pytest.raises(ConfigError, match=reason):
        module().updates().rollback(word)


def left_on_trial(module):
    """As if the updater had been killed."""
    module.trial.begin(NEW)
    module.starts.clear()


def test_a_trial_that_lost_its_updater_is_shown_and_ended_by_rollback(module):
    module = module()
    left_on_trial(module)
    shown = list(lines(module.releases, module.trial.name))
    assert any(line.startswith(NEW) and "on trial" in line for line in shown)
    assert f"the update to {NEW} was cut short" in shown[-1]
    assert module.updates().rollback(None)
    assert module.plays == module.booted == OLD
    assert module.trial.name is None


def test_a_trial_that_lost_its_updater_is_ended_by_the_next_update(module):
    module = module()
    left_on_trial(module)
    assert module.updates().update(NEW)
    assert module.starts == [OLD, NEW]
    assert module.booted == NEW


def test_a_trial_that_was_won_before_the_updater_died_is_only_forgotten(module):
    module = module()
    left_on_trial(module)
    module.releases.switch(NEW)
    with pytest.raises(ConfigError):
        module.updates().rollback("7")
    assert module.starts == []
    assert module.trial.name is None


def test_two_updates_do_not_meet(module):
    module = module()
    with alone(module.program):
        with pytest.raises(ConfigError, match="another update is at work"):
            module.updates().update(NEW)
        assert list(lines(module.releases, None))[-1] == "an update is at work"
    assert "an update is at work" not in list(lines(module.releases, None))
    assert module.updates().update(NEW)


def test_the_outcome_is_kept_for_who_was_not_there(module):
    module = module(Version(playing=False))
    module.updates().update(NEW)
    outcome = recall(module.program)
    assert (outcome.old, outcome.new, outcome.fault) == (OLD, NEW, "there is no sound from it")
    assert json.loads((module.program / "update.json").read_text())["new"] == NEW
    shown = list(lines(module.releases, None))
    assert shown[-1].endswith(outcome.words)
    assert any("current" in line and line.startswith(OLD) for line in shown)
    assert any("refused: there is no sound from it" in line for line in shown)


def test_the_start_on_trial_differs_in_its_path_alone(module):
    module = module()
    module.trial.begin(NEW)
    (written,) = module.memory.rglob("*.conf")
    path = module.releases.path(NEW)
    command = f"{path}/bin/ddsp-pi run --unattended"
    assert written.read_text() == f"[Service]\nExecStart=\nExecStart={command}\n"
