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


class Picture(NamedTuple):
    """What the picture itself looked like where the video is; nan where it was not looked at.

    Args:
        light: 99th percentile of luma in the video's middle, 0 black to 1 white.
        green: share of that area that is green as a failed decoder paints it, 0..1.
        blocky: luma steps on the 8 px grid to those off it; about 1 in clean video.
        change: 95th percentile of the change since the last picture that moved, luma levels, noise taken off.
        cut: whether nearly all of the picture changed at once, 0 or 1.
        match: likeness to the frame that belongs to the id, -1..1 (playback.md 5.4).
        area: share of the picture that the video covers, 0..1.
    """

    light: float
    green: float
    blocky: float
    change: float
    cut: float
    match: float
    area: float


NO_PICTURE = Picture(*[float("nan")] * 7)


class Observation(NamedTuple):
    """One captured picture.

    pts_s is on the recording's clock; read is None when no marker could be believed; black says that
    the whole picture was black, which a protected surface shows to every recorder.
    """

    pts_s: float
    read: MarkerRead | None
    black: bool = False
    picture: Picture = NO_PICTURE


class Run(NamedTuple):
    """One frame id on the screen.

    Args:
        start_s: pts of the first picture that shows it.
        end_s: pts of the last picture that shows it.
        before_s: pts of the last picture of any kind before start_s; start_s itself for the very first.
        reads: number of pictures that show it.
        margin: the best margin among them.
        widest_gap_s: longest time without any picture between end_s and the next run's start; one before end_s hides
            nothing, since the same frame is on both sides of it.
    """

    frame_id: int
    content_id: int
    start_s: float
    end_s: float
    before_s: float
    reads: int
    margin: float
    widest_gap_s: float
