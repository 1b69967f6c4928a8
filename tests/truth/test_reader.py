"""The reader on drawn pictures: 1280x720 content with a marker, letterboxed, scaled, dimmed, blended, covered."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from harness.media import marker
from harness.playback import MarkerReader

Luma = NDArray[np.uint8]


def content(frame_id: int, *, kind: str = "noise", marked: bool = True, size: tuple[int, int] = (1280, 720)) -> Luma:
    width, height = size
    if kind == "noise":
        luma = np.random.default_rng(frame_id).integers(0, 256, (height, width), dtype=np.uint8)
    else:
        luma = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8), (height, width)).copy()
    if marked:
        marker.draw(luma, frame_id=frame_id, content_id=7)
    return luma


def boxed(luma: Luma, size: tuple[int, int] = (1280, 800), at: tuple[int, int] | None = None) -> Luma:
    canvas = np.full((size[1], size[0]), 16, np.uint8)
    height, width = luma.shape
    left, top = at or ((size[0] - width) // 2, (size[1] - height) // 2)
    canvas[top : top + height, left : left + width] = luma
    return canvas


def scaled(luma: Luma, factor: float) -> Luma:
    size = (round(luma.shape[1] * factor), round(luma.shape[0] * factor))
    return np.asarray(Image.fromarray(luma).resize(size, Image.Resampling.BILINEAR)).copy()


def dimmed(luma: Luma, share: float) -> Luma:
    return (luma * share).astype(np.uint8)


@pytest.mark.parametrize("kind", ["noise", "gradient"])
@pytest.mark.parametrize("frame_id", [0, 1, 4711, (1 << 24) - 1])
def test_letterboxed_frame_is_read(kind: str, frame_id: int) -> None:
    read = MarkerReader().read(boxed(content(frame_id, kind=kind)))
    assert read is not None
    assert (read.frame_id, read.content_id, read.blended) == (frame_id, 7, False)
    assert read.margin > 0.9


@pytest.mark.parametrize(
    ("factor", "canvas", "at"),
    [
        (0.75, (1280, 800), (0, 0)),
        (0.75, (1280, 800), (311, 197)),
        (1.5, (1920, 1200), None),
        (1.5, (2560, 1600), (401, 99)),
        (0.6, (800, 1280), (16, 300)),
        (0.9, (1280, 800), (100, 51)),
    ],
    ids=["075-corner", "075-odd-place", "150-fitted", "150-odd-place", "060-portrait", "090-odd-place"],
)
def test_any_place_and_scale(factor: float, canvas: tuple[int, int], at: tuple[int, int] | None) -> None:
    reader = MarkerReader()
    ids = [reader.read(boxed(scaled(content(n, kind="gradient"), factor), canvas, at)) for n in (100, 101, 102)]
    assert [read and read.frame_id for read in ids] == [100, 101, 102]


def test_searched_lock_finds_every_copy() -> None:
    reader = MarkerReader()
    picture = boxed(scaled(content(100, kind="gradient"), 0.75), (1280, 800), (311, 197))
    assert reader.read(picture) is not None
    at = reader.geometry
    assert at is not None
    assert (at.left, at.top, at.width, at.height) == pytest.approx((311, 197, 960, 540), abs=2.5)


def test_blend_of_neighbours_is_the_newer() -> None:
    reader = MarkerReader()
    assert reader.read(boxed(content(50, kind="gradient"))) is not None
    blend = (content(50, kind="gradient") / 2 + content(51, kind="gradient") / 2).astype(np.uint8)
    read = reader.read(boxed(blend))
    assert read is not None
    assert (read.frame_id, read.blended) == (51, True)


def test_copies_that_disagree_are_no_id() -> None:
    reader = MarkerReader()
    assert reader.read(boxed(content(50))) is not None
    torn = content(50)
    torn[360:] = content(90)[360:]
    assert reader.read(boxed(torn)) is None


@pytest.mark.parametrize("share", [0.5, 0.25, 0.1])
def test_dark_picture_is_read(share: float) -> None:
    read = MarkerReader().read(dimmed(boxed(content(33)), share))
    assert read is not None
    assert read.frame_id == 33


@pytest.mark.parametrize("left_over", [0, 1, 2], ids=["A", "B", "C"])
def test_one_copy_left_is_enough(left_over: int) -> None:
    luma = content(12)
    for index, (left, top, right, bottom) in enumerate(marker.places((1280, 720), 12)):
        if index != left_over:
            luma[top:bottom, left + 60 : right] = 128
    read = MarkerReader().read(boxed(luma))
    assert read is not None
    assert read.frame_id == 12


def test_all_copies_covered_is_no_id_and_not_dropped() -> None:
    luma = content(12)
    for left, top, right, bottom in marker.places((1280, 720), 12):
        luma[top:bottom, left + 60 : right] = 128
    assert MarkerReader().read(boxed(luma)) is None


@pytest.mark.parametrize("kind", ["noise", "gradient"])
def test_unmarked_picture_is_no_id(kind: str) -> None:
    reader = MarkerReader()
    assert [reader.read(boxed(content(n, kind=kind, marked=False))) for n in range(6)] == [None] * 6


def test_plain_pictures_are_no_id() -> None:
    reader = MarkerReader()
    assert [reader.read(np.full((800, 1280), level, np.uint8)) for level in (0, 16, 128, 255)] == [None] * 4


def test_video_that_moves_is_found_again() -> None:
    reader = MarkerReader()
    first = [reader.read(boxed(content(n))) for n in range(3)]
    moved = [reader.read(boxed(scaled(content(n, kind="gradient"), 0.75), at=(5, 3))) for n in range(3, 14)]
    assert all(first)
    assert moved[-1] is not None
    assert all(read is None or read.frame_id == n for n, read in enumerate(moved, 3))


def test_locked_read_is_cheap() -> None:
    reader = MarkerReader()
    pictures = [boxed(content(n)) for n in range(4)]
    reader.read(pictures[0])
    start = time.process_time()
    for index in range(100):
        assert reader.read(pictures[index % 4]) is not None
    assert (time.process_time() - start) / 100 < 0.003  # 1 ms is the budget; three on a busy machine
