"""Was part of the picture green, as decoders paint what they could not decode?"""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.lasting import column, lasting
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """One FAIL for each stretch: no title is a quarter flat green of its own (playback.md, P14)."""
    found = []
    limits = scene.limits
    for span in scene.spans:
        times, green = column(span.observations, "green")
        for seen in lasting(times, green, green > limits.green_share, span.end_s):
            if seen.length_s < limits.green_s or seen.pictures < 2:
                continue
            share = 100 * seen.worst
            message = f"{share:.0f} % of the picture was green for {seen.length_s:.2f} s"
            limit, source = 100 * limits.green_share, "playback.md 5.4"
            found.append(
                Finding(
                    "green", Layer.PLAYER, Severity.FAIL, message, seen.start_s, seen.end_s, share, "%", limit, source
                )
            )
    return found
