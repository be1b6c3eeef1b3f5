"""Made pictures show what photographs lack: saturated colours, hard edges, other hues."""

import cv2
import numpy as np
import pytest

from training import synthetic
from training.colour import Image8

SIDE = 96


@pytest.fixture
def photographs() -> list[Image8]:
    rng = np.random.default_rng(3)
    noise = rng.integers(90, 160, (80, 120, 3), np.uint8)  # smaller than a square: is enlarged
    return [cv2.GaussianBlur(noise, (0, 0), 2.0).astype(np.uint8)]


def test_same_seed_same_pictures(photographs: list[Image8]) -> None:
    one, two, three = (
        synthetic.collage(photographs, SIDE, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one.shape == (SIDE, SIDE, 3)
    assert np.array_equal(one, two)
    assert not np.array_equal(one, three)


def test_a_collage_has_flat_areas_and_hard_edges(photographs: list[Image8]) -> None:
    picture = synthetic.collage(photographs, SIDE, np.random.default_rng(4))
    steps = np.abs(np.diff(picture.astype(int), axis=1)).max(axis=2)
    assert (steps > 60).mean() > 0.01
    assert (steps == 0).mean() > 0.02


def test_charts_reach_the_most_saturated_colours() -> None:
    rng = np.random.default_rng(5)
    charts = np.stack([synthetic.chart(SIDE, rng) for _ in range(12)]).astype(int)
    spread = charts.max(axis=-1) - charts.min(axis=-1)
    assert (spread == 255).mean() > 0.05


def test_recoloured_keeps_lightness_and_turns_the_hue() -> None:
    red = np.full((8, 8, 3), (200, 60, 60), np.uint8)
    turned = [synthetic.recoloured(red, np.random.default_rng(seed))[0, 0] for seed in range(8)]
    lightness = [(int(colour.max()) + int(colour.min())) / 2 for colour in turned]
    assert np.ptp(lightness) <= 4
    assert len({int(np.argmax(colour)) for colour in turned}) == 3


def test_a_leaf_lies_on_an_empty_mask() -> None:
    rng = np.random.default_rng(6)
    areas = [np.count_nonzero(synthetic.leaf(SIDE, rng)) for _ in range(60)]
    assert 0 < np.median(areas) < SIDE * SIDE / 4  # mostly small
    assert max(areas) > 3 * np.median(areas)  # some much larger


def test_bars_lie_at_the_border_and_leave_the_rest_alone() -> None:
    picture = np.full((SIDE, 80, 3), 120, np.uint8)
    rng, seen = np.random.default_rng(6), set()
    for _ in range(40):
        barred = synthetic.barred(picture, rng)
        black = (barred == 0).all(axis=2)
        rows, columns = black.all(axis=1), black.all(axis=0)
        assert rows.any() != columns.any()
        assert np.array_equal(black, rows[:, None] | columns[None, :])
        assert (barred[~black] == 120).all()
        seen.add((rows[0], rows[-1], columns[0], columns[-1]))
    assert {sum(sides) for sides in seen} == {1, 2}
    assert len(seen) == 6
    assert (picture == 120).all()
