"""Packaging: cuts a fragmented MP4 into an init and media segments, and writes the DASH manifest."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

_MPD = "urn:mpeg:dash:schema:mpd:2011"


@dataclass(frozen=True)
class Cut:
    """A track cut into pieces: what to write to files, and when each piece begins in the track's timescale."""

    init: bytes
    segments: tuple[bytes, ...]
    starts: tuple[int, ...]
    timescale: int


@dataclass(frozen=True)
class Track:
    """One rendition as the manifest describes it."""

    id: str
    kind: str  # "video", "audio" or "text"
    codec: str
    bandwidth_bps: int
    cut: Cut | None
    duration_s: Fraction
    size: tuple[int, int] | None = None
    frame_rate: Fraction | None = None
    sample_rate: int | None = None
    file: str = ""  # of a text track


def cut(data: bytes) -> Cut:
    """The pieces of a fragmented MP4 of one track.

    Raises:
        ValueError: the bytes are not such a file.
    """
    init, segments, starts = b"", [], []
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind in (b"ftyp", b"moov"):
            init += data[start:end]
        elif kind == b"moof":
            segments.append(data[start:end])
            starts.append(_decode_time(data, start, end))
        elif kind == b"mdat":
            segments[-1] += data[start:end]
    media_header = _find(init, (b"moov", b"trak", b"mdia", b"mdhd"))
    version = init[media_header + 8]
    at = media_header + 12 + (16 if version == 1 else 8)
    return Cut(init, tuple(segments), tuple(starts), int.from_bytes(init[at : at + 4], "big"))


def avc_codec(init: bytes) -> str:
    """The RFC 6381 name of an H.264 track, read from its init segment."""
    at = init.index(b"avcC") + 5
    return f"avc1.{init[at : at + 3].hex()}"


def manifest(tracks: Sequence[Track], duration_s: Fraction, segment_s: int) -> bytes:
    """A static DASH manifest of the tracks, with one adaptation set for each kind."""
    root = ET.Element(
        "MPD",
        {
            "xmlns": _MPD,
            "profiles": "urn:mpeg:dash:profile:isoff-live:2011",
            "type": "static",
            "mediaPresentationDuration": f"PT{float(duration_s):.3f}S",
            "maxSegmentDuration": f"PT{segment_s + 1}S",
            "minBufferTime": f"PT{segment_s}S",
        },
    )
    period = ET.SubElement(root, "Period", {"id": "1", "start": "PT0S"})
    for kind in ("video", "audio", "text"):
        chosen = [track for track in tracks if track.kind == kind]
        if chosen:
            attributes = {"contentType": kind, "mimeType": "text/vtt" if kind == "text" else f"{kind}/mp4"}
            if kind != "video":
                attributes["lang"] = "en"
            if kind != "text":
                attributes |= {"segmentAlignment": "true", "startWithSAP": "1"}
            group = ET.SubElement(period, "AdaptationSet", attributes)
            ET.SubElement(group, "Role", {"schemeIdUri": "urn:mpeg:dash:role:2011", "value": _role(kind)})
            for track in chosen:
                _represent(group, track)
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _role(kind: str) -> str:
    return "subtitle" if kind == "text" else "main"


def _represent(group: ET.Element, track: Track) -> None:
    attributes = {"id": track.id, "bandwidth": str(track.bandwidth_bps)}
    if track.codec:
        attributes["codecs"] = track.codec
    if track.size is not None:
        attributes |= {"width": str(track.size[0]), "height": str(track.size[1]), "sar": "1:1"}
    if track.frame_rate is not None:
        attributes["frameRate"] = str(track.frame_rate)
    if track.sample_rate is not None:
        attributes["audioSamplingRate"] = str(track.sample_rate)
    node = ET.SubElement(group, "Representation", attributes)
    if track.cut is None:
        ET.SubElement(node, "BaseURL").text = track.file
        return
    if track.kind == "audio":
        scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
        ET.SubElement(node, "AudioChannelConfiguration", {"schemeIdUri": scheme, "value": "2"})
    template = ET.SubElement(
        node,
        "SegmentTemplate",
        {
            "timescale": str(track.cut.timescale),
            "startNumber": "1",
            "initialization": "$RepresentationID$/init.mp4",
            "media": "$RepresentationID$/$Number%03d$.m4s",
        },
    )
    timeline = ET.SubElement(template, "SegmentTimeline")
    ends = (*track.cut.starts[1:], int(track.duration_s * track.cut.timescale))
    previous: ET.Element | None = None
    for start, end in zip(track.cut.starts, ends, strict=True):
        if previous is not None and previous.get("d") == str(end - start):
            previous.set("r", str(int(previous.get("r", "0")) + 1))
        else:
            first = {"t": str(start)} if previous is None else {}
            previous = ET.SubElement(timeline, "S", {**first, "d": str(end - start)})


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start < end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > end:
            raise ValueError(f"box at byte {start} has size {size}")
        yield data[start + 4 : start + 8], start, start + size
        start += size


def _find(data: bytes, path: Sequence[bytes]) -> int:
    start, end = 0, len(data)
    for wanted in path:
        found = next(((s, e) for kind, s, e in _boxes(data, start, end) if kind == wanted), None)
        if found is None:
            raise ValueError(f"no {wanted.decode()} box")
        at, end = found
        start = at + 8
    return at


def _decode_time(data: bytes, start: int, end: int) -> int:
    fragment = data[start:end]
    at = _find(fragment, (b"moof", b"traf", b"tfdt"))
    width = 8 if fragment[at + 8] == 1 else 4
    return int.from_bytes(fragment[at + 12 : at + 12 + width], "big")
