"""Decoding: frames of a recording or a rendition with exact timestamps, as planes that are not copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from harness.core.errors import InputFileError

_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,avi,ivf,h264,hevc,flv,ogg,yuv4mpegpipe"
MOST_PIXELS = 64_000_000  # as of a screenshot: five times the largest tablet screen; a damaged header asks for any
_PLANAR = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p")


@dataclass(frozen=True)
class Frame:
    """One decoded frame.

    Args:
        pts_s: presentation time on the file's clock, exact.
        luma, u, v: views of the decoder's planes, (height, width); valid while the frame is held.
        index: counted from 0 in presentation order, undecodable packets not counted.
        full_range: True when 0 is black and 255 white; else 16 and 235.
    """

    pts_s: Fraction
    luma: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]
    index: int
    full_range: bool


class Decoding:
    """Frames of one file in order, with counters that are complete when the frames have run out.

    `undecodable` counts packets the decoder refused, `untimed` frames without a timestamp (left out; all of them
    where not `timed`),
    `backwards` frames not later than the one before (given all the same), `cut_short` says that reading
    ended in an error rather than at the end of the file.
    """

    def __init__(self, path: Path, times: Sequence[Fraction] = ()) -> None:
        self.path = path
        self._times = times
        self.frames = self.undecodable = self.untimed = self.backwards = 0
        self.cut_short = False
        self._container = _open(path)
        if not self._container.streams.video:
            self._container.close()
            raise InputFileError(str(path), "", "has no video track")
        self._stream = self._container.streams.video[0]
        refusal = _refusal(self._stream)
        if refusal:
            self._container.close()
            raise InputFileError(str(path), "", refusal)
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        self.size = (self._stream.width, self._stream.height)
        self.average_rate = self._stream.average_rate
        # An elementary stream has no timestamps; FFmpeg makes some up from a rate that nobody recorded at.
        self.timed = self._container.format.name not in ("h264", "hevc")

    def __enter__(self) -> Decoding:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; harmless twice."""
        self._container.close()

    def __iter__(self) -> Iterator[Frame]:
        last: Fraction | None = None
        for number, decoded in enumerate(self._decoded()):
            base = decoded.time_base or self._stream.time_base
            if self._times:
                if number >= len(self._times):
                    self.untimed += 1
                    continue
                pts_s = self._times[number]
            elif not self.timed or decoded.pts is None or base is None:
                self.untimed += 1
                continue
            else:
                pts_s = decoded.pts * Fraction(base.numerator, base.denominator)
            self.backwards += last is not None and pts_s <= last
            last = pts_s
            yield _frame(decoded, pts_s, self.frames)
            self.frames += 1
        if self.frames == 0 and not self.untimed:
            raise InputFileError(
                str(self.path),
                "",
                f"has a video track but no frame of it can be decoded ({self.undecodable} bad packets)",
            )

    def _decoded(self) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.cut_short = True
                return
            if packet.is_corrupt:
                self.undecodable += 1
            try:
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self.undecodable += not packet.is_corrupt


def decode(path: Path, times: Sequence[Fraction] = ()) -> Decoding:
    """The frames of a video file; iterate over it, then read its counters.

    Args:
        times: presentation time of each frame, s, instead of the file's own; for streams without timestamps.
    Raises:
        InputFileError: missing, empty, not a video, or cut so short that nothing of it can be decoded.
    """
    return Decoding(path, times)


def _open(path: Path) -> InputContainer:
    try:
        size = path.stat().st_size
    except FileNotFoundError as e:
        raise InputFileError(str(path), "", "there is no such file") from e
    except OSError as e:
        raise InputFileError(str(path), "", f"cannot be read: {e.strerror}") from e
    if not path.is_file():
        raise InputFileError(str(path), "", "is not a file")
    if size == 0:
        raise InputFileError(str(path), "", "is empty (0 bytes); expected a video")
    try:
        # A name that looks like a protocol is still a file; playlists, which open other files, are not videos.
        options = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}
        # Titles and tags that are no UTF-8 do not matter here.
        return av.open(f"file:{path.absolute()}", "r", options=options, metadata_errors="replace")
    except av.error.FFmpegError as e:
        start = _start(path)
        if start[4:8] == b"ftyp":
            problem, fix = (
                "is an MP4 that stops before its index",
                "record to mkv or fragmented MP4",
            )
        else:
            problem, fix = f"is not a video that can be opened; it begins with {start[:8]!r}", ""
        raise InputFileError(str(path), "", f"{problem}: {e.strerror}", fix) from e


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(12)
    except OSError as e:
        raise InputFileError(str(path), "", f"cannot be read: {e.strerror}") from e


def _refusal(stream: Any) -> str:
    """Why a video track cannot be decoded; empty when it can."""
    if stream.codec_context is None:  # FFmpeg has no decoder for it
        return "has a video track of a kind that cannot be decoded"
    if stream.width * stream.height > MOST_PIXELS:
        return f"says that it is {stream.width}x{stream.height} px; at most {MOST_PIXELS // 10**6} Mpx are read"
    return ""


def _frame(decoded: VideoFrame, pts_s: Fraction, index: int) -> Frame:
    pixels = decoded.format.name
    if pixels not in _PLANAR:
        decoded = decoded.reformat(format="yuv420p")
    facts: Any = decoded
    full = pixels.startswith("yuvj") or int(facts.color_range) == 2
    luma, u, v = (_view(plane) for plane in decoded.planes[:3])
    return Frame(pts_s, luma, u, v, index, full)


def _view(plane: Any) -> NDArray[np.uint8]:
    rows = np.frombuffer(plane, np.uint8)
    return rows[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)[:, : plane.width]
