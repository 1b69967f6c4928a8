"""Was only every second (or third, fourth) frame shown, at the right speed?"""

from __future__ import annotations

from collections import Counter

from harness.core.outcome import Finding, Layer, Severity
from harness.playback.scene import Scene

LEAST_STEPS = 30
NEARLY_HALF = 45.0  # %; so many frames missing hide a player at half rate, whatever else missed them


def look(scene: Scene) -> list[Finding]:
    """FAIL when the recorder was faster than what it saw; BLIND when it may itself be the slow one."""
    limits = scene.limits
    advances: Counter[int] = Counter()
    clock = pictures = 0.0
    for step in scene.all_steps:
        if step.excused or step.advance <= 0 or step.held_s >= limits.hold_note_s:
            continue
        if step.advance / scene.rate - step.elapsed_s > limits.skip_s:
            continue
        advances[step.advance] += 1
        clock, pictures = clock + step.elapsed_s, pictures + step.before.reads
    steps, frames = advances.total(), sum(advance * count for advance, count in advances.items())
    if steps < LEAST_STEPS or clock <= 0:
        return []
    lost = 100 * (1 - steps / frames)
    off = 100 * abs(frames / scene.rate / clock - 1)
    usual, count = advances.most_common(1)[0]
    regular = 100 * count / steps
    if lost < limits.half_rate_lost or off > limits.speed_fail:
        return []
    limit, source = limits.half_rate_lost, "playback.md 5.3"
    if usual < 2 or regular < limits.half_rate_regular:
        if lost < NEARLY_HALF or scene.sees_drops:
            return []
        message = f"{lost:.0f} % of the frames were not seen, with no regular step: the recorder or the player"
        args = (None, None, lost, "% of frames", limit, source)
        return [Finding("capture_insufficient", Layer.INSTRUMENT, Severity.BLIND, message, *args)]
    faster = pictures >= 1.5 * steps
    known = scene.expectation.recorder_fps is not None and scene.expectation.recorder_fps >= 0.8 * scene.rate
    message = (
        f"only every {_ordinal(usual)} frame was shown ({frames / clock / usual:.1f} of {scene.rate:.3g} a second)"
    )
    severity, layer = Severity.FAIL, Layer.PLAYER
    if not (faster or known):
        severity, layer = Severity.BLIND, Layer.INSTRUMENT
        message += "; the recorder made no more pictures than that and may be the slow one"
    return [Finding("half_rate", layer, severity, message, None, None, lost, "% of frames", limit, source)]


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
