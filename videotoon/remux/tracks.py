"""Deciding what becomes of every track of the input: copied, converted or dropped, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from videotoon.decode.media import Track, VideoInfo
from videotoon.encode.encoders import Container

Fate = Literal["copied", "converted", "attached", "rewritten", "dropped"]
"""``attached``: as a file; ``rewritten``: from what was read of it, not from its packets."""

_TEXT_SUBTITLES = frozenset({"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"})
_PICTURES = frozenset({"mjpeg", "png"})

_AUDIO_COPIED = {
    ".mp4": frozenset(
        {"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac", "vorbis", "dts", "truehd"}
    ),
    ".mov": frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "alac"}),
    ".webm": frozenset({"opus", "vorbis"}),
}
_AUDIO_REPLACEMENT = {".mp4": "aac", ".mov": "aac", ".webm": "libopus", ".mkv": "flac"}
_SUBTITLES_COPIED = {
    ".mp4": frozenset({"mov_text", "dvd_subtitle"}),
    ".mov": frozenset({"mov_text"}),
    ".webm": frozenset({"webvtt"}),
}
_SUBTITLE_REPLACEMENT = {".mp4": "mov_text", ".mov": "mov_text", ".webm": "webvtt", ".mkv": "srt"}


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """What happens to one track.

    Attributes:
        track: The track of the input.
        fate: What becomes of it.
        encoder: FFmpeg encoder for converted tracks, ``copy`` for copied ones.
        why: Reason, for converted and dropped tracks.
    """

    track: Track
    fate: Fate
    encoder: str = "copy"
    why: str = ""

    def __str__(self) -> str:
        target = f" to {self.encoder}" if self.fate == "converted" else ""
        return f"{self.track} {self.fate}{target}: {self.why}"


def plan_tracks(
    info: VideoInfo, container: Container, trimmed: bool = False
) -> tuple[TrackPlan, ...]:
    """Plan every track of the input other than the painted one, in file order.

    Args:
        info: The probed input.
        container: The output's container.
        trimmed: True where only a part of the clip is wanted.
    """
    plans = (
        TrackPlan(track, "rewritten")
        if _holds_chapters(track, info)
        else _plan(track, container, trimmed)
        for track in info.tracks
    )
    called = _family(container), container.suffix
    return tuple(replace(plan, why=plan.why.replace(*called)) for plan in plans)


def _holds_chapters(track: Track, info: VideoInfo) -> bool:
    """Tell whether this is the text track in which MP4 keeps the titles of chapters."""
    in_mp4 = "mov" in info.container.split(",")
    return in_mp4 and track.kind == "data" and track.codec in ("", "bin_data") and info.chapters > 0


def with_sound_converted(plans: Sequence[TrackPlan], container: Container) -> tuple[TrackPlan, ...]:
    """Return the same plans with all copied sound decoded and encoded again."""
    encoder = _AUDIO_REPLACEMENT[_family(container)]
    why = "its packets cannot be copied"
    return tuple(
        TrackPlan(plan.track, "converted", encoder, why)
        if plan.track.kind == "audio" and plan.fate == "copied"
        else plan
        for plan in plans
    )


def _family(container: Container) -> str:
    return ".mp4" if container.suffix == ".m4v" else container.suffix


def _plan(track: Track, container: Container, trimmed: bool) -> TrackPlan:
    suffix = _family(container)
    if track.kind == "audio":
        return _plan_audio(track, suffix, trimmed)
    if track.kind == "subtitle":
        return _plan_subtitle(track, suffix)
    if track.kind == "attachment":
        if suffix == ".mkv":
            return TrackPlan(track, "copied")
        return TrackPlan(track, "dropped", why=f"{suffix} holds no attachments")
    if track.cover_art:
        return _plan_cover(track, suffix)
    if track.kind == "video":
        return TrackPlan(track, "dropped", why="only one video track is painted")
    return TrackPlan(track, "dropped", why="data tracks cannot be carried over safely")


def _plan_audio(track: Track, suffix: str, trimmed: bool) -> TrackPlan:
    if track.packets == 0:
        return TrackPlan(track, "dropped", why="it is empty")
    if not track.codec:
        return TrackPlan(track, "dropped", why="its codec is unknown")
    copied = _AUDIO_COPIED.get(suffix)
    fits = copied is None or track.codec in copied or track.codec.startswith("pcm_")
    if suffix == ".webm":
        fits = copied is not None and track.codec in copied
    if not fits:
        encoder = _AUDIO_REPLACEMENT[suffix]
        return TrackPlan(track, "converted", encoder, f"{suffix} cannot hold {track.codec}")
    if trimmed and suffix in (".mkv", ".webm"):
        encoder = _AUDIO_REPLACEMENT[suffix]
        return TrackPlan(track, "converted", encoder, "a copied cut would begin too early")
    return TrackPlan(track, "copied")


def _plan_subtitle(track: Track, suffix: str) -> TrackPlan:
    if track.packets == 0:
        return TrackPlan(track, "dropped", why="it is empty")
    copied = _SUBTITLES_COPIED.get(suffix)
    fits = track.codec != "mov_text" if copied is None else track.codec in copied
    if fits:
        return TrackPlan(track, "copied")
    if track.codec in _TEXT_SUBTITLES:
        encoder = _SUBTITLE_REPLACEMENT[suffix]
        return TrackPlan(track, "converted", encoder, f"{suffix} cannot hold {track.codec}")
    return TrackPlan(track, "dropped", why=f"{suffix} cannot hold {track.codec or 'its codec'}")


def _plan_cover(track: Track, suffix: str) -> TrackPlan:
    if suffix in (".mp4", ".mov") and track.codec in _PICTURES:
        return TrackPlan(track, "copied")
    if suffix == ".mkv" and track.codec in _PICTURES:
        return TrackPlan(track, "attached")
    return TrackPlan(track, "dropped", why=f"{suffix} holds no cover art of this kind")
