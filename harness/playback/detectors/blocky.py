"""Was the picture made of blocks?"""

from __future__ import annotations

import numpy as np

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.lasting import column, lasting
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """A finding for each blocky stretch, and a NOTE low_quality when all of it was coarse."""
    found = []
    limits = scene.limits
    for span in scene.spans:
        times, blocky = column(span.observations, "blocky")
        for seen in lasting(times, blocky, blocky >= limits.blocky, span.end_s):
            if seen.pictures < limits.believed_reads:
                continue
            message = f"steps on an 8 px grid were {seen.worst:.1f} times those off it for {seen.length_s:.2f} s"
            value, limit, source = seen.worst, limits.blocky, "playback.md 5.4"
            found.append(
                Finding(
                    "blocky",
                    Layer.PLAYER,
                    Severity.FAIL,
                    message,
                    seen.start_s,
                    seen.end_s,
                    value,
                    "ratio",
                    limit,
                    source,
                )
            )
        middle = float(np.median(blocky)) if len(blocky) else 0.0
        if limits.blocky_note < middle < limits.blocky:
            message = f"coarse all along: steps on an 8 px grid {middle:.1f} times those off it"
            limit, source = limits.blocky_note, "playback.md 4.4"
            found.append(
                Finding("low_quality", Layer.PLAYER, Severity.NOTE, message, None, None, middle, "ratio", limit, source)
            )
    return found
