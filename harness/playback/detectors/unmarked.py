"""What cannot be told without a marker."""

from __future__ import annotations

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.scene import Scene

LEAST_PICTURES = 10


def look(scene: Scene) -> list[Finding]:
    """A NOTE for a title without markers, and BLIND when there was too little to see."""
    if scene.expectation.marked:
        return []
    count = len(scene.observations)
    length = float(scene.observations.pts[-1] - scene.observations.pts[0]) if count else 0.0
    message = "without a marker, dropped frames, half rate, speed, order and wrong content cannot be told"
    found = [Finding("unmarked", Layer.INSTRUMENT, Severity.NOTE, message)]
    if count and (count < LEAST_PICTURES or length < scene.limits.frozen_s):
        message = f"{count} pictures in {length:.2f} s are too few to judge by"
        value, limit = float(count), float(LEAST_PICTURES)
        found.append(
            Finding(
                "capture_insufficient",
                Layer.INSTRUMENT,
                Severity.BLIND,
                message,
                None,
                None,
                value,
                "pictures",
                limit,
                "redeye limit",
            )
        )
    return found
