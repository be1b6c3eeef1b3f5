"""Reading the finished file back before success is claimed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videotoon.decode.limits import Limits
from videotoon.decode.opening import open_media, reason
from videotoon.errors import DecodeError, InputError, VerifyError, VideotoonError
from videotoon.frame import FrameSize
from videotoon.remux.tracks import TrackPlan


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the finished file must hold.

    Attributes:
        frames: Video frames.
        size: Encoded size.
        length: Seconds from the first to the last frame, exact.
        tracks: Plans of the other tracks.
        trimmed: True where audio was cut, so that its packets cannot be counted.
    """

    frames: int
    size: FrameSize
    length: Fraction
    tracks: Sequence[TrackPlan]
    trimmed: bool = False


OWN_LIMITS = Limits(max_tracks=1 << 31)
"""What we wrote ourselves may be as large as its input was allowed to be."""

LENGTH_TOLERANCE = Fraction(2, 1000)
"""Matroska rounds times to milliseconds."""


def verify(target: Path, expected: Expectation) -> None:
    """Reopen the finished file and compare it with what it must hold.

    Raises:
        VerifyError: Frames, size, length or tracks differ; the message says which.
    """
    import av.error

    packets: Counter[int] = Counter()
    times: list[Fraction] = []
    try:
        with open_media(target, OWN_LIMITS) as container:
            video = container.streams.video[0]
            size = FrameSize(video.width, video.height)
            kinds: Counter[str] = Counter(stream.type for stream in container.streams)
            audio = [stream.index for stream in container.streams.audio]
            stored = {stream.index: stream.frames for stream in container.streams.audio}
            assert video.time_base is not None
            time_base = Fraction(video.time_base)
            for packet in container.demux():
                if packet.size == 0:
                    continue
                packets[packet.stream_index] += 1
                if packet.stream_index == video.index and packet.pts is not None:
                    times.append(packet.pts * time_base)
            video_index = video.index
        for index, count in stored.items():
            # MP4 hides a last packet whose length the input did not say; it is there all the same.
            packets[index] = max(packets[index], count)
    except (av.error.FFmpegError, IndexError, ValueError, InputError, DecodeError) as error:
        why = error.problem if isinstance(error, VideotoonError) else reason(error)
        raise VerifyError(
            f"the result cannot be read back ({why})", "run again; the input is untouched"
        ) from error
    _same("frames", packets[video_index], expected.frames)
    _same("picture size", str(size), str(expected.size))
    length = max(times) - min(times) if times else Fraction(0)
    if abs(length - expected.length) > LENGTH_TOLERANCE:
        _same("seconds of video", f"{float(length):.3f}", f"{float(expected.length):.3f}")
    _check_tracks(kinds, audio, packets, expected)


def _check_tracks(
    kinds: Counter[str], audio: list[int], packets: Counter[int], expected: Expectation
) -> None:
    kept = [plan for plan in expected.tracks if plan.fate in ("copied", "converted")]
    for kind in ("audio", "subtitle"):
        wanted = sum(plan.track.kind == kind for plan in kept)
        _same(f"{kind} tracks", kinds[kind], wanted)
    if expected.trimmed:
        return
    plans = [plan for plan in kept if plan.track.kind == "audio"]
    for index, plan in zip(audio, plans, strict=True):
        if plan.fate == "copied" and packets[index] < plan.track.packets:
            _same(f"packets of {plan.track}", packets[index], plan.track.packets)


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise VerifyError(
            f"the result is not whole: {found} {what} instead of {wanted}",
            "run again with -v and report it if it stays; the input is untouched",
        )
