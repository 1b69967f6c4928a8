"""Small reference pictures of a sample: what its frames look like, so that a picture can be held against its id.

One PNG sheet for a sample, `<sample>/reference.png`: luma of every 15th frame of its largest rendition from frame 0
on, each shrunk to 64 x 36, eight in a row, row by row. The other renditions show the same pictures.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from harness.core.errors import InputFileError
from harness.media.catalogue import MediaObject, Rendition, Sample
from harness.media.decode import decode

FILE_NAME = "reference.png"
EVERY_FRAMES = 15
THUMB = (64, 36)  # width, height; playback.md 5.4
POINTS = 4  # points averaged into one of the thumb, in both directions
COLUMNS = 8
REMEDY = "`redeye samples build` makes it"

Luma = NDArray[np.uint8]


def points_of(luma: Luma, left: int, top: int, right: int, bottom: int) -> Luma:
    """256 x 144 points of a box of the luma plane, evenly spread."""
    columns, rows = THUMB[0] * POINTS, THUMB[1] * POINTS
    across = left + ((np.arange(columns) + 0.5) * (right - left) / columns).astype(np.intp)
    down = top + ((np.arange(rows) + 0.5) * (bottom - top) / rows).astype(np.intp)
    taken: Luma = luma[down].take(across, axis=1)
    return taken


def thumb_of(points: Luma) -> NDArray[np.float32]:
    """The 64 x 36 thumb of those points, in luma levels."""
    rows = points.reshape(THUMB[1], POINTS, -1).sum(axis=1, dtype=np.uint16)
    made: NDArray[np.float32] = rows.reshape(THUMB[1], THUMB[0], POINTS).sum(axis=2).astype(np.float32) / POINTS**2
    return made


def draw_sheet(folder: Path, rendition: str) -> Path:
    """Write the sheet of the sample in `folder`, from its rendition's files; the sheet's path."""
    film = folder / ".whole.mp4"
    film.write_bytes(b"".join(part.read_bytes() for part in _parts(folder / rendition)))
    thumbs = []
    try:
        with decode(film) as frames:
            for frame in frames:
                if frame.index % EVERY_FRAMES == 0:
                    height, width = frame.luma.shape
                    thumbs.append(np.rint(thumb_of(points_of(frame.luma, 0, 0, width, height))).astype(np.uint8))
    finally:
        film.unlink()
    rows = -(-len(thumbs) // COLUMNS)
    sheet = np.zeros((rows * THUMB[1], COLUMNS * THUMB[0]), np.uint8)
    for index, thumb in enumerate(thumbs):
        row, column = divmod(index, COLUMNS)
        sheet[row * THUMB[1] : (row + 1) * THUMB[1], column * THUMB[0] : (column + 1) * THUMB[0]] = thumb
    path = folder / FILE_NAME
    Image.fromarray(sheet).save(path, optimize=True)
    return path


def load_sheet(samples: Path, sample: Sample) -> dict[tuple[int, int], Luma]:
    """(content id, frame id) -> thumb, for every video rendition; empty when the sample has no sheet.

    Raises:
        InputFileError: the sheet is missing, no picture, or not of the size that the frames need.
    """
    listed = _listed(sample)
    if listed is None:
        return {}
    path = samples / listed.path
    counts = {rendition.id: -(-rendition.frames // EVERY_FRAMES) for rendition in sample.video}
    sheet = _read(path, sorted(set(counts.values())))
    found: dict[tuple[int, int], Luma] = {}
    for rendition in sample.video:
        if rendition.content_id is not None:
            count = counts[rendition.id]
            found |= {(rendition.content_id, i * EVERY_FRAMES): _cut(sheet, i) for i in range(count)}
    return found


def largest(sample: Sample) -> Rendition:
    """The video rendition with the largest picture."""
    return max(sample.video, key=lambda r: (r.width or 0) * (r.height or 0))


def _listed(sample: Sample) -> MediaObject | None:
    return next((item for item in sample.objects if item.role == "reference"), None)


def _read(path: Path, counts: list[int]) -> Luma:
    """The sheet, which must have the size that each of these numbers of thumbs needs; looked at before unpacking."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputFileError(str(path), "", "there is no such file", REMEDY) from error
    except OSError as error:
        raise InputFileError(str(path), "", f"cannot be read: {error.strerror}", REMEDY) from error
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            for count in counts:
                wanted = (COLUMNS * THUMB[0], -(-count // COLUMNS) * THUMB[1])
                if picture.size != wanted:
                    is_, needs = (f"{width} x {height}" for width, height in (picture.size, wanted))
                    raise InputFileError(str(path), "", f"is {is_} px; {count} thumbs need {needs}", REMEDY)
            return np.asarray(picture.convert("L"))
    # Pillow says in all of these ways that a PNG is broken.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        problem = "" if isinstance(error, UnidentifiedImageError) else f": {error}"
        raise InputFileError(str(path), "", f"is not a readable PNG{problem}", REMEDY) from error


def _cut(sheet: Luma, index: int) -> Luma:
    row, column = divmod(index, COLUMNS)
    return sheet[row * THUMB[1] : (row + 1) * THUMB[1], column * THUMB[0] : (column + 1) * THUMB[0]]


def _parts(folder: Path) -> list[Path]:
    return [folder / "init.mp4", *sorted(folder.glob("*.m4s"))]
