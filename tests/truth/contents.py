"""What a title itself may look like without anything being wrong; drawn before the marker, by frame id.

Each edit is plain data and gives a picture for (a picture that it may draw into, frame id).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from footage import Picture, Plane
from looks import Dimmed, flat, noised, scaled
from PIL import Image, ImageDraw, ImageFont


@dataclass(frozen=True)
class Dark:
    """A night scene: little light, and little of it moves."""

    share: float = 0.12

    def __call__(self, picture: Picture, _frame_id: int) -> Picture:
        return Dimmed(self.share)(picture, 0.0)


@dataclass(frozen=True)
class TitleCard:
    """A card with words that stands perfectly still from frame `first` until `end`."""

    first: int
    end: int
    words: str = "PART TWO"

    def __call__(self, picture: Picture, frame_id: int) -> Picture:
        if not self.first <= frame_id < self.end:
            return picture
        card = flat(picture.size, (40, 136, 122))
        card.luma[:] = np.maximum(card.luma, _lettering(picture.size, self.words))
        return card


@lru_cache(maxsize=8)
def _lettering(size: tuple[int, int], words: str) -> Plane:
    image = Image.new("L", size, 16)
    font = ImageFont.load_default(size[1] // 6)
    ImageDraw.Draw(image).text((size[0] // 2, size[1] // 2), words, 220, font, anchor="mm")
    return np.asarray(image, np.uint8)


@dataclass(frozen=True)
class Fade:
    """Through black: darker over `slope` frames until `first`, black until `end`, lighter over `slope` frames."""

    first: int
    end: int
    slope: int

    def __call__(self, picture: Picture, frame_id: int) -> Picture:
        away = max(self.first - frame_id, frame_id - self.end + 1, 0)
        return picture if away >= self.slope else Dimmed(away / self.slope)(picture, 0.0)


@dataclass(frozen=True)
class Grain:
    """Film grain."""

    sigma: float = 6.0

    def __call__(self, picture: Picture, frame_id: int) -> Picture:
        return Picture(noised(picture.luma, self.sigma, frame_id), picture.u, picture.v)


@dataclass(frozen=True)
class Smeared:
    """Blocks of `side` px of one colour, as a decoder that lost its data shows them."""

    side: int = 8

    def __call__(self, picture: Picture, _frame_id: int) -> Picture:
        width, height = picture.size
        small = scaled(picture, (width // self.side // 2 * 2, height // self.side // 2 * 2))
        out = []
        for plane, few in zip(picture, small, strict=True):
            rows, columns = np.arange(plane.shape[0]) // self.side, np.arange(plane.shape[1]) // self.side
            rows, columns = np.minimum(rows, few.shape[0] - 1), np.minimum(columns, few.shape[1] - 1)
            out.append(few[rows[:, None], columns])
        return Picture(*out)
