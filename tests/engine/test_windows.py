"""Windows of frames come out bit for bit as inside whole frames, for every pair that says so."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.conftest import random_planes
from videotoon.engine.changes import Box, ChangeFinder, PaintedWindow, crop, set_into
from videotoon.engine.open import open_style
from videotoon.engine.styles import Catalogue, load_catalogue
from videotoon.engine.windows import FixedWindows, WindowPainter, can_paint_windows, reach
from videotoon.frame import BT709, ColourTags, FrameSize, Planes
from videotoon.settings import DetailChoice, PrecisionChoice, Settings

BT709_FULL = ColourTags(matrix=1, full_range=True)
BT601_FULL = ColourTags(matrix=6, full_range=True)

NETWORKS = sorted(
    {
        (name, network.scale)
        for name, style in load_catalogue().styles.items()
        for network in style.networks
        if network.scale is not None
    }
)
"""Every bundled style at every scale that it has."""


def moved(planes: Planes, generator: np.random.Generator) -> Planes:
    """Return the picture with a random small patch of other codes."""
    y, u, v = (plane.copy() for plane in planes.colour_planes)
    height, width = y.shape
    top, left = int(generator.integers(0, height - 40)), int(generator.integers(0, width - 40))
    y[top : top + 24, left : left + 30] = generator.integers(16, 235, (24, 30))
    u[top // 2 : top // 2 + 8, left // 2 : left // 2 + 8] = generator.integers(16, 240)
    return Planes(y, u, v)


def assert_same_pixels(window: PaintedWindow, whole: Planes, exact: Box) -> int:
    """Compare a part of a window with the same part of the frame; return how many codes it has."""
    ours, theirs = crop(window.planes, exact.within(window.box)), crop(whole, exact)
    for one, other in zip(ours.colour_planes, theirs.colour_planes, strict=True):
        np.testing.assert_array_equal(one, other)
    return sum(plane.size for plane in ours.colour_planes)


def assert_windows_exact(
    style_name: str,
    precision: PrecisionChoice,
    size: FrameSize,
    colour: ColourTags,
    catalogue: Catalogue | None,
    rounds: int,
    detail: DetailChoice = "auto",
) -> int:
    """Compare windows with whole frames; return how many windows there were."""
    chosen = Settings(style=style_name, precision=precision, detail=detail)
    style = open_style(chosen, size, colour, catalogue=catalogue)
    assert can_paint_windows(style)
    whole, windows = style.session(), FixedWindows(style, patience=0).session()
    generator = np.random.default_rng(7)
    before = random_planes(size, 3)
    base, found = whole.paint(before), 0
    finder = ChangeFinder(reach(style), style.network.stride)
    finder.look(before)
    for _ in range(rounds):
        now = moved(before, generator)
        repaint = finder.look(now)
        expected = whole.paint(now)
        if repaint is not None:
            found += 1
            window = windows.paint_window(now, repaint.read)
            assert window is not None
            result = set_into(base, window, repaint.write, None)
            for ours, theirs in zip(result.colour_planes, expected.colour_planes, strict=True):
                np.testing.assert_array_equal(ours, theirs)
        before, base = now, expected
    return found


@pytest.mark.parametrize("colour", [BT709, BT601_FULL], ids=["native", "601-full"])
@pytest.mark.parametrize("size", [FrameSize(480, 352), FrameSize(403, 301)], ids=str)
@pytest.mark.parametrize("style", ["p2", "p4"])
def test_windows_of_small_networks_are_exact(
    style: str, size: FrameSize, colour: ColourTags, catalogue: Catalogue
) -> None:
    assert assert_windows_exact(style, "fp32", size, colour, catalogue, 8) > 2


@pytest.mark.parametrize("precision", ["int8", "fp32"])
@pytest.mark.parametrize(("style", "detail"), NETWORKS)
@pytest.mark.slow
def test_windows_of_bundled_networks_are_exact(
    style: str, detail: DetailChoice, precision: PrecisionChoice
) -> None:
    from videotoon.engine.openvino_backend import OpenVinoBackend

    if precision not in OpenVinoBackend().capabilities():
        pytest.skip(f"this CPU has no {precision}")
    size = FrameSize(1152, 864)
    network = load_catalogue().styles[style].network(size, detail, "openvino", precision)
    if network.receptive_field > 320:  # windows of wide fields are worth it in large frames only
        size = FrameSize(2304, 1728)
    assert assert_windows_exact(style, precision, size, BT709, None, 5, detail) > 2


@pytest.mark.parametrize(
    "colour",
    [BT709, BT709_FULL, ColourTags(matrix=6), BT601_FULL, ColourTags(matrix=9)],
    ids=["native", "709-full", "601", "601-full", "2020"],
)
@pytest.mark.slow
def test_int8_windows_are_exact_in_every_colour_space(colour: ColourTags) -> None:
    """Millions of codes are compared: graphs that round otherwise differ in one of a million."""
    from videotoon.engine.openvino_backend import OpenVinoBackend

    if "int8" not in OpenVinoBackend().capabilities():
        pytest.skip("this CPU has no int8")
    size, chosen = FrameSize(1280, 720), Settings(style=load_catalogue().default, precision="int8")
    style = open_style(chosen, size, colour)
    assert can_paint_windows(style)
    whole, windows = style.session(), FixedWindows(style, patience=0).session()
    grid, margin = style.network.stride, reach(style)
    generator = np.random.default_rng(11)
    sides = [(1024, 480), (832, 656), (576, 688)]
    compared = 0
    for seed in range(8):
        planes = random_planes(size, seed)
        expected = whole.paint(planes)
        for width, height in sides:
            left = int(generator.integers(0, (size.width - width) // grid + 1)) * grid
            top = int(generator.integers(0, (size.height - height) // grid + 1)) * grid
            window = windows.paint_window(planes, Box(left, top, left + width, top + height))
            assert window is not None
            exact = Box(left + margin, top + margin, left + width - margin, top + height - margin)
            compared += assert_same_pixels(window, expected, exact)
    assert compared > 3_000_000


@pytest.mark.parametrize("size", [FrameSize(3, 90), FrameSize(8, 41), FrameSize(41, 8)], ids=str)
def test_narrow_pictures_come_out_alike_however_they_are_painted(size: FrameSize) -> None:
    """With matrix units, strided convolutions left a single column of results unwritten."""
    style = open_style(Settings(style="cel"), size, BT709)
    assert can_paint_windows(style)
    planes = random_planes(size)
    session, free = style.session(), WindowPainter(style).session()
    first = session.paint(planes)
    for paint in (session.paint, session.paint, free.paint_window, free.paint_window):
        for one, other in zip(first.colour_planes, paint(planes).colour_planes, strict=True):
            assert np.abs(one.astype(int) - other).max() <= 1


def test_scaled_or_softened_painting_is_always_whole(catalogue: Catalogue) -> None:
    size = FrameSize(320, 240)
    for settings in (
        Settings(style="p4", max_side=160),
        Settings(style="p4", strength=0.5),
    ):
        assert not can_paint_windows(open_style(settings, size, BT709, catalogue=catalogue))


def test_a_size_is_compiled_when_it_comes_again_and_again(catalogue: Catalogue) -> None:
    size = FrameSize(480, 352)
    style = open_style(Settings(style="p4", precision="fp32"), size, BT709, catalogue=catalogue)
    session = FixedWindows(style, patience=2).session()
    planes, window, other = random_planes(size, 1), Box(8, 16, 168, 112), Box(0, 0, 96, 160)
    assert session.paint_window(planes, window) is None
    assert session.paint_window(planes, window) is None
    assert session.paint_window(planes, other) is None
    painted = session.paint_window(planes, window)
    assert painted is not None
    assert painted.box == window
    assert painted.planes.size == window.size
    assert session.paint_window(planes, other) is None


def test_no_more_than_some_sizes_are_compiled(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videotoon.engine.windows.MOST_SIZES", 1)
    size = FrameSize(480, 352)
    style = open_style(Settings(style="p4", precision="fp32"), size, BT709, catalogue=catalogue)
    painter, planes = FixedWindows(style, patience=0), random_planes(size, 1)
    window, other = Box(8, 16, 168, 112), Box(0, 0, 96, 160)
    assert painter.session().paint_window(planes, window) is not None
    assert painter.session().paint_window(planes, other) is None
    assert painter.session().paint_window(planes, window) is not None


def test_a_size_of_no_use_makes_room_for_another(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videotoon.engine.windows.MOST_SIZES", 1)
    monkeypatch.setattr("videotoon.engine.windows.FORGOTTEN_AFTER", 3)
    size = FrameSize(480, 352)
    style = open_style(Settings(style="p4", precision="fp32"), size, BT709, catalogue=catalogue)
    session, planes = FixedWindows(style, patience=0).session(), random_planes(size, 1)
    window, other = Box(8, 16, 168, 112), Box(0, 0, 96, 160)
    first = session.paint_window(planes, window)
    assert first is not None
    assert [session.paint_window(planes, other) is not None for _ in range(5)] == [False] * 3 + [
        True, True,
    ]  # fmt: skip
    assert [session.paint_window(planes, window) is not None for _ in range(4)] == [False] * 3 + [
        True
    ]
    again = session.paint_window(planes, window)
    assert again is not None
    assert np.array_equal(first.planes.y, again.planes.y)


@pytest.mark.parametrize("size", [FrameSize(480, 352), FrameSize(403, 301)], ids=str)
def test_a_window_may_be_painted_in_a_larger_one(
    catalogue: Catalogue, size: FrameSize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videotoon.engine.windows.MOST_SIZES", 1)
    style = open_style(Settings(style="p4", precision="fp32"), size, BT709, catalogue=catalogue)
    painter, planes = FixedWindows(style, patience=0), random_planes(size, 1)
    session, whole = painter.session(), style.session().paint(planes)
    session.paint_window(planes, Box(0, 0, 240, 200))
    for left, top in ((0, 0), (144, 96), (size.width // 8 * 8 - 160, size.height // 8 * 8 - 120)):
        right, bottom = min(size.width, left + 168), min(size.height, top + 128)
        asked = Box(left, top, right, bottom)
        window = session.paint_window(planes, asked)
        assert window is not None
        assert window.planes.size == window.box.size
        assert window.box.joined(asked) == window.box
        assert window.box != asked
        margin = reach(style)
        exact = Box(
            asked.left + margin if asked.left else 0, asked.top + margin if asked.top else 0,
            asked.right - margin if asked.right < size.width else asked.right,
            asked.bottom - margin if asked.bottom < size.height else asked.bottom,
        )  # fmt: skip
        assert assert_same_pixels(window, whole, exact)
    assert session.paint_window(planes, Box(0, 0, 248, 128)) is None


def test_graphs_of_windows_have_a_fixed_size(catalogue: Catalogue) -> None:
    """Graphs without one fuse other nodes and round one pixel in millions differently."""
    size = FrameSize(480, 352)
    style = open_style(Settings(style="p4", precision="fp32"), size, BT709, catalogue=catalogue)
    windows = FixedWindows(style, patience=0)
    compiled = windows._compile(FrameSize(160, 96))
    assert compiled.input(0).get_partial_shape().is_static
    assert list(compiled.input(0).shape) == [1, 24, 40, 24]
