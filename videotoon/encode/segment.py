"""Encoding one piece of a clip into a file of its own.

A clip is encoded as independent pieces of a few seconds, halves of the segments that the user is
told of. Each begins with a key frame at time 0, so a run that was cut can go on at the next one,
and they are joined without loss.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videotoon.encode.coders import coder_for
from videotoon.encode.encoders import Container, EncoderPlan
from videotoon.encode.h264.bits import UnsuitableStreamError
from videotoon.encode.pictures import encoded_size, stored_colour, to_video_frame
from videotoon.encode.scheduling import end_realtime
from videotoon.errors import DiskFullError, EncodeError, VideotoonError
from videotoon.frame import ColourTags, Frame, FrameSize
from videotoon.system.disk import is_full, sync_file

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.stream import VideoStream

    from videotoon.encode.coders import VideoPacket


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What all segments of a job have in common.

    Attributes:
        plan: Encoder and its options.
        container: The output's container.
        size: Size of the painted frames.
        time_base: Unit of the timestamps, exact.
        frame_rate: Average rate, exact; for rate control and key-frame distance only.
        sample_aspect_ratio: Pixel aspect ratio, exact.
        colour: Tags to write.
        steady: False for variable frame rates.
        threads: Encoder threads, 0 for the encoder's own choice.
    """

    plan: EncoderPlan
    container: Container
    size: FrameSize
    time_base: Fraction
    frame_rate: Fraction
    sample_aspect_ratio: Fraction
    colour: ColourTags
    steady: bool = True
    threads: int = 0


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A finished piece: half a segment.

    Attributes:
        number: Position among the segments, from 0.
        file: File name inside the work folder.
        first_index: Index of its first frame.
        frames: Number of frames.
        start_pts: Time of its first frame in the job's time base.
        last_pts: Time of its last frame in the job's time base.
        last_duration: How long that frame is shown, in the same unit.
        repaired: Frames whose picture or time had to be made up (damaged input).
        reused: Frames that repeated an earlier one.
        size: Bytes of the file.
        digest: Hash over the painted pixels of its frames, before encoding.
    """

    number: int
    file: str
    first_index: int
    frames: int
    start_pts: int
    last_pts: int
    last_duration: int
    repaired: int
    reused: int
    size: int
    digest: str

    @classmethod
    def parse(cls, stored: dict[str, Any]) -> SegmentRecord:
        """Make a record from JSON.

        Raises:
            TypeError: A field is missing, unknown or of another type.
        """
        record = cls(**stored)
        for item in fields(cls):
            wanted = str if item.name in ("file", "digest") else int
            if not isinstance(getattr(record, item.name), wanted):
                raise TypeError(f"field {item.name} is not of type {wanted.__name__}")
        return record


def digest_of(segments: Iterable[SegmentRecord]) -> str:
    """Return one hash over the painted pixels of all segments."""
    digest = hashlib.blake2b(digest_size=16)
    for segment in segments:
        digest.update(segment.digest.encode())
    return digest.hexdigest()


class SegmentEncoder:
    """Encodes the frames of one segment; used by one thread.

    The file gets its final name only when it is complete and on the disk.

    Args:
        video: Format of the job.
        folder: Work folder.
        number: Position of the segment.

    Raises:
        EncodeError: The encoder cannot be opened with these options.
        DiskFullError: No space is left.
    """

    def __init__(self, video: VideoFormat, folder: Path, number: int) -> None:
        import av

        self._video = video
        self._number = number
        self._target = folder / f"segment-{number:05d}.{video.container.segment_muxer}"
        self._part = self._target.with_suffix(self._target.suffix + ".part")
        self._frames = 0
        self._reused = 0
        self._digest = hashlib.blake2b(digest_size=16)
        self._repaired = 0
        self._first: Frame | None = None
        self._last: Frame | None = None
        self._picture: VideoFrame | None = None  # of the last frame, for those that repeat it
        self._content = b""
        with encoder_errors(video.plan.name):
            self._output = av.open(
                os.path.abspath(self._part),  # noqa: PTH100 - keeps ":" from naming a protocol
                "w",
                format=video.container.segment_muxer,
            )
            try:
                self._coder = coder_for(add_encoder_stream(self._output, video), video.plan)
            except BaseException:
                self.abandon()
                raise

    def write(self, frame: Frame, reused: bool = False) -> None:
        """Encode one frame; frames come in presentation order."""
        if self._first is None:
            self._first = frame
        before = self._content
        if self._last is None or frame.planes is not self._last.planes:
            self._content = frame.planes.content_hash()
        repeats = self._content == before
        if self._picture is None or not repeats:
            self._picture = to_video_frame(frame.planes, self._video.plan, self._video.colour)
            self._picture.time_base = frame.time_base
        pts = frame.pts - self._first.pts
        self._mux(self._coder.write(self._picture, pts, frame.duration, repeats))
        if self._frames == 0:  # the first picture opens the encoder
            end_realtime()
        self._digest.update(self._content)
        self._frames += 1
        self._repaired += frame.repaired
        self._last = frame
        self._reused += reused

    def finish(self) -> SegmentRecord:
        """Flush the encoder, put the file on the disk under its final name and describe it."""
        assert self._first is not None
        assert self._last is not None
        self._mux(self._coder.finish())
        with encoder_errors(self._video.plan.name):
            self._output.close()
            sync_file(self._part)
            self._part.replace(self._target)
        return SegmentRecord(
            number=self._number,
            file=self._target.name,
            first_index=self._first.index,
            frames=self._frames,
            start_pts=self._first.pts,
            last_pts=self._last.pts,
            last_duration=self._last.duration,
            repaired=self._repaired,
            reused=self._reused,
            size=self._target.stat().st_size,
            digest=self._digest.hexdigest(),
        )

    def _mux(self, packets: Iterable[VideoPacket]) -> None:
        with encoder_errors(self._video.plan.name):
            for packet in packets:
                self._output.mux(packet)

    def abandon(self) -> None:
        """Close and remove the unfinished file; never raises."""
        import contextlib

        with contextlib.suppress(Exception):
            self._output.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)


def add_encoder_stream(output: object, video: VideoFormat) -> VideoStream:
    """Add the video stream of a job to an open PyAV output container."""
    from av.codec.context import Flags
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    assert isinstance(output, OutputContainer)
    plan = video.plan
    size = encoded_size(video.size, plan)
    options = dict(plan.options)
    if plan.name in ("x264", "x265") and not video.steady:
        options["bf"] = "0"  # MP4 misreports the length of variable-rate video with B-frames
    rate = min(video.frame_rate, Fraction(1000)).limit_denominator(1001)
    stream = output.add_stream(plan.codec, rate=rate, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = size.width, size.height
    stream.pix_fmt = plan.pixel_format
    context = stream.codec_context
    context.time_base = video.time_base
    context.sample_aspect_ratio = video.sample_aspect_ratio
    colour = stored_colour(video.colour, plan)
    context.color_range = 2 if colour.full_range else 1
    context.colorspace = colour.matrix
    context.color_primaries = colour.primaries
    context.color_trc = colour.transfer
    context.flags |= Flags.frame_duration
    context.thread_type = "FRAME"  # slice threads cost quality: one slice per core
    context.thread_count = video.threads
    return stream


class encoder_errors:  # noqa: N801 - reads as a `with` phrase
    """Turns the errors of PyAV's encoders and muxers into ours."""

    def __init__(self, encoder: str) -> None:
        self._encoder = encoder

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Translate a failure.

        Raises:
            DiskFullError: No space is left.
            EncodeError: Anything else that FFmpeg reports.
        """
        import av.error

        if isinstance(error, VideotoonError) or not isinstance(
            error, av.error.FFmpegError | OSError | ValueError
        ):
            return
        if is_full(error):
            raise DiskFullError(
                "no space left on the disk for the output",
                "free some space",
            ) from error
        cure = "try another --encoder or --preset"
        if isinstance(error, UnsuitableStreamError):
            cure = "add --cache-frames 0"
        words = " ".join(str(error).split())
        raise EncodeError(f"encoder {self._encoder} failed ({words})", cure) from error
