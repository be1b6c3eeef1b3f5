"""Planning a job: everything that can be checked is checked before work starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

from videotoon.decode.constant_rate import at_constant_rate
from videotoon.decode.file import FileSource
from videotoon.decode.media import VideoInfo
from videotoon.decode.opening import check_readable
from videotoon.decode.probe import probe
from videotoon.encode.encoders import Container, EncoderPlan, container_for, plan_encoder
from videotoon.encode.segment import VideoFormat
from videotoon.errors import OutputError, SettingsError
from videotoon.frame import Frame
from videotoon.remux.ffmpeg_binary import ffmpeg_binary
from videotoon.remux.tracks import TrackPlan, plan_tracks
from videotoon.settings import Settings

SEGMENT_SECONDS = 5
MIN_FREE_BYTES = 1 << 20
_HDR_TRANSFERS = {16: "PQ", 18: "HLG"}


@dataclass(frozen=True, slots=True)
class Job:
    """A checked job: input, output and what goes between.

    Attributes:
        info: The probed input.
        output: Where the result goes.
        settings: Options.
        container: The output's container.
        encoder: The encoder with its options.
        tracks: What becomes of the input's other tracks.
        frames_per_segment: Length of the segments in which work is saved.
        warnings: Sentences the user should read before the job.
    """

    info: VideoInfo
    output: Path
    settings: Settings
    container: Container
    encoder: EncoderPlan
    tracks: tuple[TrackPlan, ...]
    frames_per_segment: int
    warnings: tuple[str, ...]

    @property
    def trimmed(self) -> bool:
        """True where only a part of the clip is wanted."""
        return self.settings.start is not None or self.settings.end is not None

    @property
    def frame_rate(self) -> Fraction:
        """Average rate of the result, exact."""
        return self.settings.frame_rate or self.info.frame_rate

    def source(self) -> FileSource:
        """Return a reader of the wanted part of the input."""
        return FileSource(self.info, self.settings.start_seconds, self.settings.end_seconds)

    def frames(self, source: FileSource, first_index: int = 0) -> Iterator[Frame]:
        """Return the frames to paint from ``first_index`` on, at a constant rate if asked for."""
        rate = self.settings.frame_rate
        if rate is None:
            return source.frames(first_index)
        return islice(at_constant_rate(source.frames(), rate), first_index, None)

    def expected_frames(self) -> int:
        """Return the number of frames to paint, from the count of packets."""
        count = self.source().expected_frames
        rate = self.settings.frame_rate
        if rate is None or count == 0:
            return count
        return max(1, round(count / self.info.frame_rate * rate))

    def video_format(self, threads: int = 0) -> VideoFormat:
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
            threads=threads,
        )


def plan_job(source: Path, output: Path, settings: Settings) -> Job:
    """Check input, output and options, and plan the job.

    Raises:
        InputError: The input is missing or unreadable.
        DecodeError: It holds no usable video.
        OutputError: The output exists, is the input, or cannot be written.
        SettingsError: Options do not fit together.
        EncodeError: FFmpeg is missing.
    """
    check_readable(source)
    check_output(source, output, settings.overwrite)
    container = container_for(output)
    encoder = plan_encoder(settings, container)
    ffmpeg_binary()
    info = probe(source)
    job = Job(
        info=info,
        output=output,
        settings=settings,
        container=container,
        encoder=encoder,
        tracks=plan_tracks(info, container, settings.start is not None),
        frames_per_segment=max(
            1, round((settings.frame_rate or info.frame_rate) * SEGMENT_SECONDS)
        ),
        warnings=tuple(_warnings(info, encoder)),
    )
    if job.expected_frames() == 0:
        length = float(info.duration or 0)
        raise SettingsError(
            f"no frame lies between --start {settings.start} and --end {settings.end}",
            f"the clip is {length:.2f} s long",
        )
    return job


def check_output(source: Path, output: Path, overwrite: bool) -> None:
    """Check that the output can be written and would destroy nothing.

    Raises:
        OutputError: It cannot; the message says why.
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
        raise OutputError(
            f"folder {str(folder)!r} may not be written to", "choose another folder"
        )
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
        raise OutputError(f"no space left in {str(folder)!r}", "free some space")


def _read_only(folder: Path) -> bool:
    if not hasattr(os, "statvfs"):
        return False
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _warnings(info: VideoInfo, encoder: EncoderPlan) -> Iterator[str]:
    hdr = _HDR_TRANSFERS.get(info.colour.transfer)
    if hdr is not None:
        yield f"the input is {hdr} HDR; it is painted without tone mapping and may look flat"
    if info.has_alpha:
        yield "the input has transparency; the result is opaque"
    if info.interlaced:
        yield "the input is interlaced; it is painted as it is"
    if encoder.even_sides and (info.size.width % 2 or info.size.height % 2):
        yield (
            f"{info.size} has an odd side, which {encoder.name} cannot store: the last column or "
            "row is doubled"
        )
