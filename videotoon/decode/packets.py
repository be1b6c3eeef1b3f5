"""One pass over all packets of a file, without decoding: counts, times, and whether it is whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videotoon.decode.limits import Limits
from videotoon.decode.opening import reason

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

PACKETS_PER_FRAME_LIMIT = 64
"""Packets of all tracks per video frame that the frame limit stands for."""

CUT_TOLERANCE = Fraction(1, 2)
"""Seconds by which the last packet may end before the declared end of the file; the length of a
frame comes on top, because not all containers say how long the last one is."""

_DECLARING_CONTAINERS = frozenset({"mov", "matroska", "avi", "flv"})
"""Containers whose header states the length; others only estimate it."""


@dataclass(slots=True)
class PacketScan:
    """What a pass over all packets found.

    Attributes:
        times: Presentation times of the video packets that show a frame, sorted.
        all_missing: No video packet has a time.
        decode_times: Decode times of the same packets, as far as they have one.
        rising: Presentation times rise from packet to packet, as if frames were never reordered.
        jumps_back: Decode times run backwards.
        packets: Packets by stream.
        sizes: Bytes by stream.
        end: Seconds at which the last packet of any stream ends.
        broken_off: FFmpeg's words where reading ended with an error.
    """

    times: list[int] = field(default_factory=list)
    all_missing: bool = True
    decode_times: list[int] = field(default_factory=list)
    rising: bool = True
    jumps_back: bool = False
    packets: Counter[int] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)
    end: Fraction = Fraction(0)
    broken_off: str = ""

    def add(self, packet: Packet[Any], painted: bool) -> None:
        """Count a packet; ``painted`` tells whether it belongs to the video that is painted."""
        self.packets[packet.stream_index] += 1
        self.sizes[packet.stream_index] += packet.size
        if packet.pts is not None and packet.time_base is not None:
            self.end = max(self.end, (packet.pts + (packet.duration or 0)) * packet.time_base)
        if not painted or packet.is_discard or _hidden(packet):
            return
        time = packet.pts if packet.pts is not None else packet.dts
        self.rising &= not self.times or (time or 0) >= self.times[-1]
        self.times.append(time or 0)
        self.all_missing &= packet.pts is None
        if packet.dts is not None:
            self.jumps_back |= bool(self.decode_times) and packet.dts < self.decode_times[-1]
            self.decode_times.append(packet.dts)


def scan_packets(
    container: InputContainer, stream: VideoStream, path: Path, limits: Limits
) -> PacketScan:
    """Read all packets of an open file.

    Raises:
        HostileInputError: There are more frames, or they last longer, than the limits allow.
    """
    import av.error

    scan = PacketScan()
    packets = container.demux()
    budget = limits.max_frames * PACKETS_PER_FRAME_LIMIT
    while budget > 0:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except av.error.EOFError:
            break
        except av.error.FFmpegError as error:
            scan.broken_off = reason(error)
            break
        if packet.size == 0 and packet.pts is None and packet.dts is None:
            continue  # the flush packet at the end of each stream
        scan.add(packet, packet.stream_index == stream.index)
        budget -= 1
        if len(scan.times) > limits.max_frames:
            break
    frames = len(scan.times) if budget else limits.max_frames + 1
    limits.check(f"{path.name!r} has {frames} frames", frames, limits.max_frames, "frames")
    scan.times.sort()
    if scan.times and stream.time_base is not None:
        seconds = (scan.times[-1] - scan.times[0]) * Fraction(stream.time_base)
        subject = f"{path.name!r} lasts {float(seconds):.0f} s by its timestamps"
        limits.check(subject, float(seconds), limits.max_seconds, "s")
    return scan


def cut_short(container: InputContainer, stream: VideoStream, scan: PacketScan) -> str:
    """Return why a file is known to end before its declared end, or nothing."""
    declared = container.duration
    names = set(container.format.name.split(","))
    if declared and names & _DECLARING_CONTAINERS:
        start = Fraction(container.start_time or 0, 1_000_000)
        length = Fraction(declared, 1_000_000)
        found = max(Fraction(0), scan.end - start)
        last_frame = 1 / Fraction(stream.average_rate) if stream.average_rate else Fraction(0)
        if found + last_frame + CUT_TOLERANCE < length:
            return f"it ends after {float(found):.1f} of {float(length):.1f} s"
    count = scan.packets[stream.index]
    if scan.broken_off and stream.frames > count:
        return f"only {count} of {stream.frames} frames are there ({scan.broken_off})"
    return ""


def _hidden(packet: Packet[Any]) -> bool:
    """Tell whether a VP8 packet only refreshes a reference picture and shows nothing."""
    context = packet.stream.codec_context
    if context is None or context.name != "vp8" or packet.size < 1:
        return False
    return not memoryview(packet)[0] >> 4 & 1
