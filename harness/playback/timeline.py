"""Observations as runs of frame ids by the clock, and the steps from one run to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.playback.expectation import Action, Expectation
from harness.playback.observation import MarkerRead, Observation


@dataclass(frozen=True)
class Run:
    """One frame id on the screen.

    Args:
        start_s: pts of the first picture that shows it.
        end_s: pts of the last picture that shows it.
        before_s: pts of the last picture of any kind before start_s; start_s itself for the very first.
        reads: number of pictures that show it.
        margin: the best margin among them.
        widest_gap_s: longest time without any picture between start_s and the next run's start.
    """

    frame_id: int
    content_id: int
    start_s: float
    end_s: float
    before_s: float
    reads: int
    margin: float
    widest_gap_s: float


@dataclass(frozen=True)
class Span:
    """One playback: from a play action to its stop, the next play or the recording's end.

    poster: the first frame was on the screen before play, so that playback starts with the second.
    """

    start_s: float
    end_s: float
    play: Action | None
    stop: Action | None
    seeks: tuple[Action, ...]
    runs: tuple[Run, ...]
    foreign: tuple[Run, ...]
    observations: tuple[Observation, ...]
    poster: bool = False


@dataclass(frozen=True)
class Step:
    """The change from one run to the next within a span.

    Args:
        elapsed_s: clock time from the first picture of one to the first of the other, without what the
            allowance after an action covers.
        advance: frame ids gone forward; negative is backwards.
        held_s: how long the earlier id stood beyond what the advance explains, s.
        excused: an action lies close by, so the advance says nothing.
        watched: pictures were captured throughout, none missing for as long as a hold.
    """

    before: Run
    after: Run
    elapsed_s: float
    advance: int
    held_s: float
    excused: bool
    watched: bool


def runs_of(observations: Sequence[Observation]) -> tuple[Run, ...]:
    """Neighbouring reads of one frame id, joined over unreadable pictures between them."""
    runs: list[Run] = []
    open_read: MarkerRead | None = None
    start = end = before = gap = margin = 0.0
    reads = 0
    last = observations[0].pts_s if observations else 0.0
    for pts, read, _ in observations:
        new = read is not None and (
            open_read is None or (read.frame_id, read.content_id) != (open_read.frame_id, open_read.content_id)
        )
        gap = max(gap, pts - last)
        if new and read is not None:
            if open_read is not None:
                runs.append(Run(open_read.frame_id, open_read.content_id, start, end, before, reads, margin, gap))
            open_read, start, end, before, reads, margin, gap = read, pts, pts, last, 1, read.margin, 0.0
        elif read is not None:
            end, reads, margin = pts, reads + 1, max(margin, read.margin)
        last = pts
    if open_read is not None:
        runs.append(Run(open_read.frame_id, open_read.content_id, start, end, before, reads, margin, gap))
    return tuple(runs)


def spans_of(observations: Sequence[Observation], expectation: Expectation) -> tuple[Span, ...]:
    """The playbacks of a recording, in order."""
    actions = sorted(expectation.actions, key=lambda action: action.at_s)
    ends = [expectation.recording_end_s, observations[-1].pts_s if observations else None]
    ends += [action.at_s for action in actions[-1:]]
    finish = max((end for end in ends if end is not None), default=0.0)
    plays = [action for action in actions if action.kind == "play"]
    bounds: list[tuple[float, Action | None]] = [(p.at_s - p.uncertainty_s, p) for p in plays]
    if not bounds:
        bounds = [(observations[0].pts_s if observations else 0.0, None)]
    spans = []
    for index, (start, play) in enumerate(bounds):
        limit = bounds[index + 1][0] if index + 1 < len(bounds) else finish
        stop = next((a for a in actions if a.kind == "stop" and start < a.at_s <= limit), None)
        end = stop.at_s if stop else limit
        inside = tuple(o for o in observations if start <= o.pts_s <= end)
        runs = runs_of(inside)
        own = tuple(run for run in runs if run.content_id in expectation.content_ids)
        foreign = tuple(run for run in runs if run.content_id not in expectation.content_ids)
        seeks = tuple(a for a in actions if a.kind == "seek" and start <= a.at_s <= end)
        shown = next((o.read for o in reversed(observations) if o.read and o.pts_s < start), None)
        poster = bool(play and own and shown and shown.frame_id == own[0].frame_id)
        spans.append(Span(start, end, play, stop, seeks, own, foreign, inside, poster))
    return tuple(spans)


def steps_of(span: Span, expectation: Expectation) -> tuple[Step, ...]:
    """Every change of the frame id in a span."""
    rate = float(expectation.frame_rate)
    steps = []
    for before, after in zip(span.runs, span.runs[1:], strict=False):
        excuse, excused = excused_s(span, before.start_s, after.start_s, expectation)
        elapsed = after.start_s - before.start_s - excuse
        advance = after.frame_id - before.frame_id
        explained = 0.0 if excused else max(0, advance - 1) / rate
        watched = before.widest_gap_s < max(expectation.limits.hold_note_s, 3 / rate)
        steps.append(Step(before, after, elapsed, advance, max(0.0, elapsed - explained), excused, watched))
    return tuple(steps)


def excused_s(span: Span, start_s: float, end_s: float, expectation: Expectation) -> tuple[float, bool]:
    """How much of start..end the allowances after seeks cover, and whether one touches it at all."""
    windows = sorted(
        (seek.at_s - seek.uncertainty_s, seek.at_s + seek.uncertainty_s + expectation.limits.seek_allowance_s)
        for seek in span.seeks
    )
    if span.poster and len(span.runs) > 1:
        windows.insert(0, (span.start_s, span.runs[1].start_s))
    covered, reached, touched = 0.0, start_s, False
    for low, high in windows:
        if low <= end_s and high >= start_s:
            touched = True
        since, until = max(low, reached), min(high, end_s)
        if until > since:
            covered, reached = covered + until - since, until
    return covered, touched
