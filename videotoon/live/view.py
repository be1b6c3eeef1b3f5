"""What the window shows: the picture, its original beside it, the line between, the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from videotoon.live.base import Shown
from videotoon.live.controls import Controls, help_rows
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
        draw_lines(picture, [[line] for line in lines], (6, 6), scale)
    if controls.record:
        centre = (picture.shape[1] - row, row)
        cv2.circle(picture, centre, max(4, row // 3), RED, -1, cv2.LINE_AA)
    if controls.help:
        top = 6 + (len(lines) * row + 8 if controls.overlay else 0)
        draw_lines(picture, help_rows(), (6, top), scale)


def draw_lines(
    picture: Bgr, rows: Sequence[Sequence[str]], place: tuple[int, int], scale: float
) -> None:
    """Write rows of columns on a darkened box whose corner is at ``place``."""
    height, gap = round(30 * scale) + 6, round(24 * scale)
    widths = [
        max(cv2.getTextSize(row[column], FONT, scale, 1)[0][0] for row in rows) + gap
        for column in range(len(rows[0]))
    ]
    left, top = place
    box = picture[top : top + height * len(rows) + 4, left : left + sum(widths)]
    box[...] = (box * 0.4).astype(np.uint8)
    for number, row in enumerate(rows):
        x, y = left + gap // 2, top + height * (number + 1) - 6
        for text, width in zip(row, widths, strict=True):
            cv2.putText(picture, text, (x, y), FONT, scale, WHITE, 1, cv2.LINE_AA)
            x += width
