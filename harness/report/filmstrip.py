"""The film strip: up to eight pieces of evidence, four to a row, each with its time and what was read from it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, UnidentifiedImageError

from harness.core.errors import CaptureError
from harness.report import canvas

MOST = 8
_HIGH = 220
_GAP = 12
_CAPTION = 44
_PER_ROW = 4


@dataclass(frozen=True)
class Still:
    """One picture of the strip.

    Args:
        picture: PNG or JPEG bytes.
        at_s: on the recording's clock; None when it has no place on it.
        label: what it shows, e.g. "after seek 30 s".
        frame_id: the id that was read from it; None when none was.
        wrong: drawn with a red frame.
    """

    picture: bytes
    label: str
    at_s: float | None = None
    frame_id: int | None = None
    wrong: bool = False


def draw_filmstrip(stills: Sequence[Still]) -> bytes:
    """The strip as a PNG; of more than MOST stills the first, the last and evenly spread ones between.

    Raises:
        CaptureError: there is no still, or one of them is not a picture.
    """
    if not stills:
        raise CaptureError("film strip: no picture was taken")
    chosen = _spread(stills)
    thumbs = [_thumb(still) for still in chosen]
    rows = [range(n, min(n + _PER_ROW, len(chosen))) for n in range(0, len(chosen), _PER_ROW)]
    wide = max(sum(thumbs[n].width + _GAP for n in row) for row in rows) + _GAP
    row_high = _HIGH + _CAPTION + _GAP
    strip = Image.new("RGB", (wide, row_high * len(rows) + _GAP), canvas.PAPER)
    for number, row in enumerate(rows):
        left = _GAP
        for n in row:
            _place(strip, chosen[n], thumbs[n], (left, _GAP + number * row_high))
            left += thumbs[n].width + _GAP
    return canvas.png(strip)


def _place(strip: Image.Image, still: Still, thumb: Image.Image, at: tuple[int, int]) -> None:
    left, top = at
    draw = ImageDraw.Draw(strip)
    strip.paste(thumb, at)
    edge = canvas.VERMILION if still.wrong else canvas.INK
    draw.rectangle((left - 1, top - 1, left + thumb.width, top + _HIGH), outline=edge, width=3 if still.wrong else 1)
    below = top + _HIGH + 7
    draw.text(
        (left, below), canvas.fit(draw, still.label, canvas.font(15), thumb.width), fill=edge, font=canvas.font(15)
    )
    facts = [f"{still.at_s:.2f} s"] if still.at_s is not None else []
    facts += [f"frame {still.frame_id}"] if still.frame_id is not None else []
    second = canvas.fit(draw, "   ".join(facts), canvas.font(13), thumb.width)
    draw.text((left, below + 20), second, fill=canvas.SOFT, font=canvas.font(13))


def _spread(stills: Sequence[Still]) -> list[Still]:
    if len(stills) <= MOST:
        return list(stills)
    return [stills[round(n * (len(stills) - 1) / (MOST - 1))] for n in range(MOST)]


def _thumb(still: Still) -> Image.Image:
    try:
        with Image.open(io.BytesIO(still.picture)) as picture:
            whole = picture.convert("RGB")
    except (UnidentifiedImageError, OSError) as e:
        raise CaptureError(f"film strip: {still.label!r} is not a picture ({len(still.picture)} bytes)") from e
    width = min(max(round(whole.width * _HIGH / whole.height), 60), 480)
    return whole.resize((width, _HIGH), Image.Resampling.LANCZOS)
