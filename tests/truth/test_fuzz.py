"""Laws that hold for anything at all: the reader never says a wrong id, and no line of pictures breaks the judges.

REDEYE_FUZZ_S=60 looks for a minute at each law instead of a moment.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hunt import EXECUTIONS, SECONDS, hunt, law
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from harness.cli.verify import parse_action
from harness.core.errors import InputFileError, UsageError
from harness.core.outcome import Finding, Measurement, Outcome, judge
from harness.media import marker
from harness.playback import MarkerReader, lag
from harness.playback.examine import examine
from harness.playback.expectation import Action, Expectation
from harness.playback.film import Film
from harness.playback.observation import NO_PICTURE, MarkerRead, Observation, Picture
from harness.playback.screenshots import Shot
from harness.playback.sparse import examine_shots
from harness.playback.verify import picture_times, recognise

Luma = NDArray[np.uint8]
pytestmark = pytest.mark.timeout(SECONDS + 120)

SEEDS = st.integers(0, 2**32 - 1)
OWN, OTHER = 7, 9


# --- the reader -----------------------------------------------------------------------------------------------------


def plane(rng: random.Random) -> Luma:
    """Anything that is no marked frame: noise, bars, patterns like a sync, gradients, patches of them."""
    height, width = rng.randint(1, 400), rng.randint(1, 400)
    values = np.random.default_rng(rng.getrandbits(32))
    kind = rng.choice(("noise", "bars", "sync", "plain", "ramp", "levels"))
    if kind == "noise":
        luma = values.integers(0, 256, (height, width))
    elif kind == "bars":
        pitch, turn = rng.randint(1, 12), rng.randint(0, 1)
        luma = np.indices((height, width))[turn] // pitch % 2 * rng.randint(1, 255)
    elif kind == "sync":
        bits = np.resize(np.array(marker.SYNC), marker.MODULES)
        row = np.repeat(bits, rng.randint(1, 8)) * rng.randint(1, 255)
        row = np.resize(np.concatenate((np.zeros(rng.randint(0, 30), int), row)), width)
        rows = np.arange(height) // rng.randint(1, 30) % 2
        luma = np.where(rows[:, None] == 0, row, row.max(initial=0) - row)
    elif kind == "plain":
        luma = np.full((height, width), rng.randint(0, 255))
    elif kind == "ramp":
        luma = np.broadcast_to(np.linspace(0, 255, width), (height, width))
    else:
        luma = values.integers(0, 2, (height, width)) * rng.randint(0, 255)
    luma = luma.astype(np.uint8)
    if rng.random() < 0.3:
        top, left = rng.randrange(height), rng.randrange(width)
        luma = luma.copy()
        luma[top : top + 40, left : left + 90] = values.integers(0, 256, luma[top : top + 40, left : left + 90].shape)
    return luma


@law
@given(SEEDS)
def reader_never_breaks(seed: int) -> None:
    EXECUTIONS["planes"] += 1
    rng = random.Random(seed)
    reader = MarkerReader()
    for _ in range(rng.randint(1, 6)):
        picture = plane(rng)
        assert reader.read(picture) is None or reader.geometry is not None


def test_reader_takes_any_plane() -> None:
    assert hunt("planes", reader_never_breaks) > 50


def marked(rng: random.Random, frame_id: int) -> Luma:
    width = rng.choice((320, 480, 640, 854, 1280))
    height = round(width * 9 / 16)
    if rng.random() < 0.5:
        luma = np.random.default_rng(rng.getrandbits(32)).integers(0, 256, (height, width), dtype=np.uint8)
    else:
        luma = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8), (height, width)).copy()
    marker.draw(luma, frame_id=frame_id, content_id=OWN)
    return luma


def damaged(rng: random.Random, luma: Luma) -> Luma:
    """What screens, players, recorders and decoders do to a picture; never what another marker would do."""
    values = np.random.default_rng(rng.getrandbits(32))
    height, width = luma.shape
    picture = luma.astype(np.float32)
    for _ in range(rng.randint(0, 5)):
        top, left = rng.randrange(height), rng.randrange(width)
        rows, columns = slice(top, top + rng.randint(1, height)), slice(left, left + rng.randint(1, width))
        hurt = rng.randrange(9)
        if hurt == 0:
            picture = picture * rng.uniform(0, 1.4) + rng.uniform(-60, 60)
        elif hurt == 1:
            picture = picture + values.normal(0, rng.uniform(0, 80), picture.shape)
        elif hurt == 2:
            picture[rows, columns] = rng.randint(0, 255)
        elif hurt == 3:
            picture[rows, columns] = values.integers(0, 256, picture[rows, columns].shape)
        elif hurt == 4:
            picture[rows] = np.roll(picture[rows], rng.randint(-20, 20), axis=1)
        elif hurt == 5:
            side = rng.choice((2, 4, 8, 16))
            picture = np.repeat(np.repeat(picture[::side, ::side], side, 0), side, 1)[:height, :width]
        elif hurt == 6:
            picture = (picture + np.roll(picture, rng.randint(1, 6), axis=rng.randint(0, 1))) / 2
        elif hurt == 7:
            picture[rows] = picture[min(top, len(picture) - 1)]
        else:
            picture[rows, columns] = 255 - picture[rows, columns]
    return np.clip(picture, 0, 255).astype(np.uint8)


def placed(rng: random.Random, luma: Luma) -> Luma:
    """The picture somewhere on a screen."""
    if rng.random() < 0.5:
        size = (max(64, round(luma.shape[1] * rng.uniform(0.5, 1.6))), max(36, round(luma.shape[0] * 0.9)))
        luma = np.asarray(Image.fromarray(luma).resize(size, Image.Resampling.BILINEAR))
    above, left, below, right = (rng.choice((0, 0, rng.randint(0, 60))) for _ in range(4))
    return np.pad(luma, ((above, below), (left, right)), constant_values=rng.choice((0, 16, 128)))


@law
@given(SEEDS)
def reader_never_lies(seed: int) -> None:
    EXECUTIONS["marked"] += 1
    rng = random.Random(seed)
    reader = MarkerReader()
    first = rng.choice((0, 1, 254, 65535, rng.randrange((1 << 24) - 8)))
    for frame_id in range(first, first + rng.randint(1, 4)):
        shown, picture = {frame_id}, marked(rng, frame_id)
        if rng.random() < 0.2:
            other = Image.fromarray(marked(rng, frame_id + 1)).resize(picture.shape[::-1])
            picture = np.asarray(Image.blend(Image.fromarray(picture), other, rng.random()))
            shown.add(frame_id + 1)
        elif rng.random() < 0.2:
            torn, strange = rng.randrange(picture.shape[0]), rng.randrange(1 << 24)
            other = Image.fromarray(marked(rng, strange)).resize(picture.shape[::-1])
            picture = np.concatenate((picture[:torn], np.asarray(other)[torn:]))
            shown.add(strange)
        picture = placed(rng, damaged(rng, picture))
        if rng.random() < 0.2:
            picture = np.rot90(picture, rng.randint(1, 3))
        read = reader.read(picture)
        EXECUTIONS["read"] += read is not None
        assert read is None or (read.frame_id in shown and read.content_id == OWN)


def test_reader_never_says_a_wrong_id() -> None:
    assert hunt("marked", reader_never_lies) > 50
    assert EXECUTIONS["read"] > 10  # the law is empty where nothing is read


# --- the judges -----------------------------------------------------------------------------------------------------

HUGE = 1e12  # s; clocks of damaged files reach it
VALUES = st.one_of(st.just(float("nan")), st.floats(-1, 1, width=32), st.floats(0, 300, width=32))
PICTURES = st.one_of(st.just(NO_PICTURE), st.builds(Picture, *[VALUES] * 7))
READS = st.builds(
    MarkerRead,
    st.one_of(st.integers(0, 40), st.integers(0, (1 << 24) - 1)),
    st.sampled_from((OWN, OWN, OWN, OTHER, 0, 255)),
    st.floats(0.125, 1, width=32),
    st.booleans(),
)
TIMES = st.one_of(  # no container's clock is finer than a millionth of a second
    st.floats(-5, 60).map(lambda at_s: round(at_s, 6)),
    st.integers(0, 60).map(float),
    st.floats(-HUGE, HUGE).map(lambda at_s: float(round(at_s))),
)
LOOSE = st.one_of(
    st.builds(Observation, TIMES, READS, st.just(False), PICTURES),
    st.builds(Observation, TIMES, st.none(), st.booleans(), PICTURES),
)


class Playback(list[Observation]):
    """A recording that is nearly healthy, with faults of every kind at random; short to print."""

    def __init__(self, seed: int) -> None:
        super().__init__(playback(seed))
        self._seed = seed

    def __repr__(self) -> str:
        return f"Playback({self._seed})"


def playback(seed: int) -> list[Observation]:
    rng, out = random.Random(seed), list[Observation]()
    clock, media, speed, content = rng.uniform(-2, 4), rng.uniform(0, 20), 1.0, OWN
    step = rng.choice((0.02, 0.04, 0.1, 0.5))
    for _ in range(rng.randint(0, 150)):
        fault = rng.random()
        if fault < 0.03:
            media += rng.choice((-3, -0.1, 0.5, 10, -media))
        elif fault < 0.06:
            speed = rng.choice((0, 0.5, 1, 1, 1, 2))
        elif fault < 0.08:
            content = rng.choice((OWN, OTHER))
        elif fault < 0.1:
            clock += rng.choice((-1, 0.5, 3, 100))
        clock, media = clock + step * rng.choice((1, 1, 1, 0, 1.5)), max(0.0, media + speed * step)
        read = MarkerRead(int(media * 25), content, rng.uniform(0.1, 1), rng.random() < 0.1)
        look = Picture(*(rng.choice((rng.random(), rng.uniform(0, 9), math.nan)) for _ in range(7)))
        hidden = rng.random() < 0.1
        black = hidden and rng.random() < 0.5
        out.append(Observation(clock, None if hidden else read, black, look if rng.random() < 0.3 else NO_PICTURE))
    return out


FILMS = st.one_of(st.lists(LOOSE, max_size=25), SEEDS.map(Playback), SEEDS.map(Playback))
TARGETS = st.fractions(0, 100, max_denominator=1000)
UNSURE = st.floats(0, 2)
ACTIONS = st.one_of(
    st.builds(Action, st.sampled_from(("play", "pause", "resume", "stop")), TIMES, st.none(), UNSURE),
    st.builds(Action, st.just("seek"), TIMES, st.one_of(st.none(), TARGETS), UNSURE, UNSURE),
    st.builds(Action, st.just("speed"), TIMES, st.fractions(Fraction(1, 100), 16, max_denominator=100), UNSURE),
)
EXPECTATIONS = st.builds(
    Expectation,
    st.sampled_from(({OWN: "720p"}, {OWN: "720p", OTHER: "240p"}, {})),
    st.one_of(st.sampled_from([Fraction(25), Fraction(30000, 1001)]), st.fractions(1, 1000, max_denominator=1001)),
    st.integers(0, (1 << 24) - 1),
    st.lists(ACTIONS, max_size=5).map(tuple),
    to_end=st.booleans(),
    recording_end_s=st.one_of(st.none(), TIMES),
    renditions=st.sampled_from(({}, {OTHER: "240p"})),
    quiet=st.sampled_from(((), ((1.0, 3.0),))),
    recorder_fps=st.one_of(st.none(), st.floats(1, 120)),
    protected=st.booleans(),
)


def sound(findings: Sequence[Finding], measurements: Sequence[Measurement], checks: Sequence[str]) -> None:
    """Findings that can be argued with: finite numbers, ordered spans, words; and a verdict that fits them."""
    for finding in findings:
        assert (finding.start_s is None) == (finding.end_s is None), finding
        if finding.start_s is not None and finding.end_s is not None:
            assert finding.start_s <= finding.end_s, finding
        assert finding.message and "nan" not in finding.message.split(), finding
        json.dumps(asdict(finding), allow_nan=False)
    for measurement in measurements:
        json.dumps(asdict(measurement), allow_nan=False)
    assert judge(findings, checks, measurements).outcome in Outcome


@law
@given(FILMS, EXPECTATIONS)
def examining_never_breaks(shown: list[Observation], expectation: Expectation) -> None:
    EXECUTIONS["films"] += 1
    examined = examine(shown, expectation)
    EXECUTIONS["found"] += len(examined.findings)
    sound(examined.findings, examined.measurements, examined.checks)
    if (
        expectation.marked
        and expectation.frames > 1
        and judge(examined.findings, examined.checks).outcome is Outcome.PASS
    ):
        assert len(examined.runs) > 1  # the title was seen to go on


def test_any_line_of_pictures_is_judged() -> None:
    assert hunt("films", examining_never_breaks) > 50
    assert EXECUTIONS["found"] > 50


@law
@given(FILMS, st.lists(ACTIONS, max_size=3))
def recognising_never_breaks(shown: list[Observation], actions: list[Action]) -> None:
    EXECUTIONS["recognised"] += 1
    known, title = recognise(Film.of(shown), None, actions)
    assert title and 0 < known.frame_rate <= 1000
    examined = examine(shown, known)
    sound(examined.findings, examined.measurements, examined.checks)


def test_any_line_of_pictures_is_recognised_or_not() -> None:
    assert hunt("recognised", recognising_never_breaks) > 50


@law
@given(FILMS, EXPECTATIONS, st.floats(0, 2))
def shots_never_break(shown: list[Observation], expectation: Expectation, error: float) -> None:
    EXECUTIONS["shots"] += 1
    shots = [Shot(one, error, None if index == 0 else 5.0) for index, one in enumerate(shown)]
    examined = examine_shots(shots, expectation, trials=8)
    sound(examined.findings, examined.measurements, examined.checks)


def test_any_screenshots_are_judged() -> None:
    assert hunt("shots", shots_never_break) > 50


# --- the film -------------------------------------------------------------------------------------------------------


def same(a: Observation, b: Observation) -> bool:
    return repr(a) == repr(b)  # nan is nan


@law
@given(FILMS)
def film_gives_back(shown: list[Observation]) -> None:
    EXECUTIONS["film"] += 1
    shown = [Observation(*one[:3], Picture(*map(float, np.float32(one.picture)))) for one in shown]
    shown = [one._replace(read=_rounded(one.read)) for one in shown]
    film = Film.of(shown)
    wanted = sorted(shown, key=lambda one: one.pts_s)
    assert len(film) == len(wanted)
    assert all(same(a, b) for a, b in zip(film, wanted, strict=True))
    assert film.backwards_count == sum(b.pts_s <= a.pts_s for a, b in itertools.pairwise(shown))
    read = [(one.read.frame_id, one.read.content_id) for one in wanted if one.read]
    runs = film.runs()
    assert [(run.frame_id, run.content_id) for run in runs] == [key for key, _ in itertools.groupby(read)]
    assert [run.reads for run in runs] == [len([*group]) for _, group in itertools.groupby(read)]
    assert all(run.before_s <= run.start_s <= run.end_s and run.widest_gap_s >= 0 for run in runs)
    low, high = (wanted[0].pts_s, wanted[-1].pts_s) if wanted else (0.0, 0.0)
    assert len(film.between(low, high)) == len(film)
    assert all(same(a, b) for a, b in zip(film[1:], wanted[1:], strict=True))


def _rounded(read: MarkerRead | None) -> MarkerRead | None:
    return read and MarkerRead(read.frame_id, read.content_id, float(np.float32(read.margin)), read.blended)


def test_film_gives_back_what_was_put_in() -> None:
    assert hunt("film", film_gives_back) > 50


# --- words from outside ---------------------------------------------------------------------------------------------

NUMBERS = st.text("0123456789.e/-", max_size=400)
WORDS = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"(play|seek|pause|resume|speed|stop)(:([0-9.]{1,9}>)?[0-9.]{1,9})?@[0-9.]{1,9}(~[0-9.]{1,9})?"),
    st.builds("{}:{}>{}@{}~{}".format, st.sampled_from(("seek", "speed")), NUMBERS, NUMBERS, NUMBERS, NUMBERS),
)


@law
@given(WORDS)
def actions_are_understood_or_refused(text: str) -> None:
    EXECUTIONS["actions"] += 1
    try:
        action = parse_action(text)
    except UsageError as refused:
        assert str(refused).startswith("--action")
        return
    EXECUTIONS["understood"] += 1
    numbers = [action.at_s, action.uncertainty_s, float(action.target_s or 0)]
    assert all(0 <= number < 1e9 for number in numbers)
    assert action.kind != "speed" or (action.target_s is not None and action.target_s > 0)


def test_any_action_is_understood_or_refused() -> None:
    assert hunt("actions", actions_are_understood_or_refused) > 50
    assert EXECUTIONS["understood"] > 0


LINES = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(NUMBERS, st.floats().map(str), st.just("1e999999999"), st.just("1e-999999999"))).map("\n".join),
    st.lists(st.integers(0, 10**6), unique=True).map(lambda all: "\n".join(str(one / 1000) for one in sorted(all))),
)


def times_law(path: Path) -> Callable[[], None]:
    @law
    @given(LINES)
    def times_go_forward_or_are_refused(text: str) -> None:
        EXECUTIONS["times"] += 1
        path.write_text(text, "utf-8")
        try:
            times = picture_times(path)
        except InputFileError as refused:
            assert refused.file == str(path)
            return
        assert times and all(b > a for a, b in itertools.pairwise(map(float, times)))

    return times_go_forward_or_are_refused


def test_any_times_go_forward_or_are_refused(tmp_path: Path) -> None:
    assert hunt("times", times_law(tmp_path / "times.txt")) > 50


# --- what was found so ----------------------------------------------------------------------------------------------

SPEC = Expectation({OWN: "720p"}, Fraction(25), 1500)


def kinds(shown: list[Observation], expectation: Expectation = SPEC) -> set[str]:
    examined = examine(shown, expectation)
    sound(examined.findings, examined.measurements, examined.checks)
    return {finding.kind for finding in examined.findings}


def test_one_doubtful_read_of_another_title_is_no_playback() -> None:
    doubtful = Observation(2.0, MarkerRead(5, OTHER, 0.125, False))
    shown = [Observation(index / 5, None) if index != 10 else doubtful for index in range(100)]
    assert {"not_started", "wrong_content"} <= kinds(shown)
    examined = examine(shown, SPEC)
    assert judge(examined.findings, examined.checks).outcome is Outcome.FAIL
    assert "not_started" not in kinds([one._replace(read=MarkerRead(5, OTHER, 0.9, False)) for one in shown])


@pytest.mark.parametrize("frames_a_second", [0.001, 0.5, 5000.0])
def test_a_title_at_no_usual_pace_is_recognised(frames_a_second: float) -> None:
    shown = [Observation(n / frames_a_second, MarkerRead(n, OWN, 0.9, False)) for n in range(40)]
    known, _ = recognise(Film.of(shown), None)
    assert known.frame_rate == 25
    assert kinds(shown, known) or frames_a_second > 25  # too short to say anything of its pace


def test_spans_of_findings_go_forward() -> None:
    back = [Observation(1.0, None), Observation(0.0, None)]
    assert "timestamps_not_monotonic" in kinds(back)
    shots = examine_shots([Shot(one, 0.1) for one in back], SPEC, trials=8)
    sound(shots.findings, shots.measurements, shots.checks)
    early = Observation(9.8, MarkerRead(1400, OWN, 0.9, False))
    before = [Observation(n / 25, MarkerRead(n, OWN, 0.9, False)) for n in range(240)]
    seek = Action("seek", 10.0, Fraction(20), 0.5)
    assert "seek_off_target" in kinds([*before, early], replace(SPEC, actions=(seek,)))
    plays = (Action("play", 28.0, None, 0.5), Action("play", 28.1, None, 2.0))
    assert "no_frames" in kinds(before, replace(SPEC, actions=plays))
    shots = examine_shots([Shot(one, 0.1) for one in before], replace(SPEC, actions=plays), trials=8)
    sound(shots.findings, shots.measurements, shots.checks)


def test_a_look_at_movement_without_one_for_cuts_is_enough() -> None:
    still = NO_PICTURE._replace(change=0.1)
    shown = [Observation(n / 10, None, False, still if n > 5 else still._replace(change=9.0)) for n in range(30)]
    assert "frozen" in kinds(shown, replace(SPEC, content_ids={}))


@pytest.mark.parametrize(("frame_id", "seconds"), [(1499, 5.0), (700, 0.8)])
def test_a_single_frame_is_no_playback(frame_id: int, seconds: float) -> None:
    shown = [Observation(n / 25, MarkerRead(frame_id, OWN, 0.9, False)) for n in range(int(seconds * 25))]
    examined = examine(shown, SPEC)
    assert judge(examined.findings, examined.checks).outcome is Outcome.INCONCLUSIVE


def test_screenshots_with_one_stamp_have_no_pace() -> None:
    assert lag.pace(np.zeros(6), np.arange(6.0), np.ones(6)) is None
