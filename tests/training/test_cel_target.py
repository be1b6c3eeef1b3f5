"""The targets of our own styles: shape, calm, colour and scale, on small drawn pictures."""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.targets.cel import CONSTANTS, cel, layers
from training.targets.cyberpunk import cyberpunk

Image8 = NDArray[np.uint8]
Style = Callable[..., Image8]
STYLES = [cel, cyberpunk]


def scene(size: int = 160) -> Image8:
    """A sky with a disc, a roof and a façade with windows."""
    rgb = np.zeros((size, size, 3), np.uint8)
    rgb[:] = (150, 190, 230)
    unit = size / 160
    cv2.circle(rgb, (round(120 * unit), round(35 * unit)), round(18 * unit), (250, 220, 120), -1)
    cv2.rectangle(rgb, (0, round(80 * unit)), (size, size), (225, 215, 200), -1)
    cv2.rectangle(rgb, (0, round(60 * unit)), (size, round(80 * unit)), (150, 60, 50), -1)
    for x in (20, 70, 120):
        corner = (round((x + 20) * unit), round(135 * unit))
        cv2.rectangle(rgb, (round(x * unit), round(100 * unit)), corner, (50, 60, 80), -1)
    return rgb


def psnr(one: Image8, two: Image8) -> float:
    """Peak signal-to-noise ratio in dB."""
    error = float(np.mean((one.astype(np.float64) - two.astype(np.float64)) ** 2))
    return float(10.0 * np.log10(255.0**2 / max(error, 1e-9)))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("shape", [(96, 128), (97, 61), (33, 40)])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_keeps_shape_and_repeats(style: Style, shape: tuple[int, int], scale: float) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    before = rgb.copy()
    once, twice = style(rgb, scale), style(rgb, scale)
    assert once.shape == rgb.shape
    assert once.dtype == np.uint8
    assert np.array_equal(once, twice)
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize("style", STYLES)
def test_noise_changes_little(style: Style) -> None:
    rgb = scene()
    noise = np.random.default_rng(2).normal(0.0, 3.0, rgb.shape)
    noisy = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    assert psnr(style(rgb), style(noisy)) > 30.0


@pytest.mark.parametrize("style", STYLES)
def test_follows_a_shift(style: Style) -> None:
    rgb = scene()
    moved = style(np.ascontiguousarray(np.roll(rgb, 2, axis=1)))
    inner = (slice(40, -40), slice(40, -40))
    assert psnr(np.roll(style(rgb), 2, axis=1)[inner], moved[inner]) > 40.0


def test_grey_stays_grey_and_lights_keep_apart() -> None:
    tones = [np.full((48, 48, 3), tone, np.uint8) for tone in (0, 60, 128, 200, 235, 250, 255)]
    results = [cel(tone) for tone in tones]
    for result in results:
        assert np.ptp(result.reshape(-1, 3).mean(axis=0)) < 6.0
    means = [float(result.mean()) for result in results]
    assert all(low < high for low, high in pairwise(means))
    assert means[-1] < 255.0


def test_lines_lie_on_edges_only() -> None:
    _, line = layers(scene(), 1.0, CONSTANTS)
    assert line[75:85, 5:155].max(axis=0).mean() > 0.5
    assert line[:40, 10:90].max() < 0.02
    assert line.min() >= 0.0
    assert line.max() <= 1.0


def test_noise_alone_draws_no_lines() -> None:
    noise = np.random.default_rng(3).normal(128.0, 4.0, (96, 96, 3))
    _, line = layers(noise.clip(0, 255).astype(np.uint8), 1.0, CONSTANTS)
    assert line.mean() < 0.01


@pytest.mark.parametrize("style", STYLES)
def test_twice_the_scale_is_the_picture_twice_as_large(style: Style) -> None:
    large = scene(320)
    small = cv2.resize(large, (160, 160), interpolation=cv2.INTER_AREA)
    halved = cv2.resize(style(large, 2.0), (160, 160), interpolation=cv2.INTER_AREA)
    assert psnr(np.asarray(halved, np.uint8), style(np.asarray(small, np.uint8))) > 20.0


def test_night_is_darker_and_bluer_than_day() -> None:
    day, night = cel(scene()), cyberpunk(scene())
    assert night.mean() < 0.8 * day.mean()
    assert night[..., 2].mean() > night[..., 1].mean() + 20.0


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_bars_around_a_film_stay_black_and_dark_paint_keeps_room_for_ink(scale: float) -> None:
    rgb = scene(192)
    rgb[:40] = rgb[-40:] = 0
    rgb[50:90] = 24  # dark, but not black
    painted = cel(rgb, scale)
    inner = np.concatenate([painted[:30], painted[-30:]])
    assert inner.max() <= 1
    assert painted[60:80].mean() > 30


def test_a_night_has_no_black() -> None:
    bars = scene(192)
    bars[:40] = 0
    assert cyberpunk(bars)[:30, :, 2].min() > 10
