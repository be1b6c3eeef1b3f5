"""What the cases of the corpus are made with: the master clip, FFmpeg commands, common options.

The master is two seconds at 25 frames per second in which a white frame flashes at the start and at
the end, each together with a click.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.media import Clicks, ClipSpec, Rgb, make_clip, numbered

FRAMES = 50
RATE = Fraction(25)
FLASHES = (5, 45)
"""Frames that are white; the clicks sound at the same times."""

Maker = Callable[["Kit", Path], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One clip and what must become of it.

    Attributes:
        name: File name; the suffix picks the container.
        about: What is special, for the table.
        make: Writes the clip.
        output: Suffix of the result.
        frames: Frames of the result; None where only wholeness is asked for.
        error: Class of the error that is the right answer, empty where the clip must pass.
        size: Width and height of the result, None for the input's.
        sound: The clip has flashes and clicks, whose distance is measured.
        gap: Seconds from a click to its flash.
        rate: Frames stand at this rate; None to compare with the packets' own times.
        doubled: The clip is one recording twice in a row. The second belongs where the first has
            ended in full: its sound may go on after its last picture, and sound cannot overlap.
    """

    name: str
    about: str
    make: Maker
    output: str = ".mp4"
    frames: int | None = FRAMES
    error: str = ""
    size: tuple[int, int] | None = None
    sound: bool = True
    gap: float = 0.0
    rate: Fraction | None = None
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class Kit:
    """What makers work with: the FFmpeg program, a folder and the master clip."""

    ffmpeg: str
    folder: Path
    master: Path

    @classmethod
    def make(cls, ffmpeg: str, folder: Path) -> Kit:
        """Write the master clip."""
        master = folder / "master.mkv"
        spec = ClipSpec(
            frames=FRAMES, codec="ffv1", pix_fmt="bgr0", colour=None, paint=flashing,
            sound=(clicks("flac"),),
        )  # fmt: skip
        make_clip(master, spec)
        return cls(ffmpeg, folder, master)

    def run(self, *arguments: str | Path) -> None:
        """Run FFmpeg; a failure is a mistake in the corpus and ends it."""
        command = [self.ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, timeout=120, check=False
        )
        if done.returncode:
            words = done.stderr.decode(errors="replace")
            raise RuntimeError(f"ffmpeg {' '.join(map(str, arguments))}: {words}")


def flashing(index: int, width: int, height: int) -> Rgb:
    """White at the flashes, numbered pictures otherwise."""
    picture = numbered(index, width, height)
    if index in FLASHES:
        picture[:] = 255
    return picture


def clicks(codec: str, layout: str = "stereo") -> Clicks:
    """Sound whose clicks fall on the flashes."""
    return Clicks(at=tuple(float(n / RATE) for n in FLASHES), codec=codec, layout=layout)


def encoded(*arguments: str) -> Maker:
    """The master with other codecs, filters or flags."""

    def make(kit: Kit, target: Path) -> None:
        kit.run("-i", kit.master, *arguments, target)

    return make


def derived(*arguments: str, source: tuple[str, ...] = (), before: tuple[str, ...] = ()) -> Maker:
    """A second pass (copying, mostly) over an encoded master.

    Args:
        arguments: Options of the second pass.
        source: Options of the first pass, which writes an MP4.
        before: Options ahead of the second pass's input.
    """

    def make(kit: Kit, target: Path) -> None:
        middle = kit.folder / f"{target.stem}.middle.mp4"
        kit.run("-i", kit.master, *(source or H264), *AAC, middle)
        kit.run(*before, "-i", middle, *arguments, target)
        middle.unlink()

    return make


H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "20")
AAC = ("-c:a", "aac")
COPY = ("-map", "0", "-c", "copy")
