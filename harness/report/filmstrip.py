"""The film strip: up to eight pieces of evidence side by side, each with its time and what was read from it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, UnidentifiedImageError

from harness.core.errors import CaptureError
from harness.report import canvas

MOST = 8
_HIGH = 180
_GAP = 12
_CAPTION = 44


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
    wide = sum(thumb.width for thumb in thumbs) + _GAP * (len(thumbs) + 1)
    strip = Image.new("RGB", (wide, _HIGH + _CAPTION + 2 * _GAP), canvas.PAPER)
    draw = ImageDraw.Draw(strip)
    left = _GAP
    for still, thumb in zip(chosen, thumbs, strict=True):
        strip.paste(thumb, (left, _GAP))
        edge = canvas.VERMILION if still.wrong else canvas.INK
        draw.rectangle(
            (left - 1, _GAP - 1, left + thumb.width, _GAP + _HIGH), outline=edge, width=3 if still.wrong else 1
        )
        below = _GAP + _HIGH + 7
        first = canvas.fit(draw, still.label, canvas.font(15), thumb.width)
        draw.text((left, below), first, fill=edge, font=canvas.font(15))
        facts = [f"{still.at_s:.2f} s"] if still.at_s is not None else []
        facts += [f"frame {still.frame_id}"] if still.frame_id is not None else []
        second = canvas.fit(draw, "   ".join(facts), canvas.font(13), thumb.width)
        draw.text((left, below + 20), second, fill=canvas.SOFT, font=canvas.font(13))
        left += thumb.width + _GAP
    return canvas.png(strip)


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
