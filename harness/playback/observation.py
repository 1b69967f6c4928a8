"""What one captured picture said: the words that reader, timeline and detectors share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class MarkerRead:
    """A frame id that was read and believed.

    Args:
        frame_id: index of the frame in its rendition, from 0.
        content_id: which rendition.
        margin: weakest module relative to the sync amplitude, 0..1; reads below 0.10 are never believed.
        blended: two neighbouring frames were in the picture; this is the newer one.
    """

    frame_id: int
    content_id: int
    margin: float
    blended: bool


class Observation(NamedTuple):
    """One captured picture.

    pts_s is on the recording's clock; read is None when no marker could be believed; black says that
    the whole picture was black, which a protected surface shows to every recorder.
    """

    pts_s: float
    read: MarkerRead | None
    black: bool = False
