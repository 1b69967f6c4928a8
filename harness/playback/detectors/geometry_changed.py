"""Did the video move or change its size on the screen?"""

from __future__ import annotations

import numpy as np

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.lasting import column
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """A NOTE for each change of the video's area, as rotation, picture-in-picture or a player's layout make it."""
    found = []
    for span in scene.spans:
        if not span.runs:
            continue
        shown = span.observations.between(span.runs[0].start_s, span.runs[-1].end_s)
        times, area = column(shown, "area")
        # The reader forgets a place that it cannot read, and the area is the whole picture's then.
        known = np.isin(times, shown.pts[shown.readable])
        times, area = times[known], area[known]
        if len(area) < 2:
            continue
        change = np.abs(np.diff(area)) / np.maximum(area[:-1], 1e-6)
        for at in np.flatnonzero(change > scene.limits.area_change):
            before, after = 100 * float(area[at]), 100 * float(area[at + 1])
            message = f"the video went from {before:.0f} % to {after:.0f} % of the screen"
            start, end, limit = float(times[at]), float(times[at + 1]), 100 * scene.limits.area_change
            found.append(
                Finding(
                    "geometry_changed",
                    Layer.APP,
                    Severity.NOTE,
                    message,
                    start,
                    end,
                    after - before,
                    "% of the screen",
                    limit,
                    "redeye limit",
                )
            )
    return found
