"""Decoding: exact times, views, counted losses, typed refusals; and the committed renditions carry their marker."""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from harness.core.errors import InputFileError
from harness.media import catalogue, marker
from harness.media.decode import Frame, decode
from harness.media.painting import canvas_of
from harness.media.studio import stamped

SAMPLES = Path(__file__).parents[2] / "media_samples"


def read(frame: Frame, box: marker.Box) -> marker.MarkerId | None:
    edges = marker.module_edges(box)
    middle = (box[1] + box[3]) // 2
    upper = frame.luma[box[1] + 1 : middle - 1].mean(axis=0)
    lower = frame.luma[middle + 1 : box[3] - 1].mean(axis=0)
    difference = upper - lower
    return marker.decode([int(difference[a + 1 : b - 1].mean() > 0) for a, b in itertools.pairwise(edges)])


def segment_of(target: Path, end: int | None = None) -> Path:
    folder = SAMPLES / "night-flight" / "v360"
    target.write_bytes(((folder / "init.mp4").read_bytes() + (folder / "001.m4s").read_bytes())[:end])
    return target


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(30000, 1001), options={"preset": "ultrafast", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for i in range(30):
            picture = canvas_of(np.full((180, 320, 3), 0.2 + i / 100, np.float32))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(stamped(picture, i, 5), format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def test_frames_have_exact_increasing_times(clip: Path) -> None:
    with decode(clip) as frames:
        times = [(frame.index, frame.pts_s) for frame in frames]
    assert [index for index, _ in times] == list(range(30))
    assert all(isinstance(t, Fraction) and abs(t - i * Fraction(1001, 30000)) <= Fraction(1, 1000) for i, t in times)
    assert (frames.frames, frames.undecodable, frames.untimed, frames.backwards) == (30, 0, 0, 0)
    assert not frames.cut_short


def test_planes_are_views(clip: Path) -> None:
    with decode(clip) as frames:
        frame = next(iter(frames))
        assert frame.luma.shape == (180, 320)
        assert frame.u.shape == frame.v.shape == (90, 160)
        assert not frame.luma.flags.owndata
        assert not frame.full_range


def test_damage_is_counted_not_hidden(clip: Path, tmp_path: Path) -> None:
    data = bytearray(clip.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    hurt = tmp_path / "hurt.mkv"
    hurt.write_bytes(data)
    with decode(hurt) as frames:
        seen = sum(1 for _ in frames)
    assert seen < 30 or frames.undecodable or frames.cut_short


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"hello, I am a text\n" * 50, "is not a video"),
        (b"\0\0\0\x18ftypisom" + bytes(12), "before its index"),
    ],
    ids=["empty", "text", "mp4 head"],
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        list(decode(path))
    assert said in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.mp4", tmp_path):
        with pytest.raises(InputFileError):
            decode(path)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audio.mp4"
    folder = SAMPLES / "night-flight" / "audio"
    path.write_bytes((folder / "init.mp4").read_bytes() + (folder / "001.m4s").read_bytes())
    with pytest.raises(InputFileError, match="no video"):
        decode(path)


PICTURES = [(s, r) for s in catalogue.load(SAMPLES).samples for r in s.video]


@pytest.mark.parametrize(("sample", "rendition"), PICTURES, ids=[f"{s.id}-{r.id}" for s, r in PICTURES])
def test_every_copy_in_a_committed_segment_reads(
    tmp_path: Path, sample: catalogue.Sample, rendition: catalogue.Rendition
) -> None:
    segment = 5
    folder = SAMPLES / sample.id / rendition.id
    path = tmp_path / "segment.mp4"
    path.write_bytes((folder / "init.mp4").read_bytes() + (folder / f"{segment + 1:03d}.m4s").read_bytes())
    assert rendition.frame_rate is not None
    first = int(rendition.frame_rate * 4 * segment)
    with decode(path) as frames:
        for frame in frames:
            expected = first + frame.index
            assert frame.pts_s == expected / rendition.frame_rate
            for box in marker.places(frames.size, expected):
                assert read(frame, box) == marker.MarkerId(expected, rendition.content_id or 0)
    assert frames.frames == rendition.frame_rate * 4


def test_a_cut_file_gives_its_frames_and_says_what_was_lost(tmp_path: Path) -> None:
    path = segment_of(tmp_path / "cut.mp4", 60_000)
    with decode(path) as frames:
        seen = [frame.index for frame in frames]
    assert seen == list(range(frames.frames))
    assert 10 < frames.frames < 120
    assert frames.cut_short or frames.undecodable


def test_a_name_like_a_protocol_is_a_file(tmp_path: Path) -> None:
    with decode(segment_of(tmp_path / "http:x%03d.mp4")) as frames:
        assert sum(1 for _ in frames) == 120


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile clip.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nclip.mp4\n#EXT-X-ENDLIST\n",
    ],
    ids=["concat", "playlist"],
)
def test_a_list_of_other_files_is_not_a_video(tmp_path: Path, text: str) -> None:
    segment_of(tmp_path / "clip.mp4")
    path = tmp_path / "list.m3u8"
    path.write_text(text)
    with pytest.raises(InputFileError, match="not a video"):
        decode(path)
