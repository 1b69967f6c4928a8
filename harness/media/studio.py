"""The studio: paints, scores, encodes and packages the media samples, and writes their catalogue."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray
from ruamel.yaml import YAML

from harness.core.errors import UsageError
from harness.media import marker, packaging, reference, scenes, sound
from harness.media.painting import Canvas, Scene

SEGMENT_S = 4
DURATION_S = 32
LICENCE = "CC0-1.0"
_HOW = "Painted, scored and encoded by `redeye samples build` (harness/media/studio.py)."
_AAC_FRAME = 1024

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Picture:
    """A video rendition to make."""

    id: str
    size: tuple[int, int]
    content_id: int
    bitrate_bps: int


@dataclass(frozen=True)
class Plan:
    """A sample to make."""

    id: str
    title: str
    summary: str
    scene: Callable[[tuple[int, int]], Scene]
    frame_rate: int
    codec: str  # "h264" with AAC, or "vp9" with Opus
    pictures: tuple[Picture, ...]
    chords: tuple[tuple[float, ...], ...]
    audio_bps: int = 64_000
    captions: tuple[tuple[int, int, str], ...] = field(default=())


PLANS = (
    Plan(
        "night-flight",
        "Night Flight",
        "A small aeroplane over dark hills; H.264 and AAC, two video renditions.",
        scenes.NightFlight,
        30,
        "h264",
        (Picture("v720", (1280, 720), 1, 700_000), Picture("v360", (640, 360), 2, 260_000)),
        (
            (110.0, 220.0, 277.18, 329.63),
            (92.5, 220.0, 277.18, 369.99),
            (73.42, 220.0, 293.66, 369.99),
            (82.41, 207.65, 246.94, 329.63),
        ),
    ),
    Plan(
        "harbour",
        "Harbour",
        "Dawn over a harbour with a lighthouse; VP9 and Opus, one video rendition.",
        scenes.Harbour,
        30,
        "vp9",
        (Picture("v540", (960, 540), 3, 420_000),),
        (
            (98.0, 196.0, 246.94, 293.66),
            (130.81, 196.0, 261.63, 329.63),
            (110.0, 220.0, 261.63, 329.63),
            (73.42, 220.0, 293.66, 369.99),
        ),
    ),
    Plan(
        "cinema",
        "Cinema",
        "A city at night at 24 frames a second, with English subtitles; H.264 and AAC, one video rendition.",
        scenes.Cinema,
        24,
        "h264",
        (Picture("v720", (1280, 720), 4, 520_000),),
        (
            (130.81, 261.63, 311.13, 392.0),
            (103.83, 207.65, 261.63, 311.13),
            (116.54, 233.08, 293.66, 349.23),
            (98.0, 196.0, 246.94, 293.66),
        ),
        captions=(
            (1, 5, "The city wakes up at night."),
            (6, 11, "Every lamp of the palace is lit."),
            (12, 18, "Two searchlights look for the aeroplane."),
            (20, 26, "Nobody has told them that it is offline."),
            (27, 31, "The end."),
        ),
    ),
)


def build(out: Path, progress: Progress, only: tuple[str, ...] = ()) -> Path:
    """The catalogue's path, after all samples have been made below `out`.

    Args:
        out: the folder to fill; a sample's own folder is replaced.
        progress: told which sample is being made and how far it is, 0..1.
        only: ids to make; the others are catalogued as they are, where they are there.
    Raises:
        UsageError: `only` names a sample that nobody has planned.
    """
    if unknown := sorted(set(only) - {plan.id for plan in PLANS}):
        known = ", ".join(plan.id for plan in PLANS)
        raise UsageError(f"there is no sample {unknown[0]!r} to make; known: {known}")
    described = []
    for plan in PLANS:
        folder = out / plan.id
        if not only or plan.id in only:
            fresh = out / f".{plan.id}.new"  # an interrupted build leaves the old sample as it was
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            _make(plan, fresh, progress)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
        if folder.is_dir():
            described.append(_describe(plan, out))
    return _catalogue(out, described)


def _catalogue(out: Path, described: list[dict[str, Any]]) -> Path:
    path = out / "catalogue.yaml"
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    text.write("# Written by `redeye samples build`; the keys are explained in README.md.\n")
    yaml.dump({"samples": described}, text)
    unfinished = out / ".catalogue.yaml.new"
    unfinished.write_text(text.getvalue(), encoding="utf-8")
    unfinished.replace(path)
    return path


def stamped(canvas: Canvas, frame_id: int, content_id: int) -> NDArray[np.uint8]:
    """A painted canvas as planar yuv420p bytes with the marker on it, grey below the marker."""
    height, width = canvas.y.shape
    across, down = marker.quiet_border((width, height))
    for left, top, right, bottom in marker.places((width, height), frame_id):
        rows = slice((top - down) // 2, (bottom + down + 1) // 2)
        columns = slice((left - across) // 2, (right + across + 1) // 2)
        canvas.u[rows, columns] = canvas.v[rows, columns] = 128
    planar = canvas.bytes_planar()
    marker.draw(planar[:height], frame_id=frame_id, content_id=content_id)
    return planar


def _make(plan: Plan, folder: Path, progress: Progress) -> None:
    tracks = [*_film(plan, folder, progress), _record(plan, folder)]
    if plan.captions:
        (folder / "text").mkdir()
        lines = ["WEBVTT", ""]
        for start, end, text in plan.captions:
            lines += [f"00:00:{start:02d}.000 --> 00:00:{end:02d}.000", text, ""]
        (folder / "text" / "en.vtt").write_text("\n".join(lines), encoding="utf-8")
        tracks.append(packaging.Track("en", "text", "", 256, None, Fraction(DURATION_S), file="text/en.vtt"))
    (folder / "manifest.mpd").write_bytes(packaging.manifest(tracks, Fraction(DURATION_S), SEGMENT_S))
    reference.draw_sheet(folder, max(plan.pictures, key=lambda picture: picture.size).id)
    progress(plan.id, 1.0)


def _film(plan: Plan, folder: Path, progress: Progress) -> Iterator[packaging.Track]:
    largest = plan.pictures[0]
    scene = plan.scene(largest.size)
    frames = plan.frame_rate * DURATION_S
    reels = [_Reel(plan, picture) for picture in plan.pictures]
    for frame_id in range(frames):
        painted = scene.paint(Fraction(frame_id, plan.frame_rate))
        if frame_id == frames * 2 // 5:
            _poster(painted.copy(), folder / "poster.jpg")
        for reel in reels:
            reel.add(painted.copy() if reel.picture.size == largest.size else _halved(painted), frame_id)
        if frame_id % plan.frame_rate == 0:
            progress(plan.id, frame_id / frames * 0.95)
    for reel in reels:
        pieces = _write(folder / reel.picture.id, reel.finish())
        codec = packaging.avc_codec(pieces.init) if plan.codec == "h264" else "vp09.00.30.08"
        yield packaging.Track(
            reel.picture.id,
            "video",
            codec,
            _peak_bps(pieces, Fraction(DURATION_S)),
            pieces,
            Fraction(DURATION_S),
            reel.picture.size,
            Fraction(plan.frame_rate),
        )


class _Reel:
    """One video rendition while it is encoded: one closed group of pictures and one fragment for each segment."""

    def __init__(self, plan: Plan, picture: Picture) -> None:
        self.picture = picture
        self._file = io.BytesIO()
        self._rate = plan.frame_rate
        flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer"}
        self._container = av.open(self._file, "w", format="mp4", options=flags)
        group = plan.frame_rate * SEGMENT_S
        name, options = _video_options(plan.codec, picture.bitrate_bps, group)
        stream = self._container.add_stream(name, rate=plan.frame_rate, options=options)
        if not isinstance(stream, VideoStream):
            raise TypeError(f"{name} made {type(stream).__name__}")
        stream.width, stream.height = picture.size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = picture.bitrate_bps
        context: Any = stream.codec_context
        context.gop_size, context.time_base = group, Fraction(1, plan.frame_rate)
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
        self._stream = stream

    def add(self, canvas: Canvas, frame_id: int) -> None:
        frame = av.VideoFrame.from_ndarray(stamped(canvas, frame_id, self.picture.content_id), format="yuv420p")
        frame.pts, frame.time_base = frame_id, Fraction(1, self._rate)
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._file.getvalue()


def _video_options(codec: str, bitrate_bps: int, group: int) -> tuple[str, dict[str, str]]:
    rate = str(bitrate_bps)
    if codec == "h264":
        x264 = f"keyint={group}:min-keyint={group}:scenecut=0:open-gop=0:bframes=0"
        limits = {"maxrate": str(bitrate_bps * 5 // 4), "bufsize": str(bitrate_bps * 2)}
        return "libx264", {"preset": "veryfast", "profile": "main", "x264-params": x264, **limits}
    return "libvpx-vp9", {
        "deadline": "realtime",
        "cpu-used": "6",
        "row-mt": "1",
        "lag-in-frames": "0",
        "auto-alt-ref": "0",
        "keyint_min": str(group),
        "maxrate": rate,
        "minrate": "0",
    }


def _record(plan: Plan, folder: Path) -> packaging.Track:
    samples = sound.compose(DURATION_S, plan.chords)
    file = io.BytesIO()
    # One fragment for each segment: audio frames do not divide 4 s evenly, the manifest's timeline says where they end.
    options = {"movflags": "empty_moov+default_base_moof+skip_trailer", "frag_duration": str(SEGMENT_S * 1_000_000)}
    with av.open(file, "w", format="mp4", options=options) as container:
        name, layout = ("aac", "fltp") if plan.codec == "h264" else ("libopus", "flt")
        stream = container.add_stream(name, rate=sound.SAMPLE_RATE)
        if not isinstance(stream, AudioStream):
            raise TypeError(f"{name} made {type(stream).__name__}")
        stream.bit_rate = plan.audio_bps
        stream.codec_context.layout = "stereo"
        stream.codec_context.format = av.AudioFormat(layout)
        stream.codec_context.open()
        step = stream.codec_context.frame_size or _AAC_FRAME
        late = 0
        for start in (*range(0, samples.shape[1], step), None):
            frame = None
            if start is not None:
                part = samples[:, start : start + step]
                packed = part if layout == "fltp" else part.T.reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), format=layout, layout="stereo")
                frame.sample_rate, frame.pts = sound.SAMPLE_RATE, start
                frame.time_base = Fraction(1, sound.SAMPLE_RATE)
            for packet in stream.encode(frame):
                if packet.pts is None:
                    continue
                if packet.pts < 0 and plan.codec == "h264":
                    continue  # AAC's priming frame: silence before the sound begins
                late = max(late, -packet.pts)  # Opus: the pre-skip, which players remove
                packet.pts, packet.dts = packet.pts + late, (packet.dts or packet.pts) + late
                if packet.pts < samples.shape[1]:  # else Opus' last crumb, longer than the sound by the pre-skip
                    container.mux(packet)
    pieces = _write(folder / "audio", file.getvalue())
    codec = "mp4a.40.2" if plan.codec == "h264" else "opus"
    duration_s = Fraction(DURATION_S)
    return packaging.Track(
        "audio", "audio", codec, _peak_bps(pieces, duration_s), pieces, duration_s, sample_rate=sound.SAMPLE_RATE
    )


def _write(folder: Path, fragmented: bytes) -> packaging.Cut:
    pieces = packaging.cut(fragmented)
    folder.mkdir()
    (folder / "init.mp4").write_bytes(pieces.init)
    for number, segment in enumerate(pieces.segments, 1):
        (folder / f"{number:03d}.m4s").write_bytes(segment)
    return pieces


def _peak_bps(pieces: packaging.Cut, duration_s: Fraction) -> int:
    ends = (*pieces.starts[1:], int(duration_s * pieces.timescale))
    rates = [
        len(segment) * 8 * pieces.timescale / max(1, end - start)
        for segment, start, end in zip(pieces.segments, pieces.starts, ends, strict=True)
        if end - start >= pieces.timescale  # a last crumb of audio says nothing about the rate
    ]
    return int(max(rates))


def _poster(canvas: Canvas, path: Path) -> None:
    frame = av.VideoFrame.from_ndarray(canvas.bytes_planar(), format="yuv420p")
    colours: Any = frame
    colours.colorspace = 1
    colours.to_image(width=640, height=360).save(path, "JPEG", quality=90, optimize=True)


def _halved(canvas: Canvas) -> Canvas:
    def half(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        height, width = plane.shape
        return np.asarray(plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)), np.float32)

    return Canvas(half(canvas.y), half(canvas.u), half(canvas.v))


def _describe(plan: Plan, out: Path) -> dict[str, Any]:
    folder = out / plan.id
    renditions: list[dict[str, Any]] = [
        {
            "id": picture.id,
            "kind": "video",
            "codec": _codec(folder, picture.id, plan.codec),
            "width": picture.size[0],
            "height": picture.size[1],
            "frame_rate": str(plan.frame_rate),
            "frames": plan.frame_rate * DURATION_S,
            "content_id": picture.content_id,
            "bandwidth_bps": _average_bps(folder / picture.id),
        }
        for picture in plan.pictures
    ]
    audio_codec = "mp4a.40.2" if plan.codec == "h264" else "opus"
    frames = DURATION_S * sound.SAMPLE_RATE // (_AAC_FRAME if plan.codec == "h264" else 960)
    audio = {"id": "audio", "kind": "audio", "codec": audio_codec, "frames": frames}
    renditions.append({**audio, "bandwidth_bps": _average_bps(folder / "audio")})
    return {
        "id": plan.id,
        "title": plan.title,
        "summary": plan.summary,
        "licence": LICENCE,
        "how_made": _HOW,
        "manifest": f"{plan.id}/manifest.mpd",
        "duration_s": str(DURATION_S),
        "renditions": renditions,
        "objects": [_object(path, out) for path in sorted(folder.rglob("*")) if path.is_file()],
    }


def _codec(folder: Path, rendition: str, codec: str) -> str:
    return packaging.avc_codec((folder / rendition / "init.mp4").read_bytes()) if codec == "h264" else "vp09.00.30.08"


def _average_bps(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir()) * 8 // DURATION_S


_ROLES = {".mpd": "manifest", ".jpg": "poster", ".vtt": "text", ".png": "reference"}


def _object(path: Path, out: Path) -> dict[str, Any]:
    data = path.read_bytes()
    described: dict[str, Any] = {
        "path": path.relative_to(out).as_posix(),
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    if path.suffix in _ROLES:
        return {**described, "role": _ROLES[path.suffix]}
    described["rendition"] = path.parent.name
    if path.name == "init.mp4":
        return {**described, "role": "init"}
    return {**described, "role": "segment", "index": int(path.stem) - 1}
