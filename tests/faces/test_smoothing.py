"""Noise is smoothed, motion is followed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.faces.made import box_at, landmarks_at
from videotoon.faces.smoothing import SteadyPoints

SIDE = 100.0


def truth(x: float, y: float) -> np.ndarray:
    return np.concatenate([np.array(box_at(x, y, SIDE)).reshape(2, 2), landmarks_at(x, y, SIDE)])


def run(path: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Filtered points for noisy measurements along a path; shape (frames, 7, 2)."""
    steady = SteadyPoints.start(truth(*path[0]) + noise[0])
    out = [steady.points.copy()]
    for place, disturbed in zip(path[1:], noise[1:], strict=True):
        steady.advance()
        steady.correct(truth(*place) + disturbed, SIDE)
        out.append(steady.points.copy())
    return np.array(out)


@pytest.mark.parametrize("seed", range(5))
def test_two_pixels_of_noise_become_less_than_seven_tenths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = np.tile([200.0, 150.0], (300, 1))
    out = run(path, rng.uniform(-2, 2, (300, 7, 2)))
    error = out[20:] - truth(200.0, 150.0)
    assert np.sqrt((error**2).mean()) <= 0.7
    # Also for noise whose standard deviation is two pixels.
    out = run(path, rng.normal(0, 2, (300, 7, 2)))
    assert np.sqrt(((out[20:] - truth(200.0, 150.0)) ** 2).mean()) <= 0.7


@pytest.mark.parametrize("speed", [1.0, 3.0, 8.0])
def test_a_moving_face_is_followed_within_two_frames(speed: float) -> None:
    still, moving = np.zeros(20), np.arange(1, 61) * speed
    path = np.column_stack([100 + np.concatenate([still, moving]), np.full(80, 120.0)])
    out = run(path, np.zeros((80, 7, 2)))
    lag = (path[:, 0] - out[:, 2:, 0].mean(axis=1) + landmarks_at(0, 0, SIDE)[:, 0].mean()) / speed
    assert lag[20:].max() <= 2.0
    assert abs(lag[-20:]).max() < 0.5


def test_lag_stays_small_under_noise_too() -> None:
    rng = np.random.default_rng(3)
    path = np.column_stack([100 + 4.0 * np.arange(100), np.full(100, 120.0)])
    out = run(path, rng.uniform(-2, 2, (100, 7, 2)))
    expected = path[:, :1] + landmarks_at(0, 0, SIDE)[:, 0]
    assert abs((expected - out[:, 2:, 0])[20:].mean()) / 4.0 < 0.5


def test_seen_motion_moves_all_points_at_once() -> None:
    steady = SteadyPoints.start(truth(50.0, 50.0))
    steady.advance(truth(58.0, 47.0))
    np.testing.assert_allclose(steady.points, truth(58.0, 47.0))
