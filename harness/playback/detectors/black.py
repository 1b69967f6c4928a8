"""Was the picture black where the title should be?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.lasting import column, lasting
from harness.playback.scene import Scene
from harness.playback.timeline import Span


def look(scene: Scene) -> list[Finding]:
    """One finding for each black stretch between the first frame and the title's end.

    FAIL for a title with markers, since those are never black; BLIND for a protected one and without markers.
    """
    found = []
    limits = scene.limits
    for span in scene.spans:
        if scene.expectation.marked and not span.runs:
            continue  # never shown at all: the instrument's or not_started's matter
        times, light = column(span.observations, "light")
        for dark in lasting(times, light, light <= limits.black_light, span.end_s):
            start, end = dark.start_s, dark.end_s
            if dark.length_s < limits.black_s or _explained(span, start, end, scene):
                continue
            message = f"the video was black for {dark.length_s:.2f} s"
            if scene.expectation.protected:
                message += "; a protected surface looks like this to a recorder"
            elif not scene.expectation.marked:
                message += "; without a marker it may be the title's own"
            sure = scene.expectation.marked and not scene.expectation.protected
            severity, layer = (Severity.FAIL, Layer.PLAYER) if sure else (Severity.BLIND, Layer.INSTRUMENT)
            source = "playback.md 5.4"
            found.append(
                Finding("black", layer, severity, message, start, end, dark.length_s, "s", limits.black_s, source)
            )
    return found


def _explained(span: Span, start_s: float, end_s: float, scene: Scene) -> bool:
    if span.runs:
        last = span.runs[-1]
        if end_s <= span.runs[0].start_s or (start_s >= last.start_s and scene.reaches_end(last.frame_id)):
            return True
        if span.observations.between(start_s, end_s).readable.mean() > 0.5:
            return True  # the marker was there: a dark scene
    elif any(low <= start_s - span.start_s and end_s - span.start_s <= high for low, high in scene.expectation.quiet):
        return True
    allowance = scene.limits.seek_allowance_s
    seeks = ((s.at_s - s.uncertainty_s, s.at_s + s.uncertainty_s + allowance) for s in span.seeks)
    return any(low <= start_s and end_s <= high for low, high in seeks)
