"""Observations as runs of frame ids by the clock, and the steps from one run to the next."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

from harness.playback.expectation import Action, Expectation
from harness.playback.film import Film, Runs
from harness.playback.observation import Run


@dataclass(frozen=True)
class Span:
    """One playback: from a play action to its stop, the next play or the recording's end.

    changes are pauses, resumes and speeds.
    poster: the first frame was on the screen before play, so that playback starts with the second.
    """

    start_s: float
    end_s: float
    play: Action | None
    stop: Action | None
    seeks: tuple[Action, ...]
    changes: tuple[Action, ...]
    runs: Runs
    foreign: Runs
    observations: Film
    poster: bool = False


class Step(NamedTuple):
    """The change from one run to the next within a span.

    Args:
        elapsed_s: media time that should have passed from the first picture of one to the first of the other:
            the clock's, at the speed asked for, without pauses and what the allowance after an action covers.
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


def spans_of(observations: Film, expectation: Expectation) -> tuple[Span, ...]:
    """The playbacks of a recording, in order."""
    actions = sorted(expectation.actions, key=lambda action: action.at_s)
    ends = [expectation.recording_end_s, float(observations.pts[-1]) if len(observations) else None]
    ends += [action.at_s for action in actions[-1:]]
    finish = max((end for end in ends if end is not None), default=0.0)
    plays = [action for action in actions if action.kind == "play"]
    bounds: list[tuple[float, Action | None]] = [(p.at_s - p.uncertainty_s, p) for p in plays]
    if not bounds:
        bounds = [(float(observations.pts[0]) if len(observations) else 0.0, None)]
    spans = []
    for index, (start, play) in enumerate(bounds):
        limit = bounds[index + 1][0] if index + 1 < len(bounds) else finish
        stop = next((a for a in actions if a.kind == "stop" and start < a.at_s <= limit), None)
        end = max(start, stop.at_s if stop else limit)  # uncertainties of two plays can overlap
        inside = observations.between(start, end)
        runs = inside.runs()
        own = runs.of_content(expectation.content_ids)
        foreign = runs.of_content(expectation.content_ids, others=True)
        seeks = tuple(a for a in actions if a.kind == "seek" and start <= a.at_s <= end)
        earlier = observations.frame_ids[(observations.pts < start) & observations.readable]
        poster = bool(play and own and len(earlier) and int(earlier[-1]) == own[0].frame_id)
        changes = tuple(a for a in actions if a.kind in ("pause", "resume", "speed") and start <= a.at_s <= end)
        spans.append(Span(start, end, play, stop, seeks, changes, own, foreign, inside, poster))
    return tuple(spans)


KEPT_STEPS = 10_000  # about five minutes at 30 fps; longer ones are made anew for each detector, to stay small


class Steps(Sequence[Step]):
    """Every change of the frame id in a span, made when asked for."""

    def __init__(self, span: Span, expectation: Expectation) -> None:
        self._span, self._expectation = span, expectation
        self._rate = float(expectation.frame_rate)
        self._gap_s = max(expectation.limits.hold_note_s, 3 / self._rate)
        self._kept: list[Step] | None = None
        self._excuses = bool(span.seeks) or span.poster
        self._clock = MediaClock(span.changes, expectation.limits.seek_allowance_s)

    def __len__(self) -> int:
        return max(0, len(self._span.runs) - 1)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        at = range(len(self))[index]
        return self._between(self._span.runs[at], self._span.runs[at + 1])

    def __iter__(self) -> Iterator[Step]:
        if self._kept is None and len(self) <= KEPT_STEPS:
            self._kept = [self._between(a, b) for a, b in itertools.pairwise(self._span.runs)]
        if self._kept is not None:
            return iter(self._kept)
        return (self._between(a, b) for a, b in itertools.pairwise(self._span.runs))

    def _between(self, before: Run, after: Run) -> Step:
        excuse, excused = 0.0, False
        if self._excuses:
            excuse, excused = excused_s(self._span, before.start_s, after.start_s, self._expectation)
        elapsed, touched = self._clock.passed(before.start_s, after.start_s)
        if touched:  # the last frame before a pause and the first after it are not due at once
            elapsed = max(0.0, elapsed - self._expectation.limits.seek_allowance_s)
        elapsed, excused = elapsed - excuse, excused or touched
        advance = after.frame_id - before.frame_id
        explained = 0.0 if excused else max(0, advance - 1) / self._rate
        watched = before.widest_gap_s < self._gap_s
        return Step(before, after, elapsed, advance, max(0.0, elapsed - explained), excused, watched)


class MediaClock:
    """How fast the title should go at each moment, by the pauses, resumes and speeds that were asked for."""

    def __init__(self, changes: Sequence[Action], allowance_s: float) -> None:
        self._changes, self._allowance_s = changes, allowance_s

    def passed(self, start_s: float, end_s: float) -> tuple[float, bool]:
        """Media seconds that should pass between, and whether a change lies so close that it cannot be said exactly."""
        if not self._changes:
            return end_s - start_s, False
        total, at, speed, running, touched = 0.0, start_s, 1.0, True, False
        for change in self._changes:
            low, high = change.at_s - change.uncertainty_s, change.at_s + change.uncertainty_s + self._allowance_s
            touched |= low <= end_s and high >= start_s
            if change.at_s > start_s:
                total += (min(change.at_s, end_s) - at) * (speed if running else 0.0)
                at = min(change.at_s, end_s)
            running = change.kind != "pause" if change.kind in ("pause", "resume") else running
            speed = float(change.target_s or 1) if change.kind == "speed" else speed
        return total + (end_s - at) * (speed if running else 0.0), touched


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
