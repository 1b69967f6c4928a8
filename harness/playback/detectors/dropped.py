"""How many frames were never shown, apart from holds and seeks?"""

from __future__ import annotations

import numpy as np

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.detectors import half_rate
from harness.playback.scene import Scene


def look(scene: Scene) -> list[Finding]:
    """One finding for a share above the limit; a NOTE when the recorder is too slow to tell its own drops."""
    lost, of = count(scene)
    limit = scene.limits.dropped_share
    share = 100 * lost / of if of else 0.0
    if share <= limit or half_rate.look(scene):
        return []
    rate = f"{scene.capture_rate:.1f}" if scene.capture_rate is not None else "no"
    tail = "" if scene.sees_drops else f"; the recorder's {rate} pictures/s cannot tell its own drops from the player's"
    severity = Severity.FAIL if scene.sees_drops else Severity.NOTE
    message = f"{lost} of {of} frames ({share:.1f} %) were not seen{tail}"
    layer = Layer.PLAYER if scene.sees_drops else Layer.INSTRUMENT
    return [Finding("dropped", layer, severity, message, None, None, share, "%", limit, "media3 GTS DashTest: 1 %")]


def count(scene: Scene) -> tuple[int, int]:
    """(frames not seen, frames that the clock went over), holds, seeks and skips left out.

    Pictures that could not be read may have shown them, and frames out of order were shown too.
    """
    lost = of = 0
    film = scene.observations
    shown = np.unique(film.frame_ids[film.readable])
    for step in scene.all_steps:
        ahead = step.advance / scene.rate - step.elapsed_s
        if step.excused or step.advance <= 0 or ahead > scene.limits.skip_s:
            continue
        of += step.advance
        if step.elapsed_s < scene.limits.hold_note_s and step.advance > 1:
            low, high = np.searchsorted(film.pts, (step.before.end_s, step.after.start_s), "right")
            unread = max(0, int(high - low) - 1)
            first, last = np.searchsorted(shown, (step.before.frame_id + 1, step.after.frame_id))
            lost += max(0, step.advance - 1 - unread - int(last - first))
    return lost, of
