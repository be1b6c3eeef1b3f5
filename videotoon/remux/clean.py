"""Copying a file whose timestamps start anew midway into one whose timestamps rise.

Recordings that were put one after the other (MPEG-TS invites to that) consist of parts, each with
times of its own. Within a part sound and picture belong together, so every part is shifted as a
whole. FFmpeg's program shifts from the first packet on that jumps, of whichever track; the last
picture of a part, which often lies behind the first sound of the next, then ends up seconds late.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videotoon.decode.limits import Limits
from videotoon.decode.opening import ALLOWED_DEMUXERS, open_media
from videotoon.encode.segment import encoder_errors
from videotoon.remux.arguments import local
from videotoon.remux.running import run_ffmpeg
from videotoon.system.ffmpeg_binary import ffmpeg_binary

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet

JUMP_SECONDS = Fraction(1, 10)
"""A decode time this much before the one before it begins a new part; less is jitter."""

_KINDS = ("video", "audio", "subtitle")


@dataclass(slots=True)
class _Part:
    """Seconds at which one part of one track begins and ends."""

    begins: Fraction
    ends: Fraction


def clean_copy(source: Path, target: Path, limits: Limits) -> None:
    """Copy all tracks with continuous times; nothing is decoded.

    Args:
        source: The input, e.g. two MPEG-TS recordings that were put one after the other.
        target: File to write; replaced if it exists.
        limits: How much the input may ask for.

    Raises:
        EncodeError: It cannot be written.
        DiskFullError: No space is left.
    """
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    with open_media(source, limits) as container:
        tracks = _parts(container)
        transport_stream = container.format.name == "mpegts"
    if transport_stream and len({len(parts) for parts in tracks.values()}) == 1:
        with encoder_errors("copy"):
            _copy_shifted(source, part, _shifts(list(tracks.values())), limits)
    else:
        _copy_by_ffmpeg(source, part)
    part.replace(target)


def _parts(container: InputContainer) -> dict[int, list[_Part]]:
    """Return the parts of every track that has packets, by its number."""
    import av.error

    found: dict[int, list[_Part]] = {}
    watch = _Jumps()
    packets = container.demux()
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return found  # how the file ends is judged when the copy is probed
        if packet.dts is None or packet.pts is None or packet.stream.type not in _KINDS:
            continue
        parts = found.setdefault(packet.stream_index, [])
        begins = packet.pts * Fraction(packet.time_base or 1)
        ends = begins + (packet.duration or 0) * Fraction(packet.time_base or 1)
        if watch.part_of(packet) == len(parts):
            parts.append(_Part(begins, ends))
        parts[-1].begins = min(parts[-1].begins, begins)
        parts[-1].ends = max(parts[-1].ends, ends)


class _Jumps:
    """Tells which part a packet belongs to; packets of a track come in their order."""

    def __init__(self) -> None:
        self._last: dict[int, Fraction] = {}
        self._part: dict[int, int] = {}

    def part_of(self, packet: Packet[Any]) -> int:
        """Return the number of the part, from 0."""
        track = packet.stream_index
        time = (packet.dts or 0) * Fraction(packet.time_base or 1)
        last = self._last.get(track, time)
        if time + JUMP_SECONDS < last:
            self._part[track] = self._part.get(track, 0) + 1
        self._last[track] = time
        return self._part.get(track, 0)


def _shifts(tracks: list[list[_Part]]) -> list[Fraction]:
    """Return by how many seconds each part moves so that it begins where the one before ends."""
    shifts = [Fraction(0)]
    for number in range(1, len(tracks[0])):
        ended = max(parts[number - 1].ends for parts in tracks) + shifts[-1]
        begins = min(parts[number].begins for parts in tracks)
        shifts.append(ended - begins)
    return shifts


def _copy_shifted(source: Path, target: Path, shifts: list[Fraction], limits: Limits) -> None:
    import av
    import av.error

    watch = _Jumps()
    with (
        open_media(source, limits) as container,
        av.open(str(target.absolute()), "w", format="mpegts") as copy,
    ):
        streams = {
            stream.index: copy.add_stream_from_template(stream, opaque=True)
            for stream in container.streams
            if stream.type in _KINDS and stream.codec_context is not None
        }
        for own in streams:
            streams[own].metadata.update(container.streams[own].metadata)
        packets = container.demux()
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.InvalidDataError, av.error.EOFError):
                return
            if packet.dts is None or packet.pts is None or packet.stream_index not in streams:
                continue
            part = min(watch.part_of(packet), len(shifts) - 1)
            shift = round(shifts[part] / Fraction(packet.time_base or 1))
            packet.pts += shift
            packet.dts += shift
            packet.stream = streams[packet.stream_index]
            copy.mux(packet)


def _copy_by_ffmpeg(source: Path, target: Path) -> None:
    run_ffmpeg(
        [
            *(ffmpeg_binary(), "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-y"),
            *("-protocol_whitelist", "file", "-format_whitelist", ",".join(ALLOWED_DEMUXERS)),
            *("-fflags", "+genpts", "-i", local(source)),
            *("-map", "0:v?", "-map", "0:a?", "-map", "0:s?", "-c", "copy"),
            *("-f", "matroska", local(target)),
        ]
    )
