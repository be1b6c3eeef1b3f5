"""Held pictures of lossy clips are found again; slow motion, light and small objects are not lost.

The clips are made here: a picture of soft and hard structures, changed a little from frame to
frame, coded by x264 and decoded again. ``alike`` is the older rule, a limit for the largest block.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.cache.measured import largest_block_difference
from videotoon.cache.coding_noise import excesses, is_coding_noise
from videotoon.cache.held import HeldPicture
from videotoon.cache.repeated import RepeatedFrames
from videotoon.frame import Planes
from videotoon.settings import Settings

Picture = NDArray[np.float32]
WIDTH, HEIGHT, HELD = 640, 360, 4
DETAIL = ((2, 12.0), (3, 12.0), (8, 14.0), (24, 14.0), (80, 25.0))
"""Sides of the clouds in pixels and how far they go in codes; as fine and strong as leaves."""

Rule = Callable[[Planes, Planes, Planes | None], bool]
"""Tells whether the second picture passes for the first; the third follows in the clip."""


def scene(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """Return a luma picture: clouds of four sizes, as light as a photo, and a few hard edges."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width), 110.0, np.float32)
    for cell, amount in DETAIL:
        coarse = rng.normal(0, 1, (height // cell + 4, width // cell + 4)).astype(np.float32)
        wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        picture += np.float32(amount) * wide
    for _ in range(8):
        centre = int(rng.integers(0, width)), int(rng.integers(0, height))
        cv2.circle(picture, centre, 25, float(rng.uniform(60, 190)), -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), np.float32)


def moved(picture: Picture, x: float, y: float) -> Picture:
    shift = np.array([[1, 0, x], [0, 1, y]], np.float32)
    size = picture.shape[1], picture.shape[0]
    return cv2.warpAffine(
        picture, shift, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT
    ).astype(np.float32)


def coded(pictures: Sequence[Picture], crf: int = 23, preset: str = "medium") -> list[Planes]:
    """Encode luma pictures with x264 and decode them."""
    memory = io.BytesIO()
    height, width = pictures[0].shape
    with av.open(memory, "w", format="mp4") as output:
        options = {"crf": str(crf), "preset": preset, "threads": "1"}
        stream = output.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        chroma = np.full((height // 2, width), 128, np.uint8)
        for picture in pictures:
            luma = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    memory.seek(0)
    with av.open(memory) as container:
        return [planes_of(frame) for frame in container.decode(video=0)]


def planes_of(frame: av.VideoFrame) -> Planes:
    packed = frame.to_ndarray(format="yuv420p")
    u, v = packed[frame.height :].reshape(2, frame.height // 2, frame.width // 2)
    return Planes(packed[: frame.height].copy(), u.copy(), v.copy())


def alike(limit: float) -> Rule:
    return lambda one, other, _: largest_block_difference(one, other) <= limit


def looks_like_noise(one: Planes, other: Planes) -> bool:
    held = HeldPicture()
    held.hold(one)
    change = held.change_to(other, 255.0)
    return change is not None and is_coding_noise(held, change)


def by_default(one: Planes, other: Planes, following: Planes | None = None) -> bool:
    cache: RepeatedFrames[str] = RepeatedFrames(8, Settings().duplicate_threshold)
    cache.remember(one, "one")
    return cache.find(other, following) is not None


def without_looking_ahead(one: Planes, other: Planes, _: Planes | None) -> bool:
    return by_default(one, other)


def reused(frames: Sequence[Planes], rule: Rule) -> list[int]:
    """Return for each frame the one whose painting is shown: its own or an earlier one's."""
    shown: list[int] = []
    for number, frame in enumerate(frames):
        following = frames[number + 1] if number + 1 < len(frames) else None
        again = bool(shown) and rule(frames[shown[-1]], frame, following)
        shown.append(shown[-1] if again else number)
    return shown


def share(shown: Sequence[int]) -> float:
    return float(np.mean([one != number for number, one in enumerate(shown)][1:]))


@pytest.fixture(scope="module")
def held_clip() -> list[Planes]:
    """Two layers that move past each other, every picture held: "on fours", coded coarsely."""
    near, far = (scene(20) - 110) / np.float32(2), scene(21)
    pictures = [moved(far, 2.3 * n, 0.7 * n) + moved(near, -5.6 * n, 1.9 * n) for n in range(10)]
    return coded([picture for picture in pictures for _ in range(HELD)], crf=27)


@pytest.fixture(scope="module")
def slow_pan() -> list[Planes]:
    picture = scene(7)
    return coded([moved(picture, 0.12 * n, 0.04 * n) for n in range(24)], crf=18)


def found_repeats(frames: Sequence[Planes], rule: Rule) -> float:
    shown = reused(frames, rule)
    return float(np.mean([shown[n] != n for n in range(len(frames)) if n % HELD]))


def test_lossily_coded_repeats_are_found(held_clip: list[Planes]) -> None:
    assert found_repeats(held_clip, by_default) >= 0.96
    assert found_repeats(held_clip, alike(4.0)) < 0.9, "the older rule misses them"


def slid(picture: Picture, pixels: float) -> Picture:
    """Return the picture with blocks that moved here and there, as coders predict them."""
    chance, side = np.random.default_rng(1), 32
    blocks = chance.choice([-pixels, 0, pixels], (HEIGHT // side + 1, WIDTH // side + 1))
    across = np.repeat(np.repeat(blocks, side, 0), side, 1)[:HEIGHT, :WIDTH]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    places = (x + across).astype(np.float32)
    return np.asarray(
        cv2.remap(picture, places, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def test_what_slides_directly_before_a_jump_is_a_repeat() -> None:
    """A third of a pixel is seen where it stays, and not where the picture is gone then."""
    picture = scene(13)
    slides = [slid(picture, pixels) for pixels in (0.35, 0.8, 1.5)]
    still, third, faster, whole, gone = coded([picture, *slides, moved(picture, 9, 4)], crf=4)
    assert not by_default(still, third)
    assert not by_default(still, third, third)
    assert not by_default(still, third, faster), "motion that gathers speed"
    assert by_default(still, third, gone)
    assert not by_default(still, whole, gone), "so much is seen even for one frame"


def test_steady_motion_never_jumps() -> None:
    picture = scene(15)
    for speed in (0.1, 0.3, 1.0, 4.0):
        first, second, third, *_, last = coded(
            [moved(picture, speed * n, 0.0) for n in range(4)], crf=4
        )
        held = HeldPicture()
        held.hold(first)
        assert not held.jumps_after(second, third)
        assert not held.jumps_after(second, last)
        assert not held.jumps_after(second, None)


def test_pictures_that_follow_are_never_merged(held_clip: list[Planes]) -> None:
    shown = reused(held_clip, by_default)
    assert all(one // HELD == number // HELD for number, one in enumerate(shown))


def test_a_slow_pan_is_painted(slow_pan: list[Planes]) -> None:
    """No frame is shown that lies further than a fifth of a pixel behind."""
    shown = reused(slow_pan, by_default)
    assert max(number - one for number, one in enumerate(shown)) * 0.1265 <= 0.2
    assert share(shown) < 0.1
    assert share(reused(slow_pan, alike(8.0))) > 0.4, "a higher limit alone swallows it"


@pytest.mark.parametrize("crf", [18, 28])
def test_a_quarter_of_a_pixel_a_frame_is_never_a_repeat(crf: int) -> None:
    picture = scene(8)
    frames = coded([moved(picture, 0.25 * n, 0.0) for n in range(16)], crf)
    assert share(reused(frames, by_default)) == 0.0


def test_a_slow_fade_keeps_its_light() -> None:
    """Ten seconds to black: 0.4 codes a frame."""
    picture = scene(9)
    frames = coded([picture * np.float32(1 - n / 300) for n in range(24)], crf=20)
    for number, one in enumerate(reused(frames, by_default)):
        behind = float(frames[one].y.mean()) - float(frames[number].y.mean())
        assert abs(behind) <= 1.0


def lit(picture: Picture, x: int, y: int, side: int, codes: float) -> Picture:
    changed = picture.copy()
    changed[y : y + side, x : x + side] += np.float32(codes)
    return changed


@pytest.mark.parametrize(
    ("side", "codes"), [(12, 10.0), (24, 6.0), (48, 4.0)], ids=["cursor", "spot", "patch"]
)
def test_something_small_and_faint_that_appears_is_a_change(side: int, codes: float) -> None:
    ground = cv2.GaussianBlur(scene(10), (0, 0), 12)
    frames = coded([ground] * 4 + [lit(ground, 300, 200, side, codes)] * 2, crf=18)
    assert by_default(frames[0], frames[3])
    assert not by_default(frames[3], frames[5])


def test_a_mouth_that_moves_is_a_change() -> None:
    """A region of 24x12 pixels moves by a pixel; nothing else does."""
    face = scene(11)
    cv2.ellipse(face, (300, 200), (12, 3), 0, 0, 360, 60.0, -1, cv2.LINE_AA)
    speaking = face.copy()
    speaking[190:212, 280:322] = moved(face, 0.0, 1.0)[190:212, 280:322]
    frames = coded([face] * 4 + [speaking] * 2, crf=23)
    assert by_default(frames[0], frames[3])
    assert not by_default(frames[3], frames[5])


def test_grain_does_not_hide_motion() -> None:
    picture, rng = scene(12), np.random.default_rng(1)
    pictures = [
        moved(picture, 0.25 * n, 0.0) + rng.normal(0, 2.5, picture.shape).astype(np.float32)
        for n in range(8)
    ]
    assert share(reused(coded(pictures, crf=20), by_default)) == 0.0


def noisy(planes: Planes, seed: int) -> Planes:
    rng = np.random.default_rng(seed)
    y, u, v = (
        np.clip(plane + np.rint(rng.normal(0, 1.0, plane.shape)), 0, 255).astype(np.uint8)
        for plane in planes.colour_planes
    )
    return Planes(y, u, v)


@pytest.mark.parametrize("size", [(129, 67), (200, 200), (33, 17), (66, 513)])
def test_any_size(size: tuple[int, int]) -> None:
    """Odd sides, and sides that no block divides: noise is noise, and a shift of light is not."""
    width, height = size
    luma = np.clip(scene(3, width, height), 0, 250).astype(np.uint8)
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 120, np.uint8)
    one = Planes(luma, chroma, chroma)
    assert looks_like_noise(noisy(one, 1), noisy(one, 2))
    assert not looks_like_noise(one, Planes(luma + np.uint8(3), chroma, chroma))
    assert not looks_like_noise(one, Planes(luma, chroma + np.uint8(2), chroma))


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 9), (5, 3)])
def test_tiny_pictures_do_not_fail(size: tuple[int, int]) -> None:
    width, height = size
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 120, np.uint8)
    one, other = (Planes(np.full((height, width), n, np.uint8), chroma, chroma) for n in (90, 99))
    assert looks_like_noise(one, one)
    assert not looks_like_noise(one, other)


def test_the_displacement_is_in_pixels() -> None:
    """Half a pixel is two and a half times the limit of 0.2 of large blocks."""
    picture = cv2.GaussianBlur(scene(4), (0, 0), 2)
    luma = [np.rint(np.clip(moved(picture, x, 0), 0, 255)).astype(np.uint8) for x in (0.0, 0.5)]
    chroma = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    one, other = (Planes(plane, chroma, chroma) for plane in luma)
    held = HeldPicture()
    held.hold(one)
    change = held.change_to(other, 255.0)
    assert change is not None
    measured = dict(excesses(held, change))
    assert measured["motion of 256 pixels"] == pytest.approx(2.5, rel=0.1)
