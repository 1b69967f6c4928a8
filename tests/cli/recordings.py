"""Small recordings of a marked title with its sound, 320x180 at 25 fps, as a recorder or a broken disk leaves them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from harness.media import marker

FRAMES, RATE, CONTENT = 75, 25, 7
SIZE = (320, 180)
OWN_TITLE = ("--content-id", "7", "--fps", "25", "--frames", "75")
FORMATS = {
    "plain.mp4": ("mp4", "libx264", "aac", {}),
    "pieces.mp4": ("mp4", "libx264", "aac", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "film.mkv": ("matroska", "libx264", "aac", {}),
    "film.webm": ("webm", "libvpx", "libopus", {}),
    "raw.h264": ("h264", "libx264", "", {}),
}


def picture(frame_id: int, size: tuple[int, int] = SIZE) -> np.ndarray[Any, Any]:
    """One frame of the title, yuv420p."""
    width, height = size
    luma = np.broadcast_to(np.linspace(40, 200, width).astype(np.uint8), (height, width)).copy()
    marker.draw(luma, frame_id=frame_id, content_id=CONTENT)
    return np.concatenate((luma, np.full((height // 2, width), 128, np.uint8)))


def record(path: Path, kind: str = "film.mkv", frames: int = FRAMES, size: tuple[int, int] = SIZE) -> Path:
    """A recording of the title's first frames, in one of FORMATS; `frames` 0 leaves an empty video track."""
    container_format, video, audio, options = FORMATS[kind]
    coding = {"preset": "ultrafast", "crf": "20", "g": "10"} if video == "libx264" else {"deadline": "realtime"}
    with av.open(str(path), "w", format=container_format, options=options) as container:
        pictures: Any = container.add_stream(video, rate=RATE, options=coding)
        pictures.width, pictures.height, pictures.pix_fmt, pictures.thread_count = *size, "yuv420p", 1
        sounds: Any = container.add_stream(audio, rate=48000) if audio else None
        if sounds is not None:
            sounds.codec_context.layout = "mono"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index, size), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(pictures.encode(frame))
            if sounds is not None:
                container.mux(sounds.encode(_sound(index, sounds.codec_context.format.name)))
        for stream in (pictures, sounds):
            if stream is not None and frames:
                container.mux(stream.encode(None))
    return path


def _sound(index: int, sample_format: str) -> av.AudioFrame:
    count = 48000 // RATE
    wave = 0.1 * np.sin(2 * np.pi * 440 * (np.arange(count) + index * count) / 48000)
    samples = wave[None].astype(np.float32) if "flt" in sample_format else (wave[None] * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(samples, format=sample_format, layout="mono")
    frame.pts, frame.sample_rate, frame.time_base = index * count, 48000, Fraction(1, 48000)
    return frame


def sound_only(path: Path) -> Path:
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream("aac", rate=48000)
        stream.codec_context.layout = "mono"
        for index in range(50):
            container.mux(stream.encode(_sound(index, "fltp")))
        container.mux(stream.encode(None))
    return path
