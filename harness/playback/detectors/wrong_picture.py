"""Was the picture the one that belongs to its frame id?"""

from __future__ import annotations

import numpy as np

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.lasting import column
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """FAIL when at least three pictures, and a tenth of those compared, are not like their reference; else a NOTE."""
    found = []
    limits = scene.limits
    for span in scene.spans:
        times, match = column(span.observations, "match")
        wrong = match < limits.match
        count = int(wrong.sum())
        if not count:
            continue
        sure = count >= limits.match_pictures and count >= 0.1 * len(match)
        worst = float(match[wrong].min())
        message = (
            f"{count} of {len(match)} pictures were not like the frame that their marker names, the worst {worst:.2f}"
        )
        start, end = float(times[wrong][0]), float(times[np.flatnonzero(wrong)[-1]])
        severity = Severity.FAIL if sure else Severity.NOTE
        limit, source = limits.match, "playback.md 5.4"
        found.append(Finding("wrong_picture", Layer.PLAYER, severity, message, start, end, worst, "NCC", limit, source))
    return found
