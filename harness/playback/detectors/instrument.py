"""Was the recording good enough to judge by? Asked first; the answer is never about the tablet."""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.detectors.stall import endings
from harness.playback.film import Film
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """Pictures, their rate, their readability and their gaps."""
    if not scene.observations:
        return [blind("no_frames", "the recording has no pictures")]
    found = _backwards_clock(scene.observations)
    limits = scene.limits
    for span in scene.spans:
        if not span.observations:
            found.append(blind("no_frames", "no picture was captured during playback", span.start_s, span.end_s))
        elif not span.runs and not span.foreign and span.observations.black.all():
            message = "every picture is black, as protected surfaces are to a recorder"
            found.append(blind("black_picture", message, span.start_s, span.end_s))
        elif len(span.runs) == 1 and scene.expectation.frames > 1 and not endings(scene):
            message = f"frame {span.runs[0].frame_id} was the only one seen: nothing shows that the title went on"
            found.append(blind("capture_insufficient", message, span.start_s, span.end_s, 1.0, "frames"))
    least = limits.capture_ratio * scene.rate
    if scene.capture_rate is not None and scene.capture_rate < least:
        message = f"{scene.capture_rate:.1f} pictures/s captured of {scene.rate:.3g} frames/s; {least:.1f} are needed"
        found.append(blind("capture_insufficient", message, value=scene.capture_rate, unit="fps", limit=least))
    elif scene.capture_rate is None and any(span.runs for span in scene.spans):
        count = sum(len(span.observations) for span in scene.spans)
        message = f"{count} pictures captured during playback are too few or too far apart to judge by"
        found.append(blind("capture_insufficient", message, value=float(count), unit="pictures"))
    if scene.read_share is not None and scene.read_share < limits.read_share:
        message = (
            f"the marker could be read in {scene.read_share:.1f} % of the pictures; {limits.read_share:.0f} % needed"
        )
        found.append(blind("capture_insufficient", message, value=scene.read_share, unit="%", limit=limits.read_share))
    for step in scene.all_steps:
        gap = step.before.widest_gap_s
        # Ids that went on by about the gap: the player may have frozen and caught up, or the recorder slept.
        if gap >= limits.recorder_gap_s and not step.excused and step.held_s < gap / 2:
            message = f"no picture for {gap:.2f} s while the title went on by {step.advance} frames"
            start, end = step.before.start_s, step.after.start_s
            found.append(blind("capture_lost", message, start, end, gap, "s", limits.recorder_gap_s))
    return found


def _backwards_clock(film: Film) -> list[Finding]:
    """A finding when timestamps went backwards or repeated."""
    if not film.backwards_count:
        return []
    first, second = film.backwards[0]
    count = film.backwards_count
    message = f"{count} timestamps do not go forward, first {second:.3f} s after {first:.3f} s"
    return [blind("timestamps_not_monotonic", message, second, first, float(count), "timestamps", 0.0)]


def blind(
    kind: str,
    message: str,
    start: float | None = None,
    end: float | None = None,
    value: float | None = None,
    unit: str = "",
    limit: float | None = None,
) -> Finding:
    """A finding that we could not see well enough; nobody is accused."""
    source = "playback.md 4.2, 4.5" if limit is not None else ""
    return Finding(kind, Layer.INSTRUMENT, Severity.BLIND, message, start, end, value, unit, limit, source)
