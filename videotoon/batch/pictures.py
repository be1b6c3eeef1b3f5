"""Painting pictures of all sizes with few compiled networks.

Compiling a network for a size, even from the cache, costs more than painting a small picture. So
small pictures share networks: one without a fixed size where that gives the same pixels, and
otherwise a few of common sizes, to which pictures are grown by repeating their edges.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from videotoon.batch.styles import StyleShelf
from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.open import OpenedStyle
from videotoon.engine.phases import pad_edges
from videotoon.engine.pictures import planes_to_rgb, rgb_to_planes
from videotoon.engine.styliser import Styliser
from videotoon.engine.windows import WindowPainter, can_paint_windows
from videotoon.frame import FrameSize, Planes
from videotoon.settings import Settings

Rgb = NDArray[np.uint8]
"""A picture, shape (height, width, 3), RGB."""

Paint = Callable[[Planes], Planes]

SMALL: Final = 512
"""Longest side of pictures that share a network; larger ones are painted with one of their size."""

STEP: Final = 256
"""Common sizes are multiples of this."""


class PicturePainter:
    """Paints pictures for several threads at the same time.

    Args:
        settings: Options of the jobs.
        shelf: Keeps the compiled networks.
    """

    def __init__(self, settings: Settings, shelf: StyleShelf) -> None:
        self._settings = settings
        self._shelf = shelf
        self._styliser = Styliser(settings)
        self._lock = threading.Lock()
        self._any_size: WindowPainter | None = None
        self._tried = False
        self._of_thread = threading.local()
        self.sharing = 0

    def __call__(self, rgb: Rgb) -> Rgb:
        """Return the painted picture, same shape.

        Raises:
            VideotoonError: Style, engine, device or precision are not to be had.
        """
        height, width, _ = rgb.shape
        reduced = self._settings.max_side
        alone = max(height, width) > SMALL or (reduced is not None and reduced < SMALL)
        strength = self._settings.strength
        if alone or strength == 0.0:
            return self._styliser(rgb)
        planes = rgb_to_planes(rgb, PICTURE_TAGS)
        painted = planes_to_rgb(self._paint_for(planes.size)(planes), PICTURE_TAGS)
        if strength < 1.0:
            # What 4:2:0 lost of the original belongs to the part of it that stays.
            painted += (1.0 - strength) * (rgb - planes_to_rgb(planes, PICTURE_TAGS))
        with self._lock:
            self.sharing += 1
        return np.clip(np.rint(painted), 0, 255).astype(np.uint8)

    def _paint_for(self, size: FrameSize) -> Paint:
        """Return what paints a picture of a size in this thread."""
        paints: dict[FrameSize | None, Paint] | None = getattr(self._of_thread, "paints", None)
        if paints is None:
            paints = self._of_thread.paints = {}
        with self._lock:
            if not self._tried:
                self._tried = True
                self._any_size = self._exact_any_size()
            if self._any_size is not None:
                if None not in paints:
                    paints[None] = self._any_size.session().paint_window
                return paints[None]
        width, height = (-(-side // STEP) * STEP for side in (size.width, size.height))
        common = FrameSize(width, height)
        if common not in paints:
            session = self._shelf.open(self._settings, common, PICTURE_TAGS).session()
            paints[common] = lambda planes: cropped(session.paint(grown(planes, common)), planes)
        return paints[common]

    def _exact_any_size(self) -> WindowPainter | None:
        """Return a network without a fixed size if it paints like one that has.

        The engine does not say whether it does, so a picture of noise is painted in both ways.
        """
        style = self._shelf.open(self._settings, FrameSize(STEP, STEP), PICTURE_TAGS)
        if not can_paint_windows(style):
            return None
        painter = WindowPainter(style)
        return painter if _paint_alike(style, painter) else None


def _paint_alike(style: OpenedStyle, painter: WindowPainter) -> bool:
    noise = np.random.default_rng(0).integers(0, 256, (STEP, STEP, 3), dtype=np.uint8)
    planes = rgb_to_planes(noise, PICTURE_TAGS)
    fixed = style.session().paint(planes)
    free = painter.session().paint_window(planes)
    pairs = zip(fixed.colour_planes, free.colour_planes, strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def grown(planes: Planes, size: FrameSize) -> Planes:
    """Grow a picture to the right and bottom by repeating its edges."""
    half = size.chroma
    return Planes(
        pad_edges(planes.y, size.height, size.width),
        pad_edges(planes.u, half.height, half.width),
        pad_edges(planes.v, half.height, half.width),
    )


def cropped(planes: Planes, original: Planes) -> Planes:
    """Cut a picture to the size that it had before it was grown."""
    size, half = original.size, original.size.chroma
    return Planes(
        np.ascontiguousarray(planes.y[: size.height, : size.width]),
        np.ascontiguousarray(planes.u[: half.height, : half.width]),
        np.ascontiguousarray(planes.v[: half.height, : half.width]),
    )
