"""The window, through OpenCV; used by the main thread only."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any, Final

from videotoon.errors import OutputError
from videotoon.frame import FrameSize
from videotoon.live.controls import Controls
from videotoon.live.pictures import Bgr

TITLE: Final = "videotoon"
_NO_KEY: Final = -1


class Window:
    """A window that shows pictures, hears keys and lets the split line be dragged.

    Args:
        controls: Changed by keys and mouse.

    Raises:
        OutputError: There is no screen, or this OpenCV cannot show windows.
    """

    def __init__(self, controls: Controls) -> None:
        import cv2

        if sys.platform.startswith("linux") and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        ):
            raise OutputError("there is no screen for the window", "add --no-window")
        _quiet_qt()
        self._controls = controls
        self._width = 1
        self._dragging = False
        self._size: FrameSize | None = None
        flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
        try:
            cv2.namedWindow(TITLE, flags)
            cv2.setMouseCallback(TITLE, self._mouse)
        except cv2.error as error:
            raise OutputError(
                "this OpenCV cannot show windows",
                "pip install --force-reinstall opencv-python, or add --no-window",
            ) from error

    def show(self, picture: Bgr) -> None:
        """Show a picture; the window takes its size when that changes."""
        import cv2

        height, width, _ = picture.shape
        size = FrameSize(width, height)
        if size != self._size:
            cv2.resizeWindow(TITLE, width, height)
            self._size, self._width = size, width
        cv2.imshow(TITLE, picture)

    def keys(self) -> str:
        """Let the window work, and return the key pressed, or nothing."""
        import cv2

        key = cv2.pollKey()
        if cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1 and self._size is not None:
            return "q"  # closed with the mouse
        return "" if key == _NO_KEY else chr(key & 0xFF)

    def close(self) -> None:
        """Close the window."""
        import cv2

        with contextlib.suppress(cv2.error):
            cv2.destroyWindow(TITLE)

    def _mouse(self, event: int, x: int, _y: int, _flags: int, _param: Any) -> None:
        import cv2

        if event == cv2.EVENT_LBUTTONDOWN:
            self._dragging = self._controls.view == "split"
        elif event == cv2.EVENT_LBUTTONUP:
            self._dragging = False
        if self._dragging:
            self._controls.split = min(1.0, max(0.0, x / self._width))


def _quiet_qt() -> None:
    """Keep Qt from printing about fonts that the picture does not use."""
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
    if sys.platform.startswith("linux") and not os.environ.get("QT_QPA_FONTDIR"):
        for folder in ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts"):
            if Path(folder).is_dir():
                os.environ["QT_QPA_FONTDIR"] = folder
                return
