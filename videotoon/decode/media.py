"""What a media file says about itself, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Literal

from videotoon.frame import ColourTags, FrameSize

TrackKind = Literal["video", "audio", "subtitle", "attachment", "data"]

HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
"""Transfer characteristics of ITU-T H.273 that need tone mapping."""

FINE_GAP = 4
"""Units of time from frame to frame, from which on one of them may be rounding. In coarser ones the
decode times of B pictures, which lie up to three frames ahead, could fall on those of the frames
before."""


@dataclass(frozen=True, slots=True)
class Track:
    """One stream of a file.

    Attributes:
        index: Number in the file.
        kind: What it carries.
        codec: Codec name as FFmpeg spells it, empty where unknown.
        language: ISO 639 code from the file, empty where absent.
        title: Title from the file, empty where absent.
        cover_art: True for a still picture attached to the file.
        packets: Packets of this stream.
        size: Bytes of all its packets.
    """

    index: int
    kind: TrackKind
    codec: str
    language: str = ""
    title: str = ""
    cover_art: bool = False
    packets: int = 0
    size: int = 0

    def __str__(self) -> str:
        name = f"{self.kind} track {self.index}"
        details = ", ".join(part for part in (self.codec, self.language, self.title) if part)
        return f"{name} ({details})" if details else name


@dataclass(frozen=True, slots=True)
class Orientation:
    """How the stored picture must be turned to stand upright.

    Attributes:
        quarter_turns: Counter-clockwise quarter turns, 0..3.
        mirrored: Mirror left-right after turning.
    """

    quarter_turns: int = 0
    mirrored: bool = False

    @property
    def upright(self) -> bool:
        """True when nothing has to be done."""
        return self.quarter_turns == 0 and not self.mirrored

    @property
    def swaps_sides(self) -> bool:
        """True when width and height change places."""
        return self.quarter_turns % 2 == 1


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A probed video: what the header says and what counting its packets found.

    Attributes:
        path: The file.
        container: Demuxer name, e.g. ``mov,mp4,m4a,3gp,3g2,mj2``.
        stream_index: Number of the video stream that is painted.
        codec: Its codec.
        size: Upright size in luma pixels.
        orientation: How stored frames are turned upright.
        sample_aspect_ratio: Upright pixel aspect ratio, exact.
        colour: Meaning of the codes of delivered frames; unknown matrices are already resolved by
            size, HDR is already mapped to BT.709.
        stored_colour: Meaning of the codes in the file.
        has_alpha: True where the video carries opacity.
        interlaced: True where the field order says so.
        fields_flagged: True where each frame tells by itself whether it is interlaced.
        time_base: Unit of the video's timestamps, exact.
        frame_rate: Average rate, exact; a guess where the file does not say.
        packet_times: Presentation times of all video packets that show a frame, sorted, in
            ``time_base``.
        times_need_sorting: True where frames leave the decoder with decode-order timestamps.
        times_missing: True where no packet has a timestamp.
        times_jump_back: True where decode times run backwards (joined streams).
        times_rebuilt: True for a copy that was made because times jumped back.
        container_start: Start time of the container in seconds, exact to a microsecond.
        duration: Declared duration in seconds, or None.
        end_time: Time in the stream's time base at which its last frame ends, or None where its
            container does not say.
        cut_short: Why the file is known to end too early, empty for whole files.
        tracks: Every stream but the painted one.
        chapters: Number of chapters.
        metadata: Tags of the file.
        video_metadata: Tags of the painted stream.
    """

    path: Path
    container: str
    stream_index: int
    codec: str
    size: FrameSize
    orientation: Orientation
    sample_aspect_ratio: Fraction
    colour: ColourTags
    stored_colour: ColourTags
    has_alpha: bool
    interlaced: bool
    fields_flagged: bool
    time_base: Fraction
    frame_rate: Fraction
    packet_times: tuple[int, ...] = field(repr=False)
    times_need_sorting: bool = False
    times_missing: bool = False
    times_jump_back: bool = False
    times_rebuilt: bool = False
    container_start: Fraction = Fraction(0)
    duration: Fraction | None = None
    end_time: int | None = None
    cut_short: str = ""
    tracks: tuple[Track, ...] = ()
    chapters: int = 0
    metadata: dict[str, str] = field(default_factory=dict, repr=False)
    video_metadata: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def packet_count(self) -> int:
        """Video packets found by counting; for whole files this is the number of frames."""
        return len(self.packet_times)

    @property
    def hdr(self) -> str:
        """Name of the HDR transfer that is tone-mapped, empty for ordinary video."""
        return HDR_TRANSFERS.get(self.stored_colour.transfer, "")

    @property
    def times_clean(self) -> bool:
        """True where frames leave the decoder with strictly rising times of their own."""
        if self.times_missing or self.times_need_sorting or self.times_jump_back:
            return False
        return all(earlier < later for earlier, later in pairwise(self.packet_times))

    @property
    def steady(self) -> bool:
        """True where all frames are equally long, or would be but for rounding to a fine time base.

        In a coarse one (AVI counts frames) one unit more is a dropped frame.
        """
        times = self.packet_times
        if self.times_missing or len(times) < 3:
            return True
        gaps = [later - earlier for earlier, later in pairwise(times)]
        shortest, longest = min(gaps), max(gaps)
        return shortest == longest or (longest == shortest + 1 and shortest >= FINE_GAP)
