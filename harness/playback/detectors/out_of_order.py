"""Did frames come in the wrong order?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """One finding for all small steps back: FAIL from the second on; a single one a torn picture can show."""
    limits = scene.limits
    back = [
        step
        for step in scene.all_steps
        if not step.excused and 0 > step.advance > -limits.loop_s * scene.rate and step.after.margin >= 0.1
    ]
    if not back:
        return []
    first = back[0]
    sure = len(back) >= 2 or first.advance < -1
    severity = scene.rate_severity if sure else Severity.NOTE
    message = (
        f"{len(back)} times a frame came after a later one, first {first.after.frame_id} after {first.before.frame_id}"
    )
    start, end = first.before.start_s, back[-1].after.start_s
    value, source = float(len(back)), "playback.md 5.3"
    return [Finding("out_of_order", Layer.PLAYER, severity, message, start, end, value, "times", 0.0, source)]
