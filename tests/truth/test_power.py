"""The stated power against the measured table of playback.md 4.5, and the recording's against its detectors."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from harness.playback import Expectation, MarkerRead, Observation, examine
from harness.playback import power as power_module
from harness.playback.power import Power, power, power_of, recording_power, upper_bound

# (interval, uncertainty, marker): stall .3 .5 1 | freeze and catch-up .5 1 2 3 | speed 5 %, as in playback.md 4.5.
TABLE: dict[tuple[float, float, bool], tuple[float, ...]] = {
    (0.5, 0.05, True): (100, 100, 100, 13, 97, 100, 100, 100),
    (1, 0.15, True): (90, 100, 100, 7, 54, 99, 100, 100),
    (2, 0.15, True): (85, 99.7, 100, 4, 27, 74, 99, 100),
    (2, 0.5, True): (10, 27, 92, 0.5, 1, 27, 75, 100),
    (5, 0.5, True): (5, 15, 65, 1, 1, 10, 29, 100),
}
UNMARKED: dict[float, tuple[float, ...]] = {1: (0, 4, 95, 100), 2: (0, 0, 4, 50), 5: (0, 0, 0, 0)}

# Where our rule differs by more than 3 points. It compares bounds instead of a lag with a threshold of three errors:
# far more power where brackets are wide, no false alarm at all, and a little less for the shortest stalls, because
# half a frame, two screen refreshes and 0.1 s of a busy player are forgiven.
OURS: dict[tuple[float, float, bool], dict[int, float]] = {
    (0.5, 0.05, True): {3: 49.5, 4: 100.0},
    (1, 0.15, True): {0: 86.8, 3: 13.7, 4: 63.8},
    (2, 0.15, True): {0: 67.6, 5: 81.2},
    (2, 0.5, True): {0: 17.6, 1: 74.2, 2: 97.3, 4: 14.0, 5: 62.9, 6: 98.2},
    (5, 0.5, True): {1: 37.3, 2: 90.5, 4: 5.2, 5: 23.2, 6: 42.7},
}


def numbers(found: Power) -> tuple[float, ...]:
    return (*found.stall.values(), *found.freeze.values(), found.speed)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_marked_table(row: tuple[float, float, bool]) -> None:
    interval, error, marker = row
    found = power(interval, error, 60, marker=marker)
    wanted = [OURS.get(row, {}).get(column, value) for column, value in enumerate(TABLE[row])]
    assert numbers(found) == pytest.approx(wanted, abs=3)
    assert found.false_alarm == 0


@pytest.mark.parametrize("interval", UNMARKED)
def test_unmarked_table(interval: float) -> None:
    found = power(interval, 0.15, 60, marker=False)
    assert tuple(found.freeze.values()) == pytest.approx(UNMARKED[interval], abs=3)
    assert (found.speed, found.false_alarm, found.adequate) == (0, 0, False)


def test_same_seed_same_numbers() -> None:
    assert power(1, 0.15, 60, marker=True, trials=300) == power(1, 0.15, 60, marker=True, trials=300)
    assert numbers(power(1, 0.15, 60, marker=True, seed=1)) != numbers(power(1, 0.15, 60, marker=True))


def test_adequate_is_a_stall_of_one_second() -> None:
    assert power(1, 0.15, 60, marker=True).adequate
    assert not power(5, 0.5, 60, marker=True).adequate


def test_longer_playback_costs_no_power() -> None:
    short, long = power(1, 0.15, 60, marker=True), power(1, 0.15, 7200, marker=True)
    assert np.array(numbers(long)) == pytest.approx(np.maximum(numbers(short), numbers(long)), abs=3)


def test_few_pictures_have_no_power() -> None:
    found = power_of([(np.array([1.0]), np.array([0.1]))], marker=True)
    assert (set(numbers(found)), found.trials, found.adequate) == ({0.0}, 0, False)
    assert "1 screenshots" in str(found)


def test_bounds_are_never_compared_across_an_action() -> None:
    whole, error = np.arange(0, 60.0, 2), np.full(30, 0.5)
    parts = [(whole[n : n + 3], error[n : n + 3]) for n in range(0, 30, 3)]
    assert power_of(parts, marker=True).stall[0.5] < power_of([(whole, error)], marker=True).stall[0.5] - 20


def test_every_trial_is_counted() -> None:
    part = (np.arange(0, 20.0), np.full(20, 0.05))
    assert power_of([part] * 3, marker=True, trials=100).stall[1.0] == 100


def test_sentence_states_power_and_bound() -> None:
    said = str(power(1, 0.15, 60, marker=True))
    assert "60 screenshots 1 s apart, ±0.15 s: finds a stall of 0.3 s 8" in said
    assert "false alarms < 0.15 % (0 of 2000)" in said


@pytest.mark.parametrize(("trials", "below"), [(299, 1.0), (2995, 0.1), (59, 5.0)])
def test_rule_of_three(trials: int, below: float) -> None:
    assert upper_bound(trials) < below < upper_bound(trials - 1)


def test_nonsense_is_refused() -> None:
    for call in (
        lambda: power(0, 0.1, 60, marker=True),
        lambda: power(1, -0.1, 60, marker=True),
        lambda: recording_power(0, 25, 0.1),
        lambda: upper_bound(0),
    ):
        with pytest.raises(ValueError, match=r"no such|say nothing"):
            call()


def test_recording_sees_what_its_rate_allows() -> None:
    fast, slow = recording_power(30, 25, 0.1), recording_power(5, 25, 0.2)
    assert numbers(fast) == (100.0,) * 8
    assert slow.stall[0.3] < 80
    assert slow.stall[1.0] == 100


def recorded(media: Callable[[float], float], fps: float, phase: float) -> bool:
    pictures = [(n + phase) / fps for n in range(int(8 * fps))]
    seen = [Observation(at, MarkerRead(int(media(at) * 25 + 1e-6), 7, 0.8, False)) for at in pictures]
    found = examine(seen, Expectation({7: "720p"}, Fraction(25), 1500)).findings
    return any(finding.kind in ("stall", "freeze_catch_up") for finding in found)


@pytest.mark.parametrize("fps", [8.0, 10.3, 30.0])
def test_recordings_power_is_its_detectors(fps: float) -> None:
    rng, trials = random.Random(0), 150
    stated, hits = recording_power(fps, 25, 0.13), {0.3: 0, 0.5: 0}
    for _ in range(trials):
        at, phase = rng.uniform(3, 4), rng.random()
        for length in hits:
            stalled = lambda t, at=at, length=length: t if t < at else max(at, t - length)  # noqa: E731
            hits[length] += recorded(stalled, fps, phase)  # type: ignore[arg-type]
    assert [100 * n / trials for n in hits.values()] == pytest.approx([stated.stall[0.3], stated.stall[0.5]], abs=12)


def test_gap_hides_freezes_and_no_stalls() -> None:
    gap = recording_power(30, float(Fraction(25)), 1.2, duration_s=30)
    assert gap.stall[1.0] == 100
    assert gap.freeze[3.0] == pytest.approx(100 * (1 - 4.2 / 30))


def test_rule_is_the_verdicts_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power_module.lag, "departs", lambda low, high, clock: np.zeros(len(low), bool))
    assert set(numbers(power(1, 0.15, 60, marker=True))) == {0.0}
