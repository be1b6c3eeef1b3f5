"""Finding the FFmpeg program."""

from __future__ import annotations

import contextlib
import os
import shutil

from videotoon.errors import EncodeError

ENVIRONMENT_VARIABLE = "VIDEOTOON_FFMPEG"


def ffmpeg_binary() -> str:
    """Return the FFmpeg program: named by VIDEOTOON_FFMPEG, from imageio-ffmpeg, or on PATH.

    The one that came along goes before a system's: FFmpeg 5.1, say, drops subtitles from a part of
    a clip and lets Matroska files begin later by the codec delay of their sound.

    Raises:
        EncodeError: There is none.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise EncodeError(
                f"{ENVIRONMENT_VARIABLE}={named!r} is not a program",
                "correct it, or unset it to use the bundled FFmpeg",
            )
        return found
    with contextlib.suppress(ImportError, RuntimeError):
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    found = shutil.which("ffmpeg")
    if found is None:
        raise EncodeError(
            "no FFmpeg program was found",
            f"install `imageio-ffmpeg`, put ffmpeg on PATH, or set {ENVIRONMENT_VARIABLE}",
        )
    return found
