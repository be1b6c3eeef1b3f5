"""Every option of the live preview beyond those of a job, defined and checked once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from videotoon.errors import SettingsError

ViewChoice = Literal["painted", "side", "split"]

TEST_SOURCES = ("testsrc", "testsrc2", "smptebars", "rgbtestsrc", "mandelbrot")
STREAM_STARTS = ("rtsp://", "udp://")
_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """Options of the live preview; frozen, validated on creation.

    Raises:
        SettingsError: A value is unusable; the message names option, value and cure.
    """

    source: str = ""
    """Something else than a camera: a video file played at its own pace, a test picture
    (`testsrc`), or a stream (`rtsp://...`, `udp://...`)."""

    size: str = ""
    """Size asked of the camera or test picture, e.g. `1280x720`."""

    target_fps: float | None = None
    """Frames per second to hold; the painting size follows. By default the source's own rate."""

    latency: float = 80.0
    """Milliseconds from capture to screen to stay within; the painting size follows."""

    adapt: bool = True
    """Let the painting size follow the machine's speed."""

    window: bool = True
    """Show a window; `--no-window` for recording and streaming only."""

    view: ViewChoice = "painted"
    """What the window shows first: painted, side by side, or split by a line."""

    record: Path | None = None
    """Record the painted picture to this .mp4; whatever happens, at most a second is lost."""

    virtual_camera: bool = False
    """Offer the painted picture as a camera to other programs (needs `videotoon[live]`)."""

    output: str = ""
    """Send the painted picture as MPEG-TS, e.g. to `udp://127.0.0.1:5000`."""

    reconnect: bool = False
    """When the camera is busy or goes away, try again and again instead of ending."""

    loop: bool = False
    """Begin again at the end of a file."""

    seconds: float | None = None
    """End after so many seconds."""

    folder: Path = Path()
    """Where snapshots go, and recordings begun by key."""

    def __post_init__(self) -> None:
        if self.target_fps is not None:
            _check("--target-fps", self.target_fps, 1, 240)
        _check("--latency", self.latency, 5, 10_000)
        if self.seconds is not None:
            _check("--seconds", self.seconds, 0.1, 1e9)
        _ = self.frame_size
        if self.output and not self.output.startswith("udp://"):
            raise SettingsError(
                f"--output {self.output!r} is not a UDP address", "write udp://127.0.0.1:5000"
            )
        if self.record is not None and self.record.suffix.lower() not in (".mp4", ".mov", ".m4v"):
            raise SettingsError(
                f"--record {self.record.name!r} is not .mp4",
                "fragments, which survive a kill, need .mp4, .m4v or .mov",
            )

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height asked for."""
        if not self.size:
            return None
        match = _SIZE.fullmatch(self.size.lower())
        if match is None:
            raise SettingsError(f"--size {self.size!r} is not a size", "write e.g. 1280x720")
        return int(match[1]), int(match[2])


def _check(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(
            f"{option} {value:g} is out of range", f"give a value from {low:g} to {high:g}"
        )
