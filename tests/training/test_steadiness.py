"""The warping error: what counts, and where in a clip it is measured."""

from pathlib import Path

import numpy as np
import pytest

from tests.media import ClipSpec, make_clip
from training.colour import Image8
from training.steadiness import WarpSettings, clip_squares, flicker_ratio, warping_errors

SETTINGS = WarpSettings(frames=4, side=64)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", ClipSpec(width=96, height=80, frames=16)).path


def test_a_painting_that_changes_nothing_is_as_steady_as_its_source(clip: Path) -> None:
    settings = WarpSettings(frames=4, side=64, starts=(0, 8))
    assert flicker_ratio(clip, lambda y, uv: (y, uv), settings) == pytest.approx(1.0)


def test_a_painting_that_flickers_is_less_steady(clip: Path) -> None:
    calls = iter(range(100))

    def flickering(y: Image8, uv: Image8) -> tuple[Image8, Image8]:
        return np.clip(y.astype(int) + 12 * (next(calls) % 2), 0, 255).astype(np.uint8), uv

    assert flicker_ratio(clip, flickering, SETTINGS) > 1.5


def test_frames_are_taken_from_where_they_are_wanted(clip: Path) -> None:
    whole = clip_squares(clip, WarpSettings(frames=16, side=64))
    later = clip_squares(clip, SETTINGS, 8)
    assert len(later) == 4
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(whole[8:12], later, strict=True))
    assert len(clip_squares(clip, SETTINGS, 14)) == 2


def test_cuts_are_left_out() -> None:
    rng = np.random.default_rng(1)
    one, other = (rng.integers(0, 255, (64, 64, 3), np.uint8) for _ in range(2))
    frames = [one, one, other, other]
    errors = warping_errors(frames, frames, SETTINGS)
    assert len(errors) <= 3
    assert all(np.isfinite(pair).all() for pair in errors)
    assert warping_errors([one, 255 - one], [one, one], SETTINGS) == []
