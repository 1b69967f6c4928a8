"""Screenshots: the folder that is read, and drawn sparse time lines with what must be found in them.

A line is made by `shots`: one picture every `interval` seconds, taken anywhere within its bracket by a seeded
generator, of a title of 1500 frames at 25 fps which starts 0.5 s after play at 2 s. Faults bend the media clock.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.core.errors import InputFileError
from harness.core.outcome import Finding, Outcome, Severity, judge
from harness.media import marker
from harness.playback import departures, lag, sparse
from harness.playback.expectation import Action, Expectation
from harness.playback.observation import MarkerRead, Observation
from harness.playback.screenshots import Screenshots, Shot, load_luma
from harness.playback.sparse import SparseExamination, examine_shots

OWN, OTHER, LOW = 7, 9, 8
PLAY = Action("play", 2.0)
SPEC = Expectation({OWN: "720p"}, Fraction(25), 1500, (PLAY,), to_end=True)
STOPPED = replace(SPEC, actions=(PLAY, Action("stop", 60.0)), to_end=False)
FAIL, PASS, INCONCLUSIVE = Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE

Media = Callable[[float], float | None]


def shots(
    media: Media,
    *,
    interval: float = 1.0,
    error: float = 0.15,
    end: float = 66.0,
    content_id: int = OWN,
    margin: float = 0.8,
    seed: int = 0,
    noise: Callable[[random.Random], float] = lambda rng: rng.uniform(-1, 1),
) -> list[Shot]:
    """Pictures from 0.2 s to `end`; `media` gives media time for seconds since the first frame, None is no marker."""
    rng, out, at = random.Random(seed), list[Shot](), 0.2
    while at < end:
        since = at + error * noise(rng) - 2.5
        where = media(since) if since >= 0 else None
        frame = None if where is None else int(where * 25 + 1e-6)
        shown = frame is not None and 0 <= frame < 1500
        read = MarkerRead(frame, content_id, margin, False) if frame is not None and shown else None
        out.append(Shot(Observation(at, read), error, 5.0))
        at += interval
    return out


def steady(t: float) -> float:
    return t


def stalled(at: float, length: float) -> Media:
    return lambda t: t if t < at else max(at, t - length)


def frozen(at: float, length: float) -> Media:
    return lambda t: at if at <= t < at + length else t


def seeking(at: float, target: float, gap: float = 0.3) -> Media:
    return lambda t: t if t < at else None if t < at + gap else target + t - at - gap


def sought(target: float, at: float = 22.5) -> Expectation:
    return replace(SPEC, actions=(PLAY, Action("seek", at, Fraction(target), 0.05, 0.2)), to_end=False)


def held_seek(t: float) -> float:
    return t if t < 20 else 20.0 if t < 24 else 40 + t - 24


def paused(t: float) -> float:
    return t if t < 20 else max(20.0, t - 10)


PAUSED = replace(STOPPED, actions=(PLAY, Action("pause", 22.5), Action("resume", 32.5), Action("stop", 60.0)))
DOUBLE = replace(STOPPED, actions=(PLAY, Action("speed", 12.5, Fraction(2)), Action("stop", 30.0)))
RENDITIONS = replace(SPEC, renditions={LOW: "240p"})


def black(line: list[Shot]) -> list[Shot]:
    return [shot._replace(observation=shot.observation._replace(read=None, black=True)) for shot in line]


def hidden(line: list[Shot], low: float, high: float) -> list[Shot]:
    return [
        shot._replace(observation=shot.observation._replace(read=None))
        if low <= shot.observation.pts_s < high
        else shot
        for shot in line
    ]


@dataclass(frozen=True)
class Row:
    line: list[Shot]
    expectation: Expectation | None
    kinds: frozenset[str]
    outcome: Outcome


def row(line: list[Shot], kinds: str, outcome: Outcome, expectation: Expectation | None = SPEC) -> Row:
    return Row(line, expectation, frozenset(kinds.split()), outcome)


WEAK = "capture_insufficient"
ROWS = {
    "healthy_1s": row(shots(steady), "", PASS),
    "healthy_0.5s": row(shots(steady, interval=0.5, error=0.05), "", PASS),
    "healthy_2s_wide_brackets": row(shots(steady, interval=2, error=0.5, end=70), "", PASS),
    "healthy_stopped": row(shots(steady, end=60), "", PASS, STOPPED),
    "healthy_last_frame_stays": row(shots(lambda t: min(t, 59.98), end=75), "", PASS),
    "healthy_poster": row(
        shots(lambda t: max(0.0, t - 3.5), end=67), "startup_delay", PASS, replace(SPEC, actions=(Action("play", 3.5),))
    ),
    "healthy_seek": row(shots(seeking(20, 40.0), end=40), "", PASS, sought(40)),
    "healthy_seek_back": row(shots(seeking(20, 5.0), end=50), "", PASS, sought(5)),
    "healthy_pause": row(shots(paused, end=60), "", PASS, PAUSED),
    "healthy_double_speed": row(shots(lambda t: t if t < 10 else 2 * t - 10, end=30), "", PASS, DOUBLE),
    "toast_for_2s": row(hidden(shots(steady), 20, 22), "", PASS),
    "5s_apart": row(shots(steady, interval=5, error=0.5, end=70), WEAK, INCONCLUSIVE),
    "one_picture": row(shots(steady, end=4)[:4], f"{WEAK} stopped_before_end", INCONCLUSIVE),
    "stall_0.5s": row(shots(stalled(20, 0.5)), "stall", PASS),
    "stall_1s": row(shots(stalled(20, 1.0)), "stall", INCONCLUSIVE),
    "stall_1.5s": row(shots(stalled(20.3, 1.5), end=68), "stall", FAIL),
    "stall_3s": row(shots(stalled(20.3, 3.0), end=68), "stall", FAIL),
    "stall_1.5s_wide_brackets": row(shots(stalled(20, 1.5), interval=2, error=0.5, end=70), "stall", FAIL),
    "stalls_add_up": row(shots(lambda t: t - 0.7 * int(t / 4), end=80), "stall", FAIL),
    "stands_for_ever": row(shots(lambda t: min(t, 20.0), end=60), "stall", FAIL, STOPPED),
    "freeze_0.5s": row(shots(frozen(20.25, 0.5), interval=0.5, error=0.05), "freeze_catch_up", INCONCLUSIVE),
    "freeze_3s": row(shots(frozen(20.3, 3.0)), "freeze_catch_up", FAIL),
    "freeze_1.5s_every_2s": row(shots(frozen(20.9, 1.5), interval=2), "freeze_catch_up", INCONCLUSIVE),
    "speed_0.9": row(shots(lambda t: 0.9 * t, end=74), "speed", FAIL),
    "speed_1.1": row(shots(lambda t: 1.1 * t), "speed", FAIL),
    "speed_0.97": row(shots(lambda t: 0.97 * t, end=68), "speed", PASS),
    "speed_0.995": row(shots(lambda t: 0.995 * t, interval=0.5, error=0.02, end=66), "", PASS),
    "jump_unasked": row(shots(lambda t: t if t < 20 else t + 5), "jumped", FAIL),
    "back_unasked": row(shots(lambda t: t if t < 20 else t - 5, end=72), "jumped", FAIL),
    "wrong_content": row(shots(steady, content_id=OTHER), f"wrong_content {WEAK}", FAIL),
    "wrong_rendition": row(shots(steady, content_id=LOW), "wrong_rendition", FAIL, RENDITIONS),
    "wrong_content_once": row(
        [*shots(steady)[:9], *shots(steady, content_id=OTHER, margin=0.2)[9:10], *shots(steady)[10:]],
        "wrong_content",
        PASS,
    ),
    "never_started": row(shots(lambda t: None, end=30), f"not_started {WEAK}", FAIL),
    "looked_too_briefly": row(shots(lambda t: None, end=8), f"not_started {WEAK}", INCONCLUSIVE),
    "slow_start": row(shots(lambda t: t - 4 if t > 4 else None, end=70), "startup_delay", PASS),
    "very_slow_start": row(shots(lambda t: t - 14 if t > 14 else None, end=80), "startup_delay", FAIL),
    "seek_off": row(shots(seeking(20, 44.0), end=40), "seek_off_target", FAIL, sought(40)),
    "seek_without_effect": row(shots(steady, end=40), "seek_off_target", FAIL, sought(50)),
    "seek_slow": row(shots(held_seek, end=40), "stall", FAIL, sought(40)),
    "seek_unseen": row(shots(seeking(20, 40.0), end=23), WEAK, INCONCLUSIVE, sought(40)),
    "ended_early": row(shots(lambda t: t if t < 30 else None), "ended_early", FAIL),
    "gone_at_the_last_picture": row(shots(lambda t: t if t < 30 else None, end=34), "ended_early", INCONCLUSIVE),
    "pictures_stop": row(shots(steady, end=30), "stopped_before_end", INCONCLUSIVE),
    "no_picture_of_the_end": row(
        shots(steady, end=30), "capture_gap", INCONCLUSIVE, replace(SPEC, recording_end_s=70.0)
    ),
    "hidden_half": row(hidden(shots(steady), 10, 40), WEAK, INCONCLUSIVE),
    "all_black": row(black(shots(steady)), f"black_picture {WEAK}", INCONCLUSIVE),
    "none": row([], f"no_frames {WEAK}", INCONCLUSIVE),
    "clock_goes_back": row([*shots(steady), *shots(steady)[:1]], "timestamps_not_monotonic", INCONCLUSIVE),
    "unmarked": row(shots(lambda t: None), WEAK, INCONCLUSIVE, None),
    "unmarked_equal": row(
        [shot._replace(change=0.2 if 20 < shot.observation.pts_s < 23 else 9.0) for shot in shots(lambda t: None)],
        f"frozen {WEAK}",
        INCONCLUSIVE,
        None,
    ),
}


def outcome(examined: SparseExamination) -> Outcome:
    return judge(examined.findings, examined.checks, examined.measurements).outcome


def one(examined: SparseExamination, kind: str) -> Finding:
    (found,) = [finding for finding in examined.findings if finding.kind == kind]
    return found


@pytest.mark.parametrize("name", ROWS)
def test_line(name: str) -> None:
    case = ROWS[name]
    examined = examine_shots(case.line, case.expectation, trials=200)
    assert ({f.kind for f in examined.findings}, outcome(examined)) == (case.kinds, case.outcome), examined.findings


def test_no_healthy_run_is_accused() -> None:
    rng = random.Random(7)
    accused = []
    for seed in range(1000):
        interval, error = rng.choice([(0.5, 0.05), (1, 0.15), (1, 0.05), (1, 0.4), (2, 0.15), (2, 0.5), (5, 0.5)])
        drift = 1 + rng.uniform(-5e-4, 5e-4)
        line = shots(lambda t, drift=drift: t * drift, interval=interval, error=error, seed=seed, end=75)  # type: ignore[misc]
        examined = examine_shots(line, SPEC, trials=8)
        accused += [(seed, f.message) for f in examined.findings if f.severity is Severity.FAIL]
    assert accused == []


def test_bounds_hold_the_true_stall() -> None:
    for seed in range(40):
        at = random.Random(seed).uniform(5, 50)
        found = departures_of(shots(stalled(at, 1.5), seed=seed, end=70))
        assert len([one for one in found if one.least - 0.01 <= 1.5 <= one.most + 0.01]) == 1, (seed, found)


def test_short_stalls_add_up() -> None:
    line = shots(lambda t: t - 0.5 * sum(t > at for at in (4, 6, 8, 20, 22, 24)), error=0.05, end=30)
    spec = replace(STOPPED, actions=(PLAY, Action("stop", 29.0)))
    (cause,) = [f for f in examine_shots(line, spec, trials=50).findings if f.severity is Severity.FAIL]
    assert "short stalls" in cause.message


def test_stall_is_not_taken_for_a_slow_title() -> None:
    for seed in range(40):
        found = departures_of(shots(stalled(28, 1.0), interval=2, error=0.5, seed=seed, end=62))
        assert {one.kind for one in found} <= {"stall"}, seed


def test_overlapping_brackets_may_be_in_another_order() -> None:
    line = shots(steady, interval=0.3, error=0.4, end=40)
    frames = [shot.observation.read.frame_id for shot in line if shot.observation.read]
    assert frames != sorted(frames)
    assert examine_shots(line, replace(STOPPED, actions=(PLAY, Action("stop", 39))), trials=50).findings == ()


def departures_of(line: list[Shot]) -> list[departures.Departure]:
    (part,) = sparse.playbacks(line, SPEC)
    return [one for stretch in part.stretches for one in departures.departures(stretch, SPEC)]


def test_stamps_worse_than_their_brackets_are_said() -> None:
    line = shots(steady, error=0.15, noise=lambda rng: 3 * rng.gauss(0, 1))
    examined = examine_shots(line, SPEC, trials=200)
    assert one(examined, "stamps_inexact").severity is Severity.NOTE
    assert outcome(examined) is not FAIL


def test_uncertainty_is_in_the_message_and_power_in_the_numbers() -> None:
    examined = examine_shots(shots(stalled(20.3, 3.0), end=68), SPEC)
    stall = one(examined, "stall")
    assert "±" in stall.message
    assert stall.value == pytest.approx(3.0, abs=0.3)
    numbers = {m.name: m.value for m in examined.measurements}
    assert numbers["power_stall_1s"] >= 99
    assert numbers["power_freeze_1s"] < 90
    assert numbers["stamp_uncertainty"] == 0.15
    assert "60" in str(examined.power) or "screenshots" in str(examined.power)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("_wrong_content", "wrong_rendition"),
        ("_not_started", "never_started"),
        ("_startup_delay", "very_slow_start"),
        ("_lag", "stall_3s"),
        ("_lag", "freeze_3s"),
        ("_lag", "speed_0.9"),
        ("_lag", "jump_unasked"),
        ("_seek_off_target", "seek_off"),
        ("_ended_early", "ended_early"),
        ("_ended_early", "pictures_stop"),
        ("_pictures", "hidden_half"),
        ("_too_weak", "5s_apart"),
    ],
)
def test_without_its_question_nothing_is_said(question: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = ROWS[name]
    kinds = {f.kind for f in examine_shots(case.line, case.expectation, trials=200).findings}
    monkeypatch.setattr(sparse, question, lambda *_: [])
    left = {f.kind for f in examine_shots(case.line, case.expectation, trials=200).findings}
    assert left < kinds


# The folder


def draw(path: Path, frame_id: int) -> None:
    luma = np.broadcast_to(np.linspace(0, 255, 640).astype(np.uint8), (360, 640)).copy()
    marker.draw(luma, frame_id=frame_id, content_id=OWN)
    Image.fromarray(luma).save(path)


def stamp(file: object, before: object = 1.0, after: object = 1.2) -> str:
    return json.dumps({"file": file, "before_s": before, "after_s": after}) + "\n"


def test_sidecar_gives_times_and_ids(tmp_path: Path) -> None:
    for index in range(3):
        draw(tmp_path / f"{index}.png", 100 + 25 * index)
    lines = [stamp(f"{n}.png", 10 + n, 10.2 + n + 0.1 * n) for n in range(3)]
    (tmp_path / "screenshots.jsonl").write_text("".join(lines))
    folder = Screenshots(tmp_path)
    seen = list(folder.read())
    assert [s.observation.read and s.observation.read.frame_id for s in seen] == [100, 125, 150]
    assert [s.observation.pts_s for s in seen] == pytest.approx([10.1, 11.15, 12.2])
    assert [s.uncertainty_s for s in seen] == pytest.approx([0.1, 0.15, 0.2])
    assert [s.change is None for s in seen] == [True, False, False]
    stamps = folder.stamps
    numbers = (stamps.count, stamps.interval_s, stamps.uncertainty_s, stamps.most_uncertainty_s)
    assert numbers == pytest.approx((3, 1.05, 0.15, 0.2))
    assert not stamps.assumed


def test_names_give_times_and_an_assumed_bracket(tmp_path: Path) -> None:
    for name in ("9.5.png", "tablet-1@10.500.png", "11.jpg"):
        draw(tmp_path / name, 1)
    folder = Screenshots(tmp_path)
    assert [s.observation.pts_s for s in folder.read()] == [9.5, 10.5, 11.0]
    assert (folder.stamps.uncertainty_s, folder.stamps.assumed) == (0.15, True)


def test_equal_pictures_differ_by_nothing(tmp_path: Path) -> None:
    for name, frame in (("1.png", 1), ("2.png", 1)):
        draw(tmp_path / name, frame)
    assert [s.change for s in Screenshots(tmp_path).read()] == [None, 0.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no stamps"),
        ("{nonsense\n", "line 1: is not JSON"),
        ("[1]\n", "line 1: an object with file"),
        ('{"file": "a.png"}\n', "an object with file, before_s, after_s"),
        (stamp("a.png", "1"), "before_s is '1'"),
        (stamp("a.png", True), "before_s is True"),
        ('{"file": "a.png", "before_s": NaN, "after_s": 1}', "before_s is nan"),
        (stamp("a.png", 2, 1), "after_s 1 lies before before_s 2"),
        (stamp("a.png", 5, 6) + stamp("a.png", 4, 5), "line 2: the time 4.500 s does not come after 5.500 s"),
        (stamp("none.png"), "line 1: file 'none.png' does not exist"),
        (stamp("../a.png"), "not the name of a file in this folder"),
        (stamp("/etc/passwd"), "not the name of a file in this folder"),
        (stamp("a\0.png"), "not the name of a file in this folder"),
        (stamp(7), "not the name of a file in this folder"),
        (" " * 5000, "longer than 4096"),
        ("[" * 4000, "is not JSON"),
        ("\udcff", "UTF-8"),
    ],
)
def test_wrong_sidecar_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for path in (folder / "a.png", tmp_path / "a.png"):
        draw(path, 1)
    (folder / "screenshots.jsonl").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputFileError) as caught:
        Screenshots(folder)
    assert said in str(caught.value)
    assert "screenshots.jsonl" in str(caught.value)


@pytest.mark.parametrize("name", ["first.png", "-1.png", "1e5.png", "1.2.3.png"])
def test_name_without_time_is_said(name: str, tmp_path: Path) -> None:
    draw(tmp_path / name, 1)
    with pytest.raises(InputFileError, match="no stamps"):
        Screenshots(tmp_path)


def test_wrong_folders_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no screenshots"):
        Screenshots(tmp_path)
    with pytest.raises(InputFileError, match="no such folder"):
        Screenshots(tmp_path / "none")
    draw(tmp_path / "1.0.png", 1)
    with pytest.raises(InputFileError, match="not a folder"):
        Screenshots(tmp_path / "1.0.png")
    draw(tmp_path / "1.png", 1)
    with pytest.raises(InputFileError, match="same time"):
        Screenshots(tmp_path)


def test_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    draw(tmp_path / "secret.png", 1)
    (folder / "1.0.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(InputFileError, match="out of the folder"):
        Screenshots(folder)


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    path = tmp_path / "1.0.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(InputFileError, match="is not a picture"):
        load_luma(path)
    draw(path, 1)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputFileError, match=r"1\.0\.png"):
        load_luma(path)


@pytest.mark.parametrize("size", [(8001, 8000), (9600, 9600), (15000, 15000)])
def test_absurd_size_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "1.png"
    Image.new("1", size).save(path)
    with pytest.raises(InputFileError, match="64 Mpx"):
        load_luma(path)


def test_wrong_stamps_are_found_by_the_rule() -> None:
    clock = np.arange(40.0)
    spread = np.full(40, 0.1)
    assert lag.stamp_scatter(np.zeros(40), spread) == 1.0
    wild = np.random.default_rng(0).normal(0, 0.4, 40)
    assert lag.stamp_scatter(wild, spread) > 5
    assert not bool(lag.departs(np.zeros(40) - 0.1, np.zeros(40) + 0.1, clock))
