"""Painting only what changed gives the very same pixels as painting everything."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videotoon.engine.changes import (
    STEPS,
    WORTH_IT,
    Box,
    ChangeFinder,
    PaintedWindow,
    crop,
    set_into,
)
from videotoon.engine.painters import Painter, Task
from videotoon.frame import Frame, FrameSize, Planes

REACH = 12
STRIDE = 8


def picture(width: int, height: int, seed: int) -> Planes:
    rng = np.random.default_rng(seed)
    chroma = ((height + 1) // 2, (width + 1) // 2)
    return Planes(
        rng.integers(0, 256, (height, width), dtype=np.uint8),
        rng.integers(0, 256, chroma, dtype=np.uint8),
        rng.integers(0, 256, chroma, dtype=np.uint8),
    )


def changed(planes: Planes, box: Box, seed: int) -> Planes:
    """Return a copy with other pixels in a box of all planes."""
    rng = np.random.default_rng(seed)
    y, u, v = (plane.copy() for plane in planes.colour_planes)
    y[box.top : box.bottom, box.left : box.right] += np.uint8(rng.integers(1, 255))
    for plane in (u, v):
        plane[box.top // 2 : box.bottom // 2, box.left // 2 : box.right // 2] += np.uint8(1)
    return Planes(y, u, v)


def paint(planes: Planes) -> Planes:
    """A stand-in for a network: every output pixel looks REACH pixels far in all planes."""
    import cv2

    def reach(plane: np.ndarray, distance: int) -> np.ndarray:
        kernel = np.ones((2 * distance + 1, 2 * distance + 1), np.uint8)
        return np.asarray(cv2.dilate(plane, kernel), np.uint8) ^ plane

    half = REACH // 2
    u = planes.y[::2, ::2] ^ planes.u
    return Planes(reach(planes.y, REACH), reach(u, half - 1), reach(planes.v, half))


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(120, 400),
    height=st.integers(120, 400),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    side=st.integers(1, 60),
    seed=st.integers(0, 1000),
)
def test_a_window_set_into_the_earlier_painting_equals_painting_all(
    width: int, height: int, place: tuple[float, float], side: int, seed: int
) -> None:
    first = picture(width, height, seed)
    left, top = int(place[0] * (width - side)), int(place[1] * (height - side))
    second = changed(first, Box(left, top, left + side, top + side), seed)
    finder = ChangeFinder(REACH, STRIDE)
    assert finder.look(first) is None
    repaint = finder.look(second)
    whole = paint(second)
    if repaint is None:
        return
    assert repaint.write.area
    window = PaintedWindow(repaint.read, paint(crop(second, repaint.read)))
    result = set_into(paint(first), window, repaint.write, None)
    for ours, expected in zip(result.colour_planes, whole.colour_planes, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_small_changes_give_small_windows() -> None:
    first = picture(640, 480, 1)
    second = changed(first, Box(300, 200, 320, 220), 2)
    finder = ChangeFinder(REACH, STRIDE)
    finder.look(first)
    repaint = finder.look(second)
    assert repaint is not None
    assert repaint.read.area < 0.1 * 640 * 480
    assert repaint.read.left % STRIDE == repaint.read.top % STRIDE == 0


def test_an_unchanged_frame_needs_no_painting() -> None:
    finder = ChangeFinder(REACH, STRIDE)
    finder.look(picture(64, 64, 1))
    repaint = finder.look(picture(64, 64, 1))
    assert repaint is not None
    assert repaint.write.area == repaint.read.area == 0


def test_a_moving_picture_is_painted_whole() -> None:
    finder = ChangeFinder(REACH, STRIDE)
    finder.look(picture(640, 480, 1))
    assert finder.look(picture(640, 480, 2)) is None
    assert 0 < WORTH_IT < 1


@pytest.mark.parametrize("plane", ["u", "v"])
def test_a_change_of_colour_alone_is_seen(plane: str) -> None:
    first = picture(320, 320, 1)
    planes = {name: getattr(first, name).copy() for name in ("y", "u", "v")}
    planes[plane][80, 80] ^= 1
    finder = ChangeFinder(REACH, STRIDE)
    finder.look(first)
    repaint = finder.look(Planes(**planes))
    assert repaint is not None
    assert repaint.write.left <= 160 < repaint.write.right
    assert repaint.write.top <= 160 < repaint.write.bottom


def test_tolerance_does_not_let_slow_drift_pass() -> None:
    base = picture(320, 320, 1)
    flat = Planes(np.full_like(base.y, 100), np.full_like(base.u, 128), np.full_like(base.v, 128))
    finder = ChangeFinder(REACH, STRIDE, tolerance=3)
    finder.look(flat)
    seen = False
    for step in range(1, 8):
        y = flat.y.copy()
        y[100:110, 100:110] = 100 + step
        repaint = finder.look(Planes(y, flat.u, flat.v))
        assert repaint is not None
        seen |= repaint.write.area > 0
    assert seen, "a drift of seven codes must be noticed at a tolerance of three"


def test_forgetting_paints_the_next_frame_whole() -> None:
    finder = ChangeFinder(REACH, STRIDE)
    finder.look(picture(64, 64, 1))
    finder.forget()
    assert finder.look(picture(64, 64, 1)) is None


@pytest.mark.parametrize(("tolerance", "kept"), [(0, True), (3, False)])
def test_only_exact_paintings_stay_where_work_begins_afresh(tolerance: int, kept: bool) -> None:
    finder = ChangeFinder(REACH, STRIDE, tolerance)
    finder.look(picture(64, 64, 1))
    finder.begin_afresh()
    assert (finder.look(picture(64, 64, 1)) is not None) == kept


class Whole:
    """A session of the stand-in network."""

    def paint(self, planes: Planes) -> Planes:
        return paint(planes)

    def paint_batch(self, pictures: Sequence[Planes]) -> list[Planes]:
        return [paint(planes) for planes in pictures]


class Windows:
    """Paints windows, or says that none is worth it yet."""

    def __init__(self, worth_it: bool) -> None:
        self._worth_it = worth_it

    def paint_window(self, planes: Planes, read: Box) -> PaintedWindow | None:
        return PaintedWindow(read, paint(crop(planes, read))) if self._worth_it else None


@pytest.mark.parametrize("tolerance", [0, 4])
def test_what_is_painted_does_not_depend_on_which_windows_are_ready(tolerance: int) -> None:
    """They are prepared when they come again, which is later in a run that was cut."""
    first, rng = picture(320, 240, 1), np.random.default_rng(2)
    noisy = Planes(*(p ^ rng.integers(0, 4, p.shape, np.uint8) for p in first.colour_planes))
    frames = [first, changed(noisy, Box(40, 40, 60, 60), 3), changed(first, Box(48, 48, 70, 60), 4)]
    if tolerance == 0:
        frames[1] = changed(first, Box(40, 40, 60, 60), 3)
    painted = []
    for ready in (True, False):
        finder = ChangeFinder(REACH, STRIDE, tolerance)
        painter = Painter(Whole(), Windows(ready), None)
        row, base = [], None
        for index, planes in enumerate(frames):
            repaint = finder.look(planes)
            assert (repaint is None) == (index == 0)
            future: Future[Planes] = Future()
            frame = Frame(index, index, Fraction(1, 25), planes, 1)
            future.set_result(painter.paint(Task(frame, future, future, repaint, base)))
            row.append(future.result())
            base = future
        painted.append(row)
    for one, other in zip(*painted, strict=True):
        for plane, same in zip(one.colour_planes, other.colour_planes, strict=True):
            assert np.array_equal(plane, same)


def test_what_is_written_lies_a_reach_around_the_changed_cells() -> None:
    first = picture(640, 480, 1)
    finder = ChangeFinder(16, STRIDE)
    finder.look(first)
    repaint = finder.look(changed(first, Box(306, 208, 310, 212), 2))
    assert repaint is not None
    assert repaint.write == Box(304 - 16, 208 - 16, 312 + 16, 216 + 16)
    assert repaint.read.left == repaint.write.left - 16
    assert repaint.read.top == repaint.write.top - 16


@pytest.mark.parametrize("size", [FrameSize(1280, 720), FrameSize(403, 301), FrameSize(90, 1000)])
@pytest.mark.parametrize("stride", [4, 8, 16])
def test_windows_have_few_sizes_and_edges_on_the_stride(size, stride):
    finder = ChangeFinder(24, stride)
    chance = np.random.default_rng(5)
    widths, heights = set(), set()
    for _ in range(300):
        left, top = int(chance.integers(0, size.width)), int(chance.integers(0, size.height))
        right = min(size.width, left + int(chance.integers(1, 60)))
        bottom = min(size.height, top + int(chance.integers(1, 60)))
        repaint = finder._repaint(Box(left, top, right, bottom), size)
        read, write = repaint.read, repaint.write
        assert read.left % stride == read.top % stride == 0
        assert read.right % stride == 0 or read.right == size.width
        assert read.bottom % stride == 0 or read.bottom == size.height
        assert 0 <= read.left <= max(0, write.left - 24)
        assert 0 <= read.top <= max(0, write.top - 24)
        assert min(size.width, write.right + 24) <= read.right <= size.width
        assert min(size.height, write.bottom + 24) <= read.bottom <= size.height
        widths.add(-(-(read.right - read.left) // stride))
        heights.add(-(-(read.bottom - read.top) // stride))
    assert len(widths) <= STEPS
    assert len(heights) <= STEPS
