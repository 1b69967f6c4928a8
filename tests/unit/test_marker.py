"""The marker's bits and places."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.media import marker

frame_ids = st.integers(0, 2**24 - 1)
content_ids = st.integers(0, 255)
sizes = pytest.mark.parametrize("size", [(1280, 720), (640, 360), (960, 540), (1920, 1080)], ids=str)


@given(frame_ids, content_ids)
def test_what_is_encoded_is_decoded(frame_id: int, content_id: int) -> None:
    modules = marker.encode(frame_id, content_id)
    assert len(modules) == marker.MODULES == 65
    assert marker.decode(modules) == marker.MarkerId(frame_id, content_id)


@given(frame_ids, content_ids)
def test_every_single_flip_is_refused(frame_id: int, content_id: int) -> None:
    modules = marker.encode(frame_id, content_id)
    for i in range(marker.MODULES):
        assert marker.decode((*modules[:i], 1 - modules[i], *modules[i + 1 :])) is None


def test_wrong_length_is_refused() -> None:
    assert marker.decode(marker.encode(1, 1)[:-1]) is None
    assert marker.decode(()) is None


@pytest.mark.parametrize(("frame_id", "content_id"), [(-1, 0), (2**24, 0), (0, -1), (0, 256)], ids=str)
def test_ids_that_do_not_fit_are_refused(frame_id: int, content_id: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        marker.encode(frame_id, content_id)


def test_the_written_example_of_the_specification() -> None:
    text = "".join(map(str, marker.encode(1, 2)))
    assert text == "10101010101100" + "000000000000000000000001" + "00000010" + f"{0x97B3:016b}" + "101"


@sizes
def test_places_lie_inside_and_apart(size: tuple[int, int]) -> None:
    across, down = marker.quiet_border(size)
    for frame_id in (0, 1):
        boxes = marker.places(size, frame_id)
        assert len(boxes) == 3
        for left, top, right, bottom in boxes:
            assert across <= left < right <= size[0] - across
            assert down <= top < bottom <= size[1] - down
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                gap_x = max(a[0], b[0]) - min(a[2], b[2])
                gap_y = max(a[1], b[1]) - min(a[3], b[3])
                assert max(gap_x / across, gap_y / down) >= 1


@sizes
def test_b_alternates_without_overlap(size: tuple[int, int]) -> None:
    even, odd = marker.places(size, 2)[1], marker.places(size, 3)[1]
    assert even[3] <= odd[1]
    assert (even[0], even[2]) == (odd[0], odd[2])


@sizes
def test_drawn_modules_read_back(size: tuple[int, int]) -> None:
    luma = np.full((size[1], size[0]), 120, np.uint8)
    marker.draw(luma, frame_id=70_001, content_id=9)
    for box in marker.places(size, 70_001):
        _left, top, _right, bottom = box
        edges = marker.module_edges(box)
        centres = [(a + b) // 2 for a, b in itertools.pairwise(edges)]
        upper = luma[top + (bottom - top) // 4, centres]
        lower = luma[bottom - (bottom - top) // 4 - 1, centres]
        assert marker.decode(tuple(int(v > 125) for v in upper)) == marker.MarkerId(70_001, 9)
        assert not np.any((upper > 125) == (lower > 125))
