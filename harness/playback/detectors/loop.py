"""Did the title go back and play something again, with nobody seeking?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """One finding for each way back of at least a second."""
    found = []
    for step in scene.all_steps:
        if step.excused or step.advance > -scene.limits.loop_s * scene.rate:
            continue
        back = -step.advance / scene.rate
        message = f"the title went back by {back:.2f} s, from frame {step.before.frame_id} to {step.after.frame_id}"
        start, end = step.before.end_s, step.after.start_s
        limit, source = scene.limits.loop_s, "playback.md 5.3"
        severity = scene.rate_severity
        found.append(Finding("loop", Layer.PLAYER, severity, message, start, end, back, "s", limit, source))
    return found
