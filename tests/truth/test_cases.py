"""Every hard case of facts/playback.md section 6, and ours: from real footage; outcome and cause compared.

The clips are made by tests/truth/clips.py with PyAV (H.264) and kept in the cache folder. TRUTH_SEEDS sets how many
rounds of six random clean clips are judged as well; 17 rounds are the hundred of the release check.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cases
import clips
import footage
import pytest
from cases import CASES, Case, Wanted

from harness.core.outcome import Finding, Layer, Measurement, Outcome, Severity, Verdict, judge
from harness.media.decode import decode
from harness.playback import Expectation, MarkerReader
from harness.playback.verify import verify

SEEDS = int(os.environ.get("TRUTH_SEEDS", "2"))
CLEAN_VARIANTS = [case for seed in range(SEEDS) for case in cases.clean_variants(seed)]


def judged(path: Path, expectation: Expectation | None) -> Verdict:
    return verify(path, expectation).verdict


def recording(case: Case) -> Path:
    try:
        return clips.build(case.recipe, case.id)
    except footage.FootageUnreachable as e:
        pytest.skip(str(e))


def complaints(case: Case, verdict: Verdict) -> list[str]:
    """What is wrong about a verdict; nothing when outcome and cause are right."""
    wrong = []
    if verdict.outcome not in case.outcomes:
        wrong.append(f"is {verdict.outcome}, expected {' or '.join(case.outcomes)}")
    wrong += [f"lacks {wanted}" for wanted in case.wanted if not any(fits(wanted, f) for f in verdict.findings)]
    known = case.also.union(*(wanted.kinds.split("|") for wanted in case.wanted))
    strays = [f for f in verdict.findings if f.severity is not Severity.NOTE and f.kind not in known]
    wrong += [f"stray {said(f)}" for f in strays]
    wrong += [f"must not have {said(f)}" for f in verdict.findings if f.kind in case.never]
    measured = {m.name: m.value for m in verdict.measurements}
    for name, least in case.least.items():
        if measured.get(name, -1.0) < least:
            wrong.append(f"{name} is {measured.get(name)}, expected at least {least}")
    return wrong


def fits(wanted: Wanted, finding: Finding) -> bool:
    if finding.kind not in wanted.kinds.split("|") or wanted.severity not in (None, finding.severity):
        return False
    pairs = ((wanted.start_s, finding.start_s), (wanted.end_s, finding.end_s))
    return all(a is None or (b is not None and abs(a - b) <= wanted.tolerance_s + 1e-6) for a, b in pairs)


def said(finding: Finding) -> str:
    span = "" if finding.start_s is None else f" {finding.start_s:.2f}-{finding.end_s or 0:.2f} s"
    return f"{finding.severity} {finding.kind}{span}: {finding.message}"


def row(case: Case, verdict: Verdict) -> list[str]:
    expected = "/".join(case.outcomes) + "".join(f" {wanted.kinds}" for wanted in case.wanted)
    cause = said(verdict.cause) if verdict.cause else ", ".join(sorted({f.kind for f in verdict.findings}))
    return [case.id, expected, str(verdict.outcome), cause[:100]]


@pytest.mark.parametrize("case", [*CASES, *CLEAN_VARIANTS], ids=lambda case: case.id)
def test_case(case: Case, record_property: Callable[[str, object], None]) -> None:
    verdict = judged(recording(case), case.expectation)
    record_property("truth", row(case, verdict))  # conftest.py prints it
    assert complaints(case, verdict) == [], "\n".join(map(said, verdict.findings))


@pytest.mark.parametrize("source", footage.CLIPS)
@pytest.mark.parametrize("size", [(640, 360), (1280, 800)], ids=["360p", "tablet"])
def test_p24_no_id_in_unmarked_footage(source: str, size: tuple[int, int]) -> None:
    try:
        film = footage.Footage(source, size)
    except footage.FootageUnreachable as e:
        pytest.skip(str(e))
    reader = MarkerReader()
    assert [index for index in range(len(film)) if reader.read(film[index].luma) is not None] == []


def test_p22_p23_no_id_is_wrong() -> None:
    """Zero wrong ids: at 150 kbit/s and in the 2560x1600 letterbox each id read is the one that was drawn."""
    for case in CASES:
        if case.id.startswith(("P22-", "P23-", "P17-", "X-blended")) and case.expectation is not None:
            reader = MarkerReader()
            with decode(recording(case)) as frames:
                reads = [reader.read(frame.luma) for frame in frames]
            wrong = [
                (frame_id, read)
                for (_, frame_id), read in zip(case.recipe.line, reads, strict=True)
                if read and (read.frame_id, read.content_id) != (frame_id, clips.OWN)
            ]
            assert wrong == [], case.id


def verdict_of(*findings: Finding, lost: float = 0) -> Verdict:
    return judge(findings, ["looked"], [Measurement("dropped", lost, "frames")])


def finding(kind: str, severity: Severity = Severity.FAIL, start: float | None = 3.0, end: float = 6.0) -> Finding:
    return Finding(kind, Layer.PLAYER, severity, "", start, end)


STALL = next(case for case in CASES if case.id == "P3-freeze-3s-marked")
DROP = next(case for case in CASES if case.id == "P9-single-drop-25-marked")


@pytest.mark.parametrize(
    ("case", "verdict", "complaint"),
    [
        (STALL, verdict_of(), "is PASS, expected FAIL"),
        (STALL, verdict_of(finding("speed")), "stray fail speed"),
        (STALL, verdict_of(finding("stall", start=3.2)), "lacks"),
        (STALL, verdict_of(finding("stall", start=None)), "lacks"),
        (STALL, verdict_of(finding("stall", Severity.BLIND)), "lacks"),
        (STALL, verdict_of(finding("stall"), finding("jumped")), "stray fail jumped"),
        (STALL, verdict_of(finding("stall"), finding("wrong_content", Severity.NOTE)), "must not have"),
        (DROP, verdict_of(), "dropped is 0, expected at least 1"),
    ],
)
def test_the_table_can_fail(case: Case, verdict: Verdict, complaint: str) -> None:
    assert any(line.startswith(complaint) for line in complaints(case, verdict))


def test_the_table_can_pass() -> None:
    assert complaints(STALL, verdict_of(finding("stall"))) == []
    assert complaints(DROP, verdict_of(lost=1)) == []
    assert {outcome for case in CASES for outcome in case.outcomes} == {
        Outcome.PASS,
        Outcome.FAIL,
        Outcome.INCONCLUSIVE,
    }


def test_every_hard_case_has_a_row() -> None:
    assert {f"P{number}" for number in range(1, 27)} <= {case.id.partition("-")[0] for case in CASES}
    assert len({case.id for case in CASES}) == len(CASES)
