"""Reading the marker out of a captured picture.

Once the video's place in the picture is known, reading all copies there is cheap and never has to find
anything. Finding it is a search for the sync pattern in the difference of two rows, which neither
brightness nor a scrim changes. The law is zero wrong ids: whatever is in doubt is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.media import marker
from harness.playback.observation import MarkerRead

Luma = NDArray[np.uint8]

MARGIN = 0.10  # playback.md 4.2: unblended reads had at least 0.44, wrong ones in blends 0.0
AMPLITUDE = 3.0  # luma levels; below it the sync is noise
MISSES = 5  # playback.md 5.2: then the place is looked for anew
TURN_EVERY = 4  # full searches between two of the picture on its side; it is rare, and costs as much again
_TURNS = (0, 1, 3)
SEARCH_EVERY = 3  # unreadable pictures between two full searches: pages without video are long
MOST_CANDIDATES = 40  # sync-like patterns tried per search; noise has many
ROW_STEPS = (4, 6, 9, 14, 21, 32, 48)  # px between the two rows compared; any within 40 % of a row's height does

_COLUMN = float(marker.MODULE_WIDTH)
_ROW = float(marker.ROW_HEIGHT)
_SYNC = (np.array(marker.SYNC) * 2 - 1).astype(np.float32)
_PLACES = (marker.PLACE_A, marker.PLACE_B_EVEN, marker.PLACE_B_ODD, marker.PLACE_C)
_PARITY = (None, 0, 1, None)
_TAPS = (-0.2, 0.0, 0.2)  # within a module and a row, in their lengths


@dataclass(frozen=True)
class Geometry:
    """Where the whole content frame lies in the picture, px; edges may lie outside of it."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class _Strip:
    """A strip found by search: left edge, line between its two rows, module width, row height; px."""

    left: float
    middle: float
    pitch: float
    row_height: float


@dataclass(frozen=True)
class _Taps:
    """Pixels to read: for each place its rows and columns, and those of all places as one index."""

    places: tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]
    parities: tuple[int | None, ...]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


class MarkerReader:
    """Reads frame ids; remembers where the video was, so use one for each recording."""

    def __init__(self) -> None:
        self._geometry: Geometry | None = None
        self._taps = _Taps((), (), np.zeros((0, 1), np.intp), np.zeros((0, 0), np.intp))
        self._size = (0, 0)
        self._shape: tuple[int, ...] = ()
        self._turn = 0  # quarter turns that set the picture upright
        self._searched, self._searches = False, 0
        self._misses = 0
        self._searches_due = 0

    @property
    def geometry(self) -> Geometry | None:
        """Where the content was last read; None before the first read. Taller than wide: it lies on its side."""
        at = self._geometry
        if at is None or self._turn == 0:
            return at
        width, height = self._size  # of the turned picture
        if self._turn == 1:
            return Geometry(height - at.top - at.height, at.left, at.height, at.width)
        return Geometry(at.top, width - at.left - at.width, at.height, at.width)

    def read(self, luma: Luma) -> MarkerRead | None:
        """The marker in a picture's luma plane, (height, width), any size; None when none can be believed.

        A picture whose video lies on its side is read as well.
        """
        if luma.shape != self._shape:
            self._shape, self._geometry, self._misses, self._searches_due = luma.shape, None, 0, 0
            self._turn = 0
        turned = np.rot90(luma, self._turn) if self._turn else luma
        self._size = (turned.shape[1], turned.shape[0])
        found = self._read(turned)
        if found is None and self._searched and self._searches % TURN_EVERY == 1:
            for turn in (turn for turn in _TURNS if turn != self._turn):
                turned = np.rot90(luma, turn)
                self._size = (turned.shape[1], turned.shape[0])
                found = self._find(turned)
                if found is not None:
                    self._turn = turn
                    return found
            self._size = (luma.shape[1], luma.shape[0]) if self._turn in (0, 2) else (luma.shape[0], luma.shape[1])
        return found

    def _read(self, luma: Luma) -> MarkerRead | None:
        self._searched = False
        if self._geometry is not None:
            found = _agree(self._copies(luma, self._taps))
            if found is not None:
                self._misses = 0
                return found
            self._misses += 1
            if self._misses < MISSES:
                return None
        return self._lock(luma)

    def _lock(self, luma: Luma) -> MarkerRead | None:
        width, height = self._size
        for guess in _fitted(width, height):
            if (found := self._try(luma, guess)) is not None:
                return found
        if self._searches_due > 0:
            self._searches_due -= 1
            return None
        self._searches_due = SEARCH_EVERY - 1
        self._searched, self._searches = True, self._searches + 1
        return self._find(luma)

    def _find(self, luma: Luma) -> MarkerRead | None:
        """Search the whole picture."""
        width, height = self._size
        best: tuple[int, Geometry] | None = None
        for strip in _search(luma):
            for guess in _guesses(strip, width, height):
                copies = self._copies(luma, _taps_for(guess, width, height))
                if _agree(copies) is not None and (best is None or len(copies) > best[0]):
                    best = len(copies), guess
            if best is not None:
                return self._try(luma, best[1])
        return None

    def _try(self, luma: Luma, guess: Geometry) -> MarkerRead | None:
        taps = _taps_for(guess, *self._size)
        found = _agree(self._copies(luma, taps))
        if found is not None:
            self._geometry, self._taps, self._misses, self._searches_due = guess, taps, 0, 0
        return found

    @staticmethod
    def _copies(luma: Luma, taps: _Taps) -> list[tuple[marker.MarkerId, float]]:
        if not taps.places:
            return []
        patch = luma[taps.rows, taps.columns].reshape(len(taps.places), marker.ROWS, -1, marker.MODULES, len(_TAPS))
        lines = patch.sum(axis=(2, 4), dtype=np.int32)
        signals = (lines[:, 0] - lines[:, 1]).astype(np.float32) / len(_TAPS) ** 2
        amplitudes = (signals[:, : len(_SYNC)] @ _SYNC) / len(_SYNC)
        margins = np.abs(signals).min(axis=1) / np.maximum(amplitudes, 1e-6)
        words = np.packbits(signals > 0, axis=1)
        copies = []
        for place in np.flatnonzero((amplitudes >= 2 * AMPLITUDE) & (margins >= MARGIN)):
            said, parity = _decoded(words[place].tobytes()), taps.parities[place]
            if said is not None and (parity is None or said.frame_id % 2 == parity):
                copies.append((said, min(1.0, float(margins[place]))))
        return copies


@lru_cache(maxsize=8)  # the copies of one picture say the same
def _decoded(word: bytes) -> marker.MarkerId | None:
    return marker.decode(np.unpackbits(np.frombuffer(word, np.uint8), count=marker.MODULES).tolist())


def _believe(signal: NDArray[np.float32]) -> tuple[marker.MarkerId, float] | None:
    """What 65 differences say, and their margin."""
    amplitude = float((signal[: len(_SYNC)] * _SYNC).mean())
    if amplitude < 2 * AMPLITUDE:
        return None
    margin = float(np.abs(signal).min()) / amplitude
    if margin < MARGIN:
        return None
    said = marker.decode((signal > 0).astype(int).tolist())
    return None if said is None else (said, min(1.0, margin))


def _agree(copies: list[tuple[marker.MarkerId, float]]) -> MarkerRead | None:
    """One id out of the copies: the same, or neighbours of a blend; any other disagreement is no id."""
    if not copies or len({said.content_id for said, _ in copies}) > 1:
        return None
    ids = sorted({said.frame_id for said, _ in copies})
    if len(ids) > 2 or ids[-1] - ids[0] > 1:
        return None
    margin = max(margin for said, margin in copies if said.frame_id == ids[-1])
    return MarkerRead(ids[-1], copies[0][0].content_id, margin, len(ids) == 2)


def _taps_for(at: Geometry, width: int, height: int) -> _Taps:
    """Pixel rows and columns to read for each place that is wholly in the picture."""
    places, parities = [], []
    for (column, row), parity in zip(_PLACES, _PARITY, strict=True):
        across = np.arange(marker.MODULES)[:, None] + np.array(_TAPS) + 0.5 + column
        down = np.arange(marker.ROWS)[:, None] + np.array(_TAPS) + 0.5 + row
        columns = np.floor(at.left + across.ravel() * _COLUMN * at.width).astype(np.intp)
        rows = np.floor(at.top + down.ravel() * _ROW * at.height).astype(np.intp)
        inside = columns[0] >= 0 and columns[-1] < width and rows[0] >= 0 and rows[-1] < height
        if inside:
            places.append((rows, columns))
            parities.append(parity)
    if not places:
        return _Taps((), (), np.zeros((0, 1), np.intp), np.zeros((0, 0), np.intp))
    down = np.concatenate([rows for rows, _ in places])[:, None]
    across = np.repeat(np.stack([columns for _, columns in places]), len(places[0][0]), axis=0)
    return _Taps(tuple(places), tuple(parities), down, across)


def _fitted(width: int, height: int) -> Iterator[Geometry]:
    """16:9 content as players fit it: as large as possible in the middle; and stretched over everything."""
    tall = width * 9 / 16
    wide = height * 16 / 9
    if tall <= height:
        yield Geometry(0, (height - tall) / 2, width, tall)
    if wide <= width:
        yield Geometry((width - wide) / 2, 0, wide, height)
    yield Geometry(0, 0, width, height)


def _guesses(strip: _Strip, width: int, height: int) -> Iterator[Geometry]:
    """Content frames in which this strip would be one of the copies; likely shapes before the measured one."""
    wide = strip.pitch / _COLUMN
    for aspect in (16 / 9, width / height, 4 / 3, 21 / 9, None):
        tall = strip.row_height / _ROW if aspect is None else wide / aspect
        if abs(tall * _ROW / strip.row_height - 1) > 0.35:
            continue
        for column, row in _PLACES:
            yield Geometry(strip.left - column * strip.pitch, strip.middle - (row + 1) * tall * _ROW, wide, tall)


def _search(luma: Luma) -> Iterator[_Strip]:
    """Strips whose check sum is right, anywhere in the picture."""
    tried = 0
    height = luma.shape[0]
    for step in ROW_STEPS:
        if step * 3 >= height:
            return
        tops = np.arange(0, height - step, max(2, step // 2))
        difference = luma[tops].astype(np.int16) - luma[tops + step].astype(np.int16)
        for line, edges in _syncs(difference):
            tried += 1
            if tried > MOST_CANDIDATES:
                return
            strip = _measure(luma, difference[line].astype(np.float32), edges, int(tops[line]), step)
            if strip is not None:
                yield strip


def _syncs(difference: NDArray[np.int16]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """(row, its eleven edges) of every place that looks like nine equal modules and a double one."""
    width = difference.shape[1]
    light = difference > 0
    edges = np.flatnonzero(light.ravel()[1:] != light.ravel()[:-1]) + 1
    if len(edges) < 12:
        return
    runs = np.diff(edges)
    windows = np.lib.stride_tricks.sliding_window_view(runs, 10)
    # A cheap look at two runs first: in noise nearly every window ends here.
    likely = np.flatnonzero((windows[:, 0] >= 2) & (np.abs(windows[:, 9] - 2 * windows[:, 4]) <= windows[:, 4]))
    likely = likely[~light.ravel()[edges[likely]]]
    some = windows[likely].astype(np.float32)
    pitch = some.sum(axis=1) / 11
    equal = (np.abs(some[:, :9] - pitch[:, None]) <= np.maximum(1.0, pitch[:, None] * 0.3)).all(axis=1)
    double = np.abs(some[:, 9] - 2 * pitch) <= np.maximum(1.0, pitch * 0.5)
    for first in likely[equal & double]:
        row = int(edges[first] // width)
        if int(edges[first + 10] // width) == row:
            yield row, edges[first : first + 11] - row * width


def _measure(luma: Luma, signal: NDArray[np.float32], edges: NDArray[np.intp], top: int, step: int) -> _Strip | None:
    """The strip that begins with this sync, measured over its whole length; None when it does not decode."""
    first = float(edges[0])
    rough = float(edges[-1] - edges[0]) / 11
    for stretch in np.arange(-6, 7) * 0.004:
        pitch = rough * (1 + stretch)
        centres = np.floor(first - pitch + (np.arange(marker.MODULES) + 0.5) * pitch).astype(np.intp)
        if centres[0] < 0 or centres[-1] >= len(signal):
            continue
        if _believe(signal[centres]) is None:
            continue
        bits = signal[centres] > 0
        change = np.flatnonzero(bits[1:] != bits[:-1]) + 1
        light = signal > 0
        crossings = np.flatnonzero(light[1:] != light[:-1]) + 1
        expected = first - pitch + change * pitch
        nearest = crossings[np.abs(crossings[:, None] - expected).argmin(axis=0)]
        slope, left = np.polyfit(change, nearest, 1)
        return _heights(
            luma, np.where(bits, 1.0, -1.0), centres, _Strip(float(left), 0.0, float(slope), 0.0), top, step
        )
    return None


def _heights(
    luma: Luma, signs: NDArray[np.float64], centres: NDArray[np.intp], strip: _Strip, top: int, step: int
) -> _Strip | None:
    """The strip with its rows measured: positive where the data row is, negative in its complement."""
    low, high = max(0, top - 2 * step), min(luma.shape[0], top + 3 * step)
    values = luma[low:high, centres].astype(np.float64)
    score = (values - values.mean(axis=1, keepdims=True)) @ signs / len(signs)
    limit = 0.5 * float(min(score.max(), -score.min()))
    above, below = np.flatnonzero(score > limit), np.flatnonzero(score < -limit)
    if not len(above) or not len(below) or below[0] <= above[0]:
        return None
    middle = low + (above[-1] + below[0] + 1) / 2
    row_height = (below[-1] - above[0] + 1) / 2
    return _Strip(strip.left, float(middle), strip.pitch, float(row_height))
