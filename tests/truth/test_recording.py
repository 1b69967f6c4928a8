"""Recordings made with PyAV (MPEG-4 or H.264, 1280x800, 25 fps, a title of 40 frames behind 5 blank ones)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from harness.core.errors import InputFileError
from harness.media import marker
from harness.playback import read_recording

BLANK, SHOWN = 5, 40


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "capture.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "35"})
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = 1280, 800, "yuv420p", 1
        for index in range(BLANK + SHOWN):
            picture = np.full((1200, 1280), 128, np.uint8)
            picture[:800] = 16
            if index >= BLANK:
                content = np.broadcast_to(np.linspace(0, 255, 1280).astype(np.uint8), (720, 1280)).copy()
                marker.draw(content, frame_id=100 + index - BLANK, content_id=3)
                picture[40:760] = content
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_every_picture_is_read(recording: Path) -> None:
    got = read_recording(recording)
    assert [o.read.frame_id if o.read else None for o in got.observations] == [None] * BLANK + [*range(100, 140)]
    assert [o.black for o in got.observations] == [True] * BLANK + [False] * SHOWN
    assert got.observations[10].pts_s == pytest.approx(0.4, abs=0.002)
    assert (got.size, got.undecodable, got.problem) == ((1280, 800), 0, "")
    assert {0, BLANK, BLANK + SHOWN - 1} <= set(got.picks)


def test_file_that_is_no_video_is_the_instruments_problem(tmp_path: Path) -> None:
    path = tmp_path / "capture.mkv"
    path.write_bytes(b"not a video at all")
    got = read_recording(path)
    assert len(got.observations) == 0
    assert "not a video" in got.problem


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_recording(tmp_path / "none.mkv")
