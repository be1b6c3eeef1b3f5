"""Planes: what lies together in memory, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from videotoon.frame import FrameSize, Planes


def noise(size: FrameSize, seed: int = 0) -> Planes:
    chance = np.random.default_rng(seed)
    planes = Planes.empty(size)
    for plane in planes.colour_planes:
        plane[...] = chance.integers(0, 256, plane.shape, dtype=np.uint8)
    return planes


def test_fresh_planes_are_one_array_without_a_copy():
    planes = noise(FrameSize(12, 8))
    joined = planes.joined
    assert joined is not None
    assert joined.shape == (12, 12)
    assert np.array_equal(joined.ravel()[:96], planes.y.ravel())
    assert np.array_equal(joined.ravel()[96:120], planes.u.ravel())
    assert np.array_equal(joined.ravel()[120:], planes.v.ravel())
    planes.v[-1, -1] ^= 255
    assert joined[-1, -1] == planes.v[-1, -1]


@pytest.mark.parametrize("size", [FrameSize(13, 8), FrameSize(12, 7), FrameSize(1, 1)])
def test_odd_sides_are_not_joined(size):
    planes = noise(size)
    assert planes.size == size
    assert planes.u.shape == ((size.height + 1) // 2, (size.width + 1) // 2)
    assert planes.joined is None


def test_planes_that_lie_apart_are_not_joined():
    planes = noise(FrameSize(12, 8))
    assert Planes(planes.y.copy(), planes.u.copy(), planes.v.copy()).joined is None
    assert Planes(planes.y, planes.v, planes.u).joined is None
    assert Planes(planes.y, planes.u, planes.v.copy()).joined is None


def test_a_part_of_a_picture_is_not_joined():
    planes = noise(FrameSize(16, 16))
    part = Planes(planes.y[:8], planes.u[:4], planes.v[:4])
    assert part.joined is None
    upper_left = Planes(planes.y[:8, :8], planes.u[:4, :4], planes.v[:4, :4])
    assert upper_left.joined is None


def test_a_copy_shares_nothing_and_takes_another_alpha():
    planes = noise(FrameSize(12, 8))
    alpha = np.full((8, 12), 7, np.uint8)
    copy = planes.copied(alpha)
    for one, other in zip(planes.colour_planes, copy.colour_planes, strict=True):
        assert np.array_equal(one, other)
        assert not np.shares_memory(one, other)
    assert copy.alpha is alpha
    assert planes.copied(None).joined is not None


def test_another_alpha_needs_no_copy():
    planes = noise(FrameSize(12, 8))
    assert planes.with_alpha(None) is planes
    alpha = np.full((8, 12), 7, np.uint8)
    clear = planes.with_alpha(alpha)
    assert clear.alpha is alpha
    assert all(
        one is other for one, other in zip(planes.colour_planes, clear.colour_planes, strict=True)
    )
