"""videotoon: turns video clips into anime on an ordinary CPU.

Public names are loaded on first use, so that importing the package costs nothing::

    from videotoon import Settings, Styliser, stylise_video

    stylise_video("in.mp4", "out.mp4", Settings(style="cel", strength=0.8))
    painted = Styliser(Settings())(picture)  # uint8 RGB (height, width, 3), in and out

Every failure that a user can cause is a :class:`VideotoonError`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Report",
    "Settings",
    "Styliser",
    "VideotoonError",
    "__version__",
    "stylise_video",
]

if TYPE_CHECKING:
    from videotoon.engine.styliser import Styliser
    from videotoon.errors import VideotoonError
    from videotoon.pipeline import stylise_video
    from videotoon.report import Report
    from videotoon.settings import Settings

_HOMES = {
    "Report": "videotoon.report",
    "Settings": "videotoon.settings",
    "Styliser": "videotoon.engine.styliser",
    "VideotoonError": "videotoon.errors",
    "stylise_video": "videotoon.pipeline",
}


# Importing OpenVINO sends a usage event to its maker unless the user has opted out. Nothing here
# may talk to the network, and the sender's thread would hold up the end of an offline process. With
# the sending module made unavailable, OpenVINO takes its own silent stand-in.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


# OpenCV's own limit is ten times as high, and it is read when OpenCV is loaded. It looks at a
# picture's header; once the picture is here, a small file has become gigabytes.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 27))


def __dir__() -> list[str]:
    """Show public names to interactive shells before they are loaded."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Load a public name from its home."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'videotoon' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
