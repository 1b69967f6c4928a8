"""The catalogue: strict, whole in its complaints, contained; and the committed samples are what it says."""

from fractions import Fraction
from pathlib import Path

import pytest

from harness.core.errors import InputFileError, UsageError
from harness.media import catalogue

SAMPLES = Path(__file__).parents[2] / "media_samples"

GOOD = """\
samples:
  - id: one
    title: One
    summary: s
    licence: CC0-1.0
    how_made: h
    manifest: one/manifest.mpd
    duration_s: '1001/30'
    renditions:
      - {id: v, kind: video, codec: avc1, width: 64, height: 36, frame_rate: '30000/1001',
         frames: 2, content_id: 7, bandwidth_bps: 9}
    objects:
      - {path: one/manifest.mpd, size_bytes: 3, sha256: HASH, role: manifest}
""".replace("HASH", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def folder_of(tmp_path: Path, text: str, manifest: bytes | None = b"abc") -> Path:
    (tmp_path / "catalogue.yaml").write_text(text)
    (tmp_path / "one").mkdir()
    if manifest is not None:
        (tmp_path / "one" / "manifest.mpd").write_bytes(manifest)
    return tmp_path


def test_a_good_catalogue_is_exact(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD)
    sample = catalogue.load(folder).sample("one")
    assert sample.duration_s == Fraction(1001, 30)
    assert sample.rendition("v").frame_rate == Fraction(30000, 1001)
    assert catalogue.check(folder) == ()


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    text = GOOD.replace("summary:", "sumary:")
    with pytest.raises(InputFileError) as caught:
        catalogue.load(folder_of(tmp_path, text))
    message = str(caught.value)
    assert "unknown key 'sumary'; did you mean 'summary'?" in message
    assert "samples.0.summary: is missing" in message or "samples.0.summary" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("path: one/manifest.mpd", "path: ../manifest.mpd", "relative path inside"),
        ("path: one/manifest.mpd", "path: /etc/hostname", "relative path inside"),
        ("duration_s: '1001/30'", "duration_s: 33.4", "exact fraction"),
        ("duration_s: '1001/30'", "duration_s: '0'", "greater than 0"),
        ("frame_rate: '30000/1001'", "frame_rate: '30/0'", "not a number"),
        ("content_id: 7", "content_id: 256", "less than or equal to 255"),
        ("role: manifest", "role: poster", "not among the objects"),
        ("role: manifest", "role: manifest, rendition: w", "none of ['v']"),
        ("width: 64, ", "", "needs width, height and frame_rate"),
    ],
    ids=["parent", "absolute", "float", "zero", "by zero", "content id", "no manifest", "no rendition", "no width"],
)
def test_wrong_values_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputFileError) as caught:
        catalogue.load(folder_of(tmp_path, GOOD.replace(old, new)))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "- 1\n", "samples: [", "samples:\n  - id: 'one\n", "\ta: b\n", "a: *b\n", "\0"], ids=repr
)
def test_what_is_no_catalogue_gives_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputFileError) as caught:
        catalogue.load(folder_of(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert "catalogue.yaml" in str(caught.value)


def test_every_truncation_is_an_input_error_or_a_whole_catalogue(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD)
    for end in range(0, len(GOOD) - 2, 7):
        (folder / "catalogue.yaml").write_text(GOOD[:end])
        with pytest.raises(InputFileError):
            catalogue.load(folder)


def test_a_missing_catalogue_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="redeye samples build"):
        catalogue.load(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [(None, "is missing"), (b"abcd", "has 4 bytes"), (b"abd", "has sha256")],
    ids=["gone", "long", "other"],
)
def test_check_names_each_bad_object(tmp_path: Path, manifest: bytes | None, said: str) -> None:
    (problem,) = catalogue.check(folder_of(tmp_path, GOOD, manifest))
    assert str(problem).startswith(f"one/manifest.mpd: {said}")


def test_a_link_out_of_the_folder_is_a_problem(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, GOOD, None)
    (folder / "one" / "manifest.mpd").symlink_to("/dev/zero")
    (problem,) = catalogue.check(folder)
    assert "leads out" in problem.problem


def test_an_unknown_sample_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'night-flight'"):
        catalogue.load(SAMPLES).sample("nightflight")


def test_the_committed_samples_are_as_catalogued() -> None:
    assert catalogue.check(SAMPLES) == ()
    files = {p.relative_to(SAMPLES).as_posix() for p in SAMPLES.rglob("*") if p.is_file() and p.parent != SAMPLES}
    known = catalogue.load(SAMPLES)
    assert files == {item.path for sample in known.samples for item in sample.objects}
    assert sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file()) <= 10_000_000
