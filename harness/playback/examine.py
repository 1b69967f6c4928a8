"""Examining a recording: the instrument first, then each question once, then the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.outcome import Finding, Measurement, Severity
from harness.playback.detectors import (
    black,
    blocky,
    dropped,
    ended_early,
    freeze_catch_up,
    frozen,
    geometry_changed,
    green,
    half_rate,
    instrument,
    jumped,
    loop,
    marker_hidden,
    not_started,
    out_of_order,
    repeated,
    seek_off_target,
    speed,
    stall,
    startup_delay,
    unmarked,
    wrong_content,
    wrong_picture,
)
from harness.playback.expectation import Expectation
from harness.playback.film import Film, Runs
from harness.playback.observation import Observation
from harness.playback.scene import Scene, lay_out


@dataclass(frozen=True)
class Detector:
    """One question: its name and the function that answers it with findings."""

    name: str
    look: Callable[[Scene], list[Finding]]


DETECTORS = (
    Detector("instrument", instrument.look),
    Detector("unmarked", unmarked.look),
    Detector("wrong_content", wrong_content.look),
    Detector("black", black.look),
    Detector("green", green.look),
    Detector("blocky", blocky.look),
    Detector("wrong_picture", wrong_picture.look),
    Detector("not_started", not_started.look),
    Detector("startup_delay", startup_delay.look),
    Detector("half_rate", half_rate.look),
    Detector("loop", loop.look),
    Detector("out_of_order", out_of_order.look),
    Detector("stall", stall.look),
    Detector("freeze_catch_up", freeze_catch_up.look),
    Detector("ended_early", ended_early.look),
    Detector("seek_off_target", seek_off_target.look),
    Detector("jumped", jumped.look),
    Detector("speed", speed.look),
    Detector("dropped", dropped.look),
    Detector("repeated", repeated.look),
    Detector("frozen", frozen.look),
    Detector("marker_hidden", marker_hidden.look),
    Detector("geometry_changed", geometry_changed.look),
)


@dataclass(frozen=True)
class Examination:
    """What was found, measured and looked at; hand it to `judge`. Findings: those that decide come first."""

    findings: tuple[Finding, ...]
    measurements: tuple[Measurement, ...]
    checks: tuple[str, ...]
    runs: Runs


def examine(
    observations: Iterable[Observation], expectation: Expectation, detectors: Sequence[Detector] = DETECTORS
) -> Examination:
    """Everything that the detectors say about a recording."""
    film = Film.of(observations)
    scene = lay_out(film, expectation)
    findings: list[Finding] = []
    for detector in detectors:
        findings += detector.look(scene)
    rank = {Severity.FAIL: 0, Severity.BLIND: 1, Severity.NOTE: 2}
    findings.sort(key=lambda finding: rank[finding.severity])
    runs = Runs.joined([span.runs for span in scene.spans])
    checks = tuple(f"playback.{detector.name}" for detector in detectors) if len(film) else ()
    return Examination(tuple(findings), _measurements(scene), checks, runs)


def _measurements(scene: Scene) -> tuple[Measurement, ...]:
    limits, out = scene.limits, []
    expected = seen = 0
    for span in scene.spans:
        for ids in segments(span.runs, scene):
            seen, expected = seen + len(np.unique(ids)), expected + int(ids.max() - ids.min()) + 1
    if expected:
        out += [
            Measurement("frames_expected", expected, "frames"),
            Measurement("frames_seen", seen, "frames"),
            Measurement("seen_share", 100 * seen / expected, "%"),
        ]
    for delay, uncertainty in startup_delay.delays(scene):
        out.append(Measurement("startup_delay", delay, "s", None, limits.startup_fail_s, "redeye limit"))
        out.append(Measurement("startup_delay_uncertainty", uncertainty, "s"))
    held = [s.held_s for s in scene.all_steps if s.held_s > 0 and (s.watched or s.advance <= 2)]
    held += [end.held_s for end in stall.endings(scene)]
    if any(len(steps) for steps in scene.steps):
        out.append(
            Measurement("longest_hold", max(held, default=0.0), "s", None, limits.hold_fail_s, "playback.md 5.3")
        )
        lost, of, _ = dropped.count(scene)
        upper = of * limits.dropped_share / 100 if scene.sees_drops else None
        out.append(Measurement("dropped", lost, "frames", None, upper, "media3 GTS: 1 %"))
    played = sum(span.runs[-1].end_s - span.runs[0].start_s for span in scene.spans if span.runs)
    if played > 0:
        out.append(Measurement("observed_playback", played, "s"))
    if scene.read_share is not None:
        out.append(Measurement("marker_read_share", scene.read_share, "%", limits.read_share, None, "playback.md 4.2"))
    if scene.capture_rate is not None:
        least = limits.capture_ratio * scene.rate
        out.append(Measurement("capture_rate", scene.capture_rate, "fps", least, None, "playback.md 4.5"))
    return tuple(out)


def segments(runs: Runs, scene: Scene) -> list[NDArray[np.int64]]:
    """Frame ids of the runs, cut where they jump away from the clock, as they do at a seek."""
    if not len(runs):
        return []
    advance = np.diff(runs.frame_ids)
    ahead = advance / scene.rate - np.diff(runs.starts)
    return np.split(runs.frame_ids, np.flatnonzero((advance < 0) | (ahead > scene.limits.skip_s)) + 1)
