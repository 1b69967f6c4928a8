"""What the pictures share: a colour-blind safe palette on its own ground, pillow's built-in font, wrapped words."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

# Okabe and Ito; told apart with every common colour vision.
BLACK: Colour = (0x00, 0x00, 0x00)
ORANGE: Colour = (0xE6, 0x9F, 0x00)
SKY: Colour = (0x56, 0xB4, 0xE9)
GREEN: Colour = (0x00, 0x9E, 0x73)
BLUE: Colour = (0x00, 0x72, 0xB2)
VERMILION: Colour = (0xD5, 0x5E, 0x00)
PURPLE: Colour = (0xCC, 0x79, 0xA7)

PAPER: Colour = (0xFB, 0xFA, 0xF6)
INK: Colour = (0x22, 0x25, 0x2B)
SOFT: Colour = (0x6B, 0x70, 0x78)
GRID: Colour = (0xE4, 0xE2, 0xDA)
HATCH: Colour = (0xB9, 0xB6, 0xAB)

OUTCOME_COLOURS = {"PASS": GREEN, "FAIL": VERMILION, "INCONCLUSIVE": ORANGE, "NOT_RUN": SOFT}

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=32)
def font(size_px: int) -> Font:
    """Pillow's built-in font: the same on every machine."""
    return ImageFont.load_default(size_px)


def mix(colour: Colour, ground: Colour, share: float) -> Colour:
    """`share` of colour on ground, 0..1."""
    red, green, blue = (round(g + (c - g) * share) for c, g in zip(colour, ground, strict=True))
    return red, green, blue


def fit(draw: ImageDraw.ImageDraw, text: str, face: Font, width_px: float) -> str:
    """`text`, cut with dots where it is wider than width_px."""
    if draw.textlength(text, face) <= width_px:
        return text
    while text and draw.textlength(text + "...", face) > width_px:
        text = text[:-1]
    return text.rstrip() + "..." if text else ""


def png(image: Image.Image) -> bytes:
    """The picture as PNG bytes."""
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False)
    return out.getvalue()
