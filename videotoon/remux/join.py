"""Joining finished segments into one stream of packets, without decoding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import IO

from videotoon.encode.segment import SegmentRecord, encoder_errors
from videotoon.errors import EncodeError

STREAMED_MOVFLAGS = "frag_keyframe+delay_moov+default_base_moof"
"""Lets MP4 be written to a pipe; the delayed header still carries the edit list of B-frames."""


def join_segments(
    segments: Iterable[tuple[Path, SegmentRecord]],
    time_base: Fraction,
    output: IO[bytes],
    muxer: str,
    metadata: Mapping[str, str],
) -> int:
    """Write the packets of all segments as one stream.

    Args:
        segments: Files and records, in order.
        time_base: Unit of the records' ``start_pts``.
        output: Where to write; need not be seekable.
        muxer: ``mp4``, ``mov`` or, for video with opacity, ``matroska``.
        metadata: Tags of the video stream.

    Returns:
        The number of packets written.

    Raises:
        EncodeError: The segments were not encoded alike.
    """
    import av

    packets = 0
    origin: int | None = None
    extradata: bytes | None = None
    last_dts: int | None = None
    with encoder_errors("join"):
        options = {"movflags": STREAMED_MOVFLAGS} if muxer in ("mp4", "mov") else {}
        joined = av.open(output, "w", format=muxer, options=options)
    target = None
    with encoder_errors("join"), joined:
        for file, record in segments:
            with av.open(str(file.absolute())) as part:  # "a:b" would name a protocol
                source = part.streams.video[0]
                if target is None:
                    target = joined.add_stream_from_template(source, opaque=True)
                    target.metadata.update(metadata)
                    extradata = source.codec_context.extradata
                    origin = record.start_pts
                elif source.codec_context.extradata != extradata:
                    raise EncodeError(
                        "the segments of this job were encoded differently",
                        "run again with --no-resume",
                    )
                assert origin is not None
                assert source.time_base is not None
                shift = (record.start_pts - origin) * time_base / source.time_base
                if shift.denominator != 1 and muxer != "matroska":  # which counts milliseconds
                    raise EncodeError("a segment's time base cannot hold its start", "report this")
                for packet in part.demux(source):
                    if packet.dts is None:
                        continue
                    assert packet.pts is not None
                    packet.pts += round(shift)
                    packet.dts += round(shift)
                    if last_dts is not None:
                        # Where frames are missing at the beginning of a half, it may lie too early.
                        packet.dts = max(packet.dts, last_dts + 1)
                    last_dts = packet.dts
                    packet.stream = target
                    joined.mux(packet)
                    packets += 1
    return packets
