"""Did the title go on until its end, or until it was stopped?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.detectors.stall import endings
from harness.playback.scene import Scene
from harness.playback.timeline import Span


def look(scene: Scene) -> list[Finding]:
    """FAIL when the title left the screen too soon; BLIND when recording or flow stopped while it still played."""
    return [finding for span in scene.spans if (finding := _of_span(span, scene)) is not None]


def _of_span(span: Span, scene: Scene) -> Finding | None:
    if not span.runs or scene.reaches_end(span.runs[-1].frame_id):
        return None
    limits, last = scene.limits, span.runs[-1]
    wanted = scene.expectation.frames - 1
    silence = span.end_s - last.end_s
    after = bool((scene.observations.pts > last.end_s).any())
    left = f"frame {last.frame_id} of {wanted} was the last seen, at {last.end_s:.2f} s"
    seeking = any(seek.at_s + limits.seek_allowance_s + seek.uncertainty_s > span.end_s for seek in span.seeks)
    frozen = any(end.start_s == last.start_s for end in endings(scene))
    if not scene.expectation.to_end and (silence < limits.hold_fail_s or seeking or frozen):
        return None
    if silence >= limits.hold_note_s and not after and not frozen:
        # Neither the title nor anything else: a recorder that died and a screen that froze look the same.
        return _say(span, scene, "capture_lost", f"{left}; no picture came in the {silence:.2f} s after it", False)
    if silence < limits.hold_note_s and not frozen:
        why = "playback was stopped" if span.stop else "recording ended"
        return _say(span, scene, "stopped_before_end", f"{left}; {why} while the title was still playing", False)
    return _say(span, scene, "ended_early", f"{left}; watched until {span.end_s:.2f} s", True)


def _say(span: Span, scene: Scene, kind: str, message: str, failed: bool) -> Finding:
    least = scene.expectation.frames - 1 - scene.limits.end_tolerance_frames
    layer, severity = (Layer.PLAYER, Severity.FAIL) if failed else (Layer.INSTRUMENT, Severity.BLIND)
    last = span.runs[-1]
    value, source = float(last.frame_id), "playback.md 5.3"
    return Finding(kind, layer, severity, message, last.end_s, span.end_s, value, "frame id", float(least), source)
