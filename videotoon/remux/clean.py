"""Copying a file whose timestamps start anew midway into one whose timestamps rise."""

from __future__ import annotations

from pathlib import Path

from videotoon.decode.opening import ALLOWED_DEMUXERS
from videotoon.remux.arguments import local
from videotoon.remux.ffmpeg_binary import ffmpeg_binary
from videotoon.remux.running import run_ffmpeg


def clean_copy(source: Path, target: Path) -> None:
    """Copy all tracks with continuous times; nothing is decoded.

    Args:
        source: The input, e.g. two MPEG-TS recordings that were put one after the other.
        target: Matroska file to write; replaced if it exists.

    Raises:
        EncodeError: FFmpeg failed.
        DiskFullError: No space is left.
    """
    part = target.with_suffix(".part")
    run_ffmpeg(
        [
            *(ffmpeg_binary(), "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-y"),
            *("-protocol_whitelist", "file", "-format_whitelist", ",".join(ALLOWED_DEMUXERS)),
            *("-fflags", "+genpts", "-i", local(source)),
            *("-map", "0:v?", "-map", "0:a?", "-map", "0:s?", "-c", "copy"),
            *("-f", "matroska", local(part)),
        ]
    )
    part.replace(target)
