"""The marker: a strip in the picture that says which frame of which rendition this is.

One strip is 65 modules wide and two rows high; the lower row is the complement of the upper one. Modules are
luma only (16 is 0, 235 is 1) and every length is a fraction of the frame, so that the strip scales with the
picture. Each frame carries three copies: A top-left, B top-centre at one of two heights by the parity of the
frame id (so that a blend of two neighbouring frames never overlays two different B strips), C bottom-right
above the zone where players show their seek bar. The open specification is in media_samples/README.md.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]

SYNC = (1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0)
TAIL = (1, 0, 1)
FRAME_ID_BITS = 24
CONTENT_ID_BITS = 8
CRC_BITS = 16
MODULES = len(SYNC) + FRAME_ID_BITS + CONTENT_ID_BITS + CRC_BITS + len(TAIL)
CRC_INITIAL = 0xFFFF  # CRC-16/CCITT-FALSE: polynomial 0x1021, not reflected, no final xor

DARK = 16
LIGHT = 235
MODULE_WIDTH = Fraction(1, 128)  # of the frame's width: 10 px of 1280
ROW_HEIGHT = Fraction(1, 60)  # of the frame's height: 12 px of 720
ROWS = 2  # the data row, its complement below
QUIET_MODULES = 1  # dark border on all sides, in module widths

# Left edge in modules and top edge in rows of each copy, counted from the frame's top left corner.
PLACE_A = (2, 1)
PLACE_B_EVEN = (32, 4)
PLACE_B_ODD = (32, 7)
PLACE_C = (61, 46)


@dataclass(frozen=True)
class MarkerId:
    """What a strip says: the frame's index in its rendition, and which rendition."""

    frame_id: int
    content_id: int


def encode(frame_id: int, content_id: int) -> tuple[int, ...]:
    """The 65 modules of a strip's data row, each 0 or 1.

    Raises:
        ValueError: an id does not fit its bits.
    """
    if not 0 <= frame_id < 1 << FRAME_ID_BITS:
        raise ValueError(f"frame id {frame_id} does not fit {FRAME_ID_BITS} bits")
    if not 0 <= content_id < 1 << CONTENT_ID_BITS:
        raise ValueError(f"content id {content_id} does not fit {CONTENT_ID_BITS} bits")
    payload = frame_id << CONTENT_ID_BITS | content_id
    word = payload << CRC_BITS | _crc(payload)
    bits = FRAME_ID_BITS + CONTENT_ID_BITS + CRC_BITS
    return SYNC + tuple(word >> shift & 1 for shift in range(bits - 1, -1, -1)) + TAIL


def decode(modules: Sequence[int]) -> MarkerId | None:
    """What the modules say; None when sync, tail or check sum are wrong. Nothing is corrected."""
    bits = tuple(int(module) for module in modules)
    if len(bits) != MODULES or bits[: len(SYNC)] != SYNC or bits[-len(TAIL) :] != TAIL:
        return None
    word = 0
    for bit in bits[len(SYNC) : -len(TAIL)]:
        word = word << 1 | bit
    payload, crc = word >> CRC_BITS, word & (1 << CRC_BITS) - 1
    if crc != _crc(payload):
        return None
    return MarkerId(payload >> CONTENT_ID_BITS, payload & (1 << CONTENT_ID_BITS) - 1)


def places(size: tuple[int, int], frame_id: int) -> tuple[Box, ...]:
    """The boxes of copies A, B and C in a frame of (width, height): both rows, without the quiet border."""
    b = PLACE_B_ODD if frame_id % 2 else PLACE_B_EVEN
    return tuple(_box(size, place) for place in (PLACE_A, b, PLACE_C))


@lru_cache(maxsize=256)
def module_edges(box: Box) -> tuple[int, ...]:
    """The 66 x coordinates between which a box's 65 modules lie."""
    left, _, right, _ = box
    return tuple(_round(left + Fraction((right - left) * i, MODULES)) for i in range(MODULES + 1))


def quiet_border(size: tuple[int, int]) -> tuple[int, int]:
    """The dark border's (horizontal, vertical) thickness, px; one module width on all sides."""
    across = max(1, _round(size[0] * MODULE_WIDTH * QUIET_MODULES))
    return across, across


def draw(luma: NDArray[np.uint8], *, frame_id: int, content_id: int) -> None:
    """Draw all three copies into a (height, width) luma plane, in place."""
    modules = np.array(encode(frame_id, content_id), dtype=bool)
    height, width = luma.shape
    across, down = quiet_border((width, height))
    for box in places((width, height), frame_id):
        left, top, right, bottom = box
        luma[max(0, top - down) : bottom + down, max(0, left - across) : right + across] = DARK
        data = np.repeat(modules, np.diff(module_edges(box)))
        middle = (top + bottom) // 2
        luma[top:middle, left:right] = np.where(data, LIGHT, DARK)
        luma[middle:bottom, left:right] = np.where(data, DARK, LIGHT)


def _crc(payload: int) -> int:
    return binascii.crc_hqx(payload.to_bytes((FRAME_ID_BITS + CONTENT_ID_BITS) // 8, "big"), CRC_INITIAL)


def _box(size: tuple[int, int], place: tuple[int, int]) -> Box:
    width, height = size
    column, row = place
    return (
        _round(column * MODULE_WIDTH * width),
        _round(row * ROW_HEIGHT * height),
        _round((column + MODULES) * MODULE_WIDTH * width),
        _round((row + ROWS) * ROW_HEIGHT * height),
    )


def _round(value: Fraction) -> int:
    return int(value + Fraction(1, 2))
