"""`redeye samples mark` on small clips made with PyAV: ids read back, time and sound stay, bad input is one line."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from harness.cli.samples import app
from harness.core.errors import InputFileError, UsageError
from harness.media import marking
from harness.media.decode import decode
from harness.playback import MarkerReader

COUNT = 40
TIMES = tuple(index * 512 + (index > 20) * 7000 for index in range(COUNT))  # of 1/12800 s; a gap after frame 20
ONE = 0x10000

runner = CliRunner()


def write(path: Path, size: tuple[int, int] = (640, 360), *, sound: bool = True, codec: str = "mpeg4") -> Path:
    """A grey ramp with a bright patch top left, COUNT frames; with 2 s of AAC."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 12800)
        audio = container.add_stream("aac", rate=48000, layout="mono") if sound else None
        for index, pts in enumerate(TIMES):
            picture = np.full((size[1], size[0], 3), 60 + index, np.uint8)
            picture[size[1] // 4 : size[1] // 2, : size[0] // 4] = 250
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = pts, Fraction(1, 12800)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        for start in range(0, 96000 if audio else 0, 1024):
            wave = (np.sin(np.arange(start, start + 1024) / 20) / 4).astype(np.float32).reshape(1, -1)
            heard = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            heard.pts, heard.sample_rate, heard.time_base = start, 48000, Fraction(1, 48000)
            container.mux(audio.encode(heard))
        if audio:
            container.mux(audio.encode(None))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("marking") / "clip.mp4")


def ids_of(path: Path) -> list[tuple[int, int] | None]:
    reader = MarkerReader()
    with decode(path) as frames:
        reads = [reader.read(frame.luma) for frame in frames]
    return [(read.frame_id, read.content_id) if read else None for read in reads]


def times_of(path: Path) -> list[Fraction]:
    with decode(path) as frames:
        return [frame.pts_s for frame in frames]


def sound_of(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.pts is not None]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in packets]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v"])
def test_every_id_reads_back_at_its_old_time(clip: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"marked{suffix}"
    shares: list[float] = []
    made = marking.mark(clip, out, content_id=200, first_id=1000, progress=shares.append)
    assert ids_of(out) == [(1000 + index, 200) for index in range(COUNT)]
    assert times_of(out) == times_of(clip) == [Fraction(pts, 12800) for pts in TIMES]
    assert (made.first_id, made.last_id, made.size, made.undecodable) == (1000, 1000 + COUNT - 1, (640, 360), 0)
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_matroska_keeps_milliseconds(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.mkv"
    marking.mark(clip, out, content_id=9)
    assert ids_of(out) == [(index, 9) for index in range(COUNT)]
    assert max(abs(a - b) for a, b in zip(times_of(out), times_of(clip), strict=True)) <= Fraction(1, 1000)


def test_sound_is_copied_packet_by_packet(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.mp4"
    assert marking.mark(clip, out, content_id=9).sounds == 1
    assert sound_of(out) == sound_of(clip)
    assert len(sound_of(out)) > 90


def test_only_the_strips_change(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.mp4"
    marking.mark(clip, out, content_id=9)
    with decode(clip) as before, decode(out) as after:
        for old, new in zip(before, after, strict=True):
            middle = slice(80, 260)  # between the strips at the top and the one at the bottom
            assert float(np.abs(old.luma[middle].astype(int) - new.luma[middle]).mean()) < 2.0


def test_a_clip_without_sound_and_with_an_odd_size(tmp_path: Path) -> None:
    source = write(tmp_path / "odd.mkv", (641, 361), sound=False, codec="ffv1")
    made = marking.mark(source, tmp_path / "marked.mp4", content_id=9)
    assert (made.size, made.sounds) == ((640, 360), 0)
    assert ids_of(made.path) == [(index, 9) for index in range(COUNT)]


def test_a_turned_picture_is_marked_upright(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    at = data.index(struct.pack(">9i", ONE, 0, 0, 0, ONE, 0, 0, 0, 0x40000000), data.index(b"tkhd"))
    # Shown a quarter turn clockwise, as phones write it.
    data[at : at + 36] = struct.pack(">9i", 0, ONE, 0, -ONE, 0, 0, 0, 0, 0x40000000)
    source = tmp_path / "turned.mp4"
    source.write_bytes(data)
    made = marking.mark(source, tmp_path / "marked.mp4", content_id=9)
    assert made.size == (360, 640)
    assert ids_of(made.path) == [(index, 9) for index in range(COUNT)]
    with decode(made.path) as frames:
        first = next(iter(frames)).luma
    bright = np.argwhere(first[110:400] > 200)
    assert bright[:, 1].min() >= 175  # the patch was top left and is top right now
    assert bright[:, 0].max() + 110 < 165


@pytest.mark.parametrize(("content_id", "first_id"), [(256, 0), (-1, 0), (1, 1 << 24), (1, -1), (1, (1 << 24) - 5)])
def test_ids_that_do_not_fit_leave_no_file(clip: Path, tmp_path: Path, content_id: int, first_id: int) -> None:
    with pytest.raises(UsageError, match="does not fit the marker; 0 to"):
        marking.mark(clip, tmp_path / "marked.mp4", content_id=content_id, first_id=first_id)
    assert list(tmp_path.iterdir()) == []


def test_the_largest_ids_fit(clip: Path, tmp_path: Path) -> None:
    made = marking.mark(clip, tmp_path / "marked.mp4", content_id=255, first_id=(1 << 24) - COUNT)
    assert ids_of(made.path)[-1] == ((1 << 24) - 1, 255)


def test_a_file_that_is_there_is_kept_unless_forced(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.mp4"
    out.write_bytes(b"precious")
    with pytest.raises(UsageError, match="--force overwrites it"):
        marking.mark(clip, out, content_id=1)
    assert out.read_bytes() == b"precious"
    assert marking.mark(clip, out, content_id=1, force=True).last_id == COUNT - 1
    assert ids_of(out)[0] == (0, 1)


def test_the_input_is_never_the_output(clip: Path, tmp_path: Path) -> None:
    before = clip.read_bytes()
    link = tmp_path / "link.mp4"
    link.symlink_to(clip)
    for out in (clip, link):
        with pytest.raises(UsageError, match="same file"):
            marking.mark(clip, out, content_id=1, force=True)
    assert clip.read_bytes() == before


@pytest.mark.parametrize(
    ("out", "problem"),
    [("marked.avi", "must end in one of"), ("none/marked.mp4", "no folder"), ("folder.mp4", "is a folder")],
)
def test_outputs_that_cannot_be(clip: Path, tmp_path: Path, out: str, problem: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(UsageError, match=problem):
        marking.mark(clip, tmp_path / out, content_id=1, force=True)


def bad_input(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.mp4"
    if kind == "text":
        path.write_text("not a video at all, whatever its name says")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "sound":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=48000, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 48000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    elif kind == "small":
        write(path, (176, 144), sound=False)
    elif kind == "cut":
        write(path, sound=False)
        path.write_bytes(path.read_bytes()[:4000])
    elif kind == "untimed":
        write(path.with_suffix(".h264"), sound=False, codec="libx264").rename(path)
    return path


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("none", "there is no such file"),
        ("text", "is not a video"),
        ("empty", "is empty"),
        ("sound", "has no video track"),
        ("small", "the marker needs at least 256x120"),
        ("cut", "stops before its index"),
        ("untimed", "has no timestamp"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(tmp_path: Path, kind: str, problem: str) -> None:
    source = bad_input(kind, tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputFileError, match=problem) as raised:
        marking.mark(source, tmp_path / "marked.mp4", content_id=1)
    assert "\n" not in str(raised.value)
    assert sorted(tmp_path.iterdir()) == before


def test_the_command_says_what_it_wrote(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.mp4"
    result = runner.invoke(app, ["mark", str(clip), str(out), "--content-id", "12", "--first-id", "3"])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"wrote {out}: frames 3 to {COUNT + 2} of content 12, 640x360\n"
    assert "marking clip.mp4" in result.stderr
    assert ids_of(out)[0] == (3, 12)


def test_the_command_passes_the_refusal_on(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.mp4"
    out.write_bytes(b"")
    result = runner.invoke(app, ["mark", str(clip), str(out), "--content-id", "12"])
    assert isinstance(result.exception, UsageError)
    assert runner.invoke(app, ["mark", str(clip), str(out), "--content-id", "12", "--force"]).exit_code == 0
