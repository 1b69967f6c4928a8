"""Did the picture stand still while the title waited for it?"""

from __future__ import annotations

from dataclasses import dataclass

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.scene import Scene
from harness.playback.timeline import MediaClock, Step, excused_s

SOURCE = "playback.md 5.3"


@dataclass(frozen=True)
class Ending:
    """A last frame that stood until stop or the recording's end."""

    frame_id: int
    start_s: float
    end_s: float
    held_s: float


def is_stall(step: Step, scene: Scene) -> bool:
    """Whether the id stood, and the title lost that time: it went on about where it was.

    Ids that went on by a frame or so prove the stall also when the recorder made no picture meanwhile.
    """
    if step.held_s < scene.limits.hold_note_s or scene.reaches_end(step.before.frame_id):
        return False  # after its end a title may stand as long as it likes
    return step.excused or (step.advance >= 0 and step.held_s > step.elapsed_s / 2)


def look(scene: Scene) -> list[Finding]:
    """One finding for each stall, and one when many short ones add up."""
    found = []
    limits = scene.limits
    stalls = [step for step in scene.all_steps if is_stall(step, scene)]
    for step in stalls:
        message = f"frame {step.before.frame_id} stood for {step.held_s:.2f} s, then frame {step.after.frame_id}"
        found.append(_finding(scene, message, step.before.start_s, step.after.start_s, step.held_s))
    for end in endings(scene):
        message = f"frame {end.frame_id} stood for {end.held_s:.2f} s and never went on"
        found.append(_finding(scene, message, end.start_s, end.end_s, end.held_s))
    played = sum(span.runs[-1].end_s - span.runs[0].start_s for span in scene.spans if span.runs)
    held = sum(step.held_s for step in stalls if step.held_s < limits.hold_fail_s)
    share = 100 * held / played if played > 0 else 0.0
    if held >= limits.hold_fail_s and share > limits.held_share:
        message = f"short stalls of {held:.2f} s together are {share:.0f} % of {played:.1f} s of playback"
        limit = limits.held_share
        found.append(
            Finding("stall", Layer.PLAYER, Severity.FAIL, message, None, None, share, "%", limit, "redeye limit")
        )
    return found


def endings(scene: Scene) -> list[Ending]:
    """Last frames that stood too long, where the title's end does not explain it.

    Only when a picture still came after the hold began: without one the recorder may have died.
    """
    out = []
    for span in scene.spans:
        if not span.runs or scene.reaches_end(span.runs[-1].frame_id):
            continue
        last = span.runs[-1]
        stays = bool(span.observations.between(last.start_s, span.end_s).readable.all())
        alive = bool((scene.observations.pts >= last.start_s + scene.limits.hold_note_s).any())
        excuse, _ = excused_s(span, last.start_s, span.end_s, scene.expectation)
        clock = MediaClock(span.changes, scene.limits.seek_allowance_s)
        held = clock.passed(last.start_s, span.end_s)[0] - excuse
        if stays and alive and not span.foreign and held >= scene.limits.hold_fail_s:
            out.append(Ending(last.frame_id, last.start_s, span.end_s, held))
    return out


def _finding(scene: Scene, message: str, start: float, end: float, held: float) -> Finding:
    limits = scene.limits
    failed = held >= limits.hold_fail_s
    return Finding(
        "stall",
        Layer.PLAYER,
        Severity.FAIL if failed else Severity.NOTE,
        message,
        start,
        end,
        held,
        "s",
        limits.hold_fail_s if failed else limits.hold_note_s,
        SOURCE,
    )
