"""The live picture's styles: a mixture, another style, and back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.media import numbered
from videotoon.engine.base import Adjustments
from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.open import open_style
from videotoon.engine.pictures import rgb_to_planes
from videotoon.frame import FrameSize
from videotoon.live.studio import Studio
from videotoon.settings import Settings

SIZE = FrameSize(96, 64)
MIX = "cel:0.5,cyberpunk:0.5"
COMPILING_S = 60.0


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio(Settings(mix=MIX), SIZE, PICTURE_TAGS, [SIZE])
    yield studio
    studio.close()


def luma_of(studio: Studio) -> np.ndarray:
    painted, _ = studio.paint(rgb_to_planes(numbered(3, 96, 64), PICTURE_TAGS), 0, Adjustments())
    return painted.y.copy()


def alone(settings: Settings) -> np.ndarray:
    session = open_style(settings, SIZE, PICTURE_TAGS, streams=1).session()
    return session.paint(rgb_to_planes(numbered(3, 96, 64), PICTURE_TAGS)).y.copy()


def change(studio: Studio, style: str) -> None:
    studio.change_style(style)
    end = time.monotonic() + COMPILING_S
    while studio.style != style:
        assert time.monotonic() < end, studio.problem
        time.sleep(0.01)


def test_a_mixture_is_called_by_its_name_and_can_be_come_back_to(studio: Studio) -> None:
    assert studio.style == MIX
    np.testing.assert_array_equal(luma_of(studio), alone(Settings(mix=MIX)))
    change(studio, "cel")
    np.testing.assert_array_equal(luma_of(studio), alone(Settings(style="cel")))
    change(studio, MIX)
    np.testing.assert_array_equal(luma_of(studio), alone(Settings(mix=MIX)))
