"""Painting moving pictures straight into Y, U and V planes: sprites, scrolling strips, noise and text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float32]
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Canvas:
    """A picture being painted: float planes, chroma at half size, video range."""

    y: Floats
    u: Floats
    v: Floats

    def copy(self) -> Canvas:
        return Canvas(self.y.copy(), self.u.copy(), self.v.copy())

    def bytes_planar(self) -> NDArray[np.uint8]:
        """The picture as one (height * 3 / 2, width) yuv420p array, clipped to video range."""
        width = self.y.shape[1]
        planes = [np.clip(p + 0.5, 16, 240).astype(np.uint8).reshape(-1, width) for p in (self.y, self.u, self.v)]
        return np.concatenate(planes)


@dataclass(frozen=True)
class Sprite:
    """A small picture with transparency, ready to be laid over a canvas. Both sides are even."""

    planes: tuple[Floats, Floats, Floats]
    alpha: Floats
    alpha_chroma: Floats

    def over(self, canvas: Canvas, x: int, y: int, strength: float = 1.0) -> None:
        """Lay this over the canvas with its top left corner at (x, y); what lies outside is cut."""
        _over(canvas.y, self.planes[0], self.alpha, x, y, strength)
        for target, source in ((canvas.u, self.planes[1]), (canvas.v, self.planes[2])):
            _over(target, source, self.alpha_chroma, x // 2, y // 2, strength)


@dataclass(frozen=True)
class Strip:
    """A sprite as wide as the frame and more, that scrolls round and round."""

    sprite: Sprite
    length: int

    def over(self, canvas: Canvas, offset: float, y: int, strength: float = 1.0) -> None:
        """Lay the part that begins at `offset` over the whole width of the canvas."""
        width = canvas.y.shape[1]
        start = int(offset) % self.length
        half = start // 2
        planes = self.sprite.planes
        cut = Sprite(
            (
                planes[0][:, start : start + width],
                planes[1][:, half : half + width // 2],
                planes[2][:, half : half + width // 2],
            ),
            self.sprite.alpha[:, start : start + width],
            self.sprite.alpha_chroma[:, half : half + width // 2],
        )
        cut.over(canvas, 0, y, strength)


class Scene(Protocol):
    """Something that can paint itself at any moment of media time."""

    def paint(self, time_s: Fraction) -> Canvas: ...


def canvas_of(rgb: Floats) -> Canvas:
    """A canvas of an (height, width, 3) RGB picture with values 0..1."""
    return Canvas(*_planes(rgb))


def sprite_of(rgba: Floats) -> Sprite:
    """A sprite of an (height, width, 4) RGBA picture with values 0..1 and even sides."""
    alpha = np.ascontiguousarray(rgba[..., 3], dtype=np.float32)
    return Sprite(_planes(rgba[..., :3]), alpha, _halve(alpha))


def strip_of(rgba: Floats, width: int) -> Strip:
    """A scrolling strip that repeats the given picture, for frames of the given width."""
    length = rgba.shape[1]
    wrapped = np.concatenate([rgba] * (1 + -(-width // length)), axis=1)[:, : length + width]
    return Strip(sprite_of(wrapped), length)


def flat(colour: Colour, alpha: Floats) -> Floats:
    """An RGBA picture of one colour with the given transparency."""
    rgba = np.empty((*alpha.shape, 4), np.float32)
    rgba[..., :3] = colour
    rgba[..., 3] = np.clip(alpha, 0, 1)
    return rgba


def gradient(size: tuple[int, int], stops: Sequence[tuple[float, Colour]], rng: np.random.Generator) -> Floats:
    """An RGB picture that runs from colour to colour downwards, with a trace of noise against banding."""
    width, height = size
    rows = np.linspace(0, 1, height)
    at = [place for place, _ in stops]
    channels = [np.interp(rows, at, [colour[i] for _, colour in stops]) for i in range(3)]
    rgb = np.repeat(np.stack(channels, axis=-1)[:, None, :], width, axis=1)
    grain = rng.normal(0, 0.0025, (height, width, 1))
    return np.clip(rgb + grain, 0, 1).astype(np.float32)


def noise(size: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator, octaves: int = 4) -> Floats:
    """Soft noise in 0..1 that repeats seamlessly from left to right."""
    width, height = size
    total, weight = np.zeros((height, width), np.float32), 0.0
    for octave in range(octaves):
        across, down = cells[0] << octave, (cells[1] << octave) + 1
        grid = np.tile(rng.random((down, across), dtype=np.float32), (1, 3))
        large = Image.fromarray(grid).resize((width * 3, height), Image.Resampling.BICUBIC)
        total += np.asarray(large)[:, width : 2 * width] / 2**octave
        weight += 1 / 2**octave
    return np.asarray(np.clip(total / weight, 0, 1), np.float32)


def ridge(size: tuple[int, int], cells: int, roughness: int, rng: np.random.Generator) -> Floats:
    """The transparency of a row of hills that repeats seamlessly: 0 above the ridge, 1 below, soft at the edge."""
    width, height = size
    profile = noise((width, 8), (cells, 1), rng, roughness)[4]
    profile = (profile - profile.min()) / max(float(np.ptp(profile)), 1e-6)
    edge = (1 - profile) * height * 0.8
    return np.asarray(np.clip(np.arange(height)[:, None] - edge[None, :], 0, 1), np.float32)


def glow(size: tuple[int, int], colour: Colour, power: float) -> Floats:
    """A round glow that fades to nothing at the border."""
    width, height = size
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    return flat(colour, np.asarray(np.clip(1 - np.hypot(across, down), 0, 1) ** power, np.float32))


def polygon(
    size: tuple[int, int], shapes: Sequence[tuple[Sequence[tuple[float, float]], Colour]], soften: int = 4
) -> Floats:
    """Filled polygons with smooth edges, as RGBA; points are fractions of the size."""
    width, height = size
    image = Image.new("RGBA", (width * soften, height * soften), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    for points, colour in shapes:
        scaled = [(x * width * soften, y * height * soften) for x, y in points]
        pen.polygon(scaled, fill=(*(round(c * 255) for c in colour), 255))
    return _unpremultiply(image.resize((width, height), Image.Resampling.BOX))


def lettering(text: str, height: int, colour: Colour) -> Floats:
    """A line of text as RGBA, even sides, drawn in the font that comes with pillow."""
    font = ImageFont.load_default(height * 0.8)
    width = int(font.getlength(text)) + 8
    mask = Image.new("L", (width + width % 2, height + height % 2), 0)
    ImageDraw.Draw(mask).text((4, 0), text, font=font, fill=255)
    return flat(colour, np.asarray(np.asarray(mask) / 255, np.float32))


def _unpremultiply(image: Image.Image) -> Floats:
    rgba = np.asarray(image, dtype=np.float32) / 255
    alpha = rgba[..., 3:4]
    rgb = np.where(alpha > 0, rgba[..., :3] / np.maximum(alpha, 1e-3), 0)
    return np.asarray(np.concatenate([np.clip(rgb, 0, 1), alpha], axis=-1), np.float32)


def _planes(rgb: Floats) -> tuple[Floats, Floats, Floats]:
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue  # ITU-R BT.709
    u, v = 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748
    return (16 + 219 * luma).astype(np.float32), _halve(u), _halve(v)


def _halve(plane: Floats) -> Floats:
    height, width = plane.shape
    return np.asarray(plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)), np.float32)


def _over(target: Floats, source: Floats, alpha: Floats, x: int, y: int, strength: float) -> None:
    height, width = target.shape
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + source.shape[1]), min(height, y + source.shape[0])
    if left >= right or top >= bottom:
        return
    part = (slice(top - y, bottom - y), slice(left - x, right - x))
    area = target[top:bottom, left:right]
    area += (source[part] - area) * (alpha[part] * np.float32(strength))
