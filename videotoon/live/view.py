"""What the window shows: the picture, its original beside it, the line between, the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from videotoon.frame import FrameSize
from videotoon.live.base import Shown
from videotoon.live.controls import Controls, help_lines
from videotoon.live.pictures import Bgr, to_bgr

FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
WHITE: Final = (255, 255, 255)
RED: Final = (60, 60, 255)


def compose(shown: Shown, controls: Controls) -> Bgr:
    """Return the picture of the chosen view, without figures."""
    colour = shown.captured.colour
    painted = to_bgr(shown.planes, colour)
    if controls.view == "painted":
        return painted
    original = to_bgr(shown.captured.planes, colour)
    if controls.view == "side":
        return np.hstack([original, painted])
    place = split_column(painted.shape[1], controls.split)
    painted[:, :place] = original[:, :place]
    cv2.line(painted, (place, 0), (place, painted.shape[0]), WHITE, 1, cv2.LINE_AA)
    return painted


def split_column(width: int, split: float) -> int:
    """Return the column of the split line: the original is left of it."""
    return min(width, max(0, round(width * split)))


def draw_figures(picture: Bgr, lines: Sequence[str], controls: Controls) -> None:
    """Write figures at the top, a red dot while recording, and the help."""
    scale = max(0.4, min(picture.shape[:2]) / 900)
    row = round(30 * scale) + 6
    if controls.overlay and lines:
        draw_lines(picture, lines, (6, 6), scale)
    if controls.record:
        centre = (picture.shape[1] - row, row)
        cv2.circle(picture, centre, max(4, row // 3), RED, -1, cv2.LINE_AA)
    if controls.help:
        top = 6 + (len(lines) * row + 8 if controls.overlay else 0)
        draw_lines(picture, help_lines(), (6, top), scale)


def draw_lines(picture: Bgr, lines: Sequence[str], place: tuple[int, int], scale: float) -> None:
    """Write lines of text on a darkened box whose corner is at ``place``."""
    row = round(30 * scale) + 6
    widths = [cv2.getTextSize(line, FONT, scale, 1)[0][0] for line in lines]
    left, top = place
    box = picture[top : top + row * len(lines) + 4, left : left + max(widths) + 12]
    box[...] = (box * 0.4).astype(np.uint8)
    for number, line in enumerate(lines):
        base = (left + 6, top + row * (number + 1) - 6)
        cv2.putText(picture, line, base, FONT, scale, WHITE, 1, cv2.LINE_AA)


def view_size(size: FrameSize, controls: Controls) -> FrameSize:
    """Return the size of the chosen view's picture."""
    return FrameSize(size.width * (2 if controls.view == "side" else 1), size.height)
