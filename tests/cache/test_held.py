"""Looking at the tiles that changed tells the same as looking everywhere, and it is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from videotoon.cache import tiles
from videotoon.cache.coding_noise import excesses
from videotoon.cache.held import Change, HeldPicture
from videotoon.cache.tiles import TILE
from videotoon.frame import Plane, Planes

SIZES = [
    (1, 1), (2, 1), (1, 9), (5, 3), (16, 16), (17, 16), (33, 17), (129, 67), (200, 200), (66, 513),
    (640, 360),
]  # fmt: skip
Changed = Callable[[Planes, np.random.Generator], Planes]


def texture(width: int, height: int, rng: np.random.Generator) -> Plane:
    """Return soft and hard structures."""
    y, x = np.mgrid[:height, :width]
    waves = 110 + 40 * np.sin(x / 5.0 + y / 9.0) + 30 * (((x // 23) + (y // 31)) % 2)
    return np.clip(waves + rng.normal(0, 4, waves.shape), 0, 255).astype(np.uint8)


def picture(size: tuple[int, int], rng: np.random.Generator, alpha: bool = False) -> Planes:
    width, height = size
    u, v = (texture((width + 1) // 2, (height + 1) // 2, rng) for _ in "uv")
    opacity = texture(width, height, rng) if alpha else None
    return Planes(texture(width, height, rng), u, v, opacity)


def stirred(plane: Plane, rng: np.random.Generator, spots: int | None) -> Plane:
    """Return the plane with noise in some places, or all over."""
    changed = np.clip(plane + np.rint(rng.normal(0, 2, plane.shape)), 0, 255).astype(np.uint8)
    if spots is None:
        return changed
    mixed = plane.copy()
    for _ in range(spots):
        y, x = (int(rng.integers(0, side)) for side in plane.shape)
        mixed[y : y + 11, x : x + 7] = changed[y : y + 11, x : x + 7]
    return mixed


def everywhere(one: Planes, rng: np.random.Generator) -> Planes:
    return Planes(*(stirred(plane, rng, None) for plane in one.colour_planes))


def here_and_there(one: Planes, rng: np.random.Generator) -> Planes:
    return Planes(*(stirred(plane, rng, 5) for plane in one.colour_planes))


def nowhere(one: Planes, _: np.random.Generator) -> Planes:
    return Planes(one.y.copy(), one.u.copy(), one.v.copy())


def luma_alone(one: Planes, rng: np.random.Generator) -> Planes:
    return Planes(stirred(one.y, rng, 9), one.u, one.v)


def chroma_alone(one: Planes, rng: np.random.Generator) -> Planes:
    return Planes(one.y, one.u, stirred(one.v, rng, 3))


def moved(one: Planes, _: np.random.Generator) -> Planes:
    return Planes(np.roll(one.y, 1, axis=1), one.u, one.v)


KINDS: list[Changed] = [everywhere, here_and_there, nowhere, luma_alone, chroma_alone, moved]


def held(planes: Planes) -> HeldPicture:
    picture = HeldPicture()
    picture.hold(planes)
    return picture


def found(holder: HeldPicture, other: Planes, dense: bool = False) -> dict[str, list[float]]:
    """Return everything that a look tells."""
    change = holder.change_to(other, 255.0, dense)
    assert change is not None
    told: dict[str, list[float]] = {"largest": [change.largest]}
    for name, excess in excesses(holder, change):
        told.setdefault(name, []).append(excess)
    return told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_changed_tiles_tell_all(size: tuple[int, int], kind: Changed) -> None:
    rng = np.random.default_rng(5)
    one = picture(size, rng)
    other = kind(one, rng)
    few, all_of_them = found(held(one), other), found(held(one), other, dense=True)
    nothing = [0.0, 0.0]
    assert few.keys() <= all_of_them.keys()
    for name, excess in all_of_them.items():
        expected = pytest.approx(excess, rel=1e-3, abs=1e-5)
        assert few.get(name, nothing[: len(excess)]) == expected, name


@pytest.mark.parametrize("kind", KINDS)
def test_tiles_at_once_make_no_difference(kind: Changed, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    one = picture((200, 130), rng)
    other = kind(one, rng)
    whole = found(held(one), other)
    monkeypatch.setattr(tiles, "AT_ONCE", 7)
    assert found(held(one), other) == whole


def test_a_holder_keeps_nothing_of_what_it_held_before() -> None:
    rng = np.random.default_rng(7)
    holder = HeldPicture()
    for size in ((320, 180), (64, 200), (320, 180), (33, 17)):
        one = picture(size, rng)
        other = here_and_there(one, rng)
        holder.hold(one)
        assert found(holder, other) == found(held(one), other)
        assert found(holder, other) == found(held(one), other), "asked twice"
    holder.release()
    assert holder.change_to(picture((33, 17), rng), 255.0) is None


def means(plane: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    height, width = plane.shape
    blocks = plane.reshape(height // side, side, width // side, side)
    return np.asarray(blocks.mean(axis=(1, 3)))


def change_of(one: Planes, other: Planes, enough: float = 255.0) -> Change | None:
    return held(one).change_to(other, enough)


def test_what_is_told_is_right() -> None:
    """Against plain arithmetic, where sides are whole tiles."""
    rng = np.random.default_rng(8)
    one = picture((128, 96), rng)
    other = here_and_there(one, rng)
    change = change_of(one, other)
    assert change is not None
    rows, columns = change.grid
    assert (rows, columns) == (6, 8)
    pairs = zip(one.colour_planes, other.colour_planes, strict=True)
    signed = [after.astype(np.float64) - before for before, after in pairs]
    luma, u, v = (means(abs(plane), 4).max() for plane in signed)
    assert change.largest == pytest.approx(max(luma, 2 * u, 2 * v), abs=2.0), "twice rounded"
    touched = means((signed[0] != 0).astype(np.float64), TILE) > 0
    assert change.luma.tiles.tolist() == np.flatnonzero(touched).tolist()
    halves = means(signed[0], 2).reshape(rows, 8, columns, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    beside = np.hstack([halves[tile] for tile in change.luma.tiles])
    np.testing.assert_allclose(change.luma.signed, beside, atol=1e-5)
    for row, plane in enumerate(signed[1:]):
        expected = means(plane, 8).reshape(-1)[change.chroma.tiles]
        np.testing.assert_allclose(change.chroma.signed[row], expected, atol=1e-5)


def test_a_jump_is_told_from_steady_change() -> None:
    def flat(code: int, width: int = 64) -> Planes:
        chroma = np.full((24, width // 2), 128, np.uint8)
        return Planes(np.full((48, width), code, np.uint8), chroma, chroma)

    holder = HeldPicture()
    assert not holder.jumps_after(flat(50), flat(90)), "nothing is held"
    holder.hold(flat(50))
    assert holder.jumps_after(flat(52), flat(61))
    assert holder.jumps_after(flat(50), flat(51))
    assert not holder.jumps_after(flat(50), flat(50))
    assert not holder.jumps_after(flat(52), flat(60))
    assert not holder.jumps_after(flat(52), None)
    assert not holder.jumps_after(flat(52), flat(90, 80)), "another size"


def test_enough_is_enough() -> None:
    rng = np.random.default_rng(9)
    one = picture((128, 96), rng)
    other = here_and_there(one, rng)
    change = change_of(one, other)
    assert change is not None
    assert change_of(one, other, change.largest) is not None
    assert change_of(one, other, change.largest - 1.0) is None


def test_opacity_is_compared_and_must_be_there_twice() -> None:
    rng = np.random.default_rng(10)
    solid = picture((40, 24), rng, alpha=True)
    assert solid.alpha is not None
    clearer = Planes(*solid.colour_planes, solid.alpha // 2)
    same = change_of(solid, solid)
    change = change_of(solid, clearer)
    assert same is not None
    assert same.largest == 0.0
    assert change is not None
    assert change.largest > 100.0
    assert change_of(solid, clearer, 16.0) is None
    assert change_of(solid, Planes(*solid.colour_planes)) is None
    assert change_of(Planes(*solid.colour_planes), solid) is None


def test_planes_need_not_be_contiguous() -> None:
    rng = np.random.default_rng(11)
    one = picture((64, 48), rng)
    other = here_and_there(one, rng)
    views = Planes(*(np.dstack([plane, plane])[:, :, 0] for plane in other.colour_planes))
    assert not views.y.flags.c_contiguous
    assert found(held(one), views) == found(held(one), other)
