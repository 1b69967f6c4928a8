"""Looking at the picture itself: light, green, blocks, movement, and whether it is the one that belongs to its id.

Looked at a dozen times a second at most, on a grid of about 256 x 144 points where the video is, without the zones
in which players show their controls (playback.md 5.4). It never decides anything; detectors do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.media import marker
from harness.media.decode import Frame
from harness.media.reference import EVERY_FRAMES, POINTS, THUMB, points_of, thumb_of
from harness.playback.observation import NO_PICTURE, MarkerRead, Picture
from harness.playback.reader import Geometry

EVERY_S = 0.1  # where no marker says what the picture is
READABLE_EVERY_S = 0.19  # five times a second: green counts from 0.2 s on
BLOCKY_EVERY_S = 0.4
_TOP, _BOTTOM = 0.12, 0.82  # of the video's height; players' titles and controls lie outside of it
_GREEN_BELOW = 90  # U and V of the green that failed decoders paint (playback.md 5.4)
_FLAT_LEVELS = 3
_BLOCK_PX = (8, 16)
_BLOCK_ROWS = 48
# playback.md 5.4 has 0.8 for a noiseless picture; a keyframe refreshes a still one by up to 3 at 200 kbit/s (ours).
_STILL_LEVELS = 3.2
_STILL_SHARE = 0.016
_LEAST_LEVELS = 0.3
_CUT_LEVELS = 12.0
_CUT_SHARE = 0.7
_AROUND = 4  # references on either side: two seconds of a title at 30 fps
_TELLING_LEVELS = 3.0  # rms; below it a frame's own part drowns in what 150 kbit/s leave of it

Thumb = NDArray[np.uint8]


def _compared() -> NDArray[np.bool_]:
    """The parts of a thumb that are the title's own: no controls, and no markers, which are right by then."""
    width, height = THUMB
    mask = np.ones((height, width), bool)
    mask[: round(_TOP * height)] = mask[round(_BOTTOM * height) :] = False
    cell = 20
    size = (width * cell, height * cell)
    across, down = marker.quiet_border(size)
    for left, top, right, bottom in (*marker.places(size, 0), *marker.places(size, 1)):
        rows = slice(max(0, top - down) // cell, -(-(bottom + down) // cell))
        mask[rows, max(0, left - across) // cell : -(-(right + across) // cell)] = False
    return mask


COMPARED = _compared()


@dataclass(frozen=True)
class References:
    """Known pictures of one title: thumbs by (content id, frame id), and the width of each content in px."""

    thumbs: Mapping[tuple[int, int], Thumb]
    widths: Mapping[int, int] = field(default_factory=dict)

    def match(self, seen: NDArray[np.float32], content_id: int, frame_id: int) -> float:
        """How much like this frame a thumb is, -1..1; nan when no picture of the frame is known.

        Frames of one title are alike (0.7 to 0.97 as NCC), so what its neighbours show as well does not count: a
        picture that stands still under a marker that goes on would pass for every one of them.
        """
        known = self.thumbs.get((content_id, frame_id))
        if known is None:
            return float("nan")
        steps = (step * EVERY_FRAMES for step in range(-_AROUND, _AROUND + 1) if step)
        around = [thumb for step in steps if (thumb := self.thumbs.get((content_id, frame_id + step))) is not None]
        picture, own = seen[COMPARED], known[COMPARED].astype(np.float32)
        if not around:
            return likeness(picture, own)
        shared = np.asarray(np.mean([thumb[COMPARED] for thumb in around], axis=0), np.float32)
        telling = _beyond(own, shared)
        contrast = float(picture.std()) / max(float(own.std()), 1e-6)
        if contrast * float(telling.std()) < _TELLING_LEVELS:
            return likeness(picture, own)  # the title stands still, or the screen is dark
        return likeness(_beyond(picture, shared), telling)


class PictureEye:
    """Looks at the pictures of one recording in order."""

    def __init__(self, references: References | None = None) -> None:
        self._references = references or References({})
        self._due_s = self._blocky_due_s = float("-inf")
        self._anchor: NDArray[np.float32] | None = None
        self._before: NDArray[np.float32] | None = None
        self._points: NDArray[np.uint8] | None = None

    def look(self, frame: Frame, read: MarkerRead | None, geometry: Geometry | None) -> Picture:
        """What this picture looks like; NO_PICTURE when it is not this one's turn."""
        pts_s = float(frame.pts_s)
        upright = geometry is not None and geometry.width > geometry.height
        named = (read.content_id, read.frame_id) if read is not None and upright and not read.blended else None
        if pts_s < self._due_s and named not in self._references.thumbs:
            return NO_PICTURE
        self._due_s = pts_s + (EVERY_S if read is None else READABLE_EVERY_S)
        left, top, right, bottom = _area(frame.luma.shape, geometry)
        if right - left < 4 * THUMB[0] or bottom - top < 4 * THUMB[1]:
            return NO_PICTURE
        points = points_of(frame.luma, left, top, right, bottom)
        thumb = thumb_of(points)
        inner = slice(round(_TOP * THUMB[1]), round(_BOTTOM * THUMB[1]))
        change = cut = blocky = float("nan")
        if read is None:
            change, cut = self._movement(points, thumb, inner)
        else:
            self._anchor = None  # the id says whether it moves
        if pts_s >= self._blocky_due_s:
            self._blocky_due_s = pts_s + BLOCKY_EVERY_S
            blocky = _blocky(frame.luma, left, top, right, bottom, self._scale(read, geometry))
        height, width = frame.luma.shape
        return Picture(
            light=_light(points[inner.start * POINTS : inner.stop * POINTS], frame.full_range),
            green=_green(frame, left, top, right, bottom),
            blocky=blocky,
            change=change,
            cut=cut,
            match=float("nan") if named is None else self._references.match(thumb, *named),
            area=(right - left) * (bottom - top) / (width * height),
        )

    def _scale(self, read: MarkerRead | None, geometry: Geometry | None) -> float:
        if geometry is None or read is None or read.content_id not in self._references.widths:
            return 1.0
        return geometry.width / self._references.widths[read.content_id]

    def _movement(self, points: NDArray[np.uint8], thumb: NDArray[np.float32], inner: slice) -> tuple[float, float]:
        """Change since the picture that moved last, in units of what noise alone does; and whether all changed."""
        if self._anchor is None or self._before is None or self._points is None:
            self._anchor, self._before, self._points = thumb, thumb, points.copy()
            return float("nan"), float("nan")
        rows = slice(inner.start * POINTS, inner.stop * POINTS)
        # Half of all points change by no more than noise in nearly every picture; a thumb averages 16 of them.
        steps = np.abs(points[rows].astype(np.int16) - self._points[rows])
        noise = float(np.median(steps)) / 0.6745 / POINTS
        spread = float(thumb[inner].max() - thumb[inner].min())  # a dark scene moves by few levels
        still = max(min(_STILL_LEVELS, _STILL_SHARE * spread), _LEAST_LEVELS, 1.96 * 1.5 * noise)
        change = float(np.percentile(np.abs(thumb[inner] - self._anchor[inner]), 95)) / still
        cut = float((np.abs(thumb[inner] - self._before[inner]) > _CUT_LEVELS).mean() > _CUT_SHARE)
        if change > 1:
            self._anchor = thumb
        self._before, self._points = thumb, points.copy()
        return change, cut


def likeness(seen: NDArray[np.float32] | Thumb, known: NDArray[np.float32] | Thumb) -> float:
    """Normalised cross-correlation of two thumbs, -1..1: brightness and contrast do not matter (playback.md 5.4)."""
    a = seen.astype(np.float32) - float(seen.mean())
    b = known.astype(np.float32) - float(known.mean())
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if norm < 1e-6:
        return 1.0 if float(np.abs(a).max(initial=0)) == float(np.abs(b).max(initial=0)) else 0.0
    return float((a * b).sum()) / norm


def _beyond(picture: NDArray[np.float32], shared: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a picture shows beyond another one, whatever the contrast and the brightness of both."""
    a, b = picture - picture.mean(), shared - shared.mean()
    rest: NDArray[np.float32] = a - b * (float((a * b).sum()) / max(float((b * b).sum()), 1e-6))
    return rest


def _area(shape: tuple[int, ...], geometry: Geometry | None) -> tuple[int, int, int, int]:
    """The video's box in whole px within the picture; the whole picture when its place is not known."""
    height, width = shape
    if geometry is None:
        return 0, 0, width, height
    left, top = max(0, round(geometry.left)), max(0, round(geometry.top))
    return (
        left,
        top,
        min(width, round(geometry.left + geometry.width)),
        min(height, round(geometry.top + geometry.height)),
    )


def _light(points: NDArray[np.uint8], full_range: bool) -> float:
    counts = np.cumsum(np.bincount(points.ravel(), minlength=256))
    level = int(np.searchsorted(counts, 0.99 * counts[-1]))
    return level / 255 if full_range else min(1.0, max(0.0, (level - 16) / 219))


def _green(frame: Frame, left: int, top: int, right: int, bottom: int) -> float:
    height, width = frame.luma.shape
    tall, wide = frame.u.shape
    rows = slice(top * tall // height, max(top * tall // height + 1, bottom * tall // height), max(1, tall // 72))
    columns = slice(left * wide // width, max(left * wide // width + 1, right * wide // width), max(1, wide // 128))
    green = (frame.u[rows, columns] < _GREEN_BELOW) & (frame.v[rows, columns] < _GREEN_BELOW)
    if not green.any():
        return 0.0
    # A football pitch is as green, but not flat.
    luma = frame.luma[rows.start * height // tall :: rows.step * height // tall, columns.start * width // wide :: 1]
    luma = luma[: green.shape[0], :: columns.step * width // wide][:, : green.shape[1]].astype(np.int16)
    flat = np.abs(np.diff(luma, axis=1, append=luma[:, -1:])) <= _FLAT_LEVELS
    return float((green[: luma.shape[0], : luma.shape[1]] & flat).mean())


def _blocky(luma: NDArray[np.uint8], left: int, top: int, right: int, bottom: int, scale: float) -> float:
    """Usual luma step across columns on a grid to that off the grid; the worst grid, in the worse half.

    By halves, since a decoder that loses data in mid-picture smears what is below. The middle of all columns,
    since pages are full of edges on multiples of 8 px, and blocks are everywhere.
    """
    rows = np.linspace(top, bottom - 1, _BLOCK_ROWS).astype(np.intp)
    lines = np.abs(np.diff(luma[rows, left:right].astype(np.int16), axis=1))
    steps = lines.reshape(2, _BLOCK_ROWS // 2, -1).mean(axis=1)
    length, worst = steps.shape[1], 0.0
    for block in _BLOCK_PX:
        pitch = block * scale
        count = int(length / pitch)
        if pitch < 3 or count < 4:
            continue
        edges = np.rint(np.arange(1, count) * pitch).astype(np.intp)
        for phase in range(int(np.ceil(pitch))):
            at = edges + phase - 1
            at = at[(at >= 0) & (at < length)]
            elsewhere = np.ones(length, bool)
            elsewhere[at] = False
            on, off = np.median(steps[:, at], axis=1), np.median(steps[:, elsewhere], axis=1)
            worst = max(worst, float((on / np.maximum(off, 0.25)).max()))
    return worst
