"""Reference pictures: the samples that come along, healthy and ruined under markers that can still be read.

The clips are eight seconds of night-flight as it is committed, decoded, spoilt and encoded again. A marker alone
would call each of them right.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import clips
import numpy as np
import pytest
from clips import Shot
from contents import Smeared
from footage import Picture
from looks import GREEN, Boxed, Dimmed, Painted
from PIL import Image

from harness.core.errors import InputFileError
from harness.core.outcome import Finding, Outcome, Severity
from harness.media import marker
from harness.media.catalogue import Catalogue, Sample, load
from harness.media.decode import decode
from harness.media.reference import EVERY_FRAMES, FILE_NAME, draw_sheet, load_sheet
from harness.playback.lasting import column
from harness.playback.picture import References
from harness.playback.recording import read_recording
from harness.playback.verify import Titles, Verification, expect, recognise, verify

SAMPLES = Path(__file__).parents[2] / "media_samples"
V720, V360 = 1, 2  # content ids of night-flight
RATE = 30
SECONDS = 8
THIN = {"b": "150000", "maxrate": "150000", "bufsize": "150000", "preset": "veryfast"}

Spoil = Callable[[Picture, int], Picture]


@lru_cache(maxsize=1)
def titles() -> Titles:
    return Titles.load(SAMPLES, load(SAMPLES))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


def film(room: Path, sample: str, rendition: str, segments: int = 99) -> Path:
    """A rendition's first segments as one file."""
    path = room / f"{sample}-{rendition}-{segments}.mp4"
    folder = SAMPLES / sample / rendition
    parts = [folder / "init.mp4", *sorted(folder.glob("*.m4s"))[:segments]]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@lru_cache(maxsize=2)
def pictures(path: Path) -> tuple[Picture, ...]:
    """Every picture of a film; shared, so copy before drawing."""
    with decode(path) as frames:
        return tuple(Picture(frame.luma.copy(), frame.u.copy(), frame.v.copy()) for frame in frames)


def spoilt(room: Path, name: str, source: tuple[Picture, ...], spoil: Spoil, options: dict[str, str]) -> Path:
    """A recording of `source` in which each picture went through `spoil`."""
    path = room / f"{name}.mp4"

    def shots() -> Iterator[Shot]:
        for index, picture in enumerate(source):
            yield Shot(Fraction(index, RATE), spoil(picture.copy(), index))

    clips.write(path, shots(), options)
    return path


def marked(picture: Picture, frame_id: int, content_id: int = V360) -> Picture:
    """With night-flight's own marker drawn (again)."""
    marker.draw(picture.luma, frame_id=frame_id, content_id=content_id)
    return picture


def found(seen: Verification, kind: str) -> list[Finding]:
    return [finding for finding in seen.verdict.findings if finding.kind == kind]


def judged(path: Path) -> Verification:
    seen = verify(path, titles=titles())
    assert seen.title == "night-flight (by its markers)"
    return seen


def matches(path: Path) -> list[float]:
    _, match = column(read_recording(path, references=titles().references).observations, "match")
    return [float(value) for value in match]


@pytest.mark.parametrize(
    ("sample", "rendition", "segments"),
    [("night-flight", "v720", 3), ("night-flight", "v360", 99), ("harbour", "v540", 3), ("cinema", "v720", 3)],
)
def test_healthy_pictures_are_those_of_the_sheet(room: Path, sample: str, rendition: str, segments: int) -> None:
    path = film(room, sample, rendition, segments)
    with decode(path) as frames:
        count = sum(1 for _ in frames)
    match = matches(path)
    assert len(match) == -(-count // EVERY_FRAMES)
    assert min(match) >= 0.95


def test_healthy_title_passes(room: Path) -> None:
    seen = judged(film(room, "night-flight", "v360"))
    assert (seen.verdict.outcome, found(seen, "wrong_picture")) == (Outcome.PASS, [])
    assert "playback.wrong_picture" in seen.verdict.checks


def test_letterboxed_at_150_kbit(room: Path) -> None:
    source = pictures(film(room, "night-flight", "v720", 1))
    box = Boxed((1280, 800), 1280)
    path = spoilt(room, "thin", source, lambda picture, index: box(picture, index / RATE), THIN)
    match = matches(path)
    assert len(match) == 8
    assert min(match) >= 0.8


def half_smeared(picture: Picture) -> Picture:
    smeared, half = Smeared()(picture.copy(), 0), picture.size[1] // 2
    for plane, ruin in zip(picture, smeared, strict=True):
        rows = half * plane.shape[0] // picture.size[1]
        plane[rows:] = ruin[rows:]
    return picture


def during(spoil: Spoil, first: int = 60, end: int = 180) -> Spoil:
    return lambda picture, index: spoil(picture, index) if first <= index < end else picture


GREEN_HALF = Painted(GREEN, 0, 99, 0.5)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("half_green", {"green"}),
        ("all_green_but_the_marker", {"green"}),
        ("smeared", {"blocky"}),
        ("half_smeared", {"blocky"}),
        ("frozen", {"wrong_picture"}),
        ("ahead", {"wrong_picture"}),
        ("mirrored", {"wrong_picture"}),
        ("grey", {"wrong_picture"}),
    ],
)
def test_ruined_from_2_to_6_s_under_readable_markers(room: Path, name: str, kinds: set[str]) -> None:
    source = pictures(film(room, "night-flight", "v360", 2))
    spoils: dict[str, Spoil] = {
        "half_green": lambda picture, index: GREEN_HALF(picture, 0),
        "all_green_but_the_marker": lambda picture, index: Painted(GREEN, 0, 99)(picture, 0),
        "smeared": Smeared(),
        "half_smeared": lambda picture, index: half_smeared(picture),
        "frozen": lambda picture, index: source[0].copy(),
        "ahead": lambda picture, index: source[index + 46].copy(),
        "mirrored": lambda picture, index: Picture(*(np.ascontiguousarray(plane[:, ::-1]) for plane in picture)),
        "grey": lambda picture, index: Picture(*(np.full_like(plane, 128) for plane in picture)),
    }
    spoil = during(lambda picture, index: marked(spoils[name](picture, index), index))
    seen = judged(spoilt(room, name, source, spoil, {}))
    failed = [finding for finding in seen.verdict.findings if finding.severity is Severity.FAIL]
    assert seen.verdict.outcome is Outcome.FAIL
    assert kinds <= {finding.kind for finding in failed} <= kinds | {"wrong_picture"}
    assert 1.9 <= min(finding.start_s or 0.0 for finding in failed) <= 3.1
    assert 4.9 <= max(finding.end_s or 0.0 for finding in failed) <= 6.6


def test_picture_of_another_title(room: Path) -> None:
    source = pictures(film(room, "harbour", "v540", 1))
    seen = judged(spoilt(room, "harbour", source, lambda picture, index: marked(picture, index, V720), {}))
    (finding,) = found(seen, "wrong_picture")
    assert (seen.verdict.outcome, finding.severity) == (Outcome.FAIL, Severity.FAIL)
    assert seen.verdict.cause == finding


def test_picture_that_freezes_for_4_s_in_a_long_playback(room: Path) -> None:
    """A tenth of a film is minutes: three pictures in a row say it."""
    source = pictures(film(room, "night-flight", "v360", 7))
    spoil = during(lambda picture, index: marked(source[180].copy(), index), 180, 300)
    seen = judged(spoilt(room, "long", source, spoil, {}))
    (finding,) = found(seen, "wrong_picture")
    assert (seen.verdict.outcome, finding.severity) == (Outcome.FAIL, Severity.FAIL)
    assert (finding.start_s, finding.end_s) == pytest.approx((7.0, 9.5), abs=0.51)


@pytest.mark.parametrize("levels", [0.05, 0.3])
def test_dark_screen_shows_the_title_all_the_same(room: Path, levels: float) -> None:
    source = pictures(film(room, "night-flight", "v360", 1))
    dim = Dimmed(levels)
    path = spoilt(room, f"dim-{levels}", source, lambda picture, index: dim(picture, 0), {"crf": "16"})
    match = matches(path)
    assert len(match) == 8
    assert min(match) >= 0.8


def test_still_title_is_not_called_frozen() -> None:
    """All references alike: nothing tells one frame from the next, and noise must not."""
    random = np.random.default_rng(1)
    still = random.integers(40, 200, (36, 64)).astype(np.uint8)
    references = References({(5, k * EVERY_FRAMES): still for k in range(20)})
    seen = (still + random.normal(0, 4, still.shape)).astype(np.float32)
    assert references.match(seen, 5, 10 * EVERY_FRAMES) >= 0.9
    assert references.match(random.normal(100, 40, still.shape).astype(np.float32), 5, 150) < 0.3
    assert np.isnan(references.match(seen, 5, 7))


def test_title_is_recognised_by_its_markers(room: Path) -> None:
    sample = titles().catalogue.sample("night-flight")
    observations = read_recording(film(room, "night-flight", "v360", 1)).observations
    assert recognise(observations, titles()) == (expect(sample), "night-flight (by its markers)")
    known, title = recognise(observations, None)
    assert (dict(known.content_ids), known.frame_rate, known.frames) == ({V360: "content 2"}, RATE, 120)
    assert title == "content 2, taken for 30 frames/s"


# The sheet itself.
def sheet_of(folder: Path, data: bytes | None) -> tuple[Path, Sample]:
    """A samples folder that holds night-flight's sheet only, with these bytes."""
    sample = titles().catalogue.sample("night-flight")
    path = folder / sample.id / FILE_NAME
    path.parent.mkdir()
    if data is not None:
        path.write_bytes(data)
    return folder, sample


def png(width: int, height: int, mode: str = "L") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, "PNG")
    return out.getvalue()


SHEET = (SAMPLES / "night-flight" / FILE_NAME).read_bytes()
BOMB = SHEET[:16] + (60_000).to_bytes(4, "big") * 2 + SHEET[24:]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "there is no such file"),
        (b"", "is not a readable PNG"),
        (b"no picture at all", "is not a readable PNG"),
        (SHEET[:2000], "is not a readable PNG"),
        (SHEET[:60] + bytes(40) + SHEET[100:], "is not a readable PNG"),
        (BOMB, "is not a readable PNG"),
        (png(512, 287), "is 512 x 287 px; 64 thumbs need 512 x 288"),
        (png(288, 512), "is 288 x 512 px"),
    ],
    ids=["missing", "empty", "text", "cut", "damaged", "bomb", "too_low", "turned"],
)
def test_broken_sheet_is_one_clear_error(tmp_path: Path, data: bytes | None, said: str) -> None:
    folder, sample = sheet_of(tmp_path, data)
    with pytest.raises(InputFileError) as caught:
        load_sheet(folder, sample)
    assert said in str(caught.value)
    assert FILE_NAME in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sheet_gives_every_15th_frame_of_every_rendition() -> None:
    sample = titles().catalogue.sample("night-flight")
    thumbs = load_sheet(SAMPLES, sample)
    assert set(thumbs) == {(content, k * EVERY_FRAMES) for content in (V720, V360) for k in range(64)}
    assert {thumb.shape for thumb in thumbs.values()} == {(36, 64)}


def test_sample_without_a_sheet_has_no_references(tmp_path: Path) -> None:
    sample = titles().catalogue.sample("night-flight")
    bare = sample.model_copy(update={"objects": tuple(o for o in sample.objects if o.role != "reference")})
    assert load_sheet(tmp_path, bare) == {}
    assert Titles.load(tmp_path, Catalogue(samples=(bare,))).references.thumbs == {}


def test_sheet_is_the_pictures_of_the_largest_rendition(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "night-flight" / "v360", tmp_path / "v360")
    drawn = np.asarray(Image.open(draw_sheet(tmp_path, "v360")), np.int16)
    committed = np.asarray(Image.open(SAMPLES / "night-flight" / FILE_NAME), np.int16)
    assert drawn.shape == committed.shape
    assert float(np.abs(drawn - committed).mean()) < 2
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [FILE_NAME]
