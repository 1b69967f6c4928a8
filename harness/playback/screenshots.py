"""A folder of stamped screenshots, read one picture at a time.

Each picture's time is a bracket: the clock before and after the grab, in `screenshots.jsonl` beside the pictures,
one line a picture: {"file": "0001.png", "before_s": 12.31, "after_s": 12.58}. Without that file the time stands in
each name, `12.310.png` or `anything@12.310.png`; then nobody measured the bracket, so its width is assumed.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import statistics
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from harness.core.errors import InputFileError
from harness.playback.observation import Observation
from harness.playback.reader import MarkerReader
from harness.playback.recording import BLACK_FULL

Luma = NDArray[np.uint8]

SIDECAR = "screenshots.jsonl"
MOST_PIXELS = 64_000_000  # ours: five times the largest tablet screen
MOST_LINE = 4096  # characters of one sidecar line
ASSUMED_S = 0.15  # playback.md 2b: a grab takes 250 to 300 ms; used where only the name has a time
_SUFFIXES = (".png", ".jpg", ".jpeg")
_NAMED = re.compile(r"(?:.*@)?(\d{1,9}(?:\.\d{1,9})?)", re.ASCII | re.DOTALL)
_SMALL = (64, 36)
_REGION = (0.12, 0.82)  # playback.md 5.4: without the bars at top and bottom; shares of the height
_KEYS = ("file", "before_s", "after_s")


class Shot(NamedTuple):
    """One screenshot.

    Args:
        observation: what it shows; pts_s is the middle of its bracket.
        uncertainty_s: half the bracket.
        change: p95 of the luma difference to the picture before at 64x36, levels; None for the first picture and
            where the size changed.
    """

    observation: Observation
    uncertainty_s: float
    change: float | None = None


@dataclass(frozen=True)
class Stamps:
    """How well the pictures are placed in time.

    Args:
        interval_s: median time between neighbours; None with fewer than two pictures.
        assumed: no brackets were measured; the uncertainty is what a grab usually takes.
    """

    count: int
    interval_s: float | None
    widest_s: float
    uncertainty_s: float
    most_uncertainty_s: float
    assumed: bool


@dataclass(frozen=True)
class _Stamp:
    path: Path
    middle_s: float
    uncertainty_s: float


class Screenshots:
    """The pictures of a folder in order of time; iterate once for each reading.

    Raises:
        InputFileError: the folder, a stamp or (while iterating) a picture is wrong.
    """

    def __init__(self, folder: Path, *, assumed_s: float = ASSUMED_S) -> None:
        if not folder.is_dir():
            problem = "is not a folder" if folder.exists() else "there is no such folder"
            raise InputFileError(str(folder), "", problem)
        sidecar = folder / SIDECAR
        self._folder = folder
        assumed = not sidecar.exists()
        self._entries = _from_names(folder, assumed_s) if assumed else _from_sidecar(folder, sidecar)
        self.stamps = _summed(self._entries, assumed)

    def read(self, reader: MarkerReader | None = None) -> Iterator[Shot]:
        """Each picture, read; only one is in memory at a time."""
        used = reader or MarkerReader()
        before: NDArray[np.int16] | None = None
        size: tuple[int, ...] = ()
        for entry in self._entries:
            luma = load_luma(entry.path)
            read = used.read(luma)
            black = read is None and bool(np.percentile(luma[::8, ::8], 99) <= BLACK_FULL)
            small = _small(luma)
            change = None
            if before is not None and size == luma.shape:
                change = float(np.percentile(np.abs(small - before), 95))
            before, size = small, luma.shape
            yield Shot(Observation(entry.middle_s, read, black), entry.uncertainty_s, change)


def load_luma(path: Path) -> Luma:
    """The luma of a PNG or JPEG file, (height, width).

    Raises:
        InputFileError: it is no such picture, cut short, or larger than MOST_PIXELS.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise _too_large(path, f"{width}x{height}")
                return np.asarray(picture.convert("L"))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as e:
        raise _too_large(path, "more") from e
    except FileNotFoundError as e:
        raise InputFileError(str(path), "", "there is no such picture") from e
    except UnidentifiedImageError as e:
        raise InputFileError(str(path), "", "is not a picture; PNG or JPEG was expected") from e
    except (OSError, SyntaxError, ValueError, EOFError) as e:
        raise InputFileError(str(path), "", f"cannot be read as a whole PNG or JPEG picture: {e}") from e


def _too_large(path: Path, size: str) -> InputFileError:
    return InputFileError(str(path), "", f"the picture has {size} pixels; at most {MOST_PIXELS // 10**6} Mpx are read")


def _from_sidecar(folder: Path, sidecar: Path) -> tuple[_Stamp, ...]:
    entries: list[_Stamp] = []
    try:
        with sidecar.open(encoding="utf-8") as lines:
            number = 0
            while line := lines.readline(MOST_LINE + 1):
                number += 1
                if line.strip() or len(line) > MOST_LINE:
                    entries.append(_stamp(folder, sidecar, number, line, entries[-1] if entries else None))
    except (OSError, UnicodeDecodeError) as e:
        raise InputFileError(str(sidecar), "", f"cannot be read as UTF-8 text: {e}") from e
    if not entries:
        raise InputFileError(str(sidecar), "", "no stamps: one line of JSON for each picture was expected")
    return tuple(entries)


def _stamp(folder: Path, sidecar: Path, number: int, line: str, last: _Stamp | None) -> _Stamp:
    def wrong(problem: str) -> InputFileError:
        return InputFileError(str(sidecar), f"line {number}", problem)

    if len(line) > MOST_LINE:
        raise wrong(f"the line is longer than {MOST_LINE} characters")
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise wrong(f'is not JSON; {{"file": ..., "before_s": ..., "after_s": ...}} was expected: {e}') from e
    if not isinstance(said, dict) or not set(_KEYS) <= said.keys():
        raise wrong(f"an object with {', '.join(_KEYS)} was expected")
    name, before, after = (said[key] for key in _KEYS)
    for key, value in (("before_s", before), ("after_s", after)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1e12 < value < 1e12:
            raise wrong(f"{key} is {value!r}; a number of seconds was expected")
    if after < before:
        raise wrong(f"after_s {after} lies before before_s {before}")
    path = _inside(folder, name)
    if path is None:
        raise wrong(f"file {name!r} is not the name of a file in this folder")
    if not path.is_file():
        raise wrong(f"file {name!r} does not exist")
    stamp = _Stamp(path, (before + after) / 2, (after - before) / 2)
    if last is not None and stamp.middle_s <= last.middle_s:
        raise wrong(f"the time {stamp.middle_s:.3f} s does not come after {last.middle_s:.3f} s of the picture before")
    return stamp


def _inside(folder: Path, name: object) -> Path | None:
    if not isinstance(name, str) or not name or "\0" in name or len(name) > 1000:
        return None
    try:
        path = (folder / name).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
    return path if path.is_relative_to(folder.resolve()) else None


def _from_names(folder: Path, assumed_s: float) -> tuple[_Stamp, ...]:
    pictures = sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES and not p.name.startswith("."))
    if not pictures:
        raise InputFileError(str(folder), "", "no screenshots: the folder has no PNG or JPEG files")
    times: dict[float, Path] = {}
    for path in pictures:
        named = _NAMED.fullmatch(path.stem)
        if named is None or not math.isfinite(at := float(named[1])):
            problem = f"no stamps: neither {SIDECAR} nor seconds in this name, as in 12.310.png or shot@12.310.png"
            raise InputFileError(str(path), "", problem)
        if at in times:
            raise InputFileError(str(path), "", f"has the same time as {times[at].name}")
        if _inside(folder, path.name) is None:
            raise InputFileError(str(path), "", "leads out of the folder")
        times[at] = path
    return tuple(_Stamp(times[at], at, assumed_s) for at in sorted(times))


def _summed(entries: tuple[_Stamp, ...], assumed: bool) -> Stamps:
    gaps = [after.middle_s - before.middle_s for before, after in itertools.pairwise(entries)]
    errors = [entry.uncertainty_s for entry in entries]
    interval = statistics.median(gaps) if gaps else None
    return Stamps(len(entries), interval, max(gaps, default=0.0), statistics.median(errors), max(errors), assumed)


def _small(luma: Luma) -> NDArray[np.int16]:
    height = luma.shape[0]
    top, bottom = int(height * _REGION[0]), max(int(height * _REGION[1]), int(height * _REGION[0]) + 1)
    region = Image.fromarray(np.ascontiguousarray(luma[top:bottom]))
    return np.asarray(region.resize(_SMALL, Image.Resampling.BOX)).astype(np.int16)
