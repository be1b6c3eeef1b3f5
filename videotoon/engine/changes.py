"""Recomputing only what changed since the frame before.

Our networks have no normalisation over the picture, so a painted pixel depends on its receptive
field only. Where nothing changed within it, the pixel painted for the frame before is the one that
would be painted now, bit for bit. A window around the change (and twice its receptive field) is
painted anew and set into the earlier painting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from videotoon.frame import FrameSize, Plane, Planes

WORTH_IT = 0.6
"""Windows larger than this part of the frame are not worth the copying; all is painted then."""

STEPS = 32
"""Windows have sides of so many steps at most, so that few different sizes occur."""

ROW_STEP = 16
"""The quick look compares one luma row in this many."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in luma pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        """Pixels inside."""
        return max(0, self.right - self.left) * max(0, self.bottom - self.top)

    @property
    def size(self) -> FrameSize:
        """Width and height; the box must not be empty."""
        return FrameSize(self.right - self.left, self.bottom - self.top)

    def within(self, outer: Box) -> Box:
        """Return the box as seen from the upper left corner of one around it."""
        left, top = outer.left, outer.top
        return Box(self.left - left, self.top - top, self.right - left, self.bottom - top)

    def grown(self, margin: int, grid: int, size: FrameSize) -> Box:
        """Return the box with a margin, on a grid, inside a frame."""
        return Box(
            max(0, (self.left - margin) // grid * grid),
            max(0, (self.top - margin) // grid * grid),
            min(size.width, -(-(self.right + margin) // grid) * grid),
            min(size.height, -(-(self.bottom + margin) // grid) * grid),
        )

    def joined(self, other: Box) -> Box:
        """Return the smallest box around both; an empty box counts as nothing."""
        if self.area == 0:
            return other
        if other.area == 0:
            return self
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


NOTHING = Box(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Repaint:
    """What to paint anew.

    Attributes:
        read: Window of the new frame that the network sees.
        write: Part of it whose painting may differ from the earlier one; empty if nothing changed.
    """

    read: Box
    write: Box


@dataclass(frozen=True, slots=True)
class PaintedWindow:
    """A painted part of a frame.

    Attributes:
        box: Where it is.
        planes: Its painting; only pixels that are far enough from cut edges are exact.
    """

    box: Box
    planes: Planes


class WindowSession(Protocol):
    """Paints windows of frames as they would be inside the whole frame."""

    def paint_window(self, planes: Planes, read: Box) -> PaintedWindow | None:
        """Return the painting of a window that holds ``read``.

        None where windows of this size are not worth preparing; all must be painted then.

        Args:
            planes: The whole frame.
            read: What the network must see; begins at multiples of the stride and ends there or
                with the frame.
        """
        ...


class ChangeFinder:
    """Finds what changed since the last frame that was painted; used by one thread.

    Args:
        margin: Reach of the network in luma pixels: how far around the cells of the stride that
            changed a painting may change.
        stride: Luma pixels that window edges must be multiples of.
        tolerance: Codes by which a pixel may differ and still count as unchanged.
    """

    def __init__(self, margin: int, stride: int, tolerance: int = 0) -> None:
        self._margin = margin
        self._stride = math.lcm(2, stride)
        self._tolerance = tolerance
        self._reference: Planes | None = None

    def look(self, planes: Planes) -> Repaint | None:
        """Compare a frame with what was painted last and remember it.

        Returns:
            The window to paint, or None where the whole frame must be painted.
        """
        reference, self._reference = self._reference, planes
        if reference is None or reference.size != planes.size:
            return None
        size = planes.size
        rows = _rows_changed(planes.y, reference.y, self._tolerance)
        if _worthless(self._repaint(rows, size), size):
            return None
        changed = _changed(planes, reference, self._tolerance)
        repaint = self._repaint(changed, size)
        if _worthless(repaint, size):
            return None
        if self._tolerance > 0:
            self._reference = _patched(reference, planes, changed)
        return repaint

    def forget(self) -> None:
        """Paint the next frame whole."""
        self._reference = None

    def begin_afresh(self) -> None:
        """Keep inexact paintings of earlier frames out of the next ones; exact ones may stay."""
        if self._tolerance > 0:
            self.forget()

    def _repaint(self, changed: Box, size: FrameSize) -> Repaint:
        if changed.area == 0:
            return Repaint(NOTHING, NOTHING)
        grid = self._stride
        write = changed.grown(0, grid, size).grown(self._margin, grid, size)
        left, right = self._span(write.left, write.right, size.width)
        top, bottom = self._span(write.top, write.bottom, size.height)
        return Repaint(Box(left, top, right, bottom), write)

    def _span(self, begin: int, end: int, side: int) -> tuple[int, int]:
        """Return where a window begins and ends: a whole number of steps, inside the frame."""
        stride = self._stride
        whole = -(-side // stride) * stride  # the network sees whole cells
        step = -(-whole // (STEPS * stride)) * stride
        first = max(0, (begin - self._margin) // stride * stride)
        length = -(-(min(end + self._margin, whole) - first) // step) * step
        return placed(first, length, side, stride)


def _worthless(repaint: Repaint, size: FrameSize) -> bool:
    return repaint.read.area > WORTH_IT * size.area


def _rows_changed(now: Plane, before: Plane, tolerance: int) -> Box:
    """Look at one row in sixteen: a box that is surely part of the change, at almost no cost."""
    import cv2

    rows = cv2.absdiff(
        np.ascontiguousarray(now[::ROW_STEP]), np.ascontiguousarray(before[::ROW_STEP])
    )
    box = _box_of(rows, tolerance)
    if box.area == 0:
        return NOTHING
    return Box(box.left, box.top * ROW_STEP, box.right, (box.bottom - 1) * ROW_STEP + 1)


def _changed(now: Planes, before: Planes, tolerance: int) -> Box:
    """Return the smallest box around all changed pixels of all planes."""
    import cv2

    box = NOTHING
    for plane, (new, old) in enumerate(zip(now.colour_planes, before.colour_planes, strict=True)):
        found = _box_of(cv2.absdiff(new, old), tolerance)
        if plane > 0:
            found = Box(found.left * 2, found.top * 2, found.right * 2, found.bottom * 2)
        box = box.joined(found)
    size = now.size
    return Box(box.left, box.top, min(box.right, size.width), min(box.bottom, size.height))


def _box_of(difference: np.ndarray, tolerance: int) -> Box:
    import cv2

    columns = difference.max(axis=0) > tolerance  # cv2.reduce takes fifteen times as long for it
    if not columns.any():
        return NOTHING
    rows = cv2.reduce(difference, 1, cv2.REDUCE_MAX).ravel() > tolerance
    return Box(
        int(columns.argmax()),
        int(rows.argmax()),
        len(columns) - int(columns[::-1].argmax()),
        len(rows) - int(rows[::-1].argmax()),
    )


def placed(first: int, length: int, side: int, stride: int) -> tuple[int, int]:
    """Return where a window of some length begins and ends: at ``first`` if the frame is so long.

    Args:
        first: Where it should begin, a multiple of the stride.
        length: How long it is, a multiple of the stride.
        side: Side of the frame.
        stride: The network sees whole cells of so many pixels.
    """
    whole = -(-side // stride) * stride
    first = min(first, max(0, whole - length))
    return first, min(side, first + length)


def crop(planes: Planes, box: Box) -> Planes:
    """Return a view of a part of a picture; the box must begin at even positions."""
    chroma = np.s_[box.top // 2 : -(-box.bottom // 2), box.left // 2 : -(-box.right // 2)]
    luma = np.s_[box.top : box.bottom, box.left : box.right]
    return Planes(planes.y[luma], planes.u[chroma], planes.v[chroma])


def set_into(base: Planes, window: PaintedWindow, write: Box, alpha: Plane | None) -> Planes:
    """Return ``base`` with a part of a painted window, in fresh memory."""
    result = base.copied(alpha)
    target, source = crop(result, write), crop(window.planes, write.within(window.box))
    for to, painted in zip(target.colour_planes, source.colour_planes, strict=True):
        to[...] = painted
    return result


def _patched(reference: Planes, now: Planes, changed: Box) -> Planes:
    """Return the reference with the changed part brought up to date."""
    even = Box(changed.left // 2 * 2, changed.top // 2 * 2, changed.right, changed.bottom)
    result = reference.copied(now.alpha)
    if even.area:
        source = crop(now, even)
        for to, new in zip(crop(result, even).colour_planes, source.colour_planes, strict=True):
            to[...] = new
    return result
