"""How many frames were never shown, apart from holds and seeks?"""

from __future__ import annotations

import numpy as np

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.detectors import half_rate
from harness.playback.scene import Scene

DUE = 0.9  # of the time that the missing frames had


def look(scene: Scene) -> list[Finding]:
    """One finding for a share above the limit; a NOTE when the recorder is too slow to tell its own drops."""
    lost, of, proven = count(scene)
    limit, source = scene.limits.dropped_share, "media3 GTS DashTest: 1 %"
    share = 100 * lost / of if of else 0.0
    rate = half_rate.look(scene)
    if share <= limit or any(finding.severity is Severity.FAIL for finding in rate):
        return []
    if 100 * proven > limit * of:
        share = 100 * proven / of
        message = f"{proven} of {of} frames ({share:.1f} %) were not shown"
        return [Finding("dropped", Layer.PLAYER, Severity.FAIL, message, None, None, share, "%", limit, source)]
    if rate:
        return []
    pictures = f"{scene.capture_rate:.1f}" if scene.capture_rate is not None else "no"
    message = f"{lost} of {of} frames ({share:.1f} %) were not seen"
    message += f"; the recorder's {pictures} pictures/s cannot tell its own drops from the player's"
    return [Finding("dropped", Layer.INSTRUMENT, Severity.NOTE, message, None, None, share, "%", limit, source)]


def count(scene: Scene) -> tuple[int, int, int]:
    """(frames not seen, frames that the clock went over, frames not shown), holds, seeks and skips left out.

    Pictures that could not be read may have shown them, and frames out of order were shown too. Not shown for sure is
    what a fast recorder did not see, or what was due while a picture still showed the frame before.
    """
    lost = of = proven = 0
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
            missing = max(0, step.advance - 1 - unread - int(last - first))
            lost += missing
            stood = step.before.end_s - step.before.start_s
            if scene.sees_drops or (scene.frame_locked and stood >= DUE * (step.advance - 1) / scene.rate):
                proven += missing
    return lost, of, proven
