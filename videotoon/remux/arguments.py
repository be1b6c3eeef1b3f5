"""The FFmpeg command that joins the painted video with the rest of the input, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from videotoon.decode.opening import ALLOWED_DEMUXERS
from videotoon.encode.encoders import Container
from videotoon.remux.tags import QUICKTIME_LANGUAGES
from videotoon.remux.tracks import TrackPlan

SOURCE, TARGET, COVER = "<source>", "<target>", "<cover>"
_STREAM_LETTERS = {"audio": "a", "subtitle": "s", "attachment": "t", "video": "v"}
_DISPOSITIONS = (
    "default",
    "dub",
    "original",
    "comment",
    "lyrics",
    "karaoke",
    "forced",
    "hearing_impaired",
    "visual_impaired",
    "captions",
    "descriptions",
)

_BEGUN = (
    "setts=pts=if(gt(PTS+DURATION\\,0)\\,max(PTS\\,0)\\,-1)"
    ":dts=if(gt(PTS+DURATION\\,0)\\,max(PTS\\,0)\\,-1)"
    ":duration=DURATION+min(PTS\\,0)"
    ",noise=drop=lt(pts\\,0)"
)
"""Cuts subtitles that begin before the wanted part, and drops those that end before it. With
negative times they would delay everything else in Matroska; in MP4 the next would come early."""

_ENDED = (
    "noise=drop=gte(pts*tb\\,{end})"
    ",setts=pts=PTS:dts=DTS:duration=min(DURATION\\,ceil({end}/TB)-PTS)"
)
"""Drops subtitles that begin behind the wanted part, and cuts those that end behind it; they would
make the result as long as they are."""

_LAST_FRAME = (
    "setts=pts=PTS:dts=DTS:duration="
    "if(eq(N\\,{last})\\,round({length}/TB)-(DTS-STARTDTS)"
    "\\,if(gt(PTS*TB\\,{before_last})\\,round({duration}/TB)\\,DURATION))"
)
"""Gives the video its length: some codecs' parsers put in the usual length of a frame for that of
the last. In MP4, the frame decoded last fills up the sum of all, and the one shown last its end."""

LEAST_TIME_SCALE = 10_000
"""As FFmpeg's MP4 writer has it."""

SOUND_BLOCK = 4096
"""Samples that sound to be encoded is handed over in: FLAC's encoder takes the size of the first
block for that of all, and where the sound is cut, that may be too small for it."""


@dataclass(frozen=True, slots=True)
class RemuxJob:
    """Everything the command is made from.

    Attributes:
        source: The input file.
        target: The file to write.
        container: Container of the target.
        video_offset: Seconds by which the video starts after the input's start, exact.
        video_length: Seconds from the first frame to the end of the last, exact.
        last_duration: Seconds that the last frame is shown, exact.
        frames: Frames of the video.
        frame_rate: Rate to declare, exact, or None where frames are not equally long.
        time_base: Unit of the frames' times in seconds, exact.
        tracks: Plans of the input's other tracks.
        dispositions: Disposition words of tracks, by their number in the input.
        pipe_format: Container of the video that arrives on standard input.
        display_aspect: Width to height as shown, where the container needs to be told; else None.
        start: Start of the wanted part in seconds, or None.
        end: End of the wanted part in seconds, or None.
        length: Seconds from the start to the end of the result where ``end`` is given, else None.
        cover: Extracted cover picture to attach, or None.
    """

    source: Path
    target: Path
    container: Container
    video_offset: Fraction
    video_length: Fraction
    last_duration: Fraction
    frames: int
    frame_rate: Fraction | None
    time_base: Fraction
    tracks: Sequence[TrackPlan]
    dispositions: dict[int, tuple[str, ...]]
    pipe_format: str
    display_aspect: Fraction | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    length: Fraction | None = None
    cover: Path | None = None


def remux_arguments(job: RemuxJob, binary: str) -> list[str]:
    """Return the FFmpeg command line that writes ``job.target``; video arrives on stdin."""
    import ffmpeg

    # ffmpeg-python cannot hash names that are not UTF-8, so it gets others that stand for them.
    names = {SOURCE: local(job.source), TARGET: local(job.target)}
    painted = ffmpeg.input("pipe:0", f=job.pipe_format, itsoffset=_seconds(job.video_offset))
    source = ffmpeg.input(SOURCE, **_source_options(job))
    streams = [painted["v:0"]]
    # An optional stream that never exists: it makes the source an input even where no track of it
    # is kept, so that its tags and chapters can be copied.
    streams.append(source["d:99?"])
    options: dict[str, Any] = {"c": "copy", "map_metadata": 1, "map_chapters": 1}
    counters: dict[str, int] = {"v": 1}
    for plan in job.tracks:
        if plan.fate not in ("copied", "converted"):
            continue
        letter = _STREAM_LETTERS[plan.track.kind]
        number = counters.get(letter, 0)
        counters[letter] = number + 1
        streams.append(source[str(plan.track.index)])
        options |= _track_options(job, plan, f"{letter}:{number}")
    options |= _video_options(job)
    if job.cover is not None:
        options["attach"] = COVER
        names[COVER] = local(job.cover)
        kind = "png" if job.cover.suffix == ".png" else "jpeg"
        options[f"metadata:s:t:{counters.get('t', 0)}"] = f"mimetype=image/{kind}"
    options |= _file_options(job)
    node = ffmpeg.output(*streams, TARGET, **options)
    node = node.global_args("-hide_banner", "-loglevel", "error", "-nostats")
    command: list[str] = ffmpeg.compile(node, cmd=binary, overwrite_output=True)
    return [names.get(word, word) for word in command]


def _track_options(job: RemuxJob, plan: TrackPlan, place: str) -> dict[str, Any]:
    """Return the options of a track at a place such as ``a:0``."""
    options: dict[str, Any] = {f"disposition:{place}": _disposition(plan, job)}
    if plan.fate == "converted":
        options[f"c:{place}"] = plan.encoder
        if plan.encoder in ("aac", "libopus"):
            options[f"b:{place}"] = "192k"
        if plan.track.kind == "audio":
            options[f"filter:{place}"] = f"asetnsamples=n={SOUND_BLOCK}:p=0"
    if plan.track.kind == "subtitle" and (job.start is not None or job.length is not None):
        options[f"bsf:{place}"] = _cues_of_the_part(job)
    language = QUICKTIME_LANGUAGES.get(plan.track.language)
    if job.container.muxer == "mov" and language is not None:
        options[f"metadata:s:{place}"] = f"language={language}"
    return options


def _video_options(job: RemuxJob) -> dict[str, Any]:
    options: dict[str, Any] = {"bsf:v:0": _last_frame(job)}
    if job.frame_rate is not None and job.container.muxer in ("matroska", "webm"):
        # Its milliseconds would make another of it.
        options["r:v:0"] = f"{job.frame_rate.numerator}/{job.frame_rate.denominator}"
        options["time_base:v:0"] = f"1/{_time_scale(job.time_base)}"  # else it counts in frames
    if job.display_aspect is not None:
        options["aspect"] = f"{job.display_aspect.numerator}:{job.display_aspect.denominator}"
    return options


def _file_options(job: RemuxJob) -> dict[str, Any]:
    options: dict[str, Any] = {"f": job.container.muxer}
    if job.container.muxer in ("mp4", "mov"):
        options["movflags"] = "+faststart"
        options["write_tmcd"] = 0  # a timecode of the input is one of its data tracks
        options["strict"] = "experimental"  # lets FFmpeg write TrueHD and the like into MP4
    if job.length is not None:
        options["t"] = _seconds(job.length)  # chapters end with it
    return options


def _time_scale(time_base: Fraction) -> int:
    """Return ticks per second that hold the frames' times exactly, and offsets to 0.1 ms."""
    ticks = time_base.denominator
    while ticks < LEAST_TIME_SCALE:
        ticks *= 2
    return ticks


def _last_frame(job: RemuxJob) -> str:
    """Return the bitstream filter that gives the video its length."""
    shown = job.video_offset + job.video_length - job.last_duration
    return _LAST_FRAME.format(
        last=job.frames - 1,
        length=_seconds(job.video_length),
        before_last=_seconds(shown - Fraction(4, 10_000)),
        duration=_seconds(job.last_duration),
    )


def _cues_of_the_part(job: RemuxJob) -> str:
    """Return the bitstream filters that leave the subtitles of the wanted part."""
    filters = [] if job.start is None else [_BEGUN]
    if job.length is not None:
        filters.append(_ENDED.format(end=_seconds(job.length)))
    return ",".join(filters)


def _source_options(job: RemuxJob) -> dict[str, str]:
    options = {
        "protocol_whitelist": "file,pipe",
        "format_whitelist": ",".join(ALLOWED_DEMUXERS),
    }
    if job.start is not None:
        options["ss"] = _seconds(job.start)
    if job.end is not None:
        options["t"] = _seconds(job.end - (job.start or 0))
    return options


def _disposition(plan: TrackPlan, job: RemuxJob) -> str:
    if plan.track.cover_art:
        return "attached_pic"
    words = [word for word in job.dispositions.get(plan.track.index, ()) if word in _DISPOSITIONS]
    return "+".join(words) if words else "0"


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}"


def local(path: Path) -> str:
    """Spell a path so that FFmpeg never reads it as an option or a protocol."""
    return f"file:{path.resolve()}"
