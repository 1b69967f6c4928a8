"""`redeye verify` on anything that people point it at: a verdict, or one line that says what is wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from recordings import FORMATS, FRAMES, OWN_TITLE, picture, record, sound_only

from harness.cli.app import main

KEYS = {"outcome", "findings", "instrument", "power", "timing", "limits"}


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.strip()]

    @property
    def kinds(self) -> set[str]:
        return {finding["kind"] for finding in json.loads(self.out)["findings"]}


Verify = Callable[..., Answer]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """`redeye verify` in an empty folder, which it must leave empty."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr("tempfile.tempdir", str(work))  # where a traceback would be written

    def run(*words: object) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["verify", *map(str, words)])
        said = capsys.readouterr()
        answer = Answer(int(ended.value.code or 0), said.out, said.err)
        assert "internal error" not in answer.err and "Traceback" not in answer.err
        assert list(work.iterdir()) == []
        return answer

    return run


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    for kind in FORMATS:
        record(folder / kind, kind)
    return folder


def refused(answer: Answer, said: str) -> None:
    assert (answer.code, answer.out, len(answer.lines)) == (2, "", 1), answer
    assert answer.lines[0].startswith("redeye: ") and said in answer.lines[0]


def blind(answer: Answer, said: str) -> None:
    assert answer.code == 6 and answer.lines == [], answer
    assert answer.out.startswith("INCONCLUSIVE") and said in answer.out


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "raw.h264"])
def test_a_whole_recording_is_judged(kind: str, recordings: Path, verify: Verify) -> None:
    good = verify(recordings / kind, *OWN_TITLE, "--sound", "plain", "--to-end")
    assert good.code == 0 and good.out.startswith("PASS"), good
    bad = verify(recordings / kind, "--content-id", "8", "--fps", "25", "--frames", "75", "--sound", "plain")
    assert bad.code == 1 and "wrong_content" in bad.out, bad


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "raw.h264"])
def test_a_cut_recording_is_inconclusive_wherever_it_was_cut(kind: str, recordings: Path, verify: Verify) -> None:
    data = (recordings / kind).read_bytes()
    cut = recordings / f"cut-{kind}"
    for tenth in range(1, 10):
        cut.write_bytes(data[: len(data) * tenth // 10])
        answer = verify(cut, *OWN_TITLE, "--sound", "plain", "--to-end")
        assert (answer.code, answer.lines) == (6, []), (tenth, answer)


PNG = b"\x89PNG\r\n\x1a\n"
NO_VIDEO = {
    "empty": (b"", "is empty (0 bytes)"),
    "text": (b"this is no video\n" * 100, "is not a video that can be opened; it begins with b'this is '"),
    "one byte": (b"\0", "is not a video"),
    "zip": (b"PK\x03\x04" + bytes(2000), "is not a video"),
    "ftyp alone": (b"\0\0\0\x18ftypmp42" + bytes(12), "stops before its index"),
    "playlist": (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "is not a video"),
    "concat": (b"ffconcat version 1.0\nfile /etc/passwd\n", "is not a video"),
}


@pytest.mark.parametrize("name", NO_VIDEO)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".h264", ".txt", ""])
def test_what_is_no_video_is_inconclusive(name: str, suffix: str, tmp_path: Path, verify: Verify) -> None:
    data, _ = NO_VIDEO[name]
    (tmp_path / f"capture{suffix}").write_bytes(data)
    blind(verify(tmp_path / f"capture{suffix}"), "capture_unreadable")


@pytest.mark.parametrize("name", NO_VIDEO)
def test_what_is_no_video_is_said(name: str, tmp_path: Path, verify: Verify) -> None:
    data, said = NO_VIDEO[name]
    (tmp_path / "capture.mp4").write_bytes(data)
    blind(verify(tmp_path / "capture.mp4"), said)


def test_a_picture_is_no_recording(tmp_path: Path, verify: Verify) -> None:
    Image.fromarray(picture(3)[:180]).save(tmp_path / "shot.png")
    blind(verify(tmp_path / "shot.png"), "is not a video")


@pytest.mark.parametrize(
    "name", ["film.txt", "film.png", "film", "two words.mp4", "concat:a", "pipe:0", "ünï.mp4", "%03d.mp4", "a*?.mp4"]
)
def test_a_name_is_only_a_name(name: str, recordings: Path, tmp_path: Path, verify: Verify) -> None:
    shutil.copy(recordings / "plain.mp4", tmp_path / name)
    assert verify(tmp_path / name, *OWN_TITLE, "--sound", "plain").code == 0


@pytest.mark.parametrize("name", ["-film.mp4", "concat:a", "--json"])
def test_a_relative_name_may_look_like_anything(
    name: str, recordings: Path, tmp_path: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    shutil.copy(recordings / "plain.mp4", tmp_path / "here" / name)
    assert verify(*OWN_TITLE, "--sound", "plain", "--", name).code == 0


def test_a_name_that_is_no_text_is_printed_all_the_same(recordings: Path, tmp_path: Path, verify: Verify) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path / "film") + b"\xff.mp4"))
    shutil.copy(recordings / "plain.mp4", path)
    answer = verify(path, *OWN_TITLE, "--sound", "plain", "--json")
    assert answer.code == 0 and json.loads(answer.out)["file"] == str(path)


def test_a_missing_file_is_2(tmp_path: Path, verify: Verify) -> None:
    refused(verify(tmp_path / "none.mp4"), "none.mp4: there is no such file")


def test_a_device_is_no_file(verify: Verify) -> None:
    blind(verify("/dev/null"), "is not a file")


def test_an_unreadable_file_is_said(
    recordings: Path, tmp_path: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret.mp4"
    shutil.copy(recordings / "plain.mp4", path)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything; then the system calls refuse in its place
        deny(monkeypatch, path)
    blind(verify(path), "Permission denied")


def deny(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    import av.error

    def opened(*_: object, **__: object) -> None:
        raise av.error.PermissionError(13, "Permission denied")

    whole = Path.open

    def read(asked: Path, *words: Any, **more: Any) -> Any:
        if asked == path:
            raise PermissionError(13, "Permission denied")
        return whole(asked, *words, **more)

    monkeypatch.setattr("harness.media.decode.av.open", opened)
    monkeypatch.setattr(Path, "open", read)


@pytest.mark.parametrize("kind", ["plain.mp4", "pieces.mp4", "film.mkv", "film.webm"])
def test_one_picture_is_too_few(kind: str, tmp_path: Path, verify: Verify) -> None:
    blind(verify(record(tmp_path / "one.bin", kind, 1), *OWN_TITLE, "--sound", "plain"), "capture_insufficient")


def test_a_track_without_pictures_is_said(recordings: Path, tmp_path: Path, verify: Verify) -> None:
    data = (recordings / "pieces.mp4").read_bytes()
    path = tmp_path / "none.mp4"
    path.write_bytes(data[: data.index(b"moof") - 4])
    blind(verify(path, *OWN_TITLE), "no frame of it can be decoded")


def test_sound_alone_is_said(tmp_path: Path, verify: Verify) -> None:
    blind(verify(sound_only(tmp_path / "song.mp4")), "has no video track")


def test_pictures_without_sound_are_judged_and_that_is_said(tmp_path: Path, recordings: Path, verify: Verify) -> None:
    import av

    with av.open(str(recordings / "film.mkv")) as source, av.open(str(tmp_path / "mute.mkv"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    answer = verify(tmp_path / "mute.mkv", *OWN_TITLE)
    assert answer.code == 0 and "audio_not_recorded" in answer.out
    told = verify(tmp_path / "mute.mkv", *OWN_TITLE, "--sound", "none")
    assert told.code == 0 and "audio_not_recorded" not in told.out


def test_tiny_pictures_are_no_trouble(tmp_path: Path, verify: Verify) -> None:
    path = record(tmp_path / "tiny.mkv", "film.mkv", 30, (2, 2))
    blind(verify(path), "black_picture")
    blind(verify(path, *OWN_TITLE), "black_picture")


def test_a_header_that_claims_an_absurd_size_costs_nothing(recordings: Path, tmp_path: Path, verify: Verify) -> None:
    data = (recordings / "plain.mp4").read_bytes()
    place = data.index(b"avc1", data.index(b"stsd")) + 4 + 24  # width and height in the sample entry
    assert struct.unpack(">HH", data[place : place + 4]) == (320, 180)
    path = tmp_path / "huge.mp4"
    path.write_bytes(data[:place] + struct.pack(">HH", 16384, 16384) + data[place + 4 :])
    assert verify(path, *OWN_TITLE, "--sound", "plain").code in (0, 6)  # H.264 says its size once more


def test_pictures_of_absurd_size_are_refused(tmp_path: Path, verify: Verify) -> None:
    path = tmp_path / "huge.mkv"
    write_large(path)
    blind(verify(path), "no frame of it can be decoded (3 bad packets)")


def test_tracks_of_absurd_size_are_refused(recordings: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.media.decode.MOST_PIXELS", 320 * 180 - 1)
    blind(verify(recordings / "film.mkv"), "says that it is 320x180 px; at most 0 Mpx are read")


def write_large(path: Path) -> None:
    """A track of JPEG pictures whose headers claim 16384x16384."""
    import av

    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuvj420p"  # type: ignore[union-attr]
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(picture(index), format="yuvj420p")
            container.mux(stream.encode(frame))  # type: ignore[union-attr]
        container.mux(stream.encode(None))  # type: ignore[union-attr]
    data = path.read_bytes()
    small, large = struct.pack(">HH", 180, 320), struct.pack(">HH", 16384, 16384)
    data = re.sub(rb"(\xff\xc0..\x08)" + re.escape(small), lambda m: m[1] + large, data, flags=re.DOTALL)
    path.write_bytes(data)


# --- times ----------------------------------------------------------------------------------------------------------


def timed(path: Path, times: list[str]) -> Path:
    path.write_text("\n".join(times), "utf-8")
    return path


STEADY = [f"{index / 25:.3f}" for index in range(FRAMES)]


def test_a_raw_stream_has_no_times(recordings: Path, verify: Verify) -> None:
    blind(verify(recordings / "raw.h264", *OWN_TITLE), "timestamps_missing")


def test_a_raw_stream_is_judged_by_the_times_given(recordings: Path, tmp_path: Path, verify: Verify) -> None:
    given = timed(tmp_path / "times.txt", STEADY)
    assert verify(recordings / "raw.h264", *OWN_TITLE, "--times", given).code == 0
    late = [f"{index / 25 + (3 if index >= 40 else 0):.3f}" for index in range(FRAMES)]
    stalled = verify(recordings / "raw.h264", *OWN_TITLE, "--times", timed(tmp_path / "late.txt", late))
    assert stalled.code == 1 and "stall" in stalled.out


@pytest.mark.parametrize("count", [40, FRAMES - 1, FRAMES + 1])
def test_times_that_are_not_one_for_each_picture_prove_nothing(
    count: int, recordings: Path, tmp_path: Path, verify: Verify
) -> None:
    given = timed(tmp_path / "times.txt", [f"{index / 25:.3f}" for index in range(count)])
    blind(verify(recordings / "raw.h264", *OWN_TITLE, "--times", given), "timestamps_missing")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["0", "x"], "line 2: 'x' is not a time in seconds"),
        (["0", "1", "0.5"], "line 3: 0.5 does not come after the line before"),
        (["0", "0"], "line 2: 0 does not come after"),
        (["nan"], "line 1: 'nan' is not a time"),
        (["inf"], "line 1: 'inf' is not a time"),
        (["1/0"], "line 1: '1/0' is not a time"),
        (["1e999999999"], "line 1: '1e999999999' is not a time"),
        (["9" * 5000], "is not a time"),
        ([], "holds no times"),
        (["", " "], "holds no times"),
    ],
)
def test_wrong_times_are_2(lines: list[str], said: str, recordings: Path, tmp_path: Path, verify: Verify) -> None:
    given = timed(tmp_path / "times.txt", lines)
    refused(verify(recordings / "raw.h264", *OWN_TITLE, "--times", given), said)


def test_times_that_cannot_be_read_are_2(recordings: Path, tmp_path: Path, verify: Verify) -> None:
    refused(verify(recordings / "raw.h264", "--times", tmp_path / "none.txt"), "none.txt: cannot be read")
    refused(verify(recordings / "raw.h264", "--times", tmp_path), "cannot be read")
    refused(verify(recordings / "raw.h264", "--times", recordings / "plain.mp4"), "cannot be read")


# --- screenshots ----------------------------------------------------------------------------------------------------


def test_screenshots_are_judged(tmp_path: Path, verify: Verify) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for second in range(3):
        Image.fromarray(picture(second * 25)[:180]).save(folder / f"{second}.000.png")
    assert verify(folder, *OWN_TITLE).code == 0  # 2 s, in which a stall of 1 s would have shown
    for second in (1, 2):
        (folder / f"{second}.000.png").unlink()
    answer = verify(folder, *OWN_TITLE, "--json")
    assert answer.code == 6 and "capture_insufficient" in answer.kinds


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "no screenshots: the folder has no PNG or JPEG files"),
        (["first.png"], "no stamps: neither screenshots.jsonl nor seconds in this name"),
        (["1.png"], "is not a picture"),
    ],
)
def test_folders_that_are_none_are_2(names: list[str], said: str, tmp_path: Path, verify: Verify) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"none")
    refused(verify(folder), said)


# --- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("", "expected such as play@2"),
        ("play", "expected such as play@2"),
        ("play@", "expected such as play@2"),
        ("play@-1", "expected such as play@2"),
        ("dance@2", "expected such as play@2"),
        ("play@nan", "expected such as play@2"),
        ("play@1e9", "expected such as play@2"),
        ("play@1.2.3", "a number in it is none"),
        ("play@.", "a number in it is none"),
        ("play:3@2", "play takes no value"),
        ("seek@2", "seek needs value"),
        ("seek:1.1.1>2@3", "a number in it is none"),
        ("speed:0@3", "a speed is above 0"),
        ("play@" + "9" * 400, "a number in it is none, or above 100000000"),
        ("seek:" + "9" * 400 + "@1", "a number in it is none, or above 100000000"),
        ("play@2~x", "expected such as play@2"),
    ],
)
def test_a_wrong_action_is_2(action: str, said: str, recordings: Path, verify: Verify) -> None:
    answer = verify(recordings / "plain.mp4", f"--action={action}")
    refused(answer, said)
    assert len(answer.err) < 300


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--sample cinema --content-id 7", "--sample says content id, fps and frames already"),
        ("--sample cinma", "there is no sample 'cinma'; did you mean 'cinema'?"),
        ("--content-id 7", "needs all of --content-id, --fps and --frames"),
        ("--fps 25", "needs all of --content-id, --fps and --frames"),
        ("--frames 75 --fps 25", "needs all of --content-id, --fps and --frames"),
        ("--content-id 7 --frames 75 --fps 0", "--fps 1 to 1000"),
        ("--content-id 7 --frames 75 --fps -25", "--fps 1 to 1000"),
        ("--content-id 7 --frames 75 --fps 1/0", "--fps '1/0': expected a number"),
        ("--content-id 7 --frames 75 --fps nan", "--fps 'nan': expected a number"),
        ("--content-id 7 --frames 75 --fps inf", "--fps 'inf': expected a number"),
        ("--content-id 7 --frames 75 --fps 1e9", "--fps '1e9': expected a number"),
        ("--content-id 7 --frames 75 --fps 1e999999999", "--fps '1e999999999': expected a number"),
        ("--content-id 7 --frames 75 --fps 1/1000000", "--fps 1 to 1000"),
        ("--content-id 7 --frames 0 --fps 25", "--frames 1 to 16777215"),
        ("--content-id 7 --frames 99999999999 --fps 25", "--frames 1 to 16777215"),
        ("--content-id 256 --frames 75 --fps 25", "--content-id is 0 to 255"),
        ("--content-id -1 --frames 75 --fps 25", "--content-id is 0 to 255"),
        ("--content-id x", "Invalid value for '--content-id'"),
        ("--sound loud", "Invalid value for '--sound'"),
        ("--samples nowhere", "there is no such file"),
        ("--nope", "No such option: --nope"),
    ],
)
def test_a_wrong_option_is_2(words: str, said: str, recordings: Path, verify: Verify) -> None:
    refused(verify(recordings / "plain.mp4", *words.split()), said)


def test_a_terminal_without_these_signs_gets_the_verdict(recordings: Path, tmp_path: Path) -> None:
    redeye = str(Path(sys.executable).with_name("redeye"))
    words = [redeye, "verify", str(recordings / "plain.mp4"), "--content-id", "8", "--fps", "25", "--frames", "75"]
    spoken = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(words, cwd=tmp_path, env=spoken, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout.startswith("FAIL"), done
    assert "\\u2717 wrong_content" in done.stdout and done.stderr.strip() == ""


def test_json_is_one_object(recordings: Path, verify: Verify) -> None:
    def strict(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    for kind in FORMATS:
        answer = verify(recordings / kind, *OWN_TITLE, "--sound", "plain", "--json")
        said = json.loads(answer.out, parse_constant=strict)
        assert said.keys() >= KEYS and answer.lines == []
        assert {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 6}[said["outcome"]] == answer.code


def test_evidence_is_written_where_asked(recordings: Path, tmp_path: Path, verify: Verify) -> None:
    out, plot = tmp_path / "deep" / "out", tmp_path / "plot.png"
    verify(recordings / "film.mkv", *OWN_TITLE, "--sound", "plain", "--out", out, "--plot", plot)
    assert {"verdict.json", "timeline.png", "filmstrip.png"} <= {path.name for path in out.iterdir()}
    frames = sorted(out.glob("frame-*.png"))
    assert frames[0].name == "frame-0.000.png" and size(frames[0]) == (320, 180)
    assert json.loads((out / "verdict.json").read_text("utf-8")).keys() >= KEYS
    assert size(plot) == size(out / "timeline.png")


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as drawn:
        return drawn.size


@pytest.mark.parametrize("kind", ["raw.h264", "plain.mp4", "pieces.mp4", "film.mkv", "film.webm"])
def test_damaged_recordings_leave_what_evidence_they_have(
    kind: str, recordings: Path, tmp_path: Path, verify: Verify
) -> None:
    data = bytearray((recordings / kind).read_bytes())
    for at in range(len(data) // 3, len(data) * 2 // 3, 97):
        data[at] ^= 0x55
    path = tmp_path / kind
    path.write_bytes(data)
    answer = verify(path, *OWN_TITLE, "--out", tmp_path / "out", "--plot", tmp_path / "plot.png")
    # Bytes that another Matroska element begins with make another recording of it, which may be a whole one.
    assert (
        answer.code in ((0, 1, 6) if kind == "film.webm" else (1, 6)) and (tmp_path / "out" / "verdict.json").exists()
    )


@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_a_place_that_cannot_be_written_is_3(option: str, recordings: Path, tmp_path: Path, verify: Verify) -> None:
    (tmp_path / "taken").write_text("a file")
    answer = verify(recordings / "film.mkv", *OWN_TITLE, option, tmp_path / "taken" / "below")
    assert (answer.code, len(answer.lines)) == (3, 1) and "cannot be written: Not a directory" in answer.lines[0]


def test_markup_in_a_name_is_no_markup(recordings: Path, tmp_path: Path, verify: Verify) -> None:
    shutil.copy(recordings / "plain.mp4", tmp_path / "[red]x.mp4")
    assert "[red]x.mp4" in verify(tmp_path / "[red]x.mp4", *OWN_TITLE, "--sound", "plain").out
