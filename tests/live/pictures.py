"""Pictures for the tests of the live preview."""

from __future__ import annotations

import time

import numpy as np

from videotoon.frame import BT709, FrameSize, Planes
from videotoon.live.base import Captured, Shown


def grey(width: int = 64, height: int = 48, code: int = 128) -> Planes:
    half = ((height + 1) // 2, (width + 1) // 2)
    y = np.full((height, width), code, np.uint8)
    return Planes(y, np.full(half, 128, np.uint8), np.full(half, 128, np.uint8))


def shown(number: int = 0, code: int = 128, original: int = 128) -> Shown:
    captured = Captured(number, time.monotonic(), BT709, grey(code=original))
    return Shown(captured, grey(code=code), FrameSize(64, 48))
