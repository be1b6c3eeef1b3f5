"""Reading everything about a video before work starts: header, first frame, and all packets."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from videotoon.decode.limits import Limits
from videotoon.decode.media import HDR_TRANSFERS, Orientation, Track, TrackKind, VideoInfo
from videotoon.decode.opening import open_media, reason
from videotoon.decode.packets import PacketScan, cut_short, scan_packets
from videotoon.errors import DecodeError
from videotoon.frame import BT709, ColourTags, FrameSize

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

UNKNOWN = 2
"""H.273's code for "unspecified" matrix, primaries and transfer."""

KNOWN_MATRICES = frozenset({1, 4, 5, 6, 7, 9, 10})
FIRST_FRAME_ATTEMPTS = 200
"""Packets that may fail before the first good frame; more means the file is no use."""

ORDER_SAMPLE = 64
"""Packets that are decoded to see whether times are those of presentation."""

DEFAULT_RATE = Fraction(25)
"""Frames per second where the file does not say."""

_FULL_RANGE = 2
_PICTURE_CODECS = frozenset({"gif", "apng", "png", "webp"})
_UNKNOWN_FIELDS = 0
_INTERLACED_FIELD_ORDERS = frozenset({2, 3, 4, 5})
_TRACK_KINDS: dict[str, TrackKind] = {
    "video": "video",
    "audio": "audio",
    "subtitle": "subtitle",
    "attachment": "attachment",
}


def probe(path: Path, limits: Limits | None = None) -> VideoInfo:
    """Read what a video file is and count its packets.

    Args:
        path: The file.
        limits: How much it may ask for.

    Raises:
        InputError: The path is missing, a folder, empty or unreadable.
        HostileInputError: The file refers to other files, or is over a limit.
        DecodeError: It holds no video that can be decoded.
    """
    limits = limits or Limits()
    with open_media(path, limits) as container:
        stream = painted_stream(container, path)
        context = stream.codec_context
        size = path.stat().st_size
        limits.check_picture(path.name, context.width, context.height, size)
        first = _first_frame(container, stream, path, limits)
        limits.check_picture(path.name, first.width, first.height, size)
    with open_media(path, limits) as container:
        stream = painted_stream(container, path)
        scan = scan_packets(container, stream, path, limits)
        info = _describe(path, container, stream, first, scan)
    suspicious = scan.rising and not scan.all_missing and len(scan.decode_times) == len(scan.times)
    if suspicious and stream.codec_context.has_b_frames and _times_in_decode_order(path, limits):
        # Such files (H.264 in AVI) only hold the times at which packets are to be decoded.
        times = tuple(sorted(scan.decode_times))
        info = replace(info, times_need_sorting=True, packet_times=times)
    return info


def painted_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the video stream that players show: the first default one, else the first.

    Raises:
        DecodeError: No stream holds moving pictures that can be decoded.
    """
    from av.stream import Disposition

    videos = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None
        and not Disposition.attached_pic & Disposition(stream.disposition)
    ]
    default = [s for s in videos if Disposition.default & Disposition(s.disposition)]
    if videos:
        return (default or videos)[0]
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
    raise DecodeError(
        f"input {path.name!r} has no video stream (it holds {kinds})", "give a file with pictures"
    )


def _first_frame(
    container: InputContainer, stream: VideoStream, path: Path, limits: Limits
) -> VideoFrame:
    import av.error

    failure = "it has no decodable frame"
    attempts = 0
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    packets = container.demux(stream)
    while attempts <= FIRST_FRAME_ATTEMPTS:
        try:
            packet = next(packets)
            frames = packet.decode()
        except (StopIteration, av.error.EOFError):
            break
        except av.error.FFmpegError as error:
            failure = reason(error)
            attempts += 1
            continue
        for frame in frames:
            return frame
    raise DecodeError(
        f"input {path.name!r} cannot be decoded ({failure})", "re-encode it or give another file"
    )


def _times_in_decode_order(path: Path, limits: Limits) -> bool:
    """Tell whether frames leave the decoder with times that run back and forth."""
    import av.error

    last: int | None = None
    with open_media(path, limits) as container:
        stream = painted_stream(container, path)
        packets = islice(container.demux(stream), ORDER_SAMPLE)
        while True:
            try:
                frames = next(packets).decode()
            except (StopIteration, av.error.EOFError):
                return False
            except av.error.FFmpegError:
                continue  # counted when the frames are painted
            for frame in frames:
                if frame.pts is not None and last is not None and frame.pts < last:
                    return True
                last = frame.pts


def _describe(
    path: Path,
    container: InputContainer,
    stream: VideoStream,
    first: VideoFrame,
    scan: PacketScan,
) -> VideoInfo:
    orientation = orientation_of(first)
    width, height = first.width, first.height
    aspect = stream.sample_aspect_ratio or Fraction(1)
    aspect = Fraction(aspect) if aspect else Fraction(1)
    if orientation.swaps_sides:
        width, height, aspect = height, width, 1 / aspect
    size = FrameSize(width, height)
    colour = colour_of(first, stream, size)
    context = stream.codec_context
    order = int(context.field_order)
    interlaced = order in _INTERLACED_FIELD_ORDERS
    return VideoInfo(
        path=path,
        container=container.format.name,
        stream_index=stream.index,
        codec=context.codec.canonical_name,
        size=size,
        orientation=orientation,
        sample_aspect_ratio=aspect,
        colour=BT709 if colour.transfer in HDR_TRANSFERS else colour,
        stored_colour=colour,
        has_alpha=_has_alpha(first, stream),
        interlaced=interlaced or (order == _UNKNOWN_FIELDS and bool(first.interlaced_frame)),
        fields_flagged=bool(first.interlaced_frame),
        time_base=Fraction(stream.time_base or Fraction(1, 90000)),
        frame_rate=_frame_rate(stream, scan),
        packet_times=tuple(scan.times),
        times_missing=scan.all_missing,
        times_jump_back=scan.jumps_back,
        container_start=Fraction(container.start_time or 0, 1_000_000),
        duration=Fraction(container.duration, 1_000_000) if container.duration else None,
        end_time=None if stream.duration is None else (stream.start_time or 0) + stream.duration,
        cut_short=cut_short(container, stream, scan),
        tracks=tuple(
            _track(other, scan) for other in container.streams if other.index != stream.index
        ),
        chapters=len(container.chapters()),
        metadata=dict(container.metadata),
        video_metadata=dict(stream.metadata),
    )


def _frame_rate(stream: VideoStream, scan: PacketScan) -> Fraction:
    """Average rate: what the file says, corrected by its timestamps where they say otherwise."""
    declared = Fraction(stream.average_rate or stream.guessed_rate or DEFAULT_RATE)
    count = len(scan.times)
    if scan.all_missing or count < 2 or stream.time_base is None:
        return declared if declared > 0 else DEFAULT_RATE
    span = (scan.times[-1] - scan.times[0]) * Fraction(stream.time_base)
    if span <= 0:
        return declared if declared > 0 else DEFAULT_RATE
    measured = (count - 1) / span
    if declared > 0 and Fraction(2, 3) < declared / measured < Fraction(3, 2):
        return declared
    return measured.limit_denominator(1001) or measured


def orientation_of(frame: VideoFrame) -> Orientation:
    """Read the display matrix of a decoded frame.

    PyAV reports a pure mirror as a half turn, so the matrix's determinant is read as well: the
    picture is then mirrored left-right first and turned by the remaining angle.
    """
    quarter_turns = round(frame.rotation / 90) % 4
    matrix_data = frame.side_data.get("DISPLAYMATRIX")
    if matrix_data is None:
        return Orientation(quarter_turns)
    data = bytes(cast(Any, matrix_data))
    a, b, _, c, d = np.frombuffer(data, dtype=np.int32)[:5].astype(np.int64)
    if a * d - b * c >= 0:
        return Orientation(quarter_turns)
    # Undo the mirror (x becomes -x) and read the angle of what is left.
    angle = np.degrees(np.arctan2(-float(b), -float(a)))
    return Orientation(round(angle / 90) % 4, mirrored=True)


def colour_of(frame: VideoFrame, stream: VideoStream, size: FrameSize) -> ColourTags:
    """Return the colour tags of a frame, with an unknown matrix resolved by size.

    Files that do not name their matrix are read as players read them: BT.709 from 1280 pixels of
    width or above 576 of height on, BT.601 below.
    """
    context = stream.codec_context
    matrix = _first_known(int(frame.colorspace), int(context.colorspace))
    if matrix not in KNOWN_MATRICES:
        matrix = 1 if size.width >= 1280 or size.height > 576 else 6
    full = int(frame.color_range) == _FULL_RANGE or frame.format.name.startswith("yuvj")
    if frame.format.name.startswith("gray") and int(frame.color_range) == 0:
        full = True  # as FFmpeg reads and writes it
    if frame.format.is_rgb:
        matrix, full = 1, False
    primaries = _first_known(int(frame.color_primaries), int(context.color_primaries))
    transfer = _first_known(int(frame.color_trc), int(context.color_trc))
    return ColourTags(matrix, full, primaries, transfer)


def _first_known(*codes: int) -> int:
    return next((code for code in codes if code not in (0, UNKNOWN)), UNKNOWN)


def _has_alpha(frame: VideoFrame, stream: VideoStream) -> bool:
    """Tell whether a video carries opacity.

    Animated pictures (GIF, PNG) are decoded with an opacity plane whether they use it or not; they
    count as transparent only if their first frame is.
    """
    tags = {name.lower(): text for name, text in stream.metadata.items()}
    if tags.get("alpha_mode") == "1":  # FFmpeg's own files spell it in capitals
        return True
    if not any(component.is_alpha for component in frame.format.components):
        return False
    if stream.codec_context.codec.canonical_name not in _PICTURE_CODECS:
        return True
    return bool(frame.to_ndarray(format="rgba")[..., 3].min() < 255)


def _track(stream: Stream, scan: PacketScan) -> Track:
    from av.stream import Disposition

    context = stream.codec_context
    return Track(
        index=stream.index,
        kind=_TRACK_KINDS.get(stream.type, "data"),
        codec=context.codec.canonical_name if context is not None else "",
        language=stream.metadata.get("language", ""),
        title=stream.metadata.get("title", stream.metadata.get("filename", "")),
        cover_art=bool(Disposition.attached_pic & Disposition(stream.disposition)),
        packets=scan.packets[stream.index],
        size=scan.sizes[stream.index],
    )
