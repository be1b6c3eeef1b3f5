"""Batches are drawn from where they should be, photograph and target from the same place."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch")

from training.dataset import (
    REDRAWN_CELL,
    AugmentSettings,
    PreparedPart,
    recompress,
    training_batch,
)

SIDE = 256
EYE = (40, 180)
"""Row and column of what the target draws anew in the face."""


@pytest.fixture
def faces(tmp_path: Path) -> PreparedPart:
    """A photograph whose texture is taken away, and a face whose eye grows."""
    rng = np.random.default_rng(4)
    luma = rng.integers(90, 160, (2, SIDE, SIDE), np.uint8)
    target = np.full_like(luma, 100)
    target[1] = luma[1] - 40  # another tone is no new drawing
    cv2.circle(target[1], EYE[::-1], 14, 10, -1)
    chroma = np.full((2, 2, SIDE // 2, SIDE // 2), 128, np.uint8)
    for kind, plane in (("photo", luma), ("target", target)):
        np.save(tmp_path / f"train_{kind}_luma.npy", plane)
        np.save(tmp_path / f"train_{kind}_chroma.npy", chroma)
    (tmp_path / "train_names.json").write_text(json.dumps(["photos/wall", "faces/someone"]))
    return PreparedPart.load(tmp_path, "train")


def test_redrawing_is_found_in_faces_where_something_new_is_drawn(faces: PreparedPart) -> None:
    across = SIDE // REDRAWN_CELL
    shares = np.diff(faces.redrawn(), prepend=0.0).reshape(2, across, across)
    row, column = (place // REDRAWN_CELL for place in EYE)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0].sum() == 0.0
    assert shares[1, : row + 2, column - 1 : column + 2].sum() > 0.9


@pytest.mark.parametrize(("redrawn", "share"), [(1.0, (0.95, 1.0)), (0.0, (0.0, 0.25))])
def test_crops_are_laid_on_it(faces: PreparedPart, redrawn: float, share: tuple[float, float]):
    settings = AugmentSettings(noise=0.0, compression=0.0, blur=0.0, redrawn=redrawn)
    shows = []
    for step in range(60):
        _, (luma, _, _) = training_batch(faces, 3, 96, 7, step, settings, faces.redrawn())
        shows += [float(crop.min()) < -0.9 for crop in luma]  # code 10, the eye's
    assert share[0] <= np.mean(shows) <= share[1]


def test_photograph_and_target_are_of_the_same_place(faces: PreparedPart) -> None:
    settings = AugmentSettings(noise=0.0, compression=0.0, blur=0.0, redrawn=1.0)
    (photo, _, _), (target, _, _) = training_batch(faces, 4, 96, 7, 0, settings, faces.redrawn())
    outside = target > -0.9
    assert bool(outside.any())
    assert np.allclose((photo - target)[outside] * 128.0, 40.0, atol=1e-3)


def test_lossy_coding_leaves_a_picture_in_its_place_and_alters_it() -> None:
    rng = np.random.default_rng(2)
    wave = 128 + 60 * np.sin(np.arange(96) / 9) + rng.normal(0, 6, (64, 96))
    luma = np.clip(wave, 16, 235).astype(np.uint8)
    chroma = np.stack([np.full((32, 48), code, np.uint8) for code in (90, 170)])
    seen = set()
    for seed in range(8):
        coded, colours = recompress(luma, chroma, np.random.default_rng(seed))
        again, _ = recompress(luma, chroma, np.random.default_rng(seed))
        np.testing.assert_array_equal(coded, again)
        error = np.abs(coded.astype(int) - luma)
        assert 0.5 < error.mean() < 8
        assert np.abs(colours.astype(int) - chroma).max() <= 3
        seen.add(coded.tobytes())
    assert len(seen) > 4
