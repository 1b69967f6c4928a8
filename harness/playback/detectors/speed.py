"""Did the title go at the clock's pace, holds and seeks apart?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """One finding when playback long enough to say so was too slow or too fast all along."""
    limits = scene.limits
    clock = media = 0.0
    cuts = 1
    for step in scene.all_steps:
        ahead = step.advance / scene.rate - step.elapsed_s
        # Frames out of order count, back and forth: the step ahead alone would be speed.
        onward = step.advance > -limits.loop_s * scene.rate
        if not step.excused and onward and step.elapsed_s < limits.hold_note_s and ahead <= limits.skip_s:
            clock, media = clock + step.elapsed_s, media + step.advance / scene.rate
        else:
            cuts += 1
    if clock < limits.speed_least_s or scene.capture_rate is None:
        return []
    off = 100 * (media / clock - 1)
    # Each stretch between cuts is timed to a picture's distance.
    blur = 100 * cuts / scene.capture_rate / clock
    if abs(off) <= limits.speed_note + blur:
        return []
    failed = abs(off) > limits.speed_fail + blur
    severity = scene.rate_severity if failed else Severity.NOTE
    message = f"{media:.2f} s of the title took {clock:.2f} s on the clock: {off:+.1f} %"
    limit = limits.speed_fail if failed else limits.speed_note
    return [Finding("speed", Layer.PLAYER, severity, message, None, None, off, "%", limit, "playback.md 5.3")]
