"""Frames that come again: found where nothing changed, never merged where one can see a change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cache.measured import largest_block_difference
from videotoon.cache.held import HeldPicture
from videotoon.cache.repeated import RepeatedFrames
from videotoon.frame import Planes
from videotoon.settings import Settings

THRESHOLD = Settings().duplicate_threshold
WIDTH, HEIGHT = 64, 48


def picture(shade: int = 100, width: int = WIDTH, height: int = HEIGHT) -> Planes:
    chroma = ((height + 1) // 2, (width + 1) // 2)
    return Planes(
        np.full((height, width), shade, np.uint8),
        np.full(chroma, 120, np.uint8),
        np.full(chroma, 130, np.uint8),
    )


def noisy(planes: Planes, amount: int, seed: int) -> Planes:
    rng = np.random.default_rng(seed)
    y, u, v = (
        np.clip(plane + rng.integers(-amount, amount + 1, plane.shape), 0, 255).astype(np.uint8)
        for plane in planes.colour_planes
    )
    return Planes(y, u, v)


def with_dot(planes: Planes, x: int, y: int, side: int, shade: int = 255) -> Planes:
    luma = planes.y.copy()
    luma[y : y + side, x : x + side] = shade
    return Planes(luma, planes.u, planes.v)


def seen(cache: RepeatedFrames[str], planes: Planes, name: str) -> str:
    """What the pool does: look it up, else paint and remember."""
    found = cache.find(planes)
    if found is None:
        cache.remember(planes, name)
    return found or name


def test_held_frame_is_found_and_counted() -> None:
    cache: RepeatedFrames[str] = RepeatedFrames(8, THRESHOLD)
    assert [seen(cache, picture(), f"{n}") for n in range(4)] == ["0"] * 4
    assert (cache.counts.held, cache.counts.looped, cache.counts.total) == (3, 0, 3)


def test_noise_of_a_codec_does_not_count_as_change() -> None:
    cache: RepeatedFrames[str] = RepeatedFrames(8, THRESHOLD)
    for seed in range(10):
        assert seen(cache, noisy(picture(), 2, seed), str(seed)) == "0"


def test_slow_drift_is_noticed_in_the_end() -> None:
    """Each frame is compared with the last painted one, not with the one before."""
    cache: RepeatedFrames[str] = RepeatedFrames(8, THRESHOLD)
    names = [seen(cache, picture(100 + n), str(n)) for n in range(13)]
    assert names == ["0"] * 2 + ["2"] * 2 + ["4"] * 2 + ["6"] * 2 + ["8"] * 2 + ["10"] * 2 + ["12"]


@settings(max_examples=60, deadline=None)
@given(
    x=st.integers(0, WIDTH - 2), y=st.integers(0, HEIGHT - 2), dx=st.integers(-6, 6),
    dy=st.integers(-6, 6), side=st.integers(2, 6),
)  # fmt: skip
def test_a_small_moving_object_is_never_merged(x: int, y: int, dx: int, dy: int, side: int) -> None:
    """A white dot of 2x2 pixels or more on grey that moves by at least a pixel."""
    if max(abs(dx), abs(dy)) == 0:
        return
    x2, y2 = min(max(x + dx, 0), WIDTH - 2), min(max(y + dy, 0), HEIGHT - 2)
    if (x2, y2) == (x, y):
        return
    one, other = with_dot(picture(), x, y, side), with_dot(picture(), x2, y2, side)
    if np.array_equal(one.y, other.y):
        return
    cache: RepeatedFrames[str] = RepeatedFrames(8, THRESHOLD)
    cache.remember(one, "one")
    assert cache.find(other) is None


@pytest.mark.parametrize("plane", ["u", "v"])
def test_a_change_of_colour_alone_is_a_change(plane: str) -> None:
    base = picture()
    chroma = getattr(base, plane).copy()
    chroma[4:8, 4:8] += 20
    other = Planes(base.y, chroma if plane == "u" else base.u, chroma if plane == "v" else base.v)
    cache: RepeatedFrames[str] = RepeatedFrames(8, THRESHOLD)
    cache.remember(base, "base")
    assert cache.find(other) is None


def test_a_change_of_opacity_is_a_change() -> None:
    base = picture()
    alpha = np.full(base.y.shape, 255, np.uint8)
    solid = Planes(base.y, base.u, base.v, alpha)
    holed = Planes(base.y, base.u, base.v, np.zeros_like(alpha))
    assert largest_block_difference(solid, holed) == 255
    assert largest_block_difference(solid, base) == 255


def test_loops_are_found_by_content() -> None:
    cache: RepeatedFrames[str] = RepeatedFrames(4, THRESHOLD)
    loop = [picture(shade) for shade in (20, 80, 140, 200)]
    first = [seen(cache, planes, str(n)) for n, planes in enumerate(loop)]
    again = [seen(cache, planes, "new") for planes in loop * 2]
    assert first == ["0", "1", "2", "3"]
    assert again == ["0", "1", "2", "3"] * 2
    assert (cache.counts.held, cache.counts.looped) == (0, 8)


def test_the_least_recently_used_is_forgotten_first() -> None:
    cache: RepeatedFrames[str] = RepeatedFrames(2, THRESHOLD)
    a, b, c = picture(20), picture(80), picture(140)
    seen(cache, a, "a")
    seen(cache, b, "b")
    assert seen(cache, a, "new") == "a"  # now b is the oldest
    seen(cache, c, "c")
    assert seen(cache, b, "b2") == "b2"
    assert cache.find(a) is None, "b2 pushed a out"


def test_switched_off_nothing_is_ever_found() -> None:
    cache: RepeatedFrames[str] = RepeatedFrames(0, 255.0)
    assert [seen(cache, picture(), str(n)) for n in range(3)] == ["0", "1", "2"]
    assert cache.counts.total == 0


def test_threshold_zero_merges_only_equal_frames() -> None:
    cache: RepeatedFrames[str] = RepeatedFrames(8, 0.0)
    base = picture()
    assert seen(cache, base, "0") == "0"
    assert seen(cache, picture(), "1") == "0"
    assert seen(cache, with_dot(base, 0, 0, 1, shade=101), "2") == "2"


@pytest.mark.parametrize("plane", ["y", "u", "v", "alpha"])
@pytest.mark.parametrize("place", [(0, 0), (5, 7), (23, 31)])
def test_threshold_zero_sees_a_single_code(plane: str, place: tuple[int, int]) -> None:
    """The mean of its block would be rounded to nothing."""
    base = picture()
    planes = {"y": base.y, "u": base.u, "v": base.v, "alpha": np.full_like(base.y, 200)}
    base = Planes(**planes)
    planes[plane] = planes[plane].copy()
    planes[plane][place] += 1
    cache: RepeatedFrames[str] = RepeatedFrames(8, 0.0)
    cache.remember(base, "base")
    assert cache.find(Planes(**planes)) is None
    assert cache.find(base) == "base"


def test_a_new_picture_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Planes] = []

    def counted(planes: Planes) -> bytes:
        hashed.append(planes)
        return really(planes)

    really = Planes.content_hash
    monkeypatch.setattr(Planes, "content_hash", counted)
    cache: RepeatedFrames[str] = RepeatedFrames(8, THRESHOLD)
    a, b = picture(20), picture(90)
    assert [seen(cache, planes, name) for planes, name in ((a, "a"), (b, "b"), (a, "new"))] == [
        "a", "b", "a",
    ]  # fmt: skip
    assert hashed == [a, b, a]


def test_another_picture_than_the_one_looked_up_may_be_remembered() -> None:
    cache: RepeatedFrames[str] = RepeatedFrames(8, THRESHOLD)
    assert cache.find(picture(20)) is None
    cache.remember(picture(90), "b")
    cache.remember(picture(160), "c")
    assert cache.find(picture(20)) is None
    assert cache.find(picture(90)) == "b"


def test_forgetting() -> None:
    cache: RepeatedFrames[str] = RepeatedFrames(8, THRESHOLD)
    cache.remember(picture(), "old")
    cache.forget()
    assert cache.find(picture()) is None


def test_other_size_is_another_frame() -> None:
    assert largest_block_difference(picture(), picture(width=62)) == 255
    flat, tall = picture(width=40, height=20), picture(width=20, height=40)
    assert flat.content_hash() != tall.content_hash()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), amount=st.integers(0, 40), enough=st.sampled_from([2.0, 4.0]))
def test_the_quick_look_never_changes_the_answer(seed: int, amount: int, enough: float) -> None:
    """Stopping early may only happen where the full comparison is above the limit, too."""
    one, other = noisy(picture(), 3, seed), noisy(picture(), amount, seed + 1)
    held = HeldPicture()
    held.hold(one)
    quick = held.change_to(other, enough)
    assert (quick is not None) == (largest_block_difference(one, other) <= enough)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 9), (66, 50)])
def test_sizes_that_are_no_multiple_of_a_block(size: tuple[int, int]) -> None:
    one = picture(100, *size)
    assert largest_block_difference(one, picture(100, *size)) == 0
    assert largest_block_difference(one, picture(140, *size)) == pytest.approx(40)


@pytest.mark.parametrize("corner", [(0, 0), (WIDTH - 2, HEIGHT - 2), (WIDTH - 2, 0)])
def test_corners_are_looked_at(corner: tuple[int, int]) -> None:
    width, height = WIDTH - 2, HEIGHT - 2  # no multiples of the block
    base = picture(100, width, height)
    x, y = min(corner[0], width - 2), min(corner[1], height - 2)
    assert largest_block_difference(base, with_dot(base, x, y, 2)) > THRESHOLD
