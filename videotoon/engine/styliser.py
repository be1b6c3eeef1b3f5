"""Pictures: RGB in, RGB out, any size."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.engine.base import Session
from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.open import OpenedStyle, open_style
from videotoon.engine.styles import Catalogue
from videotoon.errors import SettingsError
from videotoon.frame import FrameSize
from videotoon.settings import Settings

COMPILED_SIZES: Final = 4
"""Picture sizes for which a compiled network is kept."""


class Styliser:
    """Paints pictures in one style.

    The network is compiled for each size of picture that comes; the last few stay compiled. Calls
    from several threads are safe and take turns.

    Args:
        settings: Style, adjustments, engine; the defaults if None.
        catalogue: Where style names are looked up; the bundled styles by default.
        **options: Fields of :class:`~videotoon.settings.Settings` that replace those of
            ``settings``, e.g. ``style="cel"``.

    Raises:
        SettingsError: An option is unknown or out of range.

    Example:
        ``painted = Styliser(style="cel")(picture)``
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        catalogue: Catalogue | None = None,
        **options: Any,
    ) -> None:
        try:
            self._settings = replace(settings or Settings(), **options)
        except TypeError as error:
            unknown = ", ".join(name for name in options if name not in Settings.__annotations__)
            raise SettingsError(f"no such setting: {unknown or error}", "see Settings") from error
        self._catalogue = catalogue
        self._opened: OrderedDict[FrameSize, tuple[OpenedStyle, Session]] = OrderedDict()
        self._latest: OpenedStyle | None = None
        self._lock = Lock()

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Paint a picture.

        Args:
            picture: RGB, uint8 [height, width, 3], 0..255, any size and memory order.

        Returns:
            The painted picture: RGB, uint8, same shape, fresh memory.

        Raises:
            TypeError: ``picture`` is no array of uint8.
            ValueError: Its shape is not [height, width, 3].
            VideotoonError: Style, engine, device or precision are not to be had.
        """
        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
            found = getattr(picture, "dtype", type(picture).__name__)
            raise TypeError(f"a picture is a numpy array of uint8, not {found}")
        if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
            raise ValueError(f"a picture has shape (height, width, 3), not {picture.shape}")
        strength = self._settings.strength
        if strength == 0.0:
            return picture.copy()
        from videotoon.engine.pictures import planes_to_rgb, rgb_to_planes

        planes = rgb_to_planes(picture, PICTURE_TAGS)
        with self._lock:
            painted_planes = self._session(planes.size).paint(planes)
        painted = planes_to_rgb(painted_planes, PICTURE_TAGS)
        if strength < 1.0:
            # What 4:2:0 lost of the original belongs to the part of it that stays.
            painted += (1.0 - strength) * (picture - planes_to_rgb(planes, PICTURE_TAGS))
        return np.clip(np.rint(painted), 0, 255).astype(np.uint8)

    def describe(self) -> dict[str, Any]:
        """Facts about style, network and engine of the latest picture; empty before the first."""
        return {} if self._latest is None else self._latest.describe()

    def _session(self, size: FrameSize) -> Session:
        if size not in self._opened:
            opened = open_style(
                self._settings, size, PICTURE_TAGS, streams=1, catalogue=self._catalogue
            )
            self._opened[size] = (opened, opened.session())
            if len(self._opened) > COMPILED_SIZES:
                self._opened.popitem(last=False)
        self._opened.move_to_end(size)
        self._latest, session = self._opened[size]
        return session
