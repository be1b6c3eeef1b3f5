"""videotoon: turns video clips into anime on an ordinary CPU.

Public names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

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


def __getattr__(name: str) -> Any:
    """Load a public name from its home."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'videotoon' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
