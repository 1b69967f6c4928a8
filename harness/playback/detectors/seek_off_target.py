"""Did each seek land where it was asked to?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.expectation import Action
from harness.playback.observation import Run
from harness.playback.scene import Scene
from harness.playback.timeline import Span


def look(scene: Scene) -> list[Finding]:
    """One FAIL for each seek that landed elsewhere or did nothing."""
    found = []
    for span in scene.spans:
        for index, seek in enumerate(span.seeks):
            until = span.seeks[index + 1].at_s if index + 1 < len(span.seeks) else span.end_s
            if seek.target_s is None or (landed := landing(span, seek, until, scene)) is None:
                continue
            off = landed.frame_id / scene.rate - float(seek.target_s)
            tolerance = scene.limits.seek_tolerance_s + seek.uncertainty_s + seek.target_uncertainty_s
            # The landing frame may have been up since the picture before the one that shows it.
            late = max(0.0, landed.start_s - landed.before_s)
            if -tolerance <= off <= tolerance + late:
                continue
            message = f"asked for {float(seek.target_s):.2f} s, the first frame after it was {off:+.2f} s off"
            found.append(
                Finding(
                    "seek_off_target",
                    Layer.PLAYER,
                    Severity.FAIL,
                    message,
                    min(seek.at_s, landed.start_s),
                    landed.start_s,
                    off,
                    "s",
                    tolerance,
                    "playback.md 5.3 and the tap's uncertainty",
                )
            )
    return found


def landing(span: Span, seek: Action, until_s: float, scene: Scene) -> Run | None:
    """The first frame after the jump; without a jump, the one on the screen once the allowance is over.

    None when nothing of the title was seen that late.
    """
    low, high = seek.at_s - seek.uncertainty_s, seek.at_s + seek.uncertainty_s + scene.limits.seek_allowance_s
    tolerance = scene.limits.seek_tolerance_s
    before = None
    for run in span.runs:
        if run.start_s > until_s:
            break
        if before is not None and run.start_s >= low:
            advance, elapsed = (run.frame_id - before.frame_id) / scene.rate, run.start_s - before.start_s
            if run.frame_id < before.frame_id or advance - elapsed > tolerance:
                return run
        before = run
    late = [run for run in span.runs if low <= run.start_s <= until_s]
    # No jump: the target may be just where the clock was going, else the seek did nothing.
    return next((run for run in late if run.start_s >= seek.at_s), None) if late and late[-1].end_s >= high else None
