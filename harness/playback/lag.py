"""The rule for sparse pictures: how far a title lies behind the clock, as bounds that cannot be wrong.

A screenshot was taken somewhere between its two stamps and never outside of them, so each picture bounds the
title's lag (clock minus media time) from both sides. A healthy title has one lag for all pictures. Where two
pictures' bounds exclude each other something happened, whatever the errors within the brackets looked like: no
distribution is assumed and healthy playback cannot be accused. `power` simulates exactly these functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

SCREEN_S = 0.034  # two refreshes at 60 Hz: the picture on the screen may be that much older than the grab
LEAST_S = 0.1  # ours: a title that surely lies this much further behind is an event, less is a busy player
DRIFT = 0.001  # ours: the player's audio clock against the device's clock; crystals differ by 0.01 %
SCATTER = 0.95  # the median of twenty errors that may be anywhere within +-1 (deviation 0.58) stays below it
SCATTER_LEAST = 20  # differences; fewer cannot show that the stamps are wrong


def reach(uncertainty_s: Values, frame_rate: float) -> Values:
    """How far the true lag may lie from the measured one, s: half the bracket, half a frame and the screen."""
    return uncertainty_s + 0.5 / frame_rate + SCREEN_S


def behind(low: Values, high: Values, clock: Values) -> Values:
    """For each picture but the first: how much further behind than at some earlier one it surely is, s.

    Args:
        low, high: bounds of the lag, s; pictures along the last axis, in order.
        clock: when the pictures were taken, s.
    """
    floor = np.minimum.accumulate(high - DRIFT * clock, axis=-1)[..., :-1] + DRIFT * clock[..., 1:]
    return low[..., 1:] - floor


def ahead(low: Values, high: Values, clock: Values) -> Values:
    """For each picture but the first: how much less behind than at some earlier one it surely is, s."""
    roof = np.maximum.accumulate(low + DRIFT * clock, axis=-1)[..., :-1] - DRIFT * clock[..., 1:]
    return roof - high[..., 1:]


def departs(low: Values, high: Values, clock: Values) -> NDArray[np.bool_]:
    """Whether no single lag explains all pictures; one answer for each row."""
    early = (behind(low, high, clock) > LEAST_S).any(axis=-1)
    return np.asarray(early | (ahead(low, high, clock) > LEAST_S).any(axis=-1))


def one_step(low: Values, high: Values) -> bool:
    """Whether one change of the lag explains all pictures (one row)."""
    fits_before = np.minimum.accumulate(high) >= np.maximum.accumulate(low)
    fits_after = np.minimum.accumulate(high[::-1])[::-1] >= np.maximum.accumulate(low[::-1])[::-1]
    return bool((fits_before[:-1] & fits_after[1:]).any())


def pace(low: Values, high: Values, clock: Values) -> tuple[float, float, float] | None:
    """(loss, least, most): seconds lost per second, when a steady loss explains all pictures; else None.

    Theil-Sen over pairs half the pictures apart, which costs no more than reading them once.
    """
    half = len(clock) // 2
    if half < 2:
        return None
    between = clock[half:] - clock[:-half]
    if not (between > 0).all():
        return None  # stamps that stand still say nothing of a pace
    middle = (low + high) / 2
    loss = float(np.median((middle[half:] - middle[:-half]) / between))
    if departs(low - loss * clock, high - loss * clock, clock):
        return None
    least = float(((low[half:] - high[:-half]) / between).max())
    most = float(((high[half:] - low[:-half]) / between).min())
    return loss, min(least, loss), max(most, loss)


def stamp_scatter(lag: Values, reach_s: Values) -> float:
    """By how much the brackets must be widened to be believed; 1 when the pictures do not contradict them.

    Nobody's player scatters from one picture to the next for the whole playback: stamps that do are wrong.
    """
    if len(lag) <= SCATTER_LEAST:
        return 1.0
    change = np.diff(lag)
    spread = np.abs(change - np.median(change)) / ((reach_s[1:] + reach_s[:-1]) / 2)
    deviation = 1.4826 * float(np.median(spread)) / 2**0.5
    return max(1.0, 3 * deviation) if deviation > SCATTER else 1.0
