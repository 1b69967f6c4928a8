"""Marking: a user's own video with the marker burned into every frame, sound and timestamps as they were."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from harness.core.errors import InputFileError, UsageError
from harness.media import marker
from harness.media.decode import decode

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
LEAST_SIZE = (256, 120)  # modules and rows of 2 px; smaller ones do not survive encoding (playback.md 4.2)
_LIMITED = 1  # AVCOL_RANGE_MPEG
_QUALITY = {"preset": "veryfast", "crf": "18", "bf": "0"}

Planar = NDArray[np.uint8]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Marked:
    """What was written: frame ids `first_id` up to and including `last_id`.

    undecodable counts packets of the input that gave no frame; the ids run on over them.
    """

    path: Path
    first_id: int
    last_id: int
    size: tuple[int, int]
    sounds: int
    undecodable: int


def mark(
    source: Path,
    target: Path,
    *,
    content_id: int,
    first_id: int = 0,
    force: bool = False,
    progress: Progress = lambda _share: None,
) -> Marked:
    """Write `source` to `target` as H.264 with the marker in every frame; audio packets are copied.

    Frame ids are first_id, first_id + 1, ... in order of presentation. Timestamps stay exactly as they are in
    mp4 and mov; mkv keeps whole milliseconds. Full-range and 10-bit pictures become 8-bit limited range, a
    turned picture (phones) is turned upright, an odd width or height becomes the even number below.

    Args:
        target: .mp4, .m4v, .mov or .mkv; not there unless `force`. Written whole or not at all.
        progress: told the share that is done, 0..1.
    Raises:
        UsageError: an id does not fit the marker's bits, or the target cannot be written.
        InputFileError: the source is not a video, too small for the marker, or its timestamps are not sane.
    """
    marker_fits(first_id, content_id)
    _check_target(source, target, force)
    with decode(source) as first:
        size = first.size
    if size[0] < LEAST_SIZE[0] or size[1] < LEAST_SIZE[1]:
        least = f"{LEAST_SIZE[0]}x{LEAST_SIZE[1]}"
        raise InputFileError(str(source), "", f"is {size[0]}x{size[1]}; the marker needs at least {least}")
    number, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    os.close(number)
    part = Path(name)
    try:
        marked = _Marking(source, part, target, content_id, first_id, progress).run()
        part.chmod(0o666 & ~_umask())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return marked


def marker_fits(frame_id: int, content_id: int) -> None:
    """Nothing, when both ids fit the marker.

    Raises:
        UsageError: one does not; says which and the largest that does.
    """
    for what, value, bits in (
        ("content id", content_id, marker.CONTENT_ID_BITS),
        ("frame id", frame_id, marker.FRAME_ID_BITS),
    ):
        if not 0 <= value < 1 << bits:
            raise UsageError(f"{what} {value} does not fit the marker; 0 to {(1 << bits) - 1} do")


def _check_target(source: Path, target: Path, force: bool) -> None:
    if target.suffix.lower() not in CONTAINERS:
        raise UsageError(f"{target}: the output's name must end in one of {', '.join(CONTAINERS)}")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: there is no folder {target.parent}")
    if target.is_dir():
        raise UsageError(f"{target}: is a folder; expected a file's name")
    if target.exists():
        if source.exists() and target.samefile(source):
            raise UsageError(f"{target}: input and output are the same file; choose another output")
        if not force:
            raise UsageError(f"{target}: is there already; --force overwrites it")
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"{target}: the folder {target.parent} cannot be written")


class _Marking:
    """One file while it is marked."""

    def __init__(
        self, source: Path, part: Path, target: Path, content_id: int, first_id: int, progress: Progress
    ) -> None:
        self._source, self._part, self._target = source, part, target
        self._content_id, self._first_id = content_id, first_id
        self._progress = progress
        self._frames = self._undecodable = 0
        self._last_pts: int | None = None
        self._encoder: VideoStream | None = None
        # Matroska would move every picture by AAC's priming frame, which is silence and begins before 0.
        self._never_negative = target.suffix.lower() == ".mkv"

    def run(self) -> Marked:
        # decode() has looked at the format already; a playlist never comes this far.
        options = {"protocol_whitelist": "file"}
        with av.open(f"file:{self._source.absolute()}", "r", options=options) as given:
            kind = CONTAINERS[self._target.suffix.lower()]
            try:
                with av.open(f"file:{self._part.absolute()}", "w", format=kind) as made:
                    sounds = self._copy(given, made)
            except av.error.FFmpegError as e:
                raise UsageError(f"{self._target}: cannot be written: {e.strerror}") from e
        if self._encoder is None:
            raise InputFileError(str(self._source), "", "has a video track but no frame of it can be decoded")
        size = (self._encoder.width, self._encoder.height)
        last = self._first_id + self._frames - 1
        return Marked(self._target, self._first_id, last, size, sounds, self._undecodable)

    def _copy(self, given: InputContainer, made: OutputContainer) -> int:
        video = given.streams.video[0]
        video.thread_type = "AUTO"
        length_s = (given.duration or 0) / av.time_base
        sounds: dict[int, AudioStream] = {}
        waiting: list[Packet[Any]] = []  # sound before the first picture, which the encoder's settings come from
        for packet in self._packets(given, [video, *given.streams.audio]):
            if packet.stream_index != video.index:
                if packet.dts is not None and not (packet.dts < 0 and self._never_negative):
                    waiting.append(packet)
            else:
                for frame in self._decoded(packet):
                    if self._encoder is None:
                        self._encoder = _encoder(made, video, _upright(frame).shape)
                        sounds = self._sounds(given, made)
                    self._add(frame, self._encoder, made)
                    if length_s and frame.time is not None and self._frames % 10 == 0:
                        self._progress(min(1.0, frame.time / length_s))
            if self._encoder is not None:
                for held in waiting:
                    held.stream = sounds[held.stream_index]
                    made.mux(held)
                waiting.clear()
        if self._encoder is not None:
            made.mux(self._encoder.encode(None))
        self._progress(1.0)
        return len(sounds)

    def _sounds(self, given: InputContainer, made: OutputContainer) -> dict[int, AudioStream]:
        copies = {}
        for sound in given.streams.audio:
            name = sound.codec_context.name
            if name not in made.supported_codecs:
                problem = f"its sound ({name}) does not go into {self._target.suffix}"
                raise InputFileError(str(self._source), "", problem, "write to .mkv")
            copies[sound.index] = made.add_stream_from_template(sound)
        return copies

    def _packets(self, given: InputContainer, streams: list[Any]) -> Iterator[Packet[Any]]:
        packets = given.demux(streams)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError as e:
                problem = f"cannot be read to its end: {e.strerror}"
                raise InputFileError(str(self._source), f"after frame {self._frames}", problem) from e
            yield packet

    def _decoded(self, packet: Packet[Any]) -> list[VideoFrame]:
        try:
            return [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            self._undecodable += 1
            return []

    def _add(self, decoded: VideoFrame, encoder: VideoStream, made: OutputContainer) -> None:
        place = f"frame {self._frames}"
        if decoded.pts is None:
            raise InputFileError(str(self._source), place, "has no timestamp", "put it into an mp4 or mkv first")
        if self._last_pts is not None and decoded.pts <= self._last_pts:
            raise InputFileError(str(self._source), place, "its timestamp is not later than the one before")
        self._last_pts = decoded.pts
        frame_id = self._first_id + self._frames
        marker_fits(frame_id, self._content_id)
        picture = _upright(decoded)
        height = encoder.height
        if picture.shape != (height * 3 // 2, encoder.width):
            raise InputFileError(str(self._source), place, "the picture's size changes", "mark its parts one by one")
        _grey(picture, frame_id)
        marker.draw(picture[:height], frame_id=frame_id, content_id=self._content_id)
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base, frame.duration = decoded.pts, decoded.time_base, decoded.duration
        made.mux(encoder.encode(frame))
        self._frames += 1


def _upright(decoded: VideoFrame) -> Planar:
    """A copy as (3/2 height, width) yuv420p; the decoder still needs its own frame to predict the next ones from."""
    width, height = decoded.width // 2 * 2, decoded.height // 2 * 2
    facts: Any = decoded
    changed = facts.reformat(width, height, "yuv420p", dst_color_range=_LIMITED)
    planes = np.asarray(changed.to_ndarray(), np.uint8)
    turns = round(facts.rotation / 90) % 4
    if not turns:
        return planes
    luma = planes[:height]
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    turned = np.rot90(luma, turns)
    colours = [np.rot90(plane, turns).reshape(-1) for plane in chroma]
    return np.concatenate([turned.reshape(-1), *colours]).reshape(turned.shape[0] * 3 // 2, turned.shape[1])


def _grey(picture: Planar, frame_id: int) -> None:
    """No colour where the strips go, so that luma alone carries the code also in RGB captures."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    across, down = marker.quiet_border((width, height))
    for left, top, right, bottom in marker.places((width, height), frame_id):
        rows = slice(max(0, top - down) // 2, (bottom + down + 1) // 2)
        chroma[:, rows, max(0, left - across) // 2 : (right + across + 1) // 2] = 128


def _encoder(made: OutputContainer, video: VideoStream, shape: tuple[int, ...]) -> VideoStream:
    stream = made.add_stream("libx264", rate=video.average_rate or video.guessed_rate or 25, options=_QUALITY)
    if not isinstance(stream, VideoStream):
        raise TypeError(f"libx264 made {type(stream).__name__}")
    stream.width, stream.height, stream.pix_fmt = shape[1], shape[0] * 2 // 3, "yuv420p"
    into: Any = stream.codec_context
    of: Any = video.codec_context
    into.time_base = stream.time_base = video.time_base
    into.color_range = _LIMITED
    into.colorspace, into.color_primaries, into.color_trc = of.colorspace, of.color_primaries, of.color_trc
    if of.sample_aspect_ratio:
        turned = stream.width != video.width // 2 * 2
        into.sample_aspect_ratio = 1 / of.sample_aspect_ratio if turned else of.sample_aspect_ratio
    return stream


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
