"""What every detector is given: the spans, the steps and what the instrument was good for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.outcome import Severity
from harness.playback.expectation import Expectation, Limits
from harness.playback.observation import Observation
from harness.playback.timeline import Span, Step, spans_of, steps_of


@dataclass(frozen=True)
class Scene:
    """One recording, laid out.

    Args:
        capture_rate: pictures per second while pictures came, fps; None when too few came to say.
        read_share: readable pictures between the first and the last of the title, %; None without any.
        steps: one tuple for each span, in the spans' order.
    """

    observations: tuple[Observation, ...]
    expectation: Expectation
    spans: tuple[Span, ...]
    steps: tuple[tuple[Step, ...], ...]
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
    def all_steps(self) -> tuple[Step, ...]:
        return tuple(step for steps in self.steps for step in steps)

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

    @property
    def rate_severity(self) -> Severity:
        return Severity.FAIL if self.sees_holds else Severity.NOTE

    def reaches_end(self, frame_id: int) -> bool:
        """Whether this id counts as the title's end."""
        return frame_id >= self.expectation.frames - 1 - self.limits.end_tolerance_frames


def lay_out(observations: Sequence[Observation], expectation: Expectation) -> Scene:
    """The scene of a recording."""
    ordered = tuple(sorted(observations, key=lambda o: o.pts_s))
    spans = spans_of(ordered, expectation)
    steps = tuple(steps_of(span, expectation) for span in spans)
    pictures, shown = [], []
    note_s = expectation.limits.hold_note_s
    holds = [(s.before.end_s, s.after.start_s) for row in steps for s in row if s.held_s >= note_s]
    for span in spans:
        if span.runs:
            inside = [o for o in span.observations if span.runs[0].start_s <= o.pts_s <= span.runs[-1].end_s]
            pictures.append(inside)
            # A spinner over a title that waits hides the marker; that is the tablet's doing, not the reader's.
            waiting = {o.pts_s for low, high in holds for o in inside if low < o.pts_s < high}
            shown += [o for o in inside if o.pts_s not in waiting and not _just_after_seek(o, span, expectation)]
    # Gaps as long as a hold are judged as holds or recorder gaps; in here they would count twice.
    longest = max(expectation.limits.hold_note_s, 3 / float(expectation.frame_rate))
    gaps = [b.pts_s - a.pts_s for row in pictures for a, b in itertools.pairwise(row)]
    gaps = [gap for gap in gaps if gap < longest]
    capture_rate = len(gaps) / sum(gaps) if sum(gaps) > 0 else None
    read_share = 100 * sum(o.read is not None for o in shown) / len(shown) if shown else None
    return Scene(ordered, expectation, spans, steps, capture_rate, read_share)


def _just_after_seek(seen: Observation, span: Span, expectation: Expectation) -> bool:
    allowance = expectation.limits.seek_allowance_s
    return any(s.at_s - s.uncertainty_s <= seen.pts_s <= s.at_s + s.uncertainty_s + allowance for s in span.seeks)
