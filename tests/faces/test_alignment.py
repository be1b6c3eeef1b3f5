"""Crops: there and back, upright, on the grid of 4:2:0."""

from __future__ import annotations

import numpy as np
import pytest

from tests.faces.made import SIZE, face_at, textured
from videotoon.engine.pictures import rgb_to_planes
from videotoon.faces.alignment import align, invert, roll, transform, umeyama, warp_planes
from videotoon.frame import BT709, FrameSize


@pytest.mark.parametrize("angle", [-0.6, 0.0, 0.3, 1.2])
def test_umeyama_finds_the_similarity(angle: float) -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(0, 10, (6, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    wanted = 1.7 * points @ turn.T + [3.0, -4.0]
    found = umeyama(points, wanted)
    np.testing.assert_allclose(transform(found, points), wanted, atol=1e-9)
    np.testing.assert_allclose(transform(invert(found), wanted), points, atol=1e-9)


def test_umeyama_never_mirrors() -> None:
    points = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]])
    assert np.linalg.det(umeyama(points, points * [-1.0, 1.0])[:, :2]) > 0


@pytest.mark.parametrize("angle", [-0.5, 0.0, 0.4])
def test_a_face_stands_upright_in_its_crop(angle: float) -> None:
    face = face_at(200, 130, 60, angle)
    assert roll(face.landmarks) == pytest.approx(angle)
    placed = align(face, 256, 0.6, 9.0)
    eyes = transform(placed.matrix, face.landmarks)[:2]
    assert eyes[0, 1] == pytest.approx(eyes[1, 1], abs=0.01)
    assert placed.scale == pytest.approx(0.6 * 256 / face.side)


@pytest.mark.parametrize(("angle", "x"), [(0.0, 200.0), (0.3, 201.5), (-0.7, 30.0)])
def test_there_and_back_gives_the_picture_again(angle: float, x: float) -> None:
    planes = rgb_to_planes(textured(cell=16), BT709)
    face = face_at(x, 120.25, 60, angle)
    placed = align(face, 256, 0.6, 9.0)
    crop = warp_planes(planes, placed.matrix, FrameSize(256, 256))
    back = warp_planes(crop, placed.inverse, SIZE)
    top, bottom, left, right = 100, 140, max(0, int(x) - 16), int(x) + 16
    part = np.s_[top:bottom, left:right]
    half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    assert np.abs(back.y[part].astype(int) - planes.y[part]).mean() < 1.5
    for one, other in ((back.u, planes.u), (back.v, planes.v)):
        assert np.abs(one[half].astype(int) - other[half]).mean() < 1.5


def test_chroma_moves_with_luma() -> None:
    ramp = np.zeros((120, 160, 3), np.uint8)
    ramp[..., 0] = np.linspace(40, 200, 160)[None]
    ramp[..., 2] = np.linspace(200, 40, 160)[None]
    planes = rgb_to_planes(ramp, BT709)
    shifted = warp_planes(planes, np.array([[1.0, 0, 10], [0, 1.0, 6]]), FrameSize(160, 120))
    np.testing.assert_array_equal(shifted.y[20:100, 20:150], planes.y[14:94, 10:140])
    np.testing.assert_array_equal(shifted.v[10:50, 10:75], planes.v[7:47, 5:70])
