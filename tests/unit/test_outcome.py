"""One verdict from all findings; no default PASS."""

from __future__ import annotations

import pytest

from harness.core.clock import Deadline, FakeClock, wait_for
from harness.core.errors import InconclusiveError, PlaybackFailure, WaitTimeout
from harness.core.outcome import Finding, Layer, Outcome, Severity, judge


def finding(severity: Severity, kind: str = "k") -> Finding:
    return Finding(kind, Layer.APP, severity, "m")


@pytest.mark.parametrize(
    ("severities", "checks", "outcome"),
    [
        ([], [], Outcome.NOT_RUN),
        ([], ["looked"], Outcome.PASS),
        ([Severity.NOTE], ["looked"], Outcome.PASS),
        ([Severity.BLIND], ["looked"], Outcome.INCONCLUSIVE),
        ([Severity.BLIND, Severity.FAIL], ["looked"], Outcome.FAIL),
    ],
)
def test_judge(severities: list[Severity], checks: list[str], outcome: Outcome) -> None:
    assert judge([finding(s) for s in severities], checks).outcome is outcome


def test_require_raises_what_allure_shows() -> None:
    with pytest.raises(PlaybackFailure, match="k \\[app\\]") as failed:
        judge([finding(Severity.FAIL)], ["c"]).require()
    assert isinstance(failed.value, AssertionError)
    for verdict in (judge([finding(Severity.BLIND)], ["c"]), judge([], [])):
        with pytest.raises(InconclusiveError):
            verdict.require()


def test_the_cause_is_the_first_that_decided() -> None:
    verdict = judge(
        [finding(Severity.NOTE, "n"), finding(Severity.FAIL, "first"), finding(Severity.FAIL, "second")], ["c"]
    )
    assert verdict.cause is not None and verdict.cause.kind == "first"


def test_waiting_gives_what_was_seen_and_how_long() -> None:
    clock = FakeClock()
    waited = wait_for("three", clock.monotonic, lambda now: now >= 3, Deadline.after(5, clock), 1.0)
    assert (waited.value, waited.took_s) == (3.0, 3.0)
    with pytest.raises(WaitTimeout, match=r"never: not within 5\.0 s; last seen 8\.0"):
        wait_for("never", clock.monotonic, lambda now: False, Deadline.after(5, clock), 1.0)
