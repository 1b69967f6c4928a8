"""Did single frames stand for longer than their turn, again and again?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """A NOTE when more than three frames in 30 s stood half a turn too long without being a stall."""
    limits = scene.limits
    late, clock, longest = 0, 0.0, 0.0
    for step in scene.all_steps:
        if step.excused or step.advance < 1:
            continue
        clock += step.elapsed_s
        over = step.elapsed_s - step.advance / scene.rate
        # 3:2 pulldown shows a frame for half a turn too long at most; the recorder's own step comes on top.
        turn = 1.5 / scene.rate + (1 / scene.capture_rate if scene.capture_rate else 0.0)
        if step.watched and step.held_s < limits.hold_note_s and over >= turn:
            late, longest = late + 1, max(longest, over)
    allowed = limits.repeated_per_30_s * max(clock, 30.0) / 30
    if late <= allowed:
        return []
    message = f"{late} frames in {clock:.1f} s stood too long, up to {longest:.2f} s"
    source = "CTS frame drop tests: 3 in 30 s"
    return [
        Finding("repeated", Layer.PLAYER, Severity.NOTE, message, None, None, float(late), "frames", allowed, source)
    ]
