"""Did the picture stand still? Only asked where no marker says it better."""

from __future__ import annotations

import numpy as np

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.lasting import Lasting, column, lasting
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """BLIND for each still stretch from 1 s on, NOTE from 0.4 s on: titles stand still of their own too."""
    found: list[Finding] = []
    limits = scene.limits
    if scene.expectation.marked:
        return found
    for span in scene.spans:
        times, change = column(span.observations, "change")
        cuts = {float(at) for at, cut in zip(*column(span.observations, "cut"), strict=True) if cut > 0}
        pts = span.observations.pts
        gaps = np.flatnonzero(np.diff(pts) >= limits.frozen_s)
        unseen = [Lasting(float(pts[at]), float(pts[at + 1]), 0, 0.0) for at in gaps]
        for still in (*lasting(times, change, change <= 1.0, span.end_s), *unseen):
            start, end = still.start_s - span.start_s, still.end_s - span.start_s
            if still.length_s < limits.frozen_note_s or any(
                low <= start and end <= high for low, high in scene.expectation.quiet
            ):
                continue
            long = still.length_s >= limits.frozen_s
            earlier = times[times < still.start_s]
            after_cut = bool(len(earlier)) and float(earlier[-1]) in cuts
            stood = "the picture stood still" if still.pictures else "no picture came, as when it stands still,"
            message = f"{stood} for {still.length_s:.2f} s" + (" from a cut on" if after_cut else "")
            severity, layer = (Severity.BLIND, Layer.INSTRUMENT) if long else (Severity.NOTE, Layer.PLAYER)
            limit = limits.frozen_s if long else limits.frozen_note_s
            found.append(
                Finding(
                    "frozen",
                    layer,
                    severity,
                    message + "; without a marker it may be the title's own",
                    still.start_s,
                    still.end_s,
                    still.length_s,
                    "s",
                    limit,
                    "playback.md 5.4",
                )
            )
    return found
