"""Laying pictures out in a labelled grid."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.frame import FrameSize

Rgb = NDArray[np.uint8]

MAX_SHEET_SIDE: Final = 4096
"""Pixels; larger sheets are hard to look at."""

MAX_CELL_SIDE: Final = 1280
BACKGROUND: Final = (250, 250, 248)
INK: Final = (38, 38, 42)
FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
OVERSAMPLING: Final = 4
"""Letters are drawn this much larger and averaged: OpenCV's line font looks ragged otherwise."""


def draw_sheet(columns: Sequence[str], rows: Sequence[str], cells: Sequence[Sequence[Rgb]]) -> Rgb:
    """Draw a grid of pictures with a title above each column and a label left of each row.

    Args:
        columns: Titles.
        rows: Labels; empty ones take no room.
        cells: RGB uint8 [height, width, 3], all of one shape; one sequence per row.

    Returns:
        The sheet, RGB uint8 [height, width, 3], no side above :data:`MAX_SHEET_SIDE`.
    """
    height, width, _ = cells[0][0].shape
    cell = cell_size(FrameSize(width, height), len(columns), len(rows))
    text = max(11, min(30, round(cell.short_side / 18)))
    gap, top = max(4, text // 2), 2 * text
    longest = max((text_width(row, text) for row in rows), default=0)
    left = longest + 2 * gap if longest else gap
    sheet = np.empty(
        (top + len(rows) * (cell.height + gap), left + len(columns) * (cell.width + gap), 3),
        np.uint8,
    )
    sheet[...] = BACKGROUND
    for number, title in enumerate(columns):
        x = left + number * (cell.width + gap)
        write_text(sheet, fitted(title, text, cell.width), (x, (top - text) // 2), text)
    for row, label in enumerate(rows):
        y = top + row * (cell.height + gap)
        write_text(sheet, label, (gap, y), text)
        for number, picture in enumerate(cells[row]):
            x = left + number * (cell.width + gap)
            sheet[y : y + cell.height, x : x + cell.width] = scaled(picture, cell)
    return sheet


def cell_size(picture: FrameSize, columns: int, rows: int) -> FrameSize:
    """Size of one picture on a sheet: its own, or as much smaller as the sheet needs."""
    room = 0.9  # the rest is for gaps and labels
    scale = min(
        1.0,
        MAX_CELL_SIDE / picture.long_side,
        room * MAX_SHEET_SIDE / (columns * picture.width),
        room * MAX_SHEET_SIDE / (rows * picture.height),
    )
    return FrameSize(max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))


def scaled(picture: Rgb, size: FrameSize) -> Rgb:
    """Return a picture at another size."""
    height, width, _ = picture.shape
    shrinks = size.width * size.height < width * height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(
        cv2.resize(picture, (size.width, size.height), interpolation=method), np.uint8
    )


def write_text(sheet: Rgb, text: str, corner: tuple[int, int], height: int) -> None:
    """Write a line of text into a picture; its upper left corner is (x, y)."""
    text = drawable(text)
    if not text:
        return
    scale, thickness = _font(height)
    (width, ascent), descent = cv2.getTextSize(text, FONT, scale, thickness)
    rows = -(-(ascent + descent + thickness) // OVERSAMPLING) * OVERSAMPLING
    mask = np.zeros((rows, -(-width // OVERSAMPLING) * OVERSAMPLING), np.uint8)
    cv2.putText(mask, text, (0, ascent + thickness // 2), FONT, scale, 255, thickness, cv2.LINE_AA)
    mask = np.asarray(
        cv2.resize(
            mask,
            (mask.shape[1] // OVERSAMPLING, mask.shape[0] // OVERSAMPLING),
            interpolation=cv2.INTER_AREA,
        ),
        np.uint8,
    )
    x, y = corner
    part = sheet[y : y + mask.shape[0], x : x + mask.shape[1]]
    share = mask[: part.shape[0], : part.shape[1], None].astype(np.float32) / 255
    part[...] = np.rint(part * (1 - share) + np.array(INK, np.float32) * share)


def text_width(text: str, height: int) -> int:
    """Pixels that a line of text takes."""
    scale, thickness = _font(height)
    (width, _), _ = cv2.getTextSize(drawable(text), FONT, scale, thickness)
    return -(-width // OVERSAMPLING) if text else 0


def fitted(text: str, height: int, width: int) -> str:
    """Return a text, cut with dots where it is wider than allowed."""
    if text_width(text, height) <= width:
        return text
    while text and text_width(f"{text}...", height) > width:
        text = text[:-1]
    return f"{text}..."


def drawable(text: str) -> str:
    """Spell a text in the letters that OpenCV's font has."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in plain)


def _font(height: int) -> tuple[float, int]:
    """Scale and thickness of the oversampled font for a letter height in pixels."""
    large = height * OVERSAMPLING
    return large / 30, max(1, round(large / 9))
