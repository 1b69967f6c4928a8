"""`redeye samples`, and the sound's code as it comes out of the committed files."""

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from harness.cli.samples import app
from harness.core.errors import InputFileError, UsageError
from harness.media import packaging, sound, studio
from harness.settings import data_folder

runner = CliRunner()


def test_check_passes_on_what_is_committed() -> None:
    result = runner.invoke(app, ["check"])
    assert result.exit_code == 0, result.output
    assert "3 samples" in result.output


def test_check_names_each_bad_file_and_exits_1(tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    shutil.copytree(data_folder("media_samples"), folder)
    (folder / "harbour" / "v540" / "003.m4s").unlink()
    (folder / "cinema" / "poster.jpg").write_bytes(b"")
    result = runner.invoke(app, ["check", "--folder", str(folder)])
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line.split("samples/")[1].split(":")[0] for line in lines] == ["harbour/v540/003.m4s", "cinema/poster.jpg"]


def test_a_broken_catalogue_is_an_input_error(tmp_path: Path) -> None:
    result = runner.invoke(app, ["check", "--folder", str(tmp_path)])
    assert isinstance(result.exception, InputFileError)


def test_build_refuses_an_unknown_sample(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="night-flight"):
        studio.build(tmp_path, lambda _sample, _share: None, ("night-fright",))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sample", ["night-flight", "harbour", "cinema"])
def test_each_second_carries_its_own_tones(sample: str, tmp_path: Path) -> None:
    folder = data_folder("media_samples") / sample / "audio"
    path = tmp_path / "audio.mp4"
    path.write_bytes(b"".join(f.read_bytes() for f in [folder / "init.mp4", *sorted(folder.glob("*.m4s"))]))
    with av.open(str(path)) as container:
        frames = [(f.pts or 0, f.to_ndarray()) for f in container.decode(audio=0)]
    start = frames[0][0]
    left = np.concatenate([planes[0] for _, planes in frames])
    assert start + left.size >= 32 * sound.SAMPLE_RATE
    for second in range(32):
        first = int((second + 0.2) * sound.SAMPLE_RATE) - start
        part = left[first : first + sound.SAMPLE_RATE * 3 // 10]
        power = np.abs(np.fft.rfft(part * np.hanning(part.size)))
        hertz = np.fft.rfftfreq(part.size, 1 / sound.SAMPLE_RATE)

        def loudest(tones: tuple[int, ...], power: np.ndarray = power, hertz: np.ndarray = hertz) -> int:
            return max(tones, key=lambda tone: float(power[np.abs(hertz - tone) < 12].max()))

        assert (loudest(sound.LOW_TONES_HZ), loudest(sound.HIGH_TONES_HZ)) == sound.tones_of(second)


def test_no_two_seconds_share_their_tones() -> None:
    assert len({sound.tones_of(second) for second in range(64)}) == 64


def test_the_cutter_refuses_what_is_no_mp4() -> None:
    with pytest.raises(ValueError, match="box at byte 0"):
        packaging.cut(b"\0\0\0\x04moov")


def test_the_timeline_covers_the_whole_duration() -> None:
    pieces = packaging.Cut(b"", (b"", b"", b""), (0, 40, 80), 10)
    text = packaging.manifest(
        [packaging.Track("a", "audio", "opus", 1, pieces, Fraction(11))], Fraction(11), 4
    ).decode()
    assert '<S t="0" d="40" r="1" />' in text
    assert '<S d="30" />' in text
