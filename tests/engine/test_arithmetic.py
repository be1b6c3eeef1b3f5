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
from videotoon.frame import BT709, ColourTags, FrameSize, Planes

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


CONVERTED = [(1, 1), (2, 1), (1, 2), (3, 3), (8, 6), (67, 35), (71, 50), (64, 48)]


def by_definition(planes: Planes, tags: ColourTags) -> np.ndarray:
    """RGB of planes, one pixel after the other."""
    matrix, offset = colour.codes_to_rgb(tags)
    size = planes.size
    rgb = np.empty((size.height, size.width, 3))
    for row in range(size.height):
        for column in range(size.width):
            codes = [float(planes.y[row, column])]
            for plane in (planes.u.astype(float), planes.v.astype(float)):
                # Chroma lies between two rows, and on the even columns.
                near, far = row // 2, row // 2 + (1 if row % 2 else -1)
                far = min(max(far, 0), plane.shape[0] - 1)
                line = 0.75 * plane[near] + 0.25 * plane[far]
                left = column // 2
                right = min(left + column % 2, plane.shape[1] - 1)
                codes.append(0.5 * line[left] + 0.5 * line[right])
            rgb[row, column] = matrix @ codes + offset
    return rgb.clip(0, 255)


def back_by_definition(rgb: np.ndarray, tags: ColourTags) -> list[np.ndarray]:
    """Planes of RGB before rounding, one pixel after the other."""
    matrix, offset = colour.rgb_to_codes(tags)
    codes = rgb @ matrix.T + offset
    height, width, _ = codes.shape
    small = np.empty((-(-height // 2), -(-width // 2), 2))
    for row, column in np.ndindex(small.shape[:2]):
        rows = (2 * row, min(2 * row + 1, height - 1))
        shares = ((2 * column - 1, 0.25), (2 * column, 0.5), (2 * column + 1, 0.25))
        small[row, column] = sum(
            0.5 * share * codes[one, min(max(place, 0), width - 1), 1:]
            for one in rows
            for place, share in shares
        )
    return [codes[..., 0], small[..., 0], small[..., 1]]


@pytest.mark.parametrize("size", CONVERTED, ids=str)
@pytest.mark.parametrize("tags", [BT709, ColourTags(matrix=6), colour.PICTURE_TAGS], ids=repr)
@pytest.mark.parametrize("with_torch", [False, True])
def test_conversions_are_what_they_are_defined_to_be(size, tags, with_torch):
    generator = np.random.default_rng(5)
    width, height = size
    chroma = (-(-height // 2), -(-width // 2))
    planes = Planes(
        *(
            generator.integers(0, 256, shape, np.uint8)
            for shape in ((height, width), chroma, chroma)
        )
    )
    rgb = by_definition(planes, tags)
    if with_torch:
        back = through_torch(planes, tags)
    else:
        assert np.abs(pictures.planes_to_rgb(planes, tags) - rgb).max() < 0.01
        back = pictures.rgb_to_planes(rgb.astype(np.float32), tags)
    for found, expected in zip(back.colour_planes, back_by_definition(rgb, tags), strict=True):
        assert np.abs(found - expected.clip(0, 255)).max() < 0.51


def through_torch(planes: Planes, tags: ColourTags) -> Planes:
    """What :class:`WholePicture` makes of planes around a network that changes nothing."""
    torch = pytest.importorskip("torch")
    from videotoon.engine.tiling import rgb_arrangement
    from videotoon.engine.torch_pictures import WholePicture
    from videotoon.engine.weights import RgbContract

    arrangement = rgb_arrangement(RgbContract(multiple=32, least=64), planes.size)
    whole = WholePicture(torch.nn.Identity(), arrangement, tags)
    codes = np.concatenate([plane.reshape(-1) for plane in planes.colour_planes])
    both = torch.from_numpy(np.stack([255 - codes, codes]))
    painted = whole(both)[1].numpy()
    ends = np.cumsum([plane.size for plane in planes.colour_planes])[:-1]
    parts = zip(np.split(painted, ends), planes.colour_planes, strict=True)
    return Planes(*(part.reshape(plane.shape) for part, plane in parts))
