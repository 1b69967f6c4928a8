"""Did the picture stand still while the title went on without it?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.detectors.stall import is_stall
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """One finding for each freeze; said only where pictures of the standing frame were captured throughout."""
    found = []
    limits = scene.limits
    for step in scene.all_steps:
        frozen = step.after.start_s - step.before.start_s
        if frozen < limits.hold_note_s or not step.watched or step.excused or step.advance < 2 or is_stall(step, scene):
            continue
        shown = step.before.end_s - step.before.start_s
        if shown < frozen / 2:
            continue  # unreadable most of the time: hidden is not frozen
        failed = frozen >= limits.hold_fail_s
        found.append(
            Finding(
                "freeze_catch_up",
                Layer.PLAYER,
                scene.rate_severity if failed else Severity.NOTE,
                f"frame {step.before.frame_id} stood for {frozen:.2f} s, then {step.advance} frames were jumped",
                step.before.start_s,
                step.after.start_s,
                frozen,
                "s",
                limits.hold_fail_s if failed else limits.hold_note_s,
                "playback.md 5.3",
            )
        )
    return found
