"""Painting pictures of any size with one compiled network.

Compiling a network for a size, even from the cache, costs more than painting a small picture, and
pictures come in all sizes. So one network is compiled without a fixed size. Filling batches of
pictures grown to common sizes was measured as well: it is slower, because the added margins cost
more than the saved calls.
"""

from __future__ import annotations

import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

from videotoon.batch.styles import StyleShelf
from videotoon.engine.adjust import adjust
from videotoon.engine.base import Adjustments
from videotoon.engine.changes import WindowSession
from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.pictures import planes_to_rgb, rgb_to_planes
from videotoon.engine.styliser import Styliser
from videotoon.engine.windows import WindowPainter
from videotoon.frame import FrameSize
from videotoon.settings import Settings

Rgb = NDArray[np.uint8]
"""A picture, shape (height, width, 3), RGB."""

MAX_PIXELS: Final = 2_000_000
"""Larger pictures are painted with a network of their size, in windows where they are huge."""

_NOMINAL: Final = FrameSize(256, 256)


class PicturePainter:
    """Paints pictures for several threads at the same time; the result is that of a Styliser.

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
        self._opened = False
        self._of_thread = threading.local()
        self.shared_network = 0

    def __call__(self, rgb: Rgb) -> Rgb:
        """Return the painted picture, same shape.

        Raises:
            VideotoonError: Style, engine, device or precision are not to be had.
        """
        session = self._session(rgb)
        if session is None or self._settings.strength == 0.0:
            return self._styliser(rgb)
        settings = self._settings
        planes = rgb_to_planes(rgb, PICTURE_TAGS)
        painted = session.paint_window(planes)
        wanted = Adjustments(settings.strength, settings.edge_preserve, settings.color_shift)
        if not wanted.neutral:
            painted = adjust(planes, painted, wanted)
        result = planes_to_rgb(painted, PICTURE_TAGS)
        if settings.strength < 1.0:
            # What 4:2:0 lost of the original belongs to the part of it that stays.
            result += (1.0 - settings.strength) * (rgb - planes_to_rgb(planes, PICTURE_TAGS))
        with self._lock:
            self.shared_network += 1
        return np.clip(np.rint(result), 0, 255).astype(np.uint8)

    def _session(self, rgb: Rgb) -> WindowSession | None:
        """Return this thread's session for any size, None where the picture needs another way."""
        height, width, _ = rgb.shape
        reduced = self._settings.max_side
        if height * width > MAX_PIXELS or (reduced is not None and max(height, width) > reduced):
            return None
        with self._lock:
            if not self._opened:
                self._opened = True
                style = self._shelf.open(self._settings, _NOMINAL, PICTURE_TAGS)
                if style.network.kind == "phases" and style.backend == "openvino":
                    self._any_size = WindowPainter(style)
            if self._any_size is None:
                return None
            if not hasattr(self._of_thread, "session"):
                self._of_thread.session = self._any_size.session()
        session: WindowSession = self._of_thread.session
        return session
