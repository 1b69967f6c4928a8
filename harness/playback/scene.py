"""What every detector is given: the spans, the steps and what the instrument was good for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.core.outcome import Severity
from harness.playback.expectation import Expectation, Limits
from harness.playback.film import Film
from harness.playback.observation import Observation
from harness.playback.timeline import Span, Step, Steps, spans_of

LOCKED_PICTURES = 50
LOCKED_FRAMES = 0.06  # a thousandth of a second, as containers round to, is 0.03 frames at 30 fps
LOCKED_SHARE = 0.85
LOCKED_DRIFT = 0.002  # frames a picture; a recorder at another rate drifts through all phases


@dataclass(frozen=True)
class Scene:
    """One recording, laid out.

    Args:
        capture_rate: pictures per second while pictures came, fps; None when too few came to say.
        read_share: readable pictures between the first and the last of the title, %; None without any.
        steps: one tuple for each span, in the spans' order.
    """

    observations: Film
    expectation: Expectation
    spans: tuple[Span, ...]
    steps: tuple[Steps, ...]
    capture_rate: float | None
    read_share: float | None

    @property
    def limits(self) -> Limits:
        return self.expectation.limits

    @property
    def rate(self) -> float:
        """Content frames per second."""
        return float(self.expectation.frame_rate)

    @property
    def all_steps(self) -> Iterator[Step]:
        """Every step of every span; made anew each time, so that they need no memory."""
        return itertools.chain.from_iterable(self.steps)

    @property
    def sees_holds(self) -> bool:
        """Whether capture and reading were good enough to say FAIL about a rate."""
        rate_ok = self.capture_rate is not None and self.capture_rate >= self.limits.capture_ratio * self.rate
        return rate_ok and self.read_share is not None and self.read_share >= self.limits.read_share

    @property
    def sees_drops(self) -> bool:
        """Whether capture was fast enough to count single frames."""
        enough = self.limits.capture_ratio_drops * self.rate
        return self.sees_holds and self.capture_rate is not None and self.capture_rate >= enough

    @cached_property
    def frame_locked(self) -> bool:
        """Whether pictures were taken at one phase of the content's frames.

        Then a picture that still shows the frame before is the player's doing, at any rate. One that is missing is
        not: the recorder may have left it out.
        """
        for span in self.spans:
            shown = span.observations
            own = shown.readable & np.isin(shown.content_ids, list(self.expectation.content_ids))
            if int(own.sum()) < LOCKED_PICTURES:
                continue
            phase = shown.pts[own] * self.rate - shown.frame_ids[own]
            steps = np.diff(phase)
            small = steps[np.abs(steps) < LOCKED_FRAMES]
            if len(small) < LOCKED_SHARE * len(steps) or abs(float(small.mean())) > LOCKED_DRIFT:
                return False
        return any(len(span.runs) >= LOCKED_PICTURES for span in self.spans)

    @property
    def rate_severity(self) -> Severity:
        return Severity.FAIL if self.sees_holds else Severity.NOTE

    def reaches_end(self, frame_id: int) -> bool:
        """Whether this id counts as the title's end."""
        return frame_id >= self.expectation.frames - 1 - self.limits.end_tolerance_frames


def lay_out(observations: Iterable[Observation], expectation: Expectation) -> Scene:
    """The scene of a recording."""
    film = Film.of(observations)
    spans = spans_of(film, expectation)
    steps = tuple(Steps(span, expectation) for span in spans)
    # Gaps as long as a hold are judged as holds or recorder gaps; in here they would count twice.
    longest = max(expectation.limits.hold_note_s, 3 / float(expectation.frame_rate))
    gaps = shown = readable = 0.0
    count = 0
    for span, row in zip(spans, steps, strict=True):
        if not span.runs:
            continue
        inside = span.observations.between(span.runs[0].start_s, span.runs[-1].end_s)
        pauses = np.diff(inside.pts)
        pauses = pauses[pauses < longest]
        count, gaps = count + len(pauses), gaps + float(pauses.sum())
        counted = np.ones(len(inside), bool)
        # A spinner over a title that waits hides the marker; that is the tablet's doing, not the reader's.
        holds = [(s.before.end_s, s.after.start_s) for s in row if s.held_s >= expectation.limits.hold_note_s]
        for low, high in holds:
            counted &= ~((inside.pts > low) & (inside.pts < high))
        for seek in span.seeks:
            low, high = seek.at_s - seek.uncertainty_s, seek.at_s + seek.uncertainty_s
            counted &= ~((inside.pts >= low) & (inside.pts <= high + expectation.limits.seek_allowance_s))
        shown, readable = shown + int(counted.sum()), readable + int((counted & inside.readable).sum())
    capture_rate = count / gaps if gaps > 0 else None
    read_share = 100 * readable / shown if shown else None
    return Scene(film, expectation, spans, steps, capture_rate, read_share)
