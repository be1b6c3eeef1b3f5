"""Opening media files: only local files, only known containers, with plain errors."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from videotoon.decode.limits import Limits
from videotoon.errors import DecodeError, HostileInputError, InputError

if TYPE_CHECKING:
    from av.container import InputContainer

ALLOWED_DEMUXERS = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "mpeg",
    "mpegvideo", "flv", "h264", "hevc", "av1", "obu", "ivf", "m4v", "mjpeg", "gif", "apng",
    "yuv4mpegpipe", "ogg", "asf", "mxf", "nut", "wtv", "dv", "vc1", "rm",
    "wav", "mp3", "aac", "flac",
)  # fmt: skip
"""Containers that hold pictures or sound themselves. Playlists, concat lists, subtitles with
references, devices and network formats are missing on purpose: they name other files to open."""

ALLOWED_PROTOCOLS = "file"

OPEN_OPTIONS = {
    "protocol_whitelist": ALLOWED_PROTOCOLS,
    "format_whitelist": ",".join(ALLOWED_DEMUXERS),
    "enable_drefs": "0",  # a .mov may name other files as the place of its media data
    "use_absolute_path": "0",
}

_ADDRESS = re.compile(r"(https?|ftp|rtsp|rtmp|udp|tcp):/")

_REFUSED_STARTS = (
    b"#EXT",
    b"ffconcat",
    b"<?xml",
    b"<MPD",
    b"<SMIL",
    b"<smil",
    b"[playlist]",
    b"[reference]",
    b"v=0",  # SDP: names network addresses
    b";FFMETADATA",
)


def check_readable(path: Path) -> None:
    """Check that a path names a readable, non-empty file.

    Raises:
        InputError: It does not; the message says why.
    """
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    if _ADDRESS.match(shown):  # a path holds no two slashes in a row
        raise InputError(
            f"input {shown.replace(':/', '://', 1)!r} is an address; only files are opened",
            "download it first",
        )
    try:
        exists = path.exists()
    except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
        why = getattr(error, "strerror", None) or error
        raise InputError(f"input {shown!r} cannot be opened ({why})", "check the name") from error
    if not exists:
        raise InputError(f"input {shown!r} does not exist", "check the name and folder")
    if path.is_dir():
        raise InputError(f"input {shown!r} is a folder", "give a file, or use `videotoon batch`")
    if not path.is_file():
        raise InputError(f"input {shown!r} is not a regular file", "give a video or picture file")
    if not os.access(path, os.R_OK):
        raise InputError(f"input {shown!r} may not be read", "change its permissions")
    if path.stat().st_size == 0:
        raise InputError(f"input {shown!r} is empty (0 bytes)", "give a video or picture file")


def open_media(path: Path, limits: Limits | None = None) -> InputContainer:
    """Open a local media file for reading.

    Tags that are not UTF-8 survive as surrogate escapes. The caller closes the container.

    Raises:
        InputError: Missing, a folder, empty or unreadable.
        HostileInputError: A playlist or another format that refers to other files, or over a limit.
        DecodeError: Not a media file, or damaged beyond opening.
    """
    import av
    import av.error

    limits = limits or Limits()
    _refuse_lists(path)
    size = path.stat().st_size
    limits.check(f"{path.name!r} has {size} bytes", size, limits.max_bytes, "bytes")
    try:
        # An absolute path keeps names such as "a:b.mp4" from being read as a protocol.
        container = av.open(
            os.path.abspath(path),  # noqa: PTH100 - Path.absolute() keeps "..", which is fine too
            metadata_errors="surrogateescape",
            options=dict(OPEN_OPTIONS),
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if "whitelist" in reason(error):
            raise _refused(path) from error
        raise DecodeError(
            f"input {path.name!r} is not a video that can be read ({reason(error)})",
            "give a video such as .mp4, .mkv, .webm, .mov, or re-encode it",
        ) from error
    tracks = len(container.streams)
    try:
        limits.check(f"{path.name!r} has {tracks} tracks", tracks, limits.max_tracks, "tracks")
    except HostileInputError:
        container.close()
        raise
    return container


def _refuse_lists(path: Path) -> None:
    check_readable(path)
    with path.open("rb") as file:
        head = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(_REFUSED_STARTS):
        raise _refused(path)


def _refused(path: Path) -> HostileInputError:
    return HostileInputError(
        f"input {path.name!r} is a playlist or another list of files or addresses",
        "give the media file itself",
    )


def reason(error: Exception) -> str:
    """Return FFmpeg's own last words on an error, on one line."""
    log = getattr(error, "log", None)
    if log is not None:
        return " ".join(str(log[2]).split())
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split())
