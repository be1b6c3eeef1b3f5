"""Running FFmpeg: painted segments go in through a pipe, the finished file comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from videotoon.decode.limits import Limits
from videotoon.decode.media import VideoInfo
from videotoon.decode.opening import open_media
from videotoon.encode.journal import WorkFolder
from videotoon.encode.segment import SegmentRecord
from videotoon.remux.arguments import RemuxJob, remux_arguments
from videotoon.remux.join import join_segments
from videotoon.remux.running import run_ffmpeg
from videotoon.system.ffmpeg_binary import ffmpeg_binary

_UNPORTABLE_TAGS = frozenset(
    {"encoder", "vendor_id", "rotate", "duration", "creation_time", "timecode"}
)
"""True of the input's coding only, or, as a timecode, reason for MP4 to write one more track."""


def remux(
    job: RemuxJob,
    work: WorkFolder,
    time_base: Fraction,
    video_metadata: Mapping[str, str],
) -> int:
    """Join the segments of a work folder with the tracks of the input into ``job.target``.

    Args:
        job: What to write; see :class:`RemuxJob`.
        work: Finished segments.
        time_base: Unit of their timestamps.
        video_metadata: Tags of the input's video stream.

    Returns:
        The number of video packets written.

    Raises:
        EncodeError: FFmpeg failed; the message holds its last words.
        DiskFullError: No space is left.
    """
    return run_ffmpeg(
        remux_arguments(job, ffmpeg_binary()),
        lambda pipe: join_segments(
            _files(work), time_base, pipe, job.pipe_format, _portable(video_metadata)
        ),
    )


def _files(work: WorkFolder) -> Sequence[tuple[Path, SegmentRecord]]:
    return [(work.file_of(record), record) for record in work.segments]


def _portable(metadata: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in metadata.items() if name.lower() not in _UNPORTABLE_TAGS}


def dispositions_of(info: VideoInfo, limits: Limits) -> dict[int, tuple[str, ...]]:
    """Return the disposition words of every track of the input."""
    from av.stream import Disposition

    found: dict[int, tuple[str, ...]] = {}
    with open_media(info.path, limits) as container:
        for stream in container.streams:
            flags = Disposition(stream.disposition)
            names = (flag.name for flag in Disposition if flag & flags and flag.name)
            found[stream.index] = tuple(names)
    return found


def extract_cover(info: VideoInfo, track_index: int, folder: Path, limits: Limits) -> Path | None:
    """Write the cover picture of a track into a folder and return its path."""
    with open_media(info.path, limits) as container:
        stream = container.streams[track_index]
        suffix = ".png" if stream.codec_context.codec.canonical_name == "png" else ".jpg"
        for packet in container.demux(stream):
            if packet.size:
                target = folder / f"cover{suffix}"
                target.write_bytes(bytes(packet))
                return target
    return None
