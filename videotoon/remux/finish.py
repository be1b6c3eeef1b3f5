"""The end of a job: segments and the input's other tracks become one checked file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

from videotoon.encode.journal import WorkFolder
from videotoon.encode.pictures import encoded_size
from videotoon.errors import EncodeError
from videotoon.job import Job
from videotoon.remux.arguments import RemuxJob
from videotoon.remux.remux import dispositions_of, extract_cover, remux
from videotoon.remux.tags import lost_tags
from videotoon.remux.tracks import TrackPlan, with_sound_converted
from videotoon.remux.verify import Expectation, verify
from videotoon.report import Report
from videotoon.system.disk import sync_file, sync_folder


def finish(job: Job, work: WorkFolder, report: Report, say: Callable[[str], None]) -> None:
    """Join the segments with the other tracks, read the result back, give it its name.

    Sound is copied. Where damaged packets keep FFmpeg from copying it, it is decoded and encoded
    again, which skips what is damaged.

    Args:
        job: The job.
        work: All segments.
        report: Is told what became of every track.
        say: Is told what the user should know.

    Raises:
        EncodeError: FFmpeg failed.
        DiskFullError: No space is left.
        VerifyError: The file that was written is not whole; it is removed.
    """
    # A killed run's FFmpeg may still be writing to the name of that run.
    part = work.path / f"joined-{os.getpid()}{job.output.suffix}"
    tracks: Sequence[TrackPlan] = job.tracks
    try:
        try:
            report.frames_out = _write(job, work, part, tracks)
        except EncodeError as error:
            tracks = with_sound_converted(job.tracks, job.container)
            if tracks == job.tracks or not error.by_program:
                raise
            sentence = f"sound is encoded again because copying it failed: {error.problem}"
            say(sentence)
            report.warnings.append(sentence)
            report.frames_out = _write(job, work, part, tracks)
        _check(job, work, part, tracks)
        lost = list(lost_tags(job.info.metadata, part, tracks))
        sync_file(part)
        part.replace(job.output)
        sync_folder(job.output.parent)  # before the segments are deleted
    finally:
        part.unlink(missing_ok=True)
    report.encoder = {
        "name": job.encoder.name,
        **job.encoder.options,
        "files": len(work.segments),
        "redone_at_most": job.frames_per_segment,
    }
    report.tracks = [f"{plan.track} {plan.fate}" for plan in tracks]
    report.dropped = [str(plan) for plan in tracks if plan.fate == "dropped"] + lost
    report.warnings += lost
    for sentence in lost:
        say(sentence)


def _write(job: Job, work: WorkFolder, part: Path, tracks: Sequence[TrackPlan]) -> int:
    """Write everything into ``part`` and return the number of frames."""
    time_base = job.video_format().time_base
    start = job.settings.start_seconds
    covers = [plan.track.index for plan in tracks if plan.fate == "attached"]
    offset = work.segments[0].start_pts * time_base - job.info.container_start - (start or 0)
    if job.settings.frame_rate is not None:
        offset = max(offset, Fraction(0))  # a first tick before the start would be cut off by MP4
    first, last = work.segments[0], work.segments[-1]
    span = (last.last_pts - first.start_pts) * time_base
    length = None
    if job.settings.end_seconds is not None:  # a constant rate may end a little later
        length = max(job.settings.end_seconds - (start or 0), offset + span + Fraction(1, 1000))
    remux_job = RemuxJob(
        source=job.info.path,
        target=part,
        container=job.container,
        video_offset=offset,
        video_length=span + last.last_duration * time_base,
        last_duration=last.last_duration * time_base,
        frames=work.next_frame,
        frame_rate=job.frame_rate if job.video_format().steady else None,
        time_base=time_base,
        tracks=tracks,
        dispositions=dispositions_of(job.info, job.limits),
        pipe_format=job.container.segment_muxer,
        display_aspect=job.display_aspect,
        start=start,
        end=job.settings.end_seconds,
        length=length,
        cover=extract_cover(job.info, covers[0], work.path, job.limits) if covers else None,
    )
    return remux(remux_job, work, time_base, job.info.video_metadata)


def _check(job: Job, work: WorkFolder, part: Path, tracks: Sequence[TrackPlan]) -> None:
    video = job.video_format()
    first, last = work.segments[0], work.segments[-1]
    expected = Expectation(
        frames=work.next_frame,
        size=encoded_size(video.size, video.plan),
        length=(last.last_pts - first.start_pts) * video.time_base,
        tracks=tracks,
        trimmed=job.trimmed,
    )
    verify(part, expected)
