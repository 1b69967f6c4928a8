"""Drawn time lines and what must be found in them.

A line is made by `play`: (clock time, frame id) for every picture of a recorder at `fps`. Faults are put in by
bending the media clock. Content is 25 fps and 10 s long unless a row says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from harness.core.outcome import Outcome, Severity, judge
from harness.playback import Action, Examination, Expectation, MarkerRead, Observation, examine

OWN, OTHER = 7, 9
PLAY = Action("play", 2.0)
SPEC = Expectation({OWN: "720p"}, Fraction(25), 250, (PLAY,), to_end=True)


def read(frame_id: int, content_id: int = OWN) -> MarkerRead:
    return MarkerRead(frame_id, content_id, 0.8, False)


def play(
    media: Callable[[float], float | None],
    *,
    rate: Fraction = Fraction(25),
    frames: int = 250,
    fps: float = 60.0,
    end_s: float = 13.5,
    first_s: float = 2.5,
    content_id: int = OWN,
) -> list[Observation]:
    """A recording from 0 to end_s; `media` gives media time for seconds since the first frame; None is unreadable."""
    out = []
    for index in range(int(end_s * fps)):
        pts = index / fps
        at = media(pts - first_s) if pts >= first_s else None
        number = None if at is None else int(at * rate + Fraction(1, 1000))
        out.append(Observation(pts, None if number is None or number >= frames else read(number, content_id)))
    return out


def steady(t: float) -> float:
    return t


def stalled(at: float, length: float) -> Callable[[float], float]:
    return lambda t: t if t < at else max(at, t - length)


def frozen(at: float, length: float) -> Callable[[float], float]:
    return lambda t: at if at <= t < at + length else t


def seeking(at: float, target: float, gap: float = 0.3) -> Callable[[float], float | None]:
    return lambda t: t if t < at else None if t < at + gap else target + t - at - gap


def without(line: list[Observation], low: float, high: float) -> list[Observation]:
    return [seen for seen in line if not low <= seen.pts_s < high]


def hidden(line: list[Observation], low: float, high: float) -> list[Observation]:
    return [seen._replace(read=None) if low <= seen.pts_s < high else seen for seen in line]


def skipping(line: list[Observation], every: int) -> list[Observation]:
    """The player leaves out each `every`th frame and shows the one before for longer."""
    return [
        seen._replace(read=read(seen.read.frame_id - (seen.read.frame_id % every == every - 1))) if seen.read else seen
        for seen in line
    ]


def changes_only(line: list[Observation]) -> list[Observation]:
    """What a variable-rate recorder keeps: pictures that differ from the one before."""
    kept = line[:1]
    for seen in line[1:]:
        if seen.read != kept[-1].read or seen.pts_s < 0.1:
            kept.append(seen)
    return kept


def sought(target: float, at: float = 5.0) -> Expectation:
    return replace(SPEC, actions=(PLAY, Action("seek", at, Fraction(target), 0.05, 0.2)))


def spec(rate: int, frames: int) -> Expectation:
    return replace(SPEC, frame_rate=Fraction(rate), frames=frames)


@dataclass(frozen=True)
class Row:
    line: list[Observation]
    expectation: Expectation
    kinds: frozenset[str]
    outcome: Outcome


def row(line: list[Observation], kinds: str, outcome: Outcome, expectation: Expectation = SPEC) -> Row:
    return Row(line, expectation, frozenset(kinds.split()), outcome)


PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
STOPPED = replace(SPEC, actions=(PLAY, Action("stop", 8.0)), to_end=False)

ROWS = {
    "healthy": row(play(steady), "", PASS),
    "healthy_recorder_30": row(play(steady, fps=30), "", PASS),
    "healthy_changes_only": row(changes_only(play(steady, fps=30)), "", PASS),
    "healthy_24_in_60": row(play(steady, rate=Fraction(24), frames=240), "", PASS, spec(24, 240)),
    "healthy_24_in_30": row(play(steady, rate=Fraction(24), frames=240, fps=30), "", PASS, spec(24, 240)),
    "healthy_30_in_30": row(play(steady, rate=Fraction(30), frames=300, fps=29.5), "dropped", PASS, spec(30, 300)),
    "healthy_recorder_in_step_leaves_out": row(
        [seen for n, seen in enumerate(play(steady, rate=Fraction(30), frames=300, fps=30)) if n % 20],
        "dropped",
        PASS,
        spec(30, 300),
    ),
    "healthy_stopped": row(play(steady), "", PASS, STOPPED),
    "last_frame_stays": row(play(lambda t: min(t, 9.98)), "", PASS),
    "poster_before_play": row(play(lambda t: max(0.0, t - 1.8), first_s=1.0, end_s=14), "", PASS),
    "poster_stays": row(play(lambda t: 0.0, first_s=1.0), "stall ended_early", FAIL),
    "slow_start": row(play(steady, first_s=3.5, end_s=15), "startup_delay", PASS),
    "very_slow_start": row(play(steady, first_s=13.0, end_s=25), "startup_delay", FAIL),
    "stall_0.5s": row(play(stalled(4, 0.5)), "stall", PASS),
    "stall_1.2s": row(play(stalled(4, 1.2), end_s=15), "stall", FAIL),
    "stall_1.2s_changes_only": row(changes_only(play(stalled(4, 1.2), end_s=15, fps=30)), "stall", FAIL),
    "stalls_add_up": row(play(lambda t: t - max(0.0, t % 1 - 0.5) - 0.5 * int(t), end_s=25), "stall", FAIL),
    "speed_0.94": row(play(lambda t: 0.94 * t, end_s=15), "speed", FAIL),
    "speed_0.98": row(play(lambda t: 0.98 * t, end_s=15), "speed", PASS),
    "never_goes_on": row(play(lambda t: min(t, 3.0)), "stall", FAIL, STOPPED),
    "freeze_1.2s_catches_up": row(play(frozen(4, 1.2)), "freeze_catch_up", FAIL),
    "drops_2_percent": row(skipping(play(steady), 50), "dropped", FAIL),
    "drops_2_percent_recorder_30": row(skipping(play(steady, fps=30), 50), "dropped", PASS),
    "half_unseen_by_a_jittery_recorder": row(
        play(steady, rate=Fraction(60), frames=600, fps=23), "capture_insufficient", INCONCLUSIVE, spec(60, 600)
    ),
    "single_drop": row(skipping(play(steady), 200), "", PASS),
    "wrong_content": row(play(steady, content_id=OTHER), "wrong_content", FAIL),
    "ended_early": row(play(lambda t: t if t < 5 else None), "ended_early", FAIL),
    "frozen_at_5s": row(play(lambda t: min(t, 5.0)), "ended_early stall", FAIL),
    "recording_cut": row(play(steady, end_s=8), "stopped_before_end", INCONCLUSIVE),
    "seek_exact": row(play(seeking(2.5, 7.0)), "", PASS, sought(7)),
    "seek_back_exact": row(play(seeking(2.5, 1.0), end_s=15), "", PASS, sought(1)),
    "seek_off": row(play(seeking(2.5, 8.5)), "seek_off_target", FAIL, sought(6)),
    "seek_without_effect": row(play(steady), "seek_off_target", FAIL, sought(7)),
    "seek_slow": row(play(seeking(2.5, 7.0, gap=2.5)), "stall", FAIL, sought(7)),
    "jump_unasked": row(play(seeking(2.5, 7.0, gap=0.0)), "jumped", FAIL),
    "back_unasked": row(play(lambda t: t if t < 4 else t - 2, end_s=15), "loop", FAIL),
    "never_started": row(play(lambda t: None), "not_started", FAIL),
    "looked_too_briefly": row(play(lambda t: None, end_s=6), "not_started", INCONCLUSIVE),
    "recorder_gap": row(without(play(steady), 5, 7), "capture_lost", INCONCLUSIVE),
    "hidden_1s_by_a_toast": row(hidden(play(steady), 5, 6), "marker_hidden", PASS),
    "hidden_half": row(hidden(play(steady), 5, 10), "capture_insufficient marker_hidden", INCONCLUSIVE),
    "recorder_5_fps": row(play(steady, fps=5), "capture_insufficient half_rate", INCONCLUSIVE),
    "blank_capture": row([o._replace(black=True) for o in play(lambda t: None)], "black_picture", INCONCLUSIVE),
    "no_pictures": row([], "no_frames", INCONCLUSIVE),
    "one_picture": row(play(steady)[:1], "no_frames", INCONCLUSIVE),
    "clock_goes_back": row([*play(steady), Observation(3.0, None)], "timestamps_not_monotonic", INCONCLUSIVE),
}


def outcome(examined: Examination) -> Outcome:
    return judge(examined.findings, examined.checks, examined.measurements).outcome


@pytest.mark.parametrize("name", ROWS)
def test_line(name: str) -> None:
    case = ROWS[name]
    examined = examine(case.line, case.expectation)
    assert ({f.kind for f in examined.findings}, outcome(examined)) == (case.kinds, case.outcome), examined.findings


def test_measurements_of_a_healthy_line() -> None:
    numbers = {m.name: m.value for m in examine(play(steady), SPEC).measurements}
    assert numbers["frames_expected"] == numbers["frames_seen"] == 250
    assert numbers["startup_delay"] == pytest.approx(0.5, abs=0.02)
    assert numbers["dropped"] == 0
    assert numbers["observed_playback"] == pytest.approx(10, abs=0.05)
    assert numbers["marker_read_share"] == 100
    assert numbers["capture_rate"] == pytest.approx(60)
    assert numbers["longest_hold"] < 0.1


def test_stall_is_placed_and_measured() -> None:
    examined = examine(play(stalled(4, 1.2), end_s=15), SPEC)
    (stall,) = [f for f in examined.findings if f.severity is Severity.FAIL]
    assert (stall.start_s, stall.end_s, stall.value) == pytest.approx((6.5, 7.7, 1.2), abs=0.06)
    assert {m.name: m.within for m in examined.measurements}["longest_hold"] is False


def test_seek_does_not_count_as_frames_not_seen() -> None:
    numbers = {m.name: m.value for m in examine(play(seeking(2.5, 7.0)), sought(7)).measurements}
    assert numbers["seen_share"] == 100
