"""Did the title skip ahead of the clock, with nobody seeking?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """One finding for each jump."""
    found = []
    limits = scene.limits
    for step in scene.all_steps:
        ahead = step.advance / scene.rate - step.elapsed_s
        if step.excused or ahead <= limits.skip_s:
            continue
        severity = scene.rate_severity
        start, end = step.before.end_s, step.after.start_s
        value, limit = float(step.advance), limits.skip_s * scene.rate
        message = f"frame {step.after.frame_id} came {end - start:.2f} s after frame {step.before.frame_id}, unasked"
        source = "playback.md 5.3"
        found.append(Finding("jumped", Layer.PLAYER, severity, message, start, end, value, "frames", limit, source))
    return found
