"""Arithmetic of painting a picture in windows; no pixels are touched here.

Windows of our own networks are exact: they overlap by twice the receptive field's radius and each
pixel is kept from a window in which everything it depends on was visible. Networks with global
statistics have no such radius; their windows are feathered into each other.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.frame import FrameSize

if TYPE_CHECKING:
    from videotoon.engine.weights import RgbContract, StyleNetwork

LARGEST_EXACT_AREA: Final = 4096 * 2304
"""Luma pixels painted at once by our own networks: cinema 4K; more would only cost memory."""

LEAST_STRIDES: Final = 2
"""Sides of the least painting, in strides. On processors with matrix units (AMX), oneDNN's strided
convolutions in int8 and bf16 leave results unwritten where a single column comes out."""

EXACT_WINDOW: Final = 2048
LARGEST_RGB_AREA: Final = 1600 * 1600
"""Pixels painted at once by networks in RGB, which hold far larger features."""

RGB_WINDOW: Final = 1024
FEATHER: Final = 96
"""Least overlap in pixels over which neighbouring windows of RGB networks fade."""

SNAP: Final = 4 / 3
"""A picture at most this much larger than a fixed network is scaled to it rather than cut."""


@dataclass(frozen=True, slots=True)
class Span:
    """One window along one axis.

    Attributes:
        start: First pixel the window sees.
        keep_start: First pixel taken from it.
        keep_stop: One past the last pixel taken from it.
    """

    start: int
    keep_start: int
    keep_stop: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How a picture is covered by windows of one size.

    Attributes:
        canvas: Size to which the picture is scaled before painting.
        padded: Size to which the canvas is padded; what the windows cover.
        window: Size of each window.
        rows: Spans along the height.
        columns: Spans along the width.
    """

    canvas: FrameSize
    padded: FrameSize
    window: FrameSize
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    @property
    def single(self) -> bool:
        """True if one window covers everything."""
        return len(self.rows) == len(self.columns) == 1


def cover(length: int, window: int, overlap: int, unit: int = 1) -> tuple[Span, ...]:
    """Cover an axis with windows of equal length that overlap by at least ``overlap``.

    Starts and kept parts fall on multiples of ``unit``; neighbours share their overlap evenly, so a
    kept pixel lies at least ``overlap // 2`` (less up to one unit) inside its window or at the
    picture's border.

    Args:
        length: Pixels to cover, a multiple of ``unit``.
        window: Length of a window, a multiple of ``unit``, longer than ``overlap``.
        overlap: Least number of pixels shared by neighbours.
        unit: Grid on which everything lies.
    """
    if length <= window:
        return (Span(0, 0, length),)
    if window <= overlap:
        raise ValueError(f"windows of {window} cannot overlap by {overlap}")
    # Rounding starts to the grid may take one unit of overlap away: ask for one more.
    step = window - overlap - (unit if unit > 1 else 0)
    count = -(-(length - window) // max(step, unit)) + 1
    starts = [round(i * (length - window) / (count - 1) / unit) * unit for i in range(count)]
    borders = [0]
    for left, right in itertools.pairwise(starts):
        borders.append((left + window + right) // 2 // unit * unit)
    borders.append(length)
    return tuple(
        Span(start, borders[index], borders[index + 1]) for index, start in enumerate(starts)
    )


def padded_size(size: FrameSize, stride: int) -> FrameSize:
    """Return the least size that a network with this stride paints around a picture."""
    width, height = (
        max(LEAST_STRIDES, -(-length // stride)) * stride for length in (size.width, size.height)
    )
    return FrameSize(width, height)


def exact_arrangement(
    network: StyleNetwork,
    size: FrameSize,
    largest: int = LARGEST_EXACT_AREA,
    side: int = EXACT_WINDOW,
) -> Arrangement:
    """Windows for a network with a bounded receptive field: the result equals a single window's.

    Args:
        network: Its stride and receptive field.
        size: Painting size.
        largest: Pictures of at most this many pixels take one window.
        side: Side of the windows of larger ones.
    """
    stride = network.stride
    padded = padded_size(size, stride)
    if padded.width * padded.height <= largest or not network.receptive_field:
        window = padded
    else:
        side = -(-side // stride) * stride
        window = FrameSize(min(side, padded.width), min(side, padded.height))
    # One more stride than twice the radius: borders between windows are rounded down to it.
    radius = -(-(network.receptive_field // 2 + 1) // stride) * stride
    overlap = 2 * radius + stride
    return Arrangement(
        canvas=size,
        padded=padded,
        window=window,
        rows=cover(padded.height, window.height, overlap, stride),
        columns=cover(padded.width, window.width, overlap, stride),
    )


def rgb_arrangement(contract: RgbContract, size: FrameSize) -> Arrangement:
    """Windows for a network that paints RGB, keeping the picture's aspect.

    A network of fixed size paints a slightly larger picture scaled down so that its shorter side
    fits, and a much larger one in overlapping windows; the picture is never squashed.
    """
    if contract.fixed is None:
        multiple = contract.multiple

        def fitting(length: int) -> int:
            return -(-max(length, contract.least) // multiple) * multiple

        padded = FrameSize(fitting(size.width), fitting(size.height))
        window, canvas = padded, size
        if padded.width * padded.height > LARGEST_RGB_AREA:
            side = fitting(RGB_WINDOW)
            window = FrameSize(min(side, padded.width), min(side, padded.height))
    else:
        window = contract.fixed
        canvas = _snapped(size, window)
        padded = FrameSize(max(canvas.width, window.width), max(canvas.height, window.height))
    overlaps = [min(FEATHER, length // 4) for length in (window.height, window.width)]
    return Arrangement(
        canvas=canvas,
        padded=padded,
        window=window,
        rows=cover(padded.height, window.height, overlaps[0]),
        columns=cover(padded.width, window.width, overlaps[1]),
    )


def _snapped(size: FrameSize, window: FrameSize) -> FrameSize:
    """Scale down to a fixed window where that saves windows at little loss of detail."""
    for scale in sorted((window.width / size.width, window.height / size.height)):
        if 1 / SNAP <= scale < 1:
            width, height = (max(1, round(side * scale)) for side in (size.width, size.height))
            return FrameSize(width, height)
    return size


def feather(spans: tuple[Span, ...], index: int, window: int) -> NDArray[np.float32]:
    """Weights along a window that fade over what it shares with its neighbours.

    Args:
        spans: All windows of the axis.
        index: Which of them.
        window: Its length.

    Returns:
        float32 [window], above 0; the weights of all windows at a pixel need not add up to 1.
    """
    position = np.arange(window, dtype=np.float32) + 0.5
    weights = np.ones(window, np.float32)
    if index > 0:
        shared = spans[index - 1].start + window - spans[index].start
        weights *= _fade(position / shared)
    if index + 1 < len(spans):
        shared = spans[index].start + window - spans[index + 1].start
        weights *= _fade((window - position) / shared)
    return np.maximum(weights, np.float32(1e-4))


def _fade(position: NDArray[Any]) -> NDArray[np.float32]:
    """Half a cosine from 0 to 1: without kinks, so that no edge shows where a fade ends."""
    faded: NDArray[np.float32] = (0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0, 1))).astype(
        np.float32
    )
    return faded
