"""Reading everything about a video before work starts: header, first frame, and a packet count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from videotoon.decode.media import Orientation, Track, TrackKind, VideoInfo
from videotoon.decode.opening import open_media, reason
from videotoon.errors import DecodeError
from videotoon.frame import ColourTags, FrameSize

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

UNKNOWN = 2
"""H.273's code for "unspecified" matrix, primaries and transfer."""

KNOWN_MATRICES = frozenset({1, 4, 5, 6, 7, 9, 10})
MAX_SIDE = 16384
FIRST_FRAME_ATTEMPTS = 200
"""Packets that may fail before the first good frame; more means the file is no use."""

_FULL_RANGE = 2
_INTERLACED_FIELD_ORDERS = frozenset({2, 3, 4, 5})
_TRACK_KINDS: dict[str, TrackKind] = {
    "video": "video",
    "audio": "audio",
    "subtitle": "subtitle",
    "attachment": "attachment",
}


@dataclass(slots=True)
class _PacketCount:
    """What a pass over all packets found."""

    times: list[int] = field(default_factory=list)
    all_missing: bool = True
    decode_order: bool = True
    jumps_back: bool = False
    packets: Counter[int] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)


def probe(path: Path) -> VideoInfo:
    """Read what a video file is and count its packets.

    Raises:
        InputError: The path is missing, a folder, empty or unreadable.
        HostileInputError: The file refers to other files.
        DecodeError: It holds no video that can be decoded.
    """
    with open_media(path) as container:
        stream = painted_stream(container, path)
        first = _first_frame(container, stream, path)
    with open_media(path) as container:
        stream = painted_stream(container, path)
        count = _count_packets(container, stream)
        return _describe(path, container, stream, first, count)


def painted_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the first video stream that is neither cover art nor undecodable.

    Raises:
        DecodeError: There is none.
    """
    from av.stream import Disposition

    videos = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None
        and not Disposition.attached_pic & Disposition(stream.disposition)
    ]
    if videos:
        return videos[0]
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
    raise DecodeError(
        f"input {path.name!r} has no video stream (it holds {kinds})", "give a file with pictures"
    )


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> VideoFrame:
    import av.error

    failure = "it has no decodable frame"
    attempts = 0
    stream.thread_type = "AUTO"
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            failure = reason(error)
            attempts += 1
            if attempts > FIRST_FRAME_ATTEMPTS:
                break
            continue
        for frame in frames:
            return frame
    raise DecodeError(
        f"input {path.name!r} cannot be decoded ({failure})", "re-encode it or give another file"
    )


def _count_packets(container: InputContainer, stream: VideoStream) -> _PacketCount:
    import av.error

    count = _PacketCount()
    last_decode_time: int | None = None
    demuxer = container.demux()
    while True:
        try:
            packet = next(demuxer)
        except (StopIteration, av.error.FFmpegError):
            break  # a cut file is found out by comparing counts with the header
        if packet.size == 0 and packet.pts is None and packet.dts is None:
            continue  # the flush packet at the end of each stream
        count.packets[packet.stream_index] += 1
        count.sizes[packet.stream_index] += packet.size
        if packet.stream_index != stream.index or packet.is_discard:
            continue
        if packet.pts is not None:
            count.times.append(packet.pts)
            count.all_missing = False
        elif packet.dts is not None:
            count.times.append(packet.dts)
        else:
            count.times.append(0)
        count.decode_order &= packet.pts == packet.dts or packet.pts is None
        if packet.dts is not None:
            count.jumps_back |= last_decode_time is not None and packet.dts < last_decode_time
            last_decode_time = packet.dts
    count.times.sort()
    return count


def _describe(
    path: Path,
    container: InputContainer,
    stream: VideoStream,
    first: VideoFrame,
    count: _PacketCount,
) -> VideoInfo:
    orientation = orientation_of(first)
    width, height = first.width, first.height
    aspect = stream.sample_aspect_ratio or Fraction(1)
    aspect = Fraction(aspect) if aspect else Fraction(1)
    if orientation.swaps_sides:
        width, height, aspect = height, width, 1 / aspect
    if max(width, height) > MAX_SIDE:
        raise DecodeError(
            f"input {path.name!r} is {width}x{height}; sides above {MAX_SIDE} are refused",
            "scale it down first",
        )
    size = FrameSize(width, height)
    colour, declared = colour_of(first, stream, size)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    context = stream.codec_context
    return VideoInfo(
        path=path,
        container=container.format.name,
        stream_index=stream.index,
        codec=context.codec.canonical_name,
        size=size,
        orientation=orientation,
        sample_aspect_ratio=aspect,
        colour=colour,
        colour_declared=declared,
        bit_depth=first.format.components[0].bits,
        pixel_format=first.format.name,
        has_alpha=_has_alpha(first, stream),
        interlaced=int(context.field_order) in _INTERLACED_FIELD_ORDERS,
        time_base=Fraction(stream.time_base or Fraction(1, 90000)),
        frame_rate=Fraction(rate),
        packet_times=tuple(count.times),
        times_need_sorting=count.decode_order and bool(context.has_b_frames),
        times_missing=count.all_missing,
        times_jump_back=count.jumps_back,
        container_start=Fraction(container.start_time or 0, 1_000_000),
        duration=Fraction(container.duration, 1_000_000) if container.duration else None,
        bit_rate=container.bit_rate or 0,
        tracks=tuple(
            _track(other, count) for other in container.streams if other.index != stream.index
        ),
        chapters=len(container.chapters()),
        metadata=dict(container.metadata),
        video_metadata=dict(stream.metadata),
    )


def orientation_of(frame: VideoFrame) -> Orientation:
    """Read the display matrix of a decoded frame.

    PyAV reports a pure mirror as a half turn, so the matrix's determinant is read as well: the
    picture is then mirrored left-right first and turned by the remaining angle.
    """
    quarter_turns = round(frame.rotation / 90) % 4
    matrix_data = frame.side_data.get("DISPLAYMATRIX")
    if matrix_data is None:
        return Orientation(quarter_turns)
    a, b, _, c, d = np.frombuffer(bytes(matrix_data), dtype=np.int32)[:5].astype(np.int64)
    if a * d - b * c >= 0:
        return Orientation(quarter_turns)
    # A mirrored picture: x' = a*x + c*y. Undo the mirror (x -> -x) and read the angle again.
    angle = np.degrees(np.arctan2(-float(b), -float(a)))
    return Orientation(round(-angle / 90) % 4, mirrored=True)


def colour_of(
    frame: VideoFrame, stream: VideoStream, size: FrameSize
) -> tuple[ColourTags, bool]:
    """Return the colour tags of a frame, with an unknown matrix resolved by size.

    Files that do not name their matrix are read as players read them: BT.709 from 1280 pixels of
    width or above 576 of height on, BT.601 below.

    Returns:
        The tags, and whether the matrix was declared rather than guessed.
    """
    context = stream.codec_context
    matrix = _first_known(int(frame.colorspace), int(context.colorspace))
    declared = matrix in KNOWN_MATRICES
    if not declared:
        matrix = 1 if size.width >= 1280 or size.height > 576 else 6
    full = int(frame.color_range) == _FULL_RANGE or frame.format.name.startswith("yuvj")
    if frame.format.is_rgb:
        matrix, full, declared = 1, False, True
    primaries = _first_known(int(frame.color_primaries), int(context.color_primaries))
    transfer = _first_known(int(frame.color_trc), int(context.color_trc))
    return ColourTags(matrix, full, primaries, transfer), declared


def _first_known(*codes: int) -> int:
    return next((code for code in codes if code not in (0, UNKNOWN)), UNKNOWN)


def _has_alpha(frame: VideoFrame, stream: VideoStream) -> bool:
    if any(component.is_alpha for component in frame.format.components):
        return True
    return str(stream.metadata.get("alpha_mode", "0")) == "1"


def _track(stream: Stream, count: _PacketCount) -> Track:
    from av.stream import Disposition

    context = stream.codec_context
    return Track(
        index=stream.index,
        kind=_TRACK_KINDS.get(stream.type, "data"),
        codec=context.codec.canonical_name if context is not None else "",
        language=stream.metadata.get("language", ""),
        title=stream.metadata.get("title", stream.metadata.get("filename", "")),
        cover_art=bool(Disposition.attached_pic & Disposition(stream.disposition)),
        packets=count.packets[stream.index],
        size=count.sizes[stream.index],
    )
