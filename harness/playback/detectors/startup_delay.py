"""How long from play to the first frame?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """NOTE above CTA's limit, FAIL above ours."""
    found = []
    limits = scene.limits
    for delay, uncertainty in delays(scene):
        if delay <= limits.startup_note_s:
            continue
        late = delay - uncertainty > limits.startup_fail_s
        limit = limits.startup_fail_s if late else limits.startup_note_s
        found.append(
            Finding(
                "startup_delay",
                Layer.PLAYER,
                Severity.FAIL if late else Severity.NOTE,
                f"the first frame came {delay:.2f} s (±{uncertainty:.2f}) after play",
                value=delay,
                unit="s",
                limit=limit,
                limit_source="redeye limit" if late else "CTA-WAVE start-up delay",
            )
        )
    return found


def delays(scene: Scene) -> list[tuple[float, float]]:
    """(delay, uncertainty), s, for each playback that has a play action and showed the title."""
    out = []
    for span in scene.spans:
        if span.play and span.runs:
            if span.poster and len(span.runs) < 2:
                continue  # it never went on, which is a stall
            first = span.runs[1] if span.poster else span.runs[0]
            pts = scene.observations.pts
            earlier = pts[pts < first.start_s]
            gap = first.start_s - (float(earlier[-1]) if len(earlier) else span.play.at_s)
            out.append((first.start_s - span.play.at_s, span.play.uncertainty_s + max(0.0, gap)))
    return out
