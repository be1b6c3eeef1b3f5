"""Painting faces apart in a live picture, where that is to be had."""

from __future__ import annotations

from videotoon.live.painting import FacePainter
from videotoon.settings import Settings


def open_faces(settings: Settings) -> FacePainter | None:
    """Return what paints faces apart, or None where it is not to be had."""
    del settings
    return None
