"""The report of one run: pictures into the run folder's evidence, Allure results, and the HTML where Node is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.outcome import Verdict
from harness.flows.play import Playback
from harness.report.allure import write_results
from harness.report.filmstrip import Still, draw_filmstrip
from harness.report.html import build_html
from harness.report.timeline import TimelinePicture, draw_timeline
from harness.runs import RunFolder
from harness.toolchain import Toolchain

RESULTS = "allure-results"
REPORT = "report"


@dataclass(frozen=True)
class Report:
    """Where things are. `pictures` are run-folder paths; `html` is None when it was not asked for."""

    pictures: tuple[str, ...]
    results: Path
    html: Path | None


def build_report(
    run: RunFolder,
    playbacks: Sequence[Playback],
    verdict: Verdict,
    result: Mapping[str, Any],
    tools: Toolchain | None,
) -> Report:
    """The report of a run that is about to be sealed.

    Args:
        result: what it will be sealed with: outcome, kind, sample, serial, model, findings, measurements.
        tools: makes the HTML; None leaves it out.
    """
    pictures = draw_pictures(run, playbacks, verdict, result)
    results = run.path / RESULTS
    write_results(RunFolder.open(run.path), results, result)
    html = build_html(results, run.path / REPORT, tools.node, tools.packages) if tools is not None else None
    return Report(pictures, results, html)


def draw_pictures(
    run: RunFolder, playbacks: Sequence[Playback], verdict: Verdict, result: Mapping[str, Any]
) -> tuple[str, ...]:
    """Run-folder paths of a timeline for each playback and a film strip of the screenshots."""
    pictures = [_timeline(run, playback, verdict, result) for playback in playbacks]
    strip = _filmstrip(run)
    return (*pictures, strip) if strip is not None else tuple(pictures)


def _timeline(run: RunFolder, playback: Playback, verdict: Verdict, result: Mapping[str, Any]) -> str:
    expectation = playback.expectation
    picture = TimelinePicture(
        outcome=verdict.outcome,
        kind=str(result.get("kind", "unknown")),
        sample=str(result.get("sample", "")),
        device=str(result.get("model", "")),
        runs=playback.examination.runs,
        frame_rate=expectation.frame_rate,
        frames=expectation.frames,
        content_names=expectation.content_ids,
        actions=playback.actions,
        findings=verdict.findings,
        end_s=expectation.recording_end_s,
    )
    return run.evidence("timeline.png", draw_timeline(picture), "picture")


def _filmstrip(run: RunFolder) -> str | None:
    stills = [
        Still((run.path / evidence.path).read_bytes(), Path(evidence.path).stem.replace("-", " "))
        for evidence in run.stored
        if evidence.kind == "screenshot"
    ]
    return run.evidence("filmstrip.png", draw_filmstrip(stills), "picture") if stills else None
