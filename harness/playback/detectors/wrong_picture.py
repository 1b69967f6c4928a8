"""Was the picture the one that its marker names?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.lasting import column, lasting
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """FAIL for each stretch of at least three pictures that are not like their reference, and for a tenth of all.

    Fewer than that are a NOTE.
    """
    found = []
    limits = scene.limits
    for span in scene.spans:
        times, match = column(span.observations, "match")
        wrong = match < limits.match
        few = wrong.copy()
        for stretch in lasting(times, match, wrong, span.end_s):
            if stretch.pictures >= limits.match_pictures:
                inside = wrong & (times >= stretch.start_s) & (times <= stretch.end_s)
                few &= ~inside
                found.append(_finding(scene, times, match, inside, Severity.FAIL))
        count = int(few.sum())
        if count:
            sure = count >= limits.match_pictures and count >= 0.1 * len(match)
            found.append(_finding(scene, times, match, few, Severity.FAIL if sure else Severity.NOTE))
    return found


def _finding(
    scene: Scene,
    times: NDArray[np.float64],
    match: NDArray[np.float32],
    wrong: NDArray[np.bool_],
    severity: Severity,
) -> Finding:
    start, end = float(times[wrong][0]), float(times[wrong][-1])
    worst, count = float(match[wrong].min()), int(wrong.sum())
    message = f"{count} of {len(match)} pictures were not like the frame that their marker names, the worst {worst:.2f}"
    limit, source = scene.limits.match, "playback.md 5.4"
    return Finding("wrong_picture", Layer.PLAYER, severity, message, start, end, worst, "NCC", limit, source)
