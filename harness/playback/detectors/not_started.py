"""Did the title ever appear after play?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.detectors import blocky, wrong_content
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """FAIL when pictures were captured long enough and none showed the title; BLIND when we looked too briefly."""
    found = []
    limit = scene.limits.startup_fail_s
    if not scene.expectation.marked or blocky.look(scene):
        return []  # nothing to wait for, or shown so badly that no marker is left
    for span in scene.spans:
        if span.runs or not span.observations or wrong_content.shown_instead(span, scene.limits):
            continue  # shown; or the instrument's or wrong_content's matter
        if span.observations.black.all():
            continue  # the instrument's matter: a protected surface looks like this
        waited = span.end_s - (span.play.at_s if span.play else span.start_s)
        severity, layer = (Severity.FAIL, Layer.PLAYER) if waited >= limit else (Severity.BLIND, Layer.INSTRUMENT)
        message = f"no frame of the title in {len(span.observations)} pictures over {waited:.1f} s after play"
        if severity is Severity.BLIND:
            message += f"; {limit:.0f} s are needed to call it not started"
        source = "redeye limit"
        found.append(
            Finding("not_started", layer, severity, message, span.start_s, span.end_s, waited, "s", limit, source)
        )
    return found
