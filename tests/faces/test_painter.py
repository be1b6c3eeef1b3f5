"""What painting faces may and may not change."""

from __future__ import annotations

import numpy as np
import pytest

from tests.faces.made import SIZE, Lighter, face_at, face_options, textured
from videotoon.engine.pictures import rgb_to_planes
from videotoon.faces.blending import match_coarse
from videotoon.faces.masks import chroma_grid, luma_grid, outline, region_around, soft_mask
from videotoon.faces.options import parse_colour
from videotoon.faces.painter import FacePainter
from videotoon.faces.regions import regions_from_landmarks
from videotoon.frame import BT709, ColourTags, FrameSize, Planes

FACES = [
    [face_at(200, 130, 80)],
    [face_at(200.3, 130.7, 50, 0.4)],
    [face_at(8, 20, 60)],  # over the border
    [face_at(120, 130, 40), face_at(300, 100, 90, -0.2), face_at(330, 110, 70)],
    [face_at(240, 135, 290)],  # larger than any crop
]


def painted_pair(faces, options=None, size=SIZE, tags=BT709, **keywords):
    original = rgb_to_planes(textured(size, 4), tags)
    scene = Lighter(1.0, 12.0).planes(original)
    before = [plane.copy() for plane in scene.colour_planes]
    crops = Lighter(1.5, 0.0)
    painter = FacePainter(crops, tags, options or face_options(), **keywords)
    result = painter.paint(original, scene, faces)
    for plane, copy in zip(scene.colour_planes, before, strict=True):
        np.testing.assert_array_equal(plane, copy)  # what came in is not touched
    return scene, result, crops


def inside_masks(faces, size: FrameSize, chroma: bool) -> np.ndarray:
    shape = (size.chroma.height, size.chroma.width) if chroma else (size.height, size.width)
    inside = np.zeros(shape, bool)
    for face in faces:
        ellipse = outline(face)
        region = region_around(ellipse, 4, size)
        grid = chroma_grid(region) if chroma else luma_grid(region)
        inside[region.chroma if chroma else region.luma] |= ellipse.radius(grid) < 1
    return inside


@pytest.mark.parametrize("faces", FACES)
@pytest.mark.parametrize("blend", ["soft", "poisson"])
def test_nothing_outside_the_masks_changes(faces, blend: str) -> None:
    scene, result, _ = painted_pair(faces, face_options(blend=blend))
    for number, (one, other) in enumerate(
        zip(scene.colour_planes, result.colour_planes, strict=True)
    ):
        outside = ~inside_masks(faces, SIZE, chroma=number > 0)
        np.testing.assert_array_equal(one[outside], other[outside])
    assert (scene.y != result.y).any()


def test_masks_stay_inside_the_box_and_are_soft() -> None:
    for face in (face_at(200, 130, 80), face_at(200, 130, 80, 0.5), face_at(200, 130, 80, 1.5)):
        ellipse = outline(face)
        left, top, right, bottom = ellipse.bounds()
        assert left >= face.box[0] - 1e-6
        assert top >= face.box[1] - 1e-6
        assert right <= face.box[2] + 1e-6
        assert bottom <= face.box[3] + 1e-6
        region = region_around(ellipse, 6, SIZE)
        mask = soft_mask(ellipse, luma_grid(region))
        assert mask.max() == 1.0
        assert mask[0].max() == mask[-1].max() == mask[:, 0].max() == mask[:, -1].max() == 0.0
        assert np.abs(np.diff(mask, axis=1)).max() < 0.2


def test_no_face_no_change() -> None:
    scene, result, crops = painted_pair([])
    assert result is scene
    assert crops.calls == []


def test_opacity_and_strength_scale_the_change() -> None:
    def change(opacity: float, strength: float) -> float:
        faces = [face_at(200, 130, 80, opacity=opacity)]
        scene, result, _ = painted_pair(faces, face_options(strength=strength))
        return float(np.abs(result.y.astype(float) - scene.y).mean())

    full = change(1.0, 1.0)
    assert full > 0
    assert change(0.5, 1.0) == pytest.approx(full / 2, rel=0.15)
    assert change(1.0, 0.5) == pytest.approx(full / 2, rel=0.15)
    assert change(1.0, 0.0) == change(0.0, 1.0) == 0.0


def test_small_faces_keep_the_scene_and_come_in_gradually() -> None:
    changes = []
    options = face_options(smallest=16, likeness=0)
    for side in (14.0, 16.0, 17.0, 18.0, 20.0):
        scene, result, _ = painted_pair([face_at(200, 130, side)], options)
        inside = inside_masks([face_at(200, 130, side)], SIZE, chroma=False)
        changes.append(np.abs(result.y.astype(float) - scene.y)[inside].mean())
    assert changes[0] == changes[1] == 0.0
    assert changes[1] < changes[2] < changes[3] < changes[4]


def test_faces_of_one_size_are_painted_together() -> None:
    _, _, crops = painted_pair([face_at(100, 100, 40), face_at(250, 100, 60), face_at(380, 90, 50)])
    assert crops.calls == [(256, 3)]
    _, _, crops = painted_pair([face_at(240, 135, 200)])
    assert crops.calls == [(384, 1)]


def test_the_same_network_at_the_same_scale_is_not_run_again() -> None:
    faces = [face_at(240, 135, 180)]
    _, _, crops = painted_pair(faces, same_network=True)
    assert crops.calls == []
    _, _, crops = painted_pair(faces, same_network=False)
    assert crops.calls != []


def test_coarse_brightness_comes_from_the_scene() -> None:
    rng = np.random.default_rng(2)
    scene = np.full((120, 100), 150.0, np.float32)
    face = scene - 40 + rng.normal(0, 5, scene.shape).astype(np.float32)
    matched = match_coarse(face, scene, 15.0)
    assert abs(matched.mean() - 150) < 0.5
    assert matched.std() == pytest.approx(5, abs=0.5)


def test_regions_lie_where_the_landmarks_are() -> None:
    face = face_at(200, 130, 100, 0.2)
    region = region_around(outline(face), 10, SIZE)
    regions = regions_from_landmarks(face.landmarks, luma_grid(region))

    def at(mask: np.ndarray, point: np.ndarray) -> float:
        return float(mask[round(point[1]) - region.top, round(point[0]) - region.left])

    mouth = (face.landmarks[3] + face.landmarks[4]) / 2
    for eye in face.landmarks[:2]:
        assert at(regions.eyes, eye) > 0.9
        assert at(regions.skin, eye) < 0.1
    assert at(regions.lips, mouth) > 0.9
    assert at(regions.skin, face.landmarks[2]) > 0.9
    assert at(regions.eyes, mouth) == 0.0


def test_corrections_can_be_switched_off() -> None:
    faces = [face_at(240, 135, 290)]  # too large for a crop, so corrections alone
    scene, result, _ = painted_pair(faces, face_options(likeness=0, skin=0, eyes=0, lips=0))
    np.testing.assert_array_equal(scene.y, result.y)
    for only in ({"skin": 1.0}, {"eyes": 1.0}):
        options = face_options(**({"skin": 0.0, "eyes": 0.0, "lips": 0.0} | only))
        _, result, _ = painted_pair(faces, options)
        assert (scene.y != result.y).any()


@pytest.mark.parametrize("tags", [ColourTags(5, False), ColourTags(9, True)])
@pytest.mark.parametrize("size", [FrameSize(321, 181), FrameSize(97, 240)])
def test_odd_sizes_and_other_colour_spaces(tags: ColourTags, size: FrameSize) -> None:
    faces = [face_at(size.width - 20, size.height - 30, 60), face_at(30, 30, 30)]
    scene, result, _ = painted_pair(faces, size=size, tags=tags)
    assert result.size == scene.size


def test_alpha_passes_through() -> None:
    original = rgb_to_planes(textured(), BT709)
    scene = Planes(original.y, original.u, original.v, np.full_like(original.y, 77))
    result = FacePainter(Lighter(), BT709, face_options()).paint(original, scene, FACES[0])
    np.testing.assert_array_equal(result.alpha, scene.alpha)


def test_colours_are_read() -> None:
    assert parse_colour("#a05028") == parse_colour("A05028") == (160, 80, 40)
    assert parse_colour(None) is None
