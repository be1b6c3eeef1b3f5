"""Running FFmpeg: painted segments go in through a pipe, the finished file comes out."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from videotoon.decode.media import VideoInfo
from videotoon.decode.opening import open_media
from videotoon.encode.journal import WorkFolder
from videotoon.encode.segment import SegmentRecord
from videotoon.errors import DiskFullError, EncodeError, VideotoonError
from videotoon.remux.arguments import RemuxJob, remux_arguments
from videotoon.remux.ffmpeg_binary import ffmpeg_binary
from videotoon.remux.join import join_segments

_NO_SPACE = ("No space left on device", "Disk quota exceeded")
_UNPORTABLE_TAGS = frozenset({"encoder", "vendor_id", "rotate", "duration", "creation_time"})


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
    command = remux_arguments(job, ffmpeg_binary())
    process = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    words: list[bytes] = []
    listener = threading.Thread(target=_listen, args=(process, words), name="videotoon-ffmpeg")
    listener.start()
    failure: VideotoonError | None = None
    packets = 0
    try:
        packets = join_segments(
            _files(work), time_base, process.stdin, job.pipe_format, _portable(video_metadata)
        )
        process.stdin.close()
    except EncodeError as error:
        failure = error  # most often a broken pipe: FFmpeg's own words say why
    except BaseException:
        process.kill()
        raise
    finally:
        if failure is not None:
            _close_quietly(process)
        code = process.wait()
        listener.join()
    if code != 0 or failure is not None:
        raise _failed(code, b"".join(words).decode("utf-8", "replace"), failure)
    return packets


def _files(work: WorkFolder) -> Sequence[tuple[Path, SegmentRecord]]:
    return [(work.file_of(record), record) for record in work.segments]


def _portable(metadata: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in metadata.items() if name.lower() not in _UNPORTABLE_TAGS}


def _listen(process: subprocess.Popen[bytes], words: list[bytes]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        words.append(line)
        del words[:-50]


def _close_quietly(process: subprocess.Popen[bytes]) -> None:
    import contextlib

    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()


def _failed(code: int, words: str, failure: VideotoonError | None) -> VideotoonError:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    if any(sign in line for line in lines for sign in _NO_SPACE):
        return DiskFullError(
            "no space left on the disk for the output",
            "free some space and run the same command again; finished parts are kept",
        )
    tail = "; ".join(lines[-3:]) or (failure.problem if failure else f"exit code {code}")
    error = EncodeError(f"FFmpeg could not write the output ({tail})", "try a .mkv output")
    error.__cause__ = failure
    return error


def dispositions_of(info: VideoInfo) -> dict[int, tuple[str, ...]]:
    """Return the disposition words of every track of the input."""
    from av.stream import Disposition

    found: dict[int, tuple[str, ...]] = {}
    with open_media(info.path) as container:
        for stream in container.streams:
            flags = Disposition(stream.disposition)
            names = (flag.name for flag in Disposition if flag & flags and flag.name)
            found[stream.index] = tuple(names)
    return found


def extract_cover(info: VideoInfo, track_index: int, folder: Path) -> Path | None:
    """Write the cover picture of a track into a folder and return its path."""
    with open_media(info.path) as container:
        stream = container.streams[track_index]
        suffix = ".png" if stream.codec_context.codec.canonical_name == "png" else ".jpg"
        for packet in container.demux(stream):
            if packet.size:
                target = folder / f"cover{suffix}"
                target.write_bytes(bytes(packet))
                return target
    return None
