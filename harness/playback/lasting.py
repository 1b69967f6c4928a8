"""Stretches of time in which the pictures looked a certain way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.playback.film import Film
from harness.playback.observation import Picture


@dataclass(frozen=True)
class Lasting:
    """From the first picture that looked so to the next that did not, s; worst is the column's extreme within."""

    start_s: float
    end_s: float
    pictures: int
    worst: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


def column(film: Film, name: str) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """(times, values) of the pictures that were looked at for one field of `Picture`."""
    values = film.pictures[:, Picture._fields.index(name)]
    looked = ~np.isnan(values)
    return film.pts[looked], values[looked]


def lasting(
    times: NDArray[np.float64], values: NDArray[np.float32], hits: NDArray[np.bool_], finish_s: float
) -> list[Lasting]:
    """Neighbouring hits joined; the last one ends at `finish_s` when nothing came after it."""
    if not hits.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], hits, [False])).astype(np.int8)))
    found = []
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        end = float(times[after]) if after < len(times) else finish_s
        inside = values[first:after]
        worst = float(inside[np.argmax(np.abs(inside))])
        found.append(Lasting(float(times[first]), end, int(after - first), worst))
    return found
