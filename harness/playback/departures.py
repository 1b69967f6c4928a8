"""Where the title left the clock: stalls, freezes that caught up, jumps and other paces, each with its bounds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.playback import lag
from harness.playback.expectation import Expectation, Limits
from harness.playback.lag import LEAST_S, Values
from harness.playback.stretches import Sample, Stretch

_GROWS = 4  # pictures; later it is another stall
_LAST = 3  # pictures that say where it ended; one alone may be badly placed


@dataclass(frozen=True)
class Departure:
    """One event.

    Args:
        start_s, end_s: it began and was seen between these two pictures.
        least, most: bounds of its length, s; of the pace, %, for speed.
        value: for speed the pace, % off; for back the frames, negative.
        sure: enough well-read pictures show it to accuse somebody.
        stands: the same frame is in all pictures up to the last.
    """

    kind: Literal["stall", "freeze_catch_up", "jumped", "back", "speed"]
    start_s: float
    end_s: float
    least: float
    most: float
    frame_id: int
    sure: bool
    value: float = 0.0
    stands: bool = False


def departures(stretch: Stretch, expectation: Expectation) -> list[Departure]:
    """Everything that happened in a stretch, in order of time."""
    found: list[Departure] = []
    for before, piece in itertools.pairwise([[], *_pieces(stretch)]):
        if before:
            last, first = before[-1], piece[0]
            back = float(first.frame_id - last.frame_id)
            sure = min(first.margin, last.margin) >= expectation.limits.lone_read_margin
            found.append(Departure("back", last.clock_s, first.clock_s, -back, -back, first.frame_id, sure, back))
        found += _of_piece(piece, stretch.speed, expectation)
    return found


def lost_s(stretch: Stretch, expectation: Expectation) -> float:
    """How much further behind the clock the title surely was at the end than at its best, s."""
    lost = 0.0
    for piece in _pieces(stretch):
        if len(piece) > 1:
            total = lag.behind(*_bounds(piece, stretch.speed, expectation))
            lost += max(0.0, float(total[-_LAST:].max()))
    return lost


def _pieces(stretch: Stretch) -> list[list[Sample]]:
    """Samples cut where the ids go back by more than brackets that overlap can explain."""
    pieces: list[list[Sample]] = []
    for sample in stretch.samples:
        if not pieces or _went_back(pieces[-1][-1], sample, stretch.speed):
            pieces.append([])
        pieces[-1].append(sample)
    return pieces


def _went_back(before: Sample, after: Sample, speed: float) -> bool:
    swapped = max(0.0, before.clock_s + before.error_s - after.clock_s + after.error_s) * speed
    return after.media_s + swapped < before.media_s


def _bounds(samples: list[Sample], speed: float, expectation: Expectation) -> tuple[Values, Values, Values]:
    clock = np.array([s.clock_s for s in samples])
    measured = clock - np.array([s.media_s for s in samples]) / speed
    spread = lag.reach(np.array([s.error_s for s in samples]), float(expectation.frame_rate) * speed)
    return measured - spread, measured + spread, clock


def _of_piece(samples: list[Sample], speed: float, expectation: Expectation) -> list[Departure]:
    if len(samples) < 2:
        return []
    low, high, clock = _bounds(samples, speed, expectation)
    if not lag.departs(low, high, clock):
        return []
    if not lag.one_step(low, high) and clock[-1] - clock[0] >= expectation.limits.speed_least_s:
        pace = lag.pace(low, high, clock)
        if pace is not None:
            loss, least, most = (100 * value for value in pace)
            at, sure = (samples[0].clock_s, samples[-1].clock_s), _sure(samples, expectation.limits)
            return [Departure("speed", *at, -most, -least, samples[-1].frame_id, sure, -loss)]
    return _events(samples, low, high, clock, expectation.limits)


def _events(samples: list[Sample], low: Values, high: Values, clock: Values, limits: Limits) -> list[Departure]:
    found: list[Departure] = []
    begin, count = 0, len(samples)
    open_at, ceiling, floor = -1, 0.0, 0.0  # a stall that still grew at the picture before
    while begin < count - 1:
        tail = slice(begin, None)
        up = lag.behind(low[tail], high[tail], clock[tail]) > LEAST_S
        down = lag.ahead(low[tail], high[tail], clock[tail]) > LEAST_S
        if not (up | down).any():
            break
        at = begin + 1 + int(np.argmax(up | down))
        if not up[at - begin - 1]:
            found.append(_jump(samples, low, high, begin, at, limits))
            begin, open_at = at, -1
            continue
        origin = begin + int(np.argmin((high - lag.DRIFT * clock)[begin:at]))
        # Contradicted by the very picture that showed it first: that one was taken while the title still stood.
        grows = bool(found) and origin == open_at and at <= open_at + _GROWS
        if grows:
            found.pop()
        else:
            start, drift = origin, lag.DRIFT * float(clock[at] - clock[origin])
            ceiling, floor = float(high[origin]) + drift, float(low[begin : origin + 1].max()) - drift
        back = _return(low, high, at, ceiling, floor)
        if back is not None:
            behind = [n for n in range(at, back + 1) if low[n] > ceiling + LEAST_S]
            last = behind[-1]
            after = samples[last + 1]
            # It stood from when its last seen frame was due, at the latest until the next picture.
            most = float(high[last] - floor) + after.clock_s + after.error_s - samples[last].clock_s
            least = float(low[behind].max()) - ceiling
            sure = _sure([samples[n] for n in behind], limits)
            when = (samples[start].clock_s, after.clock_s)
            found.append(Departure("freeze_catch_up", *when, least, most, samples[last].frame_id, sure))
            begin, open_at = last + 1, -1
            continue
        until = _next(low, high, clock, at)
        # The picture that shows it may lie within it; those that follow say where the title went on.
        settled = min(at + 1, until - 1)
        least, most = float(low[at:until].max()) - ceiling, float(high[settled:until].min()) - floor
        stands = samples[at].frame_id == samples[-1].frame_id and at < count
        if stands:  # up to the last picture at least
            least, most = float(low[-1]) - ceiling, float(high[-1]) - floor
        sure = _sure(samples[at:until], limits)
        when = (samples[start].clock_s, samples[-1 if stands else at].clock_s)
        found.append(Departure("stall", *when, least, max(least, most), samples[at].frame_id, sure, stands=stands))
        if stands:
            break
        begin = open_at = at
    return found


def _return(low: Values, high: Values, at: int, ceiling: float, floor: float) -> int | None:
    """The picture that proves that the title caught up with where it was; None when none does."""
    roof = low[at]
    for index in range(at + 1, len(low)):
        if roof - high[index] > LEAST_S:
            return index if low[index] <= ceiling + LEAST_S and high[index] >= floor - LEAST_S else None
        roof = max(roof, low[index])
    return None


def _next(low: Values, high: Values, clock: Values, begin: int) -> int:
    """The end of the level that begins here."""
    tail = slice(begin, None)
    moved = (lag.behind(low[tail], high[tail], clock[tail]) > LEAST_S) | (
        lag.ahead(low[tail], high[tail], clock[tail]) > LEAST_S
    )
    return begin + 1 + int(np.argmax(moved)) if moved.any() else len(low)


def _jump(samples: list[Sample], low: Values, high: Values, begin: int, at: int, limits: Limits) -> Departure:
    origin = begin + int(np.argmax(low[begin:at]))
    least, most = float(low[origin] - high[at]), float(high[begin : origin + 1].min() - low[at])
    when = (samples[origin].clock_s, samples[at].clock_s)
    return Departure("jumped", *when, least, max(least, most), samples[at].frame_id, _sure([samples[at]], limits))


def _sure(samples: list[Sample], limits: Limits) -> bool:
    return len(samples) >= limits.believed_reads or max(s.margin for s in samples) >= limits.lone_read_margin
