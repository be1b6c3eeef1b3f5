"""Weaving the two fields of interlaced frames into whole pictures, with FFmpeg's bwdif filter."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoFrame
    from av.filter import Graph


def deinterlaced(
    frames: Iterable[VideoFrame], time_base: Fraction, only_flagged: bool
) -> Generator[VideoFrame]:
    """Yield one progressive frame for each frame, with its time.

    A frame depends on the one before and the one after. Where frames begin after a seek, the first
    is therefore not to be used.

    Args:
        frames: Decoded frames in presentation order.
        time_base: Unit of their times.
        only_flagged: Leave frames alone that say they are progressive (mixed material).
    """
    graph: Graph | None = None
    shape: tuple[int, int, str] | None = None
    for frame in frames:
        if shape != (frame.width, frame.height, frame.format.name):
            if graph is not None:
                yield from _drained(graph, time_base)
            shape = (frame.width, frame.height, frame.format.name)
            graph = _graph(frame, time_base, only_flagged)
        assert graph is not None
        graph.push(frame)
        yield from _ready(graph, time_base)
    if graph is not None:
        yield from _drained(graph, time_base)


def _graph(frame: VideoFrame, time_base: Fraction, only_flagged: bool) -> Graph:
    from av.filter import Graph

    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=time_base
    )
    which = "interlaced" if only_flagged else "all"
    weaver = graph.add("bwdif", f"mode=send_frame:parity=auto:deint={which}")
    sink = graph.add("buffersink")
    source.link_to(weaver)
    weaver.link_to(sink)
    graph.configure()
    return graph


def _drained(graph: Graph, time_base: Fraction) -> Iterator[VideoFrame]:
    graph.push(None)
    yield from _ready(graph, time_base)


def _ready(graph: Graph, time_base: Fraction) -> Iterator[VideoFrame]:
    import av.error
    from av import VideoFrame

    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, VideoFrame)
        if frame.pts is not None and frame.time_base is not None:
            # bwdif counts in half units; every second one is a frame of the input.
            unit = Fraction(frame.time_base) / time_base
            frame.pts = round(frame.pts * unit)
            frame.duration = round((frame.duration or 0) * unit)
            frame.time_base = time_base
        yield frame
