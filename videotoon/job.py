"""Planning a job: everything that can be checked is checked before work starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from videotoon.decode.base import Place
from videotoon.decode.constant_rate import at_constant_rate
from videotoon.decode.file import FileSource
from videotoon.decode.limits import Limits
from videotoon.decode.media import VideoInfo
from videotoon.decode.opening import check_readable
from videotoon.decode.probe import probe
from videotoon.encode.encoders import (
    Container,
    EncoderPlan,
    container_for,
    plan_encoder,
    work_container,
)
from videotoon.encode.pictures import encoded_size
from videotoon.encode.segment import VideoFormat
from videotoon.encode.work import clean_copy_path, work_path
from videotoon.errors import DiskFullError, OutputError, SettingsError, VerifyError
from videotoon.frame import Frame
from videotoon.remux.clean import clean_copy
from videotoon.remux.tracks import TrackPlan, plan_tracks
from videotoon.settings import Settings, face_options_without_effect
from videotoon.system.ffmpeg_binary import ffmpeg_binary

SEGMENT_SECONDS = 5
MIN_SEGMENT_FRAMES = 40
"""Fewer would leave the painters waiting for the encoder at the end of every half."""

MIN_FREE_BYTES = 1 << 20
MAX_SEGMENT_RATE = 240
"""Frames per second above which segments get shorter instead of larger."""


@dataclass(frozen=True, slots=True)
class Job:
    """A checked job: input, output and what goes between.

    Attributes:
        path: The input as it was named.
        info: The probed input, or its clean copy where its times jump.
        output: Where the result goes.
        settings: Options.
        limits: What is accepted from the input.
        container: The output's container.
        encoder: The encoder with its options.
        tracks: What becomes of the input's other tracks.
        keep_alpha: The result carries opacity.
        frames_per_segment: Frames that a killed run does again at most.
        warnings: Sentences the user should read before the job.
    """

    path: Path
    info: VideoInfo
    output: Path
    settings: Settings
    limits: Limits
    container: Container
    encoder: EncoderPlan
    tracks: tuple[TrackPlan, ...]
    keep_alpha: bool
    frames_per_segment: int
    warnings: tuple[str, ...]

    @property
    def frames_per_half(self) -> int:
        """Frames per file of saved work.

        A segment is saved in halves: while one is being finished, frames of the next are painted,
        and both together are no more than a segment.
        """
        return max(1, self.frames_per_segment // 2)

    @property
    def trimmed(self) -> bool:
        """True where only a part of the clip is wanted."""
        return self.settings.start is not None or self.settings.end is not None

    @property
    def frame_rate(self) -> Fraction:
        """Average rate of the result, exact."""
        return self.settings.frame_rate or self.info.frame_rate

    @property
    def display_aspect(self) -> Fraction | None:
        """Width to height as shown, where the video does not say the shape of its pixels itself."""
        aspect = self.info.sample_aspect_ratio
        if aspect == 1 or self.encoder.says_pixel_shape:
            return None
        size = encoded_size(self.info.size, self.encoder)
        return aspect * size.width / size.height

    def source(self) -> FileSource:
        """Return a reader of the wanted part of the input."""
        settings = self.settings
        return FileSource(
            self.info, settings.start_seconds, settings.end_seconds, self.keep_alpha, self.limits
        )

    def frames(self, source: FileSource, place: Place | None = None) -> Iterator[Frame]:
        """Return the frames to paint from a place on, at a constant rate if asked for."""
        rate = self.settings.frame_rate
        if rate is None:
            return source.frames(place)
        if place is None:
            return at_constant_rate(source.frames(), rate)
        if not place.sound:  # how damage is concealed depends on what was decoded before
            return at_constant_rate(source.frames(), rate, place)
        moment = (place.first_pts + place.index) / rate
        around = source.frames_around(moment / self.info.time_base)
        return at_constant_rate(around, rate, place)

    def expected_frames(self) -> int:
        """Return the number of frames to paint, from the times of the packets.

        Raises:
            HostileInputError: They are more than the limits allow.
        """
        times = self.source().expected_times
        rate = self.settings.frame_rate
        if rate is None or not times:
            return len(times)
        span = (times[-1] - times[0]) * self.info.time_base
        count = max(1, round((span + 1 / self.info.frame_rate) * rate))
        subject = f"{self.path.name!r} would have {count} frames at {self.settings.fps} fps"
        self.limits.check(subject, count, self.limits.max_frames, "frames")
        return count

    def video_format(self) -> VideoFormat:
        """Return what all segments have in common."""
        info = self.info
        rate = self.settings.frame_rate
        return VideoFormat(
            plan=self.encoder,
            container=self.container,
            size=info.size,
            time_base=info.time_base if rate is None else 1 / rate,
            frame_rate=self.frame_rate,
            sample_aspect_ratio=info.sample_aspect_ratio,
            colour=info.colour,
            steady=info.steady or rate is not None,
        )


def plan_job(source: Path, output: Path, settings: Settings, limits: Limits | None = None) -> Job:
    """Check input, output and options, and plan the job.

    Raises:
        HostileInputError: The input refers to other files or is over a limit.
        VerifyError: The input breaks off and ``allow_truncated`` is off.
        InputError: The input is missing or unreadable.
        DecodeError: It holds no usable video.
        OutputError: The output exists, is the input, or cannot be written.
        SettingsError: Options do not fit together.
        EncodeError: FFmpeg is missing.
    """
    check_readable(source)
    check_output(source, output, settings.overwrite)
    container = container_for(output)
    plan_encoder(settings, container)
    ffmpeg_binary()
    limits = limits or Limits()
    info = probe(source, limits)
    if info.times_jump_back:
        info = _with_clean_times(info, output, limits)
    if info.cut_short and not settings.allow_truncated:
        raise VerifyError(
            f"input {source.name!r} breaks off: {info.cut_short}",
            "add --allow-truncated to keep what is there, or repair the file",
        )
    keep_alpha = info.has_alpha and settings.encoder in ("auto", container.alpha_encoder)
    keep_alpha = keep_alpha and bool(container.alpha_encoder)
    encoder = plan_encoder(settings, container, keep_alpha)
    if encoded_size(info.size, encoder).short_side < encoder.min_side:
        raise SettingsError(
            f"{info.size} is too small for --encoder {encoder.name}, "
            f"which takes sides from {encoder.min_side} pixels on",
            "leave out --encoder",
        )
    container = work_container(container, encoder, keep_alpha)
    rate = min(settings.frame_rate or info.frame_rate, Fraction(MAX_SEGMENT_RATE))
    job = Job(
        path=source,
        info=info,
        output=output,
        settings=settings,
        limits=limits,
        container=container,
        encoder=encoder,
        tracks=plan_tracks(info, container, settings.start is not None),
        keep_alpha=keep_alpha,
        frames_per_segment=max(MIN_SEGMENT_FRAMES, round(rate * SEGMENT_SECONDS)),
        warnings=(
            *_warnings(info, container, encoder, keep_alpha),
            *face_options_without_effect(settings),
        ),
    )
    if job.expected_frames() == 0:
        length = float(info.duration or 0)
        start, end = settings.start or "0", settings.end
        part = f"between --start {start} and --end {end}" if end else f"from --start {start} on"
        raise SettingsError(
            f"no frame lies {part}",
            f"the clip is {length:.2f} s long",
        )
    return job


def check_output(source: Path, output: Path, overwrite: bool) -> None:
    """Check that the output can be written and would destroy nothing.

    Raises:
        OutputError: It cannot; the message says why.
        DiskFullError: No space is left.
    """
    shown = repr(os.fsencode(output).decode("utf-8", "backslashreplace"))
    folder = output.parent
    if not folder.is_dir():
        raise OutputError(f"output folder {str(folder)!r} does not exist", "create it first")
    if output.is_dir():
        raise OutputError(f"output {shown} is a folder", "give a file name such as out.mp4")
    if output.exists() and source.exists() and output.samefile(source):
        raise OutputError(f"output {shown} is the input itself", "give another name")
    if output.exists() and not overwrite:
        raise OutputError(f"output {shown} exists", "add --overwrite or give another name")
    if not os.access(folder, os.W_OK | os.X_OK) or _read_only(folder):
        raise OutputError(f"folder {str(folder)!r} may not be written to", "choose another folder")
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
        raise DiskFullError(f"no space left in {str(folder)!r}", "free some space")


def _read_only(folder: Path) -> bool:
    if not hasattr(os, "statvfs"):
        return False
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _with_clean_times(info: VideoInfo, output: Path, limits: Limits) -> VideoInfo:
    """Copy a joined stream, whose times start anew midway, into one with rising times."""
    work_path(output).mkdir(exist_ok=True)
    copy = clean_copy_path(output)
    clean_copy(info.path, copy, limits)
    return replace(probe(copy, limits), times_rebuilt=True)


def _warnings(
    info: VideoInfo, container: Container, encoder: EncoderPlan, keep_alpha: bool
) -> Iterator[str]:
    if info.cut_short:
        yield f"the input breaks off: {info.cut_short}"
    if info.times_rebuilt:
        yield "the input's timestamps start anew midway (joined files); they were made continuous"
    if info.hdr:
        yield f"the input is {info.hdr} HDR; it is tone-mapped to ordinary BT.709 video"
    if info.has_alpha and not keep_alpha:
        yield "the input has transparency, which the output cannot keep; it is laid onto black"
    if info.interlaced:
        yield "the input is interlaced; its fields are woven into whole frames (bwdif)"
    if encoder.even_sides and (info.size.width % 2 or info.size.height % 2):
        cure = "--encoder vp9" if container.muxer == "webm" else "a .webm output"
        yield (
            f"{info.size} has an odd side, which {encoder.name} cannot store: the last column or "
            f"row is doubled ({cure} keeps {info.size})"
        )
