"""Was the marker covered while the title went on?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.lasting import column
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """A NOTE for each stretch: unreadable is not dropped."""
    found = []
    limits = scene.limits
    for step in scene.all_steps:
        start, end = step.before.end_s, step.after.start_s
        ahead = step.advance / scene.rate - step.elapsed_s
        if end - start < limits.hidden_s or step.excused or not step.watched or abs(ahead) > limits.hold_note_s:
            continue
        inside = scene.observations.between(start, end)
        _, light = column(inside, "light")
        _, green = column(inside, "green")
        if (light <= limits.black_light).any() or (green > limits.green_share).any() or inside.black.any():
            continue  # black's or green's matter
        message = f"no marker could be read for {end - start:.2f} s while the title went on by {step.advance} frames"
        value, limit = end - start, limits.hidden_s
        found.append(
            Finding(
                "marker_hidden", Layer.INSTRUMENT, Severity.NOTE, message, start, end, value, "s", limit, "redeye limit"
            )
        )
    return found
