"""Breaking the judge on purpose: every detector taken out, every limit moved, and a row that must notice.

Rows are the drawn lines of test_timeline.py, a few more drawn here, and recordings of the truth table by their id.
A detector or a limit without a row fails here, so that nobody adds one that nothing depends on.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from functools import lru_cache

import clips
import footage
import pytest
from cases import CASES
from test_timeline import FAIL, INCONCLUSIVE, OTHER, PASS, ROWS, outcome, play, read, row, steady

from harness.core.outcome import Outcome, Severity
from harness.playback import DETECTORS, Examination, Expectation, Observation, examine
from harness.playback.expectation import Limits
from harness.playback.film import Film
from harness.playback.observation import NO_PICTURE
from harness.playback.recording import read_recording
from harness.playback.verify import UNMARKED

HEALTHY = NO_PICTURE._replace(light=0.8, green=0.0, blocky=1.0, match=1.0, area=0.9)


def looked(low: float, high: float, **fault: float) -> list[Observation]:
    """A healthy line that was looked at, and from low to high it looked otherwise."""
    return [
        seen._replace(picture=HEALTHY._replace(**fault) if low <= seen.pts_s < high else HEALTHY)
        for seen in play(steady)
    ]


def blanked(line: list[Observation], low: float, high: float) -> list[Observation]:
    return [seen._replace(read=None) if low <= seen.pts_s < high else seen for seen in line]


def still(low: float, high: float) -> list[Observation]:
    """Nothing to read; from low to high nothing moves."""
    moving, standing = HEALTHY._replace(change=9.0, cut=0.0), HEALTHY._replace(change=0.2, cut=0.0)
    return [
        Observation(seen.pts_s, None, False, standing if low <= seen.pts_s < high else moving) for seen in play(steady)
    ]


def lone(margin: float, count: int) -> list[Observation]:
    """Another title's id in `count` pictures."""
    line = play(steady)
    other = replace(read(7, OTHER), margin=margin)
    return [seen._replace(read=other) if 400 <= index < 400 + count else seen for index, seen in enumerate(line)]


def late(t: float) -> float:
    """Each second the title waits for 0.12 s and makes it up again."""
    whole, part = divmod(t, 1.0)
    return whole + (0.5 if 0.5 <= part < 0.62 else min(part, 0.5 + 1.5 * (part - 0.62)) if part >= 0.62 else part)


SWAPPED = {50: 51, 51: 50, 90: 91, 91: 90, 130: 131, 131: 130}
DRAWN = ROWS | {
    "half_rate": row(play(lambda t: int(t * 12.5) / 12.5), "half_rate", FAIL),
    "swapped": row(
        [o._replace(read=read(SWAPPED.get(o.read.frame_id, o.read.frame_id))) if o.read else o for o in play(steady)],
        "out_of_order",
        FAIL,
    ),
    "late_frames": row(play(late), "repeated", PASS),
    "black_2s": row(blanked(looked(5, 7, light=0.0), 5, 7), "black", FAIL),
    "dim_2s": row(blanked(looked(5, 7, light=0.2), 5, 7), "marker_hidden", PASS),
    "black_0.4s": row(blanked(looked(5, 5.4, light=0.0), 5, 5.4), "", PASS),
    "green_1s": row(looked(5, 6, green=0.5), "green", FAIL),
    "green_0.1s": row(looked(5, 5.1, green=0.5), "", PASS),
    "blocky_2s": row(looked(5, 7, blocky=6.0), "blocky", FAIL),
    "coarse": row(looked(0, 99, blocky=3.6), "low_quality", PASS),
    "wrong_picture": row(looked(5, 7, match=0.2), "wrong_picture", FAIL),
    "one_wrong_picture": row(looked(5, 5.01, match=0.2), "wrong_picture", PASS),
    "smaller": row(looked(5, 7, area=0.5), "geometry_changed", PASS),
    "still_2s": row(still(5, 7), "unmarked frozen", INCONCLUSIVE, UNMARKED),
    "still_0.6s": row(still(5, 5.6), "unmarked frozen", PASS, UNMARKED),
    "foreign_3_dim": row(lone(0.12, 3), "wrong_content", FAIL),
    "foreign_1_sure": row(lone(0.5, 1), "wrong_content", FAIL),
    "foreign_1_dim": row(lone(0.12, 1), "wrong_content", PASS),
}
# Detector: (row, what it finds there, what the verdict would be without it).
DETECTED: dict[str, tuple[str, str, Outcome]] = {
    "instrument": ("recorder_gap", "capture_lost", PASS),
    "unmarked": ("P26-one-picture-unmarked", "capture_insufficient", PASS),
    "wrong_content": ("wrong_content", "wrong_content", PASS),
    "black": ("P2-black-marked", "black", PASS),
    "green": ("P14-half-green-marked", "green", PASS),
    "blocky": ("P15-blocky-unmarked", "blocky", PASS),
    "wrong_picture": ("wrong_picture", "wrong_picture", PASS),
    "not_started": ("never_started", "not_started", PASS),
    "startup_delay": ("very_slow_start", "startup_delay", PASS),
    "half_rate": ("half_rate", "half_rate", PASS),
    "loop": ("back_unasked", "loop", PASS),
    "out_of_order": ("swapped", "out_of_order", PASS),
    "stall": ("stall_1.2s", "stall", PASS),
    "freeze_catch_up": ("freeze_1.2s_catches_up", "freeze_catch_up", PASS),
    "ended_early": ("ended_early", "ended_early", PASS),
    "seek_off_target": ("seek_off", "seek_off_target", PASS),
    "jumped": ("jump_unasked", "jumped", PASS),
    "speed": ("speed_0.94", "speed", PASS),
    "dropped": ("drops_2_percent", "dropped", PASS),
    "repeated": ("late_frames", "repeated", PASS),
    "frozen": ("P3-freeze-3s-unmarked", "frozen", PASS),
    "marker_hidden": ("P21-toast-1s-marked", "marker_hidden", PASS),
    "geometry_changed": ("X-pip-from-4s-marked", "geometry_changed", PASS),
}
FAILED, BLIND, NOTE = Severity.FAIL, Severity.BLIND, Severity.NOTE
NEVER, ALWAYS = 1e9, 0.0
# Limit: (absurd value, row, kind, its severity with our limit, and with that one; None: not found).
MOVED: dict[str, tuple[float, str, str, Severity | None, Severity | None]] = {
    "hold_note_s": (NEVER, "stall_0.5s", "stall", NOTE, None),
    "hold_fail_s": (NEVER, "stall_1.2s", "stall", FAILED, NOTE),
    "held_share": (NEVER, "stalls_add_up", "stall", FAILED, NOTE),
    "startup_note_s": (NEVER, "slow_start", "startup_delay", NOTE, None),
    "startup_fail_s": (NEVER, "very_slow_start", "startup_delay", FAILED, NOTE),
    "dropped_share": (NEVER, "drops_2_percent", "dropped", FAILED, None),
    "seek_allowance_s": (NEVER, "seek_slow", "stall", FAILED, None),
    "seek_tolerance_s": (NEVER, "seek_off", "seek_off_target", FAILED, None),
    "skip_s": (NEVER, "jump_unasked", "jumped", FAILED, None),
    "speed_note": (NEVER, "speed_0.98", "speed", NOTE, None),
    "speed_fail": (NEVER, "speed_0.94", "speed", FAILED, NOTE),
    "speed_least_s": (NEVER, "speed_0.94", "speed", FAILED, None),
    "end_tolerance_frames": (NEVER, "ended_early", "ended_early", FAILED, None),
    "recorder_gap_s": (NEVER, "recorder_gap", "capture_lost", BLIND, None),
    "capture_ratio": (NEVER, "healthy", "capture_insufficient", None, BLIND),
    "capture_ratio_drops": (ALWAYS, "drops_2_percent_recorder_30", "dropped", NOTE, FAILED),
    "read_share": (NEVER, "healthy", "capture_insufficient", None, BLIND),
    "half_rate_lost": (NEVER, "half_rate", "half_rate", FAILED, None),
    "half_rate_regular": (NEVER, "half_rate", "half_rate", FAILED, None),
    "repeated_per_30_s": (NEVER, "late_frames", "repeated", NOTE, None),
    "loop_s": (NEVER, "back_unasked", "loop", FAILED, None),
    "hidden_s": (NEVER, "dim_2s", "marker_hidden", NOTE, None),
    "black_light": (0.5, "dim_2s", "black", None, FAILED),
    "black_s": (NEVER, "black_2s", "black", FAILED, None),
    "green_share": (NEVER, "green_1s", "green", FAILED, None),
    "green_s": (ALWAYS, "green_0.1s", "green", None, FAILED),
    "blocky": (NEVER, "blocky_2s", "blocky", FAILED, None),
    "blocky_note": (NEVER, "coarse", "low_quality", NOTE, None),
    "match": (-1.0, "wrong_picture", "wrong_picture", FAILED, None),
    "match_pictures": (NEVER, "wrong_picture", "wrong_picture", FAILED, NOTE),
    "frozen_note_s": (NEVER, "still_0.6s", "frozen", NOTE, None),
    "frozen_s": (NEVER, "still_2s", "frozen", BLIND, NOTE),
    "area_change": (NEVER, "smaller", "geometry_changed", NOTE, None),
    "believed_reads": (NEVER, "foreign_3_dim", "wrong_content", FAILED, NOTE),
    "lone_read_margin": (NEVER, "foreign_1_sure", "wrong_content", FAILED, NOTE),
}


@lru_cache(maxsize=16)
def recorded(name: str) -> tuple[Film, Expectation]:
    """A row of the truth table, read."""
    case = next(case for case in CASES if case.id == name)
    return read_recording(clips.build(case.recipe, case.id)).observations, case.expectation or UNMARKED


def of(name: str) -> tuple[Film | list[Observation], Expectation]:
    if name in DRAWN:
        return DRAWN[name].line, DRAWN[name].expectation
    try:
        return recorded(name)
    except footage.FootageUnreachable as e:
        pytest.skip(str(e))


def kinds(examined: Examination) -> set[str]:
    return {finding.kind for finding in examined.findings}


@pytest.mark.parametrize("name", [name for name in DRAWN if name not in ROWS])
def test_line(name: str) -> None:
    case = DRAWN[name]
    examined = examine(case.line, case.expectation)
    assert (kinds(examined), outcome(examined)) == (case.kinds, case.outcome), examined.findings


@pytest.mark.parametrize("detector", DETECTED)
def test_without_its_detector_nothing_is_found(detector: str) -> None:
    name, kind, blind_outcome = DETECTED[detector]
    line, expectation = of(name)
    blinded = [one for one in DETECTORS if one.name != detector]
    assert len(blinded) == len(DETECTORS) - 1
    assert kind in kinds(examine(line, expectation))
    without = examine(line, expectation, blinded)
    assert kind not in kinds(without)
    assert outcome(without) is blind_outcome


def test_every_detector_has_a_row() -> None:
    assert [detector.name for detector in DETECTORS] == list(DETECTED)


@pytest.mark.parametrize("limit", MOVED)
def test_limit_decides(limit: str) -> None:
    value, name, kind, before, after = MOVED[limit]
    line, expectation = of(name)
    moved = type(getattr(expectation.limits, limit))(value)
    assert worst(examine(line, expectation), kind) is before
    assert worst(examine(line, with_limits(expectation, **{limit: moved})), kind) is after


def test_every_limit_has_a_row() -> None:
    assert [field.name for field in dataclasses.fields(Limits)] == list(MOVED)


def with_limits(expectation: Expectation, **values: float) -> Expectation:
    return replace(expectation, limits=dataclasses.replace(expectation.limits, **values))


def worst(examined: Examination, kind: str) -> Severity | None:
    """The severity of the first finding of a kind; the worst come first."""
    return next((finding.severity for finding in examined.findings if finding.kind == kind), None)
