"""The main job, in the order in which the data flows.

    source -> repeated-frame cache -> generator pool -> ordered outlet -> encoder -> re-mux, check

Every stage knows its neighbours only through frozen data and small protocols. A failure in any
stage stops all of them and is raised here as it was. Work is saved in halves of segments of a few
seconds: a run that is cut, even by `kill -9`, goes on where it stopped and paints at most one
segment again. The result does not depend on where it was cut, because everything that carries over
from frame to frame begins afresh with each half.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from videotoon.cache.repeated import RepeatedFrames
from videotoon.decode.base import DecodeCounts
from videotoon.decode.file import FileSource
from videotoon.decode.limits import Limits
from videotoon.encode.coders import REVISION
from videotoon.encode.journal import WorkFolder, input_identity
from videotoon.encode.segment import digest_of
from videotoon.encode.work import drop_clean_copy
from videotoon.encode.writer import SegmentWriter
from videotoon.engine.open import OpenedStyle, StyleOpener, open_style
from videotoon.engine.pool import FrameReuse, GeneratorPool
from videotoon.engine.windows import change_only
from videotoon.errors import (
    STOPPED,
    Cancelled,
    DiskFullError,
    EncodeError,
    OutputError,
    VerifyError,
)
from videotoon.estimate import expected_seconds, in_words, is_long
from videotoon.job import Job, check_output, plan_job
from videotoon.progress import Progress, SilentProgress
from videotoon.realtime import hold_frame_rate
from videotoon.remux.finish import finish
from videotoon.report import Report, peak_memory
from videotoon.settings import Settings
from videotoon.system.queues import Reach
from videotoon.timing import StageClock

if TYPE_CHECKING:
    from videotoon.faces.stage import FaceStage


def stylise_video(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
    opener: StyleOpener = open_style,
    limits: Limits | None = None,
    clock: StageClock | None = None,
) -> Report:
    """Paint a video and write it with its own sound, subtitles, chapters and tags.

    Args:
        source: Input video.
        output: Output video; the suffix picks the container (.mp4, .mov, .mkv, .webm, .m4v).
        settings: Options.
        progress: Is told how far the job is; silent by default.
        opener: Chooses and compiles the style; batches pass one that keeps what it compiled.
        limits: How much the input may ask for; generous by default.
        clock: Adds up the time of the stages; a fresh one by default.

    Returns:
        What was done. The output was read back and is whole.

    Raises:
        VideotoonError: Anything that can go wrong, as one line with value, cause and cure. The
            input and an existing output are untouched then.
    """
    settings = settings or Settings()
    progress = progress or SilentProgress()
    clock = clock or StageClock()
    target = Path(output)
    try:
        job = plan_job(Path(source), target, settings, limits)
        style, choice = _open_scene(job, opener)
        faces = _open_faces(job, style)
        work = WorkFolder.open(job.output, _work_key(job, style, faces), settings.resume)
    except BaseException:
        drop_clean_copy(target)
        raise
    report = Report(str(job.path), str(job.output), engine=style.describe())
    try:
        check_output(job.path, job.output, settings.overwrite)  # another run may have made it since
        _announce(job, style, work, progress, report)
        for sentence in (*choice, *(faces.notices if faces is not None else ())):
            progress.say(sentence)
            report.warnings.append(sentence)
        _paint(job, style, faces, work, progress, report, clock)
        with clock.busy("remux"):
            finish(job, work, report, progress.say)
    except KeyboardInterrupt:
        raise Cancelled(STOPPED, work.how_to_go_on()) from None
    except (DiskFullError, EncodeError, OutputError, VerifyError) as error:
        if not work.segments or "--no-resume" in error.cure:
            raise
        raise type(error)(error.problem, f"{error.cure}; {work.how_to_go_on()}") from error
    else:
        if not settings.keep_work:
            work.remove()
    finally:
        progress.end()
        work.remove_if_empty()
        work.close()
    _complete(report, clock)
    return report


def _open_scene(job: Job, opener: StyleOpener) -> tuple[OpenedStyle, tuple[str, ...]]:
    """Open the style, painting smaller where ``--realtime`` asks for it; and what to say of it."""
    info = job.info
    if not job.settings.realtime:
        return opener(job.settings, info.size, info.colour), ()
    choice = hold_frame_rate(job, lambda tried: opener(tried, info.size, info.colour))
    return choice.style, (str(choice),)


def _open_faces(job: Job, style: OpenedStyle) -> FaceStage | None:
    """Open what ``--face`` needs, or None without it; a style of strength 0 changes no face."""
    if not job.settings.paints_faces:
        return None
    from videotoon.faces.stage import open_faces

    return open_faces(job.settings, style, job.info.size, job.info.colour)


def _paint(
    job: Job,
    style: OpenedStyle,
    faces: FaceStage | None,
    work: WorkFolder,
    progress: Progress,
    report: Report,
    clock: StageClock,
) -> None:
    """Paint what no earlier run has finished, into segments."""
    total, done = job.expected_frames(), work.next_frame
    source = job.source()
    reuse: FrameReuse = RepeatedFrames(job.settings.cache_frames, job.settings.duplicate_threshold)
    pool = GeneratorPool(
        style.compiled, style.streams, reuse, clock, change_only(style, job.settings), faces
    )
    progress.begin(total, done, clock)
    frames = job.frames(source, work.place) if done < total else iter(())
    length, reach = job.frames_per_half, Reach(job.frames_per_segment, done)
    painted = pool.painted(frames, begins_afresh=lambda n: n % length == 0, reach=reach)

    with (
        SegmentWriter(job.video_format(), work.path, length, work.record, clock, reach) as writer,
        contextlib.closing(painted),
    ):
        for item in painted:
            if report.first_frame_seconds is None:
                report.first_frame_seconds = clock.elapsed()
            writer.write(item.frame, item.reused)
            progress.advance()
    report.frames_resumed = done
    report.frames_in = work.next_frame
    report.frames_reused = sum(record.reused for record in work.segments)
    report.frames_painted = work.next_frame - done - reuse.counts.total
    report.painted_digest = digest_of(work.segments)
    report.faces = {} if faces is None else faces.describe()
    report.decode = asdict(source.counts)
    for sentence in _damage(source.counts, sum(record.repaired for record in work.segments)):
        progress.say(sentence)
        report.warnings.append(sentence)
    _check_count(job, source, work, report)


def _damage(counts: DecodeCounts, repaired: int) -> Iterator[str]:
    """Say what was wrong with the input and what was done about it."""
    yield from counts.warnings
    if counts.damaged_packets:
        yield f"{counts.damaged_packets} damaged packets were skipped"
    if counts.lost_at_start:
        yield f"the first {counts.lost_at_start} frames cannot be decoded; the video begins later"
    if repaired:
        yield f"{repaired} frames were missing or damaged; missing ones repeat the frame before"


def _check_count(job: Job, source: FileSource, work: WorkFolder, report: Report) -> None:
    """Refuse a result that is much shorter than the input's own count of frames.

    Raises:
        VerifyError: Frames are missing and ``allow_truncated`` is off.
    """
    if job.settings.frame_rate is None:
        expected, found = job.expected_frames(), work.next_frame
    else:  # what is painted says nothing: a constant rate fills gaps
        expected = len(source.expected_times)
        found = expected - source.missing if work.next_frame else 0
    lost = expected - found
    if found and lost <= 0:
        return
    report.warnings.append(f"only {found} of {expected} frames could be read")
    bearable = lost / job.info.frame_rate <= 1 and lost * 10 <= expected
    if found == 0 or not (bearable or job.settings.allow_truncated):
        work.segments.clear()
        raise VerifyError(
            f"input {job.path.name!r} breaks off: {found} of {expected} frames could be read",
            "add --allow-truncated to keep what is there, or repair the file",
        )


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
    if is_long(left, style.painting_size):
        seconds = expected_seconds(job, style, left)
        if seconds is not None:
            faces = ", and more for the faces" if job.settings.face else ""
            sentences.append(f"{left} frames, about {in_words(seconds)}{faces}")
    for sentence in sentences:
        progress.say(sentence)
    report.warnings += job.warnings


def _work_key(job: Job, style: OpenedStyle, faces: FaceStage | None) -> dict[str, object]:
    """Return everything the painted frames depend on."""
    from videotoon import __version__

    return {
        "videotoon version": __version__,
        "libraries": _library_versions(style),
        "input": input_identity(job.path),
        "output container": job.container.suffix,
        "settings": job.settings.result_key(),
        "engine": {name: fact for name, fact in style.describe().items() if name != "streams"},
        "faces": {} if faces is None else faces.facts,
        "encoder": [job.encoder.codec, job.encoder.pixel_format, job.encoder.options, REVISION],
        "segment length": job.frames_per_half,
    }


def _library_versions(style: OpenedStyle) -> dict[str, str]:
    """Return the versions of what decodes, paints and encodes."""
    engine = "torch" if "torch" in style.describe()["backend"] else "openvino"
    return {name: metadata.version(name) for name in ("av", engine)}


def _complete(report: Report, clock: StageClock) -> None:
    usage = os.times()
    report.wall_seconds = clock.elapsed()
    report.fps = (report.frames_out - report.frames_resumed) / report.wall_seconds
    report.stage_wall_seconds = clock.wall_seconds()
    report.stage_cpu_seconds = clock.cpu_seconds()
    report.process_cpu_seconds = usage.user + usage.system
    report.peak_rss_bytes = peak_memory()
