"""Making recordings with known faults: a recipe is plain data, its clip is built once and kept by the recipe's hash.

A recipe takes footage, shows its frames along a line of (time, frame id), draws the marker, and then does to the
picture what a screen, a player or a recorder would do. PyAV encodes; no ffmpeg program is needed.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import av
import contents
import footage
import looks
from footage import Picture

from harness.media import marker

TICKS = 60000  # of the clips' clock, per second: whole for 24, 25, 30, 50 and 60 pictures/s
SIZE = (640, 360)
OWN = 7  # content id of the title

Line = tuple[tuple[Fraction, int], ...]
Edit = Callable[[Picture, int], Picture]
Look = Callable[[Picture, float], Picture]


class Shot(NamedTuple):
    """One picture of a recording, at its time on the recording's clock."""

    pts_s: Fraction
    picture: Picture


def line(
    seconds: float = 10,
    media: Callable[[Fraction], Fraction] = lambda t: t,
    *,
    rate: int = 25,
    capture: int = 25,
) -> Line:
    """(time, frame id) of each picture of a recorder at `capture` pictures/s; `media` bends the title's clock."""
    times = [Fraction(index, capture) for index in range(round(seconds * capture))]
    return tuple((t, int(media(t) * rate)) for t in times)


@dataclass(frozen=True)
class Recipe:
    """How to make one recording.

    Args:
        source: a footage clip; content frame k shows its picture offset + k * stride.
        line: (time, frame id) of each picture.
        content_id: what the marker says; None draws no marker.
        edits: what the content itself looks like; under the marker.
        looks: what happens to the whole picture; over the marker. May change its size.
        blend: share of the frame before in each picture.
        options: for libx264; on top of ultrafast and crf 28.
        cut: share of the file's bytes that is left.
    """

    source: str = "bikes"
    line: Line = field(default_factory=line)
    content_id: int | None = OWN
    size: tuple[int, int] = SIZE
    edits: tuple[Edit, ...] = ()
    looks: tuple[Look, ...] = ()
    blend: float = 0.0
    offset: int = 0
    stride: int = 1
    suffix: str = ".mp4"
    options: tuple[tuple[str, str], ...] = ()
    cut: float = 1.0

    def content(self, frame_id: int) -> Picture:
        """One frame of the title, a copy."""
        picture = footage.Footage(self.source, self.size)[self.offset + frame_id * self.stride].copy()
        for edit in self.edits:
            picture = edit(picture, frame_id)
        if self.content_id is not None:
            width, height = picture.size
            across, down = marker.quiet_border((width, height))
            for left, top, right, bottom in marker.places((width, height), frame_id):
                rows = slice(max(0, top - down) // 2, (bottom + down + 1) // 2)
                columns = slice(max(0, left - across) // 2, (right + across + 1) // 2)
                picture.u[rows, columns] = picture.v[rows, columns] = 128
            marker.draw(picture.luma, frame_id=frame_id, content_id=self.content_id)
        return picture

    def shots(self) -> Iterator[Shot]:
        """Every picture of the recording, in order."""
        for pts_s, frame_id in self.line:
            picture = self.content(frame_id)
            if self.blend and frame_id:
                picture = looks.mixed(picture, self.content(frame_id - 1), self.blend)
            for look in self.looks:
                picture = look(picture, float(pts_s))
            yield Shot(pts_s, picture)


def build(recipe: Recipe, name: str) -> Path:
    """The recording, made when it is not in the cache; `name` is for people.

    Raises:
        footage.FootageUnreachable: the footage it is made of cannot be had.
    """
    into = footage.folder().parent / "cases"
    into.mkdir(exist_ok=True)
    key = hashlib.sha256(f"{_makers()} {recipe!r}".encode()).hexdigest()[:12]
    path = into / f"{name}-{key}{recipe.suffix}"
    if path.exists():
        return path
    for old in into.glob(f"{name}-????????????.*"):
        old.unlink(missing_ok=True)
    part = into / f".{name}-{os.getpid()}{recipe.suffix}"
    write(part, recipe.shots(), dict(recipe.options))
    if recipe.cut < 1:
        data = part.read_bytes()
        part.write_bytes(data[: int(len(data) * recipe.cut)])
    part.replace(path)
    return path


@lru_cache(maxsize=1)
def _makers() -> str:
    """What else a clip depends on: the code that makes it and the encoder."""
    files = [Path(__file__), *(Path(str(module.__file__)) for module in (footage, contents, looks, marker))]
    return f"{av.__version__} {hashlib.sha256(b''.join(file.read_bytes() for file in files)).hexdigest()}"


def write(path: Path, shots: Iterator[Shot], options: dict[str, str]) -> None:
    """Encode pictures with their times as H.264."""
    kind = {".h264": "h264", ".mkv": "matroska", ".mp4": "mp4"}[path.suffix]
    first = next(shots)
    with av.open(str(path), "w", format=kind) as container:
        # ultrafast leaves the deblocking filter out, which no recorder does.
        chosen = {"preset": "ultrafast", "tune": "zerolatency", "g": "100", "x264-params": "deblock=0,0"}
        chosen |= {} if "b" in options else {"crf": "28"}
        stream: Any = container.add_stream("libx264", rate=25, options={**chosen, **options})
        stream.width, stream.height, stream.pix_fmt = *first.picture.size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.color_range = 1
        if "b" in options:
            stream.bit_rate = int(options["b"])
        for shot in itertools.chain((first,), shots):
            container.mux(stream.encode(_frame(shot)))
        container.mux(stream.encode(None))


def _frame(shot: Shot) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(looks.packed(shot.picture), format="yuv420p")
    frame.pts, frame.time_base = int(shot.pts_s * TICKS), Fraction(1, TICKS)
    return frame
