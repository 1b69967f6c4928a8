"""What happens to a whole picture between the decoder and the recording: screens, players' controls, failures.

Each look is plain data and gives a picture for (a picture that it may draw into, seconds on the recording's clock).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import av
import numpy as np
from footage import Picture, Plane

from harness.media import marker

FOREVER = (0.0, 1e9)


def packed(picture: Picture) -> Plane:
    """yuv420p as one (3/2 height, width) array."""
    width, height = picture.size
    rows = [picture.luma.reshape(-1), picture.u.reshape(-1), picture.v.reshape(-1)]
    return np.concatenate(rows).reshape(height * 3 // 2, width)


def unpacked(planar: Plane) -> Picture:
    """Three planes of one packed array."""
    height, width = planar.shape[0] * 2 // 3, planar.shape[1]
    chroma = planar[height:].reshape(2, height // 2, width // 2)
    return Picture(planar[:height], chroma[0], chroma[1])


def scaled(picture: Picture, size: tuple[int, int]) -> Picture:
    """At another size, bilinear; both even."""
    if picture.size == size:
        return picture
    frame = av.VideoFrame.from_ndarray(packed(picture), format="yuv420p")
    return unpacked(frame.reformat(*size, "yuv420p", interpolation="BILINEAR").to_ndarray())


def flat(size: tuple[int, int], colour: tuple[int, int, int] = (16, 128, 128)) -> Picture:
    """One colour, (y, u, v)."""
    width, height = size
    half = (height // 2, width // 2)
    y, u, v = colour
    return Picture(np.full((height, width), y, np.uint8), np.full(half, u, np.uint8), np.full(half, v, np.uint8))


def mixed(picture: Picture, other: Picture, share: float) -> Picture:
    """A blend with `share` of the other."""
    return Picture(*((a * (1 - share) + b * share).astype(np.uint8) for a, b in zip(picture, other, strict=True)))


def fill(picture: Picture, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
    """Paint a box, clipped to the picture."""
    left, top, right, bottom = (max(0, edge) for edge in box)
    picture.luma[top:bottom, left:right] = colour[0]
    for plane, value in ((picture.u, colour[1]), (picture.v, colour[2])):
        plane[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2] = value


@dataclass(frozen=True)
class Boxed:
    """On a larger dark screen, scaled to `width` px; centred unless a corner is given. From start_s on."""

    screen: tuple[int, int]
    width: int
    corner: tuple[int, int] | None = None
    start_s: float = 0.0

    def __call__(self, picture: Picture, at_s: float) -> Picture:
        wide, tall = picture.size
        width = self.width if at_s >= self.start_s else min(self.screen[0], self.screen[1] * wide // tall)
        size = (width // 2 * 2, round(width * tall / wide) // 2 * 2)
        corner = self.corner if at_s >= self.start_s else None
        left, top = corner or ((self.screen[0] - size[0]) // 4 * 2, (self.screen[1] - size[1]) // 4 * 2)
        canvas, inner = flat(self.screen), scaled(picture, size)
        for plane, part, step in zip(canvas, inner, (1, 2, 2), strict=True):
            height, across = part.shape
            plane[top // step : top // step + height, left // step : left // step + across] = part
        return canvas


@dataclass(frozen=True)
class Turned:
    """A quarter turn clockwise, as a tablet that lies on its side records it."""

    turns: int = -1

    def __call__(self, picture: Picture, _at_s: float) -> Picture:
        return Picture(*(np.ascontiguousarray(np.rot90(plane, self.turns)) for plane in picture))


@dataclass(frozen=True)
class Dimmed:
    """The brightness of a screen at `share`, or a scrim."""

    share: float

    def __call__(self, picture: Picture, _at_s: float) -> Picture:
        luma = 16 + (np.maximum(picture.luma, 16).astype(np.float32) - 16) * self.share
        chroma = (128 + (plane.astype(np.float32) - 128) * self.share for plane in (picture.u, picture.v))
        return Picture(luma.round().astype(np.uint8), *(plane.round().astype(np.uint8) for plane in chroma))


@dataclass(frozen=True)
class Noisy:
    """Sensor noise, new in every picture; from start_s until end_s."""

    sigma: float
    start_s: float = 0.0
    end_s: float = 1e9

    def __call__(self, picture: Picture, at_s: float) -> Picture:
        if not self.start_s <= at_s < self.end_s:
            return picture
        return Picture(noised(picture.luma, self.sigma, round(at_s * 1000)), picture.u, picture.v)


_TILE = np.random.default_rng(5).standard_normal((1100, 1500)).astype(np.float32)


def noised(luma: Plane, sigma: float, seed: int) -> Plane:
    """With noise: a place in one big tile, chosen by the seed."""
    height, width = luma.shape
    top, left = (seed * 7919) % (1100 - 720), (seed * 104729) % (1500 - 1280)
    tile = _TILE[top : top + height, left : left + width]
    return np.clip(luma + sigma * tile, 16, 235).astype(np.uint8)


@dataclass(frozen=True)
class Painted:
    """One colour over the picture, or over its lower `share`; from start_s until end_s."""

    colour: tuple[int, int, int]
    start_s: float
    end_s: float
    share: float = 1.0

    def __call__(self, picture: Picture, at_s: float) -> Picture:
        if self.start_s <= at_s < self.end_s:
            width, height = picture.size
            fill(picture, (0, round(height * (1 - self.share)) // 2 * 2, width, height), self.colour)
        return picture


BLACK, GREEN = (16, 128, 128), (16, 0, 0)


@dataclass(frozen=True)
class Spinner:
    """A small dot that runs round the middle; from start_s until end_s."""

    start_s: float
    end_s: float

    def __call__(self, picture: Picture, at_s: float) -> Picture:
        if self.start_s <= at_s < self.end_s:
            width, height = picture.size
            side = max(4, width * 24 // 1280)
            x = width // 2 + round(width * 0.03 * math.cos(at_s * 7))
            y = height // 2 + round(width * 0.03 * math.sin(at_s * 7))
            fill(picture, (x - side // 2, y - side // 2, x + side // 2, y + side // 2), (235, 128, 128))
        return picture


@dataclass(frozen=True)
class Controls:
    """A player's controls over the picture: a darker bar below with buttons and a progress bar that moves."""

    scrim: float = 1.0
    length_s: float = 12.0

    def __call__(self, picture: Picture, at_s: float) -> Picture:
        width, height = picture.size
        if self.scrim < 1:
            picture = Dimmed(self.scrim)(picture, at_s)
        fill(picture, (0, round(height * 0.85), width, height), (40, 128, 128))
        left, right, y = round(width * 0.05), round(width * 0.95), round(height * 0.9)
        fill(picture, (left, y, right, y + 4), (110, 128, 128))
        reached = left + round((right - left) * min(1.0, at_s / self.length_s))
        fill(picture, (left, y, reached, y + 4), (90, 100, 200))
        fill(picture, (reached - 6, y - 4, reached + 6, y + 8), (235, 128, 128))
        for share in (0.46, 0.5, 0.54):
            x = round(width * share)
            fill(picture, (x - 6, y + 12, x + 6, y + 26), (200, 128, 128))
        return picture


@dataclass(frozen=True)
class Toast:
    """Opaque patches over copies of the marker (0 is A, 1 is B at both heights, 2 is C); start_s until end_s."""

    start_s: float = 0.0
    end_s: float = 1e9
    copies: tuple[int, ...] = (0, 1, 2)

    def __call__(self, picture: Picture, at_s: float) -> Picture:
        if not self.start_s <= at_s < self.end_s:
            return picture
        across, down = (2 * edge for edge in marker.quiet_border(picture.size))
        for parity in (0, 1):
            for copy, (left, top, right, bottom) in enumerate(marker.places(picture.size, parity)):
                if copy in self.copies:
                    fill(picture, (left - across, top - down, right + across, bottom + down), (60, 128, 128))
        return picture
