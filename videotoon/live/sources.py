"""From options to a source of pictures. Networks are reached only when named."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from videotoon.decode.opening import check_readable
from videotoon.errors import HostileInputError
from videotoon.live.base import LiveSource
from videotoon.live.camera import camera_source, stream_source
from videotoon.live.settings import STREAM_STARTS, TEST_SOURCES, LiveSettings
from videotoon.live.standin import FilePlayer, TestPicture

DEFAULT_TEST_SIZE = (640, 360)
DEFAULT_RATE = Fraction(30)


def open_source(camera: str, live: LiveSettings) -> LiveSource:
    """Return the camera, or what ``--source`` names instead.

    Raises:
        VideotoonError: It cannot be read, or is of a refused kind.
    """
    rate = Fraction(live.target_fps).limit_denominator(1001) if live.target_fps else DEFAULT_RATE
    source = live.source
    if not source:
        if "://" in camera:
            raise HostileInputError(
                f"camera {camera!r} is an address", "name streams with --source"
            )
        return camera_source(camera, live.frame_size, rate)
    if source in TEST_SOURCES:
        return TestPicture(source, live.frame_size or DEFAULT_TEST_SIZE, rate)
    if source.startswith(STREAM_STARTS):
        return stream_source(source)
    if "://" in source:
        raise HostileInputError(
            f"--source {source!r} is of a refused kind",
            f"use a file, {', '.join(STREAM_STARTS)} or {TEST_SOURCES[0]}",
        )
    check_readable(Path(source))
    return FilePlayer(Path(source), live.loop)
