"""screenrecord: pictures of the screen with their true times into an MP4 of variable frame rate."""

from __future__ import annotations

import asyncio
import heapq
import io
import itertools
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from PIL import Image

from harness.core.errors import CaptureError

_TIME_BASE = Fraction(1, 90_000)
_HELD = 3  # pictures that may overtake each other: Chromium delivers up to 2 in 100 out of order under load
_HELD_S = 0.12
_BURST_S = 0.25


class Encoder:
    """An MP4 being written. Blocking; used from one thread."""

    def __init__(self, file: Path, size: tuple[int, int], bit_rate: int) -> None:
        self._size = (size[0] // 2 * 2, size[1] // 2 * 2)
        try:
            self._container = av.open(str(file), "w", format="mp4")
        except OSError as problem:
            raise CaptureError(f"Unable to open '{file}': {problem}") from problem
        stream = self._container.add_stream("libx264", rate=30)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = _TIME_BASE
        stream.time_base = _TIME_BASE
        rate = max(bit_rate, 1_000_000)
        stream.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": "20",
            "maxrate": str(rate),
            "bufsize": str(rate * 2),
        }
        self._stream = stream
        self._last: av.VideoFrame | None = None
        self._last_ticks = -1

    @property
    def started(self) -> bool:
        """True when it has had a picture."""
        return self._last is not None

    def add(self, at_s: float, jpeg: bytes) -> None:
        """A picture shown from `at_s` seconds after the start; earlier than the last one is dropped."""
        ticks = round(max(0.0, at_s) / _TIME_BASE)
        if ticks <= self._last_ticks:
            return
        with Image.open(io.BytesIO(jpeg)) as image:
            picture = image.convert("RGB")
            if picture.size != self._size:
                picture = _fitted(picture, self._size)
        frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24").reformat(format="yuv420p")
        self._put(frame, ticks)
        self._last = frame

    def finish(self, end_s: float) -> None:
        """Hold the last picture up to `end_s` and complete the file."""
        ticks = round(end_s / _TIME_BASE)
        try:
            if self._last is not None and ticks > self._last_ticks:
                self._put(self._last, ticks)
            for packet in self._stream.encode(None):
                self._container.mux(packet)
        except av.error.FFmpegError as problem:
            raise CaptureError(f"Encoder failed ({problem})") from problem
        finally:
            self.close()

    def close(self) -> None:
        """Close the file as it is."""
        try:
            self._container.close()
        except OSError as problem:
            raise CaptureError(f"Encoder failed ({problem})") from problem

    def _put(self, frame: av.VideoFrame, ticks: int) -> None:
        frame.pts, frame.time_base = ticks, _TIME_BASE
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (av.error.FFmpegError, OSError) as problem:
            raise CaptureError(f"Encoder failed ({problem})") from problem
        self._last_ticks = ticks


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """`picture` inside `size`, its shape kept, black around: what screenrecord does after a rotation."""
    scale = min(size[0] / picture.width, size[1] / picture.height)
    inner = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    out = Image.new("RGB", size)
    out.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return out


async def write(
    frames: AsyncIterator[tuple[float, bytes]],
    file: Path,
    *,
    start_s: float,
    size: tuple[int, int],
    bit_rate: int,
    stop: asyncio.Event,
    gaps: bool = False,
) -> None:
    """Record until `stop`; pts 0 is `start_s`, and the last picture is held up to the stop.

    Args:
        frames: (seconds on the loop's clock, JPEG file), nearly in order.
        gaps: the fault: half of the pictures are lost, in bursts.
    Raises:
        CaptureError: nothing was shown, or the file could not be written; worded as screenrecord does.
    """
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "recording") as thread:
        encoder = await loop.run_in_executor(thread, Encoder, file, size, bit_rate)
        try:
            async for at_s, jpeg in _in_order(_until(frames, stop)):
                if gaps and int((at_s - start_s) / _BURST_S) % 2 and encoder.started:
                    continue
                # The first picture was on the screen already when the recording began.
                shown_s = at_s - start_s if encoder.started else 0.0
                await loop.run_in_executor(thread, encoder.add, shown_s, jpeg)
        except BaseException:
            await loop.run_in_executor(thread, encoder.close)
            raise
        if not encoder.started:
            await loop.run_in_executor(thread, encoder.close)
            raise CaptureError("Encoder failed (no picture came from the screen)")
        await loop.run_in_executor(thread, encoder.finish, loop.time() - start_s)


async def _until(frames: AsyncIterator[tuple[float, bytes]], stop: asyncio.Event) -> AsyncIterator[tuple[float, bytes]]:
    """The frames up to `stop`; the source is closed at the end."""
    stopping = asyncio.create_task(stop.wait())
    coming: asyncio.Task[tuple[float, bytes]] | None = None
    try:
        while not stop.is_set():
            coming = asyncio.create_task(_next(frames))
            await asyncio.wait((coming, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                return
            try:
                yield coming.result()
            except StopAsyncIteration:
                return
    finally:
        for task in (stopping, coming):
            if task is not None and not task.done():
                task.cancel()
        await asyncio.gather(*(t for t in (stopping, coming) if t is not None), return_exceptions=True)


async def _next(frames: AsyncIterator[tuple[float, bytes]]) -> tuple[float, bytes]:
    return await anext(frames)


async def _in_order(frames: AsyncIterator[tuple[float, bytes]]) -> AsyncIterator[tuple[float, bytes]]:
    """The frames sorted by time within a small window."""
    held: list[tuple[float, int, bytes]] = []
    number = itertools.count()
    async for at_s, jpeg in frames:
        heapq.heappush(held, (at_s, next(number), jpeg))
        while len(held) > _HELD or held[-1][0] - held[0][0] > _HELD_S:
            first_s, _, first = heapq.heappop(held)
            yield first_s, first
    while held:
        first_s, _, first = heapq.heappop(held)
        yield first_s, first
