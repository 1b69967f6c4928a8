"""A recording's observations and their runs as columns: 40 bytes a picture, so that hours fit where minutes do."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from harness.playback.observation import NO_PICTURE, MarkerRead, Observation, Picture, Run

_NONE = -1
_BLENDED, _BLACK, _PICTURED = 1, 2, 4


class Film(Sequence[Observation]):
    """Observations in order of time.

    `backwards` are (earlier, later) of the first pictures that came with a time not after the one before;
    `backwards_count` says how many there were.
    """

    def __init__(
        self,
        columns: tuple[NDArray[np.generic], ...],
        backwards: Sequence[tuple[float, float]] = (),
        backwards_count: int = 0,
    ) -> None:
        self._columns = columns
        self.backwards, self.backwards_count = tuple(backwards), backwards_count
        self.pts: NDArray[np.float64] = columns[0].astype(np.float64, copy=False)
        self.frame_ids: NDArray[np.int32] = columns[1].astype(np.int32, copy=False)
        self.content_ids: NDArray[np.int16] = columns[2].astype(np.int16, copy=False)
        self.margins: NDArray[np.float32] = columns[3].astype(np.float32, copy=False)
        self._flags: NDArray[np.uint8] = columns[4].astype(np.uint8, copy=False)
        self.pictures: NDArray[np.float32] = columns[5].astype(np.float32, copy=False)

    @classmethod
    def of(cls, observations: Iterable[Observation]) -> Film:
        """The film of these observations, sorted by time; a film is given back as it is."""
        if isinstance(observations, Film):
            return observations
        reel = Reel()
        for seen in observations:
            reel.add(Observation(*seen))
        return reel.film()

    @property
    def black(self) -> NDArray[np.bool_]:
        """Which pictures were black all over."""
        return np.asarray((self._flags & _BLACK) != 0)

    @property
    def readable(self) -> NDArray[np.bool_]:
        """Which pictures had a marker that could be believed."""
        return np.asarray(self.frame_ids != _NONE)

    def between(self, start_s: float, end_s: float) -> Film:
        """The pictures from start_s to end_s, both included; shares this film's memory."""
        low = int(np.searchsorted(self.pts, start_s, "left"))
        high = int(np.searchsorted(self.pts, end_s, "right"))
        return self[low:high]

    def __len__(self) -> int:
        return len(self.pts)

    @overload
    def __getitem__(self, index: int) -> Observation: ...
    @overload
    def __getitem__(self, index: slice) -> Film: ...
    def __getitem__(self, index: int | slice) -> Observation | Film:
        if isinstance(index, slice):
            return Film(tuple(column[index] for column in self._columns))
        flags, number = int(self._flags[index]), int(self.frame_ids[index])
        read = None
        if number != _NONE:
            margin = float(self.margins[index])
            read = MarkerRead(number, int(self.content_ids[index]), margin, bool(flags & _BLENDED))
        picture = Picture(*map(float, self.pictures[index])) if flags & _PICTURED else NO_PICTURE
        return Observation(float(self.pts[index]), read, bool(flags & _BLACK), picture)

    def __iter__(self) -> Iterator[Observation]:
        return (self[index] for index in range(len(self)))

    def runs(self) -> Runs:
        """Neighbouring reads of one frame id, joined over unreadable pictures between them."""
        at = np.flatnonzero(self.readable)
        if not len(at):
            return Runs(tuple(np.zeros(0) for _ in range(8)))
        same = (np.diff(self.frame_ids[at]) == 0) & (np.diff(self.content_ids[at]) == 0)
        first = np.concatenate(([0], np.flatnonzero(~same) + 1))
        last = np.concatenate((first[1:], [len(at)])) - 1
        start, end = at[first], at[last]
        # Longest pause between pictures from each run's end to the next one's start; the last run's to the film's end.
        pauses = np.concatenate((np.diff(self.pts), [0.0]))
        bounds = np.stack((end, np.append(start[1:], len(self)))).T.ravel()[:-1]
        gaps = np.maximum.reduceat(pauses, bounds)[::2]
        return Runs(
            (
                self.frame_ids[start],
                self.content_ids[start],
                self.pts[start],
                self.pts[end],
                self.pts[np.maximum(start - 1, 0)],
                last - first + 1,
                np.maximum.reduceat(self.margins[at], first),
                gaps,
            )
        )


class Reel:
    """Observations on their way into a film, in any order."""

    def __init__(self) -> None:
        self._pts, self._margins = array("d"), array("f")
        self._ids, self._contents, self._flags = array("i"), array("h"), array("B")
        self._pictures = array("f")
        self.backwards: list[tuple[float, float]] = []
        self.backwards_count = 0

    def __len__(self) -> int:
        return len(self._pts)

    def add(self, seen: Observation) -> None:
        """Append one; remembers the first that do not go forward."""
        if len(self._pts) and seen.pts_s <= self._pts[-1]:
            self.backwards_count += 1
            if len(self.backwards) < 8:
                self.backwards.append((self._pts[-1], seen.pts_s))
        read = seen.read
        self._pts.append(seen.pts_s)
        self._ids.append(read.frame_id if read else _NONE)
        self._contents.append(read.content_id if read else _NONE)
        self._margins.append(read.margin if read else 0.0)
        flags = _BLENDED if read and read.blended else 0
        self._flags.append(flags | (_BLACK if seen.black else 0) | (_PICTURED if seen.picture is not NO_PICTURE else 0))
        self._pictures.extend(seen.picture)

    def film(self) -> Film:
        """The film, sorted by time."""
        pts = np.frombuffer(self._pts, np.float64) if len(self) else np.zeros(0)
        columns: tuple[NDArray[np.generic], ...] = (
            pts,
            np.array(self._ids, np.int32),
            np.array(self._contents, np.int16),
            np.array(self._margins, np.float32),
            np.array(self._flags, np.uint8),
            np.array(self._pictures, np.float32).reshape(len(self), len(NO_PICTURE)),
        )
        if self.backwards_count:
            order = np.argsort(pts, kind="stable")
            columns = tuple(column[order] for column in columns)
        return Film(columns, self.backwards, self.backwards_count)


class Runs(Sequence[Run]):
    """Runs in order of time."""

    def __init__(self, columns: tuple[NDArray[np.generic], ...]) -> None:
        self._columns = columns
        self.frame_ids: NDArray[np.int64] = columns[0].astype(np.int64)
        self.starts: NDArray[np.float64] = columns[2].astype(np.float64)
        self.ends: NDArray[np.float64] = columns[3].astype(np.float64)

    @classmethod
    def joined(cls, parts: Sequence[Runs]) -> Runs:
        """All of them, one after the other."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls(tuple(np.zeros(0) for _ in range(8)))
        return cls(tuple(np.concatenate(columns) for columns in zip(*(part._columns for part in parts), strict=True)))

    def of_content(self, content_ids: Iterable[int], *, others: bool = False) -> Runs:
        """Those of these content ids; with `others`, those of none of them."""
        kept = np.isin(self._columns[1], list(content_ids), invert=others)
        return Runs(tuple(column[kept] for column in self._columns))

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> Run | Runs:
        if isinstance(index, slice):
            return Runs(tuple(column[index] for column in self._columns))
        frame, content, start, end, before, reads, margin, gap = (column[index] for column in self._columns)
        return Run(
            int(frame), int(content), float(start), float(end), float(before), int(reads), float(margin), float(gap)
        )

    def __iter__(self) -> Iterator[Run]:
        return (self[index] for index in range(len(self)))
