"""Phases, colour matrices, planes and RGB, windows: pure functions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.engine.conftest import random_planes
from videotoon.engine import colour, phases, pictures, tiling
from videotoon.engine.weights import RgbContract, StyleNetwork
from videotoon.errors import DecodeError
from videotoon.frame import BT709, ColourTags, FrameSize

sides = some.integers(1, 70)


@given(sides, sides, some.sampled_from([2, 4, 8]))
@settings(max_examples=60, deadline=None)
def test_gather_and_scatter_are_inverse(width, height, phase):
    size = FrameSize(width, height)
    planes = random_planes(size)
    rows, columns = (-(-side // (2 * phase)) * 2 for side in (height, width))
    cells = np.empty((rows, columns, phases.phase_channels(phase)), np.uint8)
    phases.gather(planes, phase, cells)
    back = phases.scatter(cells, phase, size)
    for one, other in zip(planes.colour_planes, back.colour_planes, strict=True):
        assert np.array_equal(one, other)
    assert (back.joined is not None) == (width % 2 == height % 2 == 0), "encoders take it as it is"
    # Channel order: luma row by row, then U, then V.
    assert cells[0, 0, 0] == planes.y[0, 0]
    assert cells[0, 0, 1] == planes.y[0, min(1, width - 1)]
    assert cells[0, 0, phase] == planes.y[min(1, height - 1), 0]
    assert cells[0, 0, phase * phase] == planes.u[0, 0]
    assert cells[0, 0, phase * phase + (phase // 2) ** 2] == planes.v[0, 0]
    assert cells[-1, -1, phase * phase - 1] == planes.y[-1, -1], "edges are repeated"


@pytest.mark.parametrize("matrix", sorted(colour.LUMA_WEIGHTS))
@pytest.mark.parametrize("full_range", [False, True])
def test_colour_matrices(matrix, full_range):
    tags = ColourTags(matrix=matrix, full_range=full_range)
    to_rgb, offset = colour.codes_to_rgb(tags)
    black, white = (0, 255) if full_range else (16, 235)
    assert np.allclose(to_rgb @ [black, 128, 128] + offset, 0, atol=1e-9)
    assert np.allclose(to_rgb @ [white, 128, 128] + offset, 255)
    back, back_offset = colour.rgb_to_codes(tags)
    assert np.allclose(back @ (to_rgb @ [99, 140, 77] + offset) + back_offset, [99, 140, 77])
    red = back @ [255, 0, 0] + back_offset
    assert np.isclose(red[2], 255.5 if full_range else 240)
    native, _ = colour.codes_to_native(tags)
    assert (native[1:, 0] == 0).all()


def test_unknown_matrix_is_refused():
    with pytest.raises(DecodeError, match="colour matrix 8"):
        colour.codes_to_rgb(ColourTags(matrix=8))


@pytest.mark.parametrize("tags", [BT709, colour.PICTURE_TAGS, ColourTags(matrix=6)], ids=repr)
def test_smooth_pictures_survive_planes(tags):
    rows, columns = np.mgrid[0:61, 0:83]
    picture = np.stack([rows * 2 + 60, columns + 80, 200 - rows - columns / 2], axis=-1)
    back = pictures.planes_to_rgb(pictures.rgb_to_planes(picture, tags), tags)
    assert np.abs(back - picture)[1:-1, 1:-1].max() < 3.5
    assert np.abs(back - picture).mean() < 0.8


@given(sides, sides)
@settings(max_examples=40, deadline=None)
def test_any_size_of_picture_converts(width, height):
    picture = np.full((height, width, 3), (200, 100, 50), np.uint8)
    planes = pictures.rgb_to_planes(picture, colour.PICTURE_TAGS)
    assert planes.size == FrameSize(width, height)
    back = pictures.planes_to_rgb(planes, colour.PICTURE_TAGS)
    assert np.abs(back - picture).max() < 2


@given(
    some.integers(1, 600), some.integers(8, 40), some.integers(0, 24), some.sampled_from([1, 2, 8])
)
@settings(max_examples=300, deadline=None)
def test_cover(length, window, overlap, unit):
    length, window = length * unit, (window + 3) * unit
    if window - overlap < 3 * unit:
        window = overlap + 3 * unit
        window = -(-window // unit) * unit
    spans = tiling.cover(length, window, overlap, unit)
    assert spans[0].keep_start == 0
    assert spans[-1].keep_stop == length
    for left, right in itertools.pairwise(spans):
        assert left.keep_stop == right.keep_start
        assert left.start + window - right.start >= overlap
    for index, span in enumerate(spans):
        assert span.start % unit == span.keep_start % unit == 0
        assert span.start <= span.keep_start < span.keep_stop
        assert span.keep_stop <= max(span.start + window, length if len(spans) == 1 else 0)
        if index > 0:
            assert span.keep_start - span.start >= overlap // 2 - unit
        if index + 1 < len(spans):
            assert span.start + window - span.keep_stop >= overlap // 2 - unit


def test_cover_refuses_windows_that_cannot_overlap():
    with pytest.raises(ValueError, match="cannot overlap"):
        tiling.cover(100, 20, 20)


@pytest.mark.parametrize("length", [512, 910, 1280, 1920, 4096])
def test_feathers_add_up(length):
    spans = tiling.cover(length, 512, 96)
    total = np.zeros(length)
    for index, span in enumerate(spans):
        total[span.start : span.start + 512] += tiling.feather(spans, index, 512)
    assert np.allclose(total, 1, atol=1e-3), "two neighbours, never three, share a pixel"


@pytest.mark.parametrize(
    ("size", "canvas", "windows"),
    [
        (FrameSize(512, 512), FrameSize(512, 512), 1),
        (FrameSize(300, 200), FrameSize(300, 200), 1),
        (FrameSize(540, 960), FrameSize(512, 910), 2),
        (FrameSize(1280, 720), FrameSize(1280, 720), 6),
        (FrameSize(5, 3), FrameSize(5, 3), 1),
    ],
)
def test_fixed_networks_never_squash(size, canvas, windows):
    contract = RgbContract(fixed=FrameSize(512, 512))
    arrangement = tiling.rgb_arrangement(contract, size)
    assert arrangement.canvas == canvas
    assert arrangement.window == FrameSize(512, 512)
    assert len(arrangement.rows) * len(arrangement.columns) == windows


def test_halo_covers_the_receptive_field():
    network = StyleNetwork(
        "s", "phases", "openvino", (), phase=4, stride=8, receptive_field=131, bundled=True
    )
    arrangement = tiling.exact_arrangement(network, FrameSize(4096, 4096))
    assert not arrangement.single
    for spans in (arrangement.rows, arrangement.columns):
        for index, span in enumerate(spans):
            window = arrangement.window.width
            if index > 0:
                assert span.keep_start - span.start > 131 // 2
            if index + 1 < len(spans):
                assert span.start + window - span.keep_stop > 131 // 2
