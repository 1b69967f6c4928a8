"""Playing a title and watching the screen: at the start, after a seek, and to the last frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.apps.adapter import PlayerSeen
from harness.core.clock import Deadline
from harness.core.errors import CaptureError, WaitTimeout
from harness.core.outcome import Finding, Layer, Severity
from harness.flows.sampler import Sampler
from harness.media.catalogue import Sample
from harness.playback import (
    Action,
    Examination,
    Expectation,
    MarkerReader,
    RecordingRead,
    examine,
    read_recording,
)
from harness.playback.agreement import agreement

if TYPE_CHECKING:
    from harness.flows.flow import Flow

# How long a title may take to appear: past Limits.startup_fail_s, so that a late one is seen to be late and no more.
PLAYBACK = "playback.json"  # beside the recording; `redeye verify` reads it
START_LIMIT_S = 15.0
# Watched after the end: a last frame that stands this long was the last (twice Limits.hold_note_s, less a poll).
STILL_S = 0.5
# A seek bar of about 1200 px for a minute: a finger's pixel is 50 ms, its thumb rounding a few of them.
SEEK_TOUCH_S = 0.2


@dataclass(frozen=True)
class PlaybackPlan:
    """Where to look, in media seconds.

    Args:
        start_s: how long to watch from the start.
        seeks: (target, how long to watch); the last one reaches the end of the title.
    """

    start_s: float
    seeks: tuple[tuple[Fraction, float], ...]

    @classmethod
    def of(cls, sample: Sample) -> PlaybackPlan:
        """Start, middle and last seconds of a title: at least 20 s where the title is long enough."""
        whole = sample.duration_s
        return cls(
            min(8.0, float(whole) / 3), ((whole * Fraction(45, 100), 6.0), (whole - min(Fraction(7), whole / 4), 7.0))
        )


@dataclass(frozen=True)
class Playback:
    """What was seen of one playback."""

    examination: Examination
    expectation: Expectation
    actions: tuple[Action, ...]
    recording: Path
    read: RecordingRead
    evidence: tuple[str, ...]


def watch(flow: Flow, plan: PlaybackPlan) -> Playback:
    """Record the screen, play, seek, watch to the end, and examine what the recording shows."""
    clock, app, screen = flow.clock, flow.app, flow.tablet.screen
    sampler = Sampler(flow.tablet.oracles(app.package), clock)
    local = flow.run.path / "recording.part"
    recording = screen.start_recording(Deadline.after(10, clock))
    evidence: list[str] = []
    touched: list[tuple[Literal["play", "seek", "stop"], float, Fraction | None]] = []
    stop_error: CaptureError | None = None
    try:
        seen = PlayerSeen(None, None, None)
        try:
            touched.append(("play", app.play(flow.sample.id, Deadline.after(10, clock)), Fraction(0)))
            seen = _until(flow, START_LIMIT_S, lambda s: s.state == "Playing" or s.error is not None)
        except WaitTimeout as late:
            flow.find(
                Finding("no_play_control", Layer.APP, Severity.BLIND, f"the app offers no way to play it: {late}")
            )
        if seen.state in ("Playing", "Ended") and seen.error is None:
            _until(flow, plan.start_s, lambda s: s.error is not None, every_s=1.0, sampler=sampler)
            evidence.append(flow.run.evidence("playing.png", screen.screenshot(), "screenshot"))
            for target, watch_s in plan.seeks:
                if seen.duration_s is not None and target >= Fraction(seen.duration_s):
                    break  # the app shows a shorter title; `ended_early` says so
                touched.append(("seek", app.seek(target, Deadline.after(10, clock)), target))
                seen = _until(flow, watch_s, _over, every_s=1.0, sampler=sampler)
                if seen.error is not None:
                    break
            if seen.error is None and seen.state != "Ended":
                seen = _until(flow, 3.0, _over, every_s=0.2, sampler=sampler)
        if seen.state == "Ended":
            clock.pause(STILL_S)
        touched.append(("stop", clock.monotonic(), None))
        if seen.error is not None:
            flow.find(Finding("player_error", Layer.PLAYER, Severity.FAIL, f"the app shows: {seen.error}"))
        evidence.append(flow.run.evidence("end.png", screen.screenshot(), "screenshot"))
    finally:
        try:
            screen.stop_recording(recording, local, Deadline.after(20, clock))
        except CaptureError as error:
            stop_error = error  # told also when something else ended the playback: it may be the cause
            flow.find(Finding("capture_failed", Layer.INSTRUMENT, Severity.BLIND, str(error)))
    if stop_error is not None:
        raise stop_error
    actions = tuple(
        Action(kind, at - recording.began_s, target, recording.uncertainty_s, SEEK_TOUCH_S if kind == "seek" else 0.0)
        for kind, at, target in touched
    )
    kept = flow.run.evidence("recording.mp4", local, "recording")
    local.unlink()
    evidence.append(kept)
    read = read_recording(flow.run.path / kept, MarkerReader(), flow.sight.references)
    expectation = _expectation(flow, actions)
    evidence.append(flow.run.evidence(PLAYBACK, _what_was_done(flow.sample.id, expectation), "playback"))
    examination = examine(read.observations, expectation)
    flow.checks.extend(examination.checks)
    flow.find(*examination.findings)
    flow.measurements.extend(examination.measurements)
    evidence.append(flow.run.evidence("oracles.jsonl", sampler.json_lines(recording.began_s), "oracles"))
    flow.measurements.extend(sampler.measurements())
    if sampler.samples:
        flow.checks.append("playback.agreement")
        looks = sampler.looks(recording.began_s, recording.uncertainty_s)
        has_sound = any(rendition.kind == "audio" for rendition in flow.sample.renditions)
        flow.find(*agreement(looks, read.observations, expectation, has_sound=has_sound))
    playback = Playback(examination, expectation, actions, flow.run.path / kept, read, tuple(evidence))
    flow.playbacks.append(playback)
    return playback


def _over(seen: PlayerSeen) -> bool:
    return seen.state == "Ended" or seen.error is not None


def _until(
    flow: Flow,
    seconds: float,
    accept: Callable[[PlayerSeen], bool],
    every_s: float = 0.1,
    sampler: Sampler | None = None,
) -> PlayerSeen:
    """Watch the player until `accept` or the time is over; the last thing it said. The sampler looks meanwhile."""
    deadline = Deadline.after(seconds, flow.clock)
    while True:
        next_s = flow.clock.monotonic() + every_s
        seen = flow.app.player()
        if accept(seen) or deadline.expired:
            return seen
        if sampler is not None:
            sampler.look(deadline.remaining_s)
        flow.clock.pause(min(max(next_s - flow.clock.monotonic(), 0.001), max(deadline.remaining_s, 0.001)))


def _what_was_done(sample: str, expectation: Expectation) -> bytes:
    """What `redeye verify` needs to judge this recording again."""
    actions = [{**asdict(a), "target_s": None if a.target_s is None else str(a.target_s)} for a in expectation.actions]
    rendition = next(iter(expectation.content_ids.values()))
    return json.dumps({"sample": sample, "rendition": rendition, "to_end": True, "actions": actions}, indent=1).encode()


def _expectation(flow: Flow, actions: tuple[Action, ...]) -> Expectation:
    video = flow.video
    names = {r.content_id: r.id for r in flow.sample.video if r.content_id is not None}
    own = {number: name for number, name in names.items() if name == video.id}
    return Expectation(
        content_ids=own,
        renditions={number: name for number, name in names.items() if number not in own},
        limits=flow.sight.limits,
        recorder_fps=flow.sight.recorder_fps,
        frame_rate=video.frame_rate or Fraction(30),
        frames=video.frames,
        actions=actions,
        to_end=True,
        recording_end_s=actions[-1].at_s,
    )
