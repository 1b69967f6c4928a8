"""Pictures and files of a verification: the timeline, the film strip of the evidence frames, verdict.json."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import av.error

from harness.core.errors import EnvironmentFault
from harness.playback.verify import Verification
from harness.report.filmstrip import Still, draw_filmstrip
from harness.report.timeline import TimelinePicture, draw_timeline


def draw_verification(done: Verification, file: Path) -> bytes:
    """The timeline as PNG bytes."""
    known = done.expectation
    pts = done.read.observations.pts if done.read else done.runs.ends
    picture = TimelinePicture(
        outcome=done.verdict.outcome,
        kind="recording",
        sample=done.title,
        device=file.name,
        runs=done.runs,
        frame_rate=known.frame_rate,
        frames=max(known.frames, 1),
        content_names=known.content_ids,
        actions=known.actions,
        findings=done.verdict.findings,
        end_s=float(pts[-1]) if len(pts) else 0.0,
    )
    return draw_timeline(picture)


def plot_verification(done: Verification, file: Path, plot: Path) -> None:
    """The timeline as a PNG file.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    try:
        plot.write_bytes(draw_verification(done, file))
    except OSError as error:
        raise EnvironmentFault(f"{plot}: cannot be written: {error.strerror or error}") from error


def write_verification(done: Verification, file: Path, result: Mapping[str, Any], out: Path) -> None:
    """verdict.json, timeline.png and, of a recording, the pictures that settle an argument.

    Raises:
        EnvironmentFault: `out` cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "verdict.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
        (out / "timeline.png").write_bytes(draw_verification(done, file))
        stills = evidence_frames(file, done.read.picks) if done.read is not None else []
        for still in stills:
            (out / f"frame-{still.at_s or 0:.3f}.png").write_bytes(still.picture)
        if stills:
            (out / "filmstrip.png").write_bytes(draw_filmstrip(stills))
    except OSError as error:
        raise EnvironmentFault(f"{out}: cannot be written: {error.strerror or error}") from error


def evidence_frames(file: Path, picks: Sequence[int]) -> list[Still]:
    """The pictures at these indices, with their times; none where the file cannot be decoded again."""
    wanted, found = set(picks), []
    if not wanted:
        return []
    try:
        with av.open(f"file:{file.absolute()}", metadata_errors="replace") as container:
            for index, frame in enumerate(container.decode(video=0)):
                if index in wanted:
                    png = io.BytesIO()
                    image = frame.to_image()  # type: ignore[no-untyped-call]
                    image.save(png, "PNG")
                    at_s = float(frame.time or 0)
                    found.append(Still(png.getvalue(), f"{at_s:.2f} s", at_s))
                if index >= max(wanted):
                    break
    except av.error.FFmpegError:
        return found  # a damaged file gives what it has
    return found
