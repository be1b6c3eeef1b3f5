"""Stand-ins for a camera: a file or a test picture, played at its own pace."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

from videotoon.decode.file import FileSource
from videotoon.decode.planes import planes_of
from videotoon.decode.probe import probe
from videotoon.errors import CameraError
from videotoon.frame import ColourTags, Planes
from videotoon.live.base import Captured

MAX_LATE: Final = 0.25
"""Seconds by which a stand-in may fall behind before its clock is set anew, as a camera's would."""

Timed = tuple[float, Planes]
"""Seconds from the beginning, and the picture of that moment."""


class FilePlayer:
    """A video file as a camera.

    Args:
        path: The file.
        loop: Begin again at its end.

    Raises:
        VideotoonError: It cannot be read.
    """

    def __init__(self, path: Path, loop: bool = False) -> None:
        self._info = probe(path)
        self._loop = loop
        self.name = path.name
        self.rate = self._info.frame_rate

    def frames(self, stop: threading.Event) -> Iterator[Captured]:
        """Yield the file's pictures at their times."""
        return paced(self._pictures(), self._info.colour, stop)

    def _pictures(self) -> Iterator[Timed]:
        begin = Fraction(0)
        for turn in itertools.count():
            first: Fraction | None = None
            last = Fraction(0)
            for frame in FileSource(self._info).frames():
                first = frame.seconds if first is None else first
                last = frame.seconds - first
                yield float(begin + last), frame.planes
            begin += last + 1 / self.rate
            if not self._loop or (turn == 0 and first is None):
                return


class TestPicture:
    """One of FFmpeg's test pictures as a camera, without end.

    Args:
        kind: Name of the picture, e.g. ``testsrc2``.
        size: Width and height.
        rate: Frames per second.
    """

    __test__ = False  # pytest: not a class of tests
    _COLOUR = ColourTags(matrix=6)

    def __init__(self, kind: str, size: tuple[int, int], rate: Fraction) -> None:
        # testsrc2 is as good a picture as testsrc and much cheaper to draw.
        self._kind = "testsrc2" if kind == "testsrc" else kind
        self._size = size
        self.name = kind
        self.rate = rate

    def frames(self, stop: threading.Event) -> Iterator[Captured]:
        """Yield the picture at its rate."""
        return paced(self._pictures(), self._COLOUR, stop)

    def _pictures(self) -> Iterator[Timed]:
        import av

        width, height = self._size
        graph = f"{self._kind}=size={width}x{height}:rate={self.rate},format=yuv420p"
        with av.open(graph, format="lavfi") as container:
            for index, frame in enumerate(container.decode(video=0)):
                yield float(index / self.rate), planes_of(frame, self._COLOUR)
        raise CameraError(f"test picture {self.name!r} ended", "")


def paced(
    pictures: Iterable[Timed], colour: ColourTags, stop: threading.Event
) -> Iterator[Captured]:
    """Yield pictures when their time has come, stamped with it.

    A picture that is ready too late is stamped with its own time all the same, so that lateness
    counts as latency; only after :data:`MAX_LATE` the clock is set anew.
    """
    begin: float | None = None
    for number, (seconds, planes) in enumerate(pictures):
        now = time.monotonic()
        if begin is None or now - (begin + seconds) > MAX_LATE:
            begin = now - seconds
        due = begin + seconds
        if stop.wait(max(0.0, due - now)) or stop.is_set():
            return
        yield Captured(number, due, colour, planes)
