"""Outcomes, findings, measurements and the verdict made of them.

Detectors add findings; `judge` decides once, at the end, from all of them. A finding is never edited,
and no later tolerance forgives an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from harness.core.errors import InconclusiveError, PlaybackFailure


class Outcome(StrEnum):
    """There is no fifth, and no default PASS."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_RUN = "NOT_RUN"


class Severity(StrEnum):
    """What a finding does to the verdict."""

    FAIL = "fail"  # the tablet, app or delivery did wrong
    BLIND = "blind"  # we could not see: INCONCLUSIVE
    NOTE = "note"  # worth knowing


class Layer(StrEnum):
    """Who is at fault. LAB and INSTRUMENT are ours."""

    APP = "app"
    PLAYER = "player"
    STORAGE = "storage"
    DELIVERY = "delivery"
    OS = "os"
    NETWORK = "network"
    INSTRUMENT = "instrument"
    LAB = "lab"


@dataclass(frozen=True)
class Finding:
    """One thing that was seen and is worth arguing about.

    Args:
        kind: snake_case name of the cause, e.g. "stall", "download_missing".
        start_s, end_s: span on the playback's clock; None when it has no place in time.
        value, unit, limit: the number, its unit and the limit it broke, where there is one.
        evidence: run-folder paths that show it.
    """

    kind: str
    layer: Layer
    severity: Severity
    message: str
    start_s: float | None = None
    end_s: float | None = None
    value: float | None = None
    unit: str = ""
    limit: float | None = None
    limit_source: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """A number with its unit, limits and where they came from. Bounds are inclusive; None is unbounded."""

    name: str
    value: float
    unit: str
    lower: float | None = None
    upper: float | None = None
    source: str = ""

    @property
    def within(self) -> bool:
        return (self.lower is None or self.value >= self.lower) and (self.upper is None or self.value <= self.upper)


@dataclass(frozen=True)
class Verdict:
    """The outcome and everything that led to it."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    checks: tuple[str, ...] = field(default=())

    @property
    def cause(self) -> Finding | None:
        """The finding that decided the outcome; None for PASS."""
        wanted = {Outcome.FAIL: Severity.FAIL, Outcome.INCONCLUSIVE: Severity.BLIND}.get(self.outcome)
        return next((f for f in self.findings if f.severity is wanted), None)

    def __bool__(self) -> bool:
        return self.outcome is Outcome.PASS

    def require(self) -> Verdict:
        """This verdict when it is PASS.

        Raises:
            PlaybackFailure: FAIL; Allure shows *failed*.
            InconclusiveError: INCONCLUSIVE or NOT_RUN; Allure shows *broken*.
        """
        if self.outcome is Outcome.PASS:
            return self
        lines = [f"{f.kind} [{f.layer}]: {f.message}" for f in self.findings if f.severity is not Severity.NOTE]
        text = f"{self.outcome}: " + ("; ".join(lines) or "nothing was checked")
        if self.outcome is Outcome.FAIL:
            raise PlaybackFailure(text)
        raise InconclusiveError(text)


def judge(findings: Iterable[Finding], checks: Iterable[str], measurements: Iterable[Measurement] = ()) -> Verdict:
    """The verdict, decided once from all findings.

    Args:
        findings: in order of cause first; kept in that order.
        checks: names of what was really looked at; none means NOT_RUN.
    """
    found, looked = tuple(findings), tuple(checks)
    if any(f.severity is Severity.FAIL for f in found):
        outcome = Outcome.FAIL
    elif any(f.severity is Severity.BLIND for f in found):
        outcome = Outcome.INCONCLUSIVE
    elif not looked:
        outcome = Outcome.NOT_RUN
    else:
        outcome = Outcome.PASS
    return Verdict(outcome, found, tuple(measurements), looked)
