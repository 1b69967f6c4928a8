"""The agreement table, row by row, and how looks and pictures become its rows.

Time lines are drawn one character for 0.1 s: a letter is the frame that the picture shows, `#` is black, `?` unreadable
and a blank no picture.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from harness.core.outcome import Severity
from harness.playback import Action, Expectation, Film, MarkerRead, Observation
from harness.playback.agreement import Goes, Look, Pictures, Sound, Stretch, agree, agreement, stretches

FAIL, BLIND, NOTE = Severity.FAIL, Severity.BLIND, Severity.NOTE
MOVING, FROZEN, BLACK, UNREADABLE, UNKNOWN = Pictures
GOES, STILL, UNSAID = Goes
ON, OFF, UNHEARD = Sound


def row(
    pictures: Pictures, position: Goes, presenting: Goes, audio: Sound, *, lasting: bool = True, samples: int = 5
) -> Stretch:
    return Stretch(pictures, position, presenting, audio, 10.0, 10.0 + samples - 1, samples, lasting)


ROWS = {
    "all-agree": (row(MOVING, GOES, GOES, ON), []),
    "frozen-while-position-goes": (row(FROZEN, GOES, GOES, ON), [("frozen_picture", FAIL)]),
    "frozen-whatever-the-layer-says": (row(FROZEN, GOES, STILL, ON), [("frozen_picture", FAIL)]),
    "frozen-and-mute": (row(FROZEN, GOES, UNSAID, OFF), [("frozen_picture", FAIL)]),
    "frozen-and-position-stands": (row(FROZEN, STILL, STILL, ON), []),  # a stall; the marker tells it
    "frozen-and-position-unsaid": (row(FROZEN, UNSAID, GOES, ON), []),
    "black-secure": (row(BLACK, GOES, GOES, ON), [("secure_surface", BLIND)]),
    "black-secure-without-a-session": (row(BLACK, UNSAID, GOES, ON), [("secure_surface", BLIND)]),
    "black-for-a-while": (row(BLACK, GOES, GOES, ON, lasting=False), []),  # the detector `black` judges it
    "black-and-layer-stands": (row(BLACK, GOES, STILL, ON), []),
    "black-and-layer-unsaid": (row(BLACK, GOES, UNSAID, ON), []),
    "black-and-mute": (row(BLACK, GOES, GOES, OFF), []),
    "session-bug": (row(MOVING, STILL, GOES, ON), [("position_stands", NOTE)]),
    "layer-disagrees": (row(MOVING, GOES, STILL, ON), [("layer_disagrees", NOTE)]),
    "no-track": (row(MOVING, GOES, GOES, OFF), [("audio_missing", FAIL)]),
    "no-track-no-session": (row(MOVING, UNSAID, GOES, OFF), [("audio_missing", FAIL)]),
    "no-track-and-position-stands": (row(MOVING, STILL, GOES, OFF), [("position_stands", NOTE)]),
    "no-track-unreadable": (row(UNREADABLE, GOES, GOES, OFF), []),
    "sound-unsaid": (row(MOVING, GOES, GOES, UNHEARD), []),
    "unreadable": (row(UNREADABLE, GOES, GOES, ON), []),
    "nothing-captured": (row(UNKNOWN, GOES, GOES, OFF), []),
    "nothing-known": (row(UNKNOWN, UNSAID, UNSAID, UNHEARD), []),
    "frozen-for-a-second": (row(FROZEN, GOES, GOES, ON, samples=2), []),
    "two-looks-at-a-session-bug": (row(MOVING, STILL, GOES, ON, samples=2), []),
    "two-looks-at-another-layer": (row(MOVING, GOES, STILL, ON, samples=2), []),
    "two-looks-far-apart-silent": (Stretch(MOVING, GOES, GOES, OFF, 10.0, 14.0, 2), []),
    "two-looks-silent": (row(MOVING, GOES, GOES, OFF, samples=2), []),
    "three-looks-in-two-seconds-silent": (row(MOVING, GOES, GOES, OFF, samples=3), []),
    "four-looks-in-three-seconds-silent": (row(MOVING, GOES, GOES, OFF, samples=4), [("audio_missing", FAIL)]),
    "two-looks-black": (row(BLACK, GOES, GOES, ON, samples=2), []),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_table(name: str) -> None:
    seen, expected = ROWS[name]
    found = agree(seen, has_sound=True)
    assert [(f.kind, f.severity) for f in found] == expected
    for finding in found:
        assert (finding.start_s, finding.end_s) == (seen.start_s, seen.end_s)


def test_a_silent_title_misses_no_sound() -> None:
    assert agree(row(MOVING, GOES, GOES, OFF), has_sound=False) == []


def test_fail_needs_pictures_in_every_row() -> None:
    blind = (UNREADABLE, UNKNOWN, BLACK)
    rows = itertools.product(blind, Goes, Goes, Sound, (False, True))
    found = [f for p, a, b, c, lasting in rows for f in agree(row(p, a, b, c, lasting=lasting), has_sound=True)]
    assert {f.severity for f in found} == {BLIND}


def film(drawn: str) -> Film:
    seen = []
    for at, mark in enumerate(drawn):
        read = MarkerRead(ord(mark) - ord("a"), 1, 0.8, False) if mark.isalpha() else None
        if mark != " ":
            seen.append(Observation(at / 10, read, mark == "#"))
    return Film.of(seen)


def looks(count: int, speed: float = 1.0, audio: bool | None = True, reports: bool = True) -> list[Look]:
    return [Look(n, 0.0, n * speed, n if reports else 0.0, 30 * n, audio) for n in range(count)]


def title(*actions: Action, frames: int = 1000) -> Expectation:
    return Expectation({1: "v"}, Fraction(10), frames, actions)


MOVES = "abcdefghij"


@pytest.mark.parametrize(
    ("drawn", "seen", "expected"),
    [
        pytest.param(MOVES * 4, looks(4), [(MOVING, GOES, 4)], id="moves"),
        pytest.param(MOVES + "k" * 31 + MOVES, looks(6), [(MOVING, GOES, 2), (FROZEN, GOES, 4), (MOVING, GOES, 2)],
                     id="freeze"),
        pytest.param(MOVES + "#" * 31, looks(5), [(MOVING, GOES, 2), (BLACK, GOES, 4)], id="turns-black"),
        pytest.param("?" * 31, looks(4), [(UNREADABLE, GOES, 4)], id="unreadable"),
        pytest.param("?#" * 15 + "?", looks(4), [(UNREADABLE, GOES, 4)], id="flickering-is-not-black"),
        pytest.param("a" + " " * 29 + "a", looks(4), [(UNKNOWN, GOES, 4)], id="no-picture-is-not-frozen"),
        pytest.param("aa" + " " * 9 + "aa" + " " * 8, looks(3), [(UNKNOWN, GOES, 3)], id="too-few-pictures"),
        pytest.param("a?" * 15 + "a", looks(4), [(UNKNOWN, GOES, 4)], id="hidden-half-of-the-time-is-not-frozen"),
        pytest.param(MOVES * 4, looks(4, speed=0.0), [(MOVING, STILL, 4)], id="position-stands"),
        pytest.param(MOVES * 4, looks(4, speed=0.3), [(MOVING, UNSAID, 4)], id="position-crawls"),
        pytest.param(MOVES * 4, looks(4, reports=False), [(MOVING, UNSAID, 4)], id="extrapolation-is-no-proof"),
        pytest.param("", looks(1), [], id="one-look"),
    ],
)  # fmt: skip
def test_looks_and_pictures_become_rows(
    drawn: str, seen: list[Look], expected: list[tuple[Pictures, Goes, int]]
) -> None:
    found = stretches(seen, film(drawn), title())
    assert [(s.pictures, s.position, s.samples) for s in found] == expected
    assert [s.lasting for s in found] == [False] * (len(found) - 1) + [True] * bool(found)


def test_the_last_frame_of_a_title_may_stand() -> None:
    found = stretches(looks(4), film("j" * 31), title(frames=10))
    assert [s.pictures for s in found] == [UNKNOWN]


def test_what_an_action_did_is_not_judged() -> None:
    acted = title(Action("seek", 1.5, Fraction(3)))
    found = stretches(looks(7), film("k" * 61), acted)
    assert [(s.start_s, s.end_s, s.samples) for s in found] == [(0, 1, 2), (3, 6, 4)]


def test_one_look_that_does_not_say_breaks_the_proof() -> None:
    seen = looks(6, audio=False)
    seen[2] = seen[2]._replace(audio_active=None)
    found = agreement(seen[:5], film(MOVES * 5), title(), has_sound=True)
    assert found == []
    assert [f.kind for f in agreement(looks(6, audio=False), film(MOVES * 5), title(), has_sound=True)] == [
        "audio_missing"
    ]


def test_findings_that_decide_come_first() -> None:
    seen = [look._replace(position_s=0.0 if look.at_s < 4 else look.at_s) for look in looks(8, audio=False)]
    seen = [look._replace(audio_active=True) if look.at_s < 4 else look for look in seen]
    found = agreement(seen, film(MOVES * 8), title(), has_sound=True)
    assert [f.severity for f in found] == [FAIL, NOTE]


@pytest.mark.parametrize(
    ("drawn", "at", "speed", "kinds"),
    [
        pytest.param(MOVES + "k" * 28 + MOVES, (0.8, 3.1, 4.2), 1.0, ["frozen_picture"], id="bracketed-by-two-looks"),
        pytest.param(MOVES + "k" * 15 + MOVES * 2, (0.8, 3.1, 4.2), 1.0, [], id="too-short"),
        pytest.param(
            MOVES + "k?? kk?????k???kkkk? kkkkkk" + MOVES, (0.8, 3.9), 1.0, ["frozen_picture"], id="gaps-between"
        ),
        pytest.param(MOVES + "k" * 28 + MOVES, (0.8, 4.2), 0.2, [], id="position-stood-with-it"),
        pytest.param(MOVES + "k" * 28 + MOVES, (0.8,), 1.0, [], id="one-look"),
        pytest.param(MOVES + "k" * 28 + MOVES, (1.2, 4.2), 1.0, [], id="no-look-before"),
    ],
)
def test_a_standing_picture_is_measured_by_its_own_times(
    drawn: str, at: tuple[float, ...], speed: float, kinds: list[str]
) -> None:
    seen = [Look(t, 0.0, t * speed, t, None, None) for t in at]
    assert [f.kind for f in agreement(seen, film(drawn), title(), has_sound=True)] == kinds


def test_a_position_that_only_moved_before_and_after_stood_with_the_picture() -> None:
    seen = [Look(0.0, 0.0, 0.0, 0.0, None, None), Look(8.7, 0.0, 6.0, 8.7, None, None)]
    assert agreement(seen, film(MOVES * 3 + "k" * 28 + MOVES * 3), title(), has_sound=True) == []


def test_a_seek_near_a_standing_picture_explains_its_position() -> None:
    seen = [Look(t, 0.0, t, t, None, None) for t in (0.8, 4.2)]
    acted = title(Action("seek", 4.0, Fraction(3)))
    assert agreement(seen, film(MOVES + "k" * 28 + MOVES), acted, has_sound=True) == []
