"""Finding the FFmpeg program."""

from __future__ import annotations

import os
import shutil

from videotoon.errors import EncodeError

ENVIRONMENT_VARIABLE = "VIDEOTOON_FFMPEG"


def ffmpeg_binary() -> str:
    """Return the FFmpeg program: named by VIDEOTOON_FFMPEG, on PATH, or from imageio-ffmpeg.

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
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise EncodeError(
            "no FFmpeg program was found",
            f"install `imageio-ffmpeg`, put ffmpeg on PATH, or set {ENVIRONMENT_VARIABLE}",
        ) from error
