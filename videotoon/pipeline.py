"""The main job, in the order in which the data flows.

    source -> repeated-frame cache -> generator pool -> ordered outlet -> encoder -> re-mux -> check

Every stage knows its neighbours only through frozen data and small protocols. A failure in any stage
stops all of them and is raised here as it was. Work is saved in segments of a few seconds: a cut run
goes on where it stopped, and its result does not depend on where it was cut, because everything that
carries over from frame to frame begins afresh with each segment.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from videotoon.cache.repeated import RepeatedFrames
from videotoon.encode.journal import WorkFolder, input_identity
from videotoon.encode.pictures import encoded_size
from videotoon.encode.writer import SegmentWriter
from videotoon.engine.open import OpenedStyle, open_style
from videotoon.engine.pool import FrameReuse, GeneratorPool
from videotoon.errors import Cancelled, VerifyError
from videotoon.estimate import LONG_JOB_FRAMES, expected_seconds, in_words
from videotoon.job import Job, plan_job
from videotoon.progress import Progress, SilentProgress
from videotoon.remux.arguments import RemuxJob
from videotoon.remux.remux import dispositions_of, extract_cover, remux
from videotoon.remux.verify import Expectation, verify
from videotoon.report import Report, peak_memory
from videotoon.settings import Settings
from videotoon.timing import StageClock


def stylise_video(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
) -> Report:
    """Paint a video and write it with its own sound, subtitles, chapters and tags.

    Args:
        source: Input video.
        output: Output video; the suffix picks the container (.mp4, .mov, .mkv, .webm, .m4v).
        settings: Options.
        progress: Is told how far the job is; silent by default.

    Returns:
        What was done. The output was read back and is whole.

    Raises:
        VideotoonError: Anything that can go wrong, as one line with value, cause and cure. The
            input and an existing output are untouched then.
    """
    settings = settings or Settings()
    progress = progress or SilentProgress()
    clock = StageClock()
    job = plan_job(Path(source), Path(output), settings)
    style = open_style(settings, job.info.size, job.info.colour)
    work = WorkFolder.open(job.output, _work_key(job, style), settings.resume)
    report = Report(str(job.info.path), str(job.output), engine=style.describe())
    try:
        _announce(job, style, work, progress, report)
        _paint(job, style, work, progress, report, clock)
        with clock.busy("remux"):
            _finish(job, work, report)
    except KeyboardInterrupt:
        raise Cancelled("stopped by Ctrl-C", _how_to_go_on(work)) from None
    finally:
        progress.end()
        work.remove_if_empty()
    if not settings.keep_work:
        work.remove()
    _complete(report, clock)
    return report


def _paint(
    job: Job,
    style: OpenedStyle,
    work: WorkFolder,
    progress: Progress,
    report: Report,
    clock: StageClock,
) -> None:
    """Paint what no earlier run has finished, into segments."""
    total, done = job.expected_frames(), work.next_frame
    source = job.source()
    reuse: FrameReuse = RepeatedFrames(
        job.settings.cache_frames, job.settings.duplicate_threshold
    )
    pool = GeneratorPool(style.compiled, style.streams, reuse, clock)
    progress.begin(total, done, clock)
    frames = job.frames(source, done)
    if done >= total:
        frames = iter(())
    painted = pool.painted(frames, begins_afresh=lambda n: n % job.frames_per_segment == 0)
    with SegmentWriter(
        job.video_format(), work.path, job.frames_per_segment, work.record, clock
    ) as writer, contextlib.closing(painted):
        for item in painted:
            if report.first_frame_seconds is None:
                report.first_frame_seconds = clock.elapsed()
            writer.write(item.frame, item.reused)
            progress.advance()
    report.frames_resumed = done
    report.frames_in = work.next_frame
    report.frames_reused = sum(record.reused for record in work.segments)
    report.frames_painted = work.next_frame - done - reuse.counts.total
    report.decode = asdict(source.counts)
    _check_count(job, work, report)


def _check_count(job: Job, work: WorkFolder, report: Report) -> None:
    """Refuse a result that is shorter than the input's own count of frames.

    Raises:
        VerifyError: Frames are missing and ``allow_truncated`` is off.
    """
    expected, found = job.expected_frames(), work.next_frame
    declared = job.info.duration
    decoded = Fraction(found) / job.frame_rate
    cut = not job.trimmed and declared is not None and decoded < declared * Fraction(9, 10) - 1
    if job.settings.frame_rate is None and (found < expected or cut):
        report.warnings.append(f"only {found} of {expected} frames could be read")
        if not job.settings.allow_truncated or found == 0:
            work.remove()
            length = f" and lasts {float(decoded):.1f} of {float(declared):.1f} s" if declared else ""
            raise VerifyError(
                f"input {job.info.path.name!r} breaks off: {found} of {expected} frames could be "
                f"read{length}",
                "add --allow-truncated to keep what is there, or repair the file",
            )


def _finish(job: Job, work: WorkFolder, report: Report) -> None:
    """Join the segments with the other tracks, read the result back, give it its name."""
    output = job.output
    part = output.with_name(f".{output.stem}.{os.getpid()}.part{output.suffix}")
    video = job.video_format()
    first, last = work.segments[0], work.segments[-1]
    covers = [plan.track.index for plan in job.tracks if plan.fate == "attached"]
    start = job.settings.start_seconds
    begins = first.start_pts * video.time_base
    remux_job = RemuxJob(
        source=job.info.path,
        target=part,
        container=job.container,
        video_offset=begins - job.info.container_start - (start or 0),
        tracks=job.tracks,
        dispositions=dispositions_of(job.info),
        pipe_format=job.container.segment_muxer,
        start=start,
        end=job.settings.end_seconds,
        cover=extract_cover(job.info, covers[0], work.path) if covers else None,
    )
    try:
        report.frames_out = remux(remux_job, work, video.time_base, job.info.video_metadata)
        length = _length(work, video.time_base)
        size = encoded_size(video.size, video.plan)
        verify(part, Expectation(work.next_frame, size, length, job.tracks, job.trimmed))
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    report.encoder = {"name": job.encoder.name, **job.encoder.options, "segments": last.number + 1}
    report.tracks = [f"{plan.track} {plan.fate}" for plan in job.tracks]
    report.dropped = [str(plan) for plan in job.tracks if plan.fate == "dropped"]


def _length(work: WorkFolder, time_base: Fraction) -> Fraction:
    """Return the seconds from the first to the last frame's time."""
    import av

    first, last = work.segments[0], work.segments[-1]
    with av.open(str(work.file_of(last))) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        times = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
        inside = max(times) * Fraction(stream.time_base)
    return (last.start_pts - first.start_pts) * time_base + inside


def _announce(
    job: Job, style: OpenedStyle, work: WorkFolder, progress: Progress, report: Report
) -> None:
    """Say before the work what the user should know."""
    sentences = list(job.warnings)
    sentences += [str(plan) for plan in job.tracks if plan.fate in ("dropped", "converted")]
    if work.started_over:
        sentences.append(f"starting over: {work.started_over}")
    if work.segments:
        sentences.append(f"going on at frame {work.next_frame} of {job.expected_frames()}")
    left = job.expected_frames() - work.next_frame
    if left >= LONG_JOB_FRAMES:
        sentences.append(f"{left} frames, about {in_words(expected_seconds(job, style, left))}")
    for sentence in sentences:
        progress.say(sentence)
    report.warnings += job.warnings


def _work_key(job: Job, style: OpenedStyle) -> dict[str, object]:
    """Return everything the painted frames depend on."""
    from videotoon import __version__

    return {
        "videotoon version": __version__,
        "input": input_identity(job.info.path),
        "output container": job.container.suffix,
        "settings": job.settings.result_key(),
        "engine": {name: fact for name, fact in style.describe().items() if name != "streams"},
        "encoder": [job.encoder.codec, job.encoder.pixel_format, job.encoder.options],
        "segment length": job.frames_per_segment,
    }


def _how_to_go_on(work: WorkFolder) -> str:
    if not work.segments:
        return "nothing was kept"
    return f"{work.next_frame} frames are kept; run the same command again to go on"


def _complete(report: Report, clock: StageClock) -> None:
    usage = os.times()
    report.wall_seconds = clock.elapsed()
    report.fps = (report.frames_out - report.frames_resumed) / report.wall_seconds
    report.stage_wall_seconds = clock.wall_seconds()
    report.stage_cpu_seconds = clock.cpu_seconds()
    report.process_cpu_seconds = usage.user + usage.system
    report.peak_rss_bytes = peak_memory()


