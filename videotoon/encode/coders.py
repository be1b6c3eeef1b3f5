"""From pictures to packets: every picture coded, or each one once and its repeats beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, cast

from videotoon.encode.encoders import EncoderPlan
from videotoon.encode.h264.bits import UnsuitableStreamError
from videotoon.encode.h264.parameters import read_layout, wide_parameters
from videotoon.encode.h264.repeats import MOST_REPEATS, CodedPicture, RepeatWeaver

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.stream import VideoStream

    VideoPacket = Packet[VideoStream]

FEWEST_OUT_OF_ORDER = 3
"""Of fewer pictures none can be out of order. Of so few x265 takes the decode times from memory
that nobody wrote; now and then the muxer refuses them."""

REVISION = 3
"""Another one wherever the same pictures come out as another stream than before: segments of
different ones are not joined."""


class FrameCoder(Protocol):
    """Turns the pictures of one stream into packets; used by one thread."""

    def write(
        self, picture: VideoFrame, pts: int, duration: int, repeats: bool
    ) -> Iterator[VideoPacket]:
        """Take a picture and yield what can be written now; to be taken to its end.

        Args:
            picture: The picture; the coder sets its time.
            pts: When it is shown, in the stream's time base; pictures come in presentation order.
            duration: How long, 0 where unknown.
            repeats: It equals the one before.
        """
        ...

    def finish(self) -> Iterator[VideoPacket]:
        """Yield the rest; nothing may be written afterwards."""
        ...


def coder_for(stream: VideoStream, plan: EncoderPlan) -> FrameCoder:
    """Return what codes the pictures of a stream that nothing was written to.

    Raises:
        ValueError: The encoder cannot be opened with its options; as PyAV's errors.
    """
    if plan.spares_repeats:
        context = stream.codec_context
        context.open()
        parameters = context.extradata or b""
        with contextlib.suppress(UnsuitableStreamError):  # another encoder than the one known here
            layout, context.extradata = read_layout(parameters), wide_parameters(parameters)
            return SparingCoder(stream, RepeatWeaver(layout))
    return PlainCoder(stream, plan.predicts_repeats)


class PlainCoder:
    """Gives every picture to the encoder.

    Args:
        stream: Where the packets belong.
        predicts_repeats: A picture that equals the one before is predicted from that one.
    """

    def __init__(self, stream: VideoStream, predicts_repeats: bool) -> None:
        self._stream = stream
        self._predicts_repeats = predicts_repeats
        self._durations: dict[int, int] = {}  # by time; some encoders and muxers lose them
        self._pictures = 0

    def write(
        self, picture: VideoFrame, pts: int, duration: int, repeats: bool
    ) -> Iterator[VideoPacket]:
        """Code a picture."""
        from av.video.frame import PictureType

        self._pictures += 1
        self._durations[pts] = duration
        picture.pts, picture.duration = pts, duration
        predicted = repeats and self._predicts_repeats
        picture.pict_type = PictureType.P if predicted else PictureType.NONE
        return self._packets(picture)

    def finish(self) -> Iterator[VideoPacket]:
        """Flush the encoder."""
        return self._packets(None)

    def _packets(self, picture: VideoFrame | None) -> Iterator[VideoPacket]:
        for packet in self._stream.encode(picture):
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, packet.duration)
            if picture is None and self._pictures < FEWEST_OUT_OF_ORDER:
                packet.dts = packet.pts
            yield packet


class SparingCoder:
    """Gives a picture to the encoder once, however often it is shown.

    The encoder has to be told with the picture that it will be repeated, so each one waits for the
    next. Its clock runs half as fast while repeats are shown: x264 gives pictures that stay for
    longer more bits, and would else give held ones a fifth more than if it coded the repeats, too.

    Args:
        stream: Where the packets belong; its encoder is open.
        weaver: Adds the repeats.
    """

    def __init__(self, stream: VideoStream, weaver: RepeatWeaver) -> None:
        self._stream = stream
        self._weaver = weaver
        self._durations: dict[int, int] = {}
        self._pts_by_clock: dict[int, int] = {}
        self._waiting: VideoFrame | None = None
        self._waiting_repeats = False
        self._last_pts = 0  # of the picture that was given last, not of its repeats
        self._repeats = 0  # of that picture, so far
        self._first_repeat_pts = 0
        self._repeated_time = 0  # for how long repeats were shown in all
        self._pictures = 0

    def write(
        self, picture: VideoFrame, pts: int, duration: int, repeats: bool
    ) -> Iterator[VideoPacket]:
        """Take a picture; code the one before, or take this one for a repeat of it."""
        self._durations[pts] = duration
        if repeats and self._repeats < MOST_REPEATS:
            yield from self._code_waiting(repeated=True)
            self._weaver.repeat(self._last_pts, pts)
            if self._repeats == 0:
                self._first_repeat_pts = pts
            self._repeats += 1
            return
        yield from self._code_waiting(repeated=False)
        if self._repeats:
            self._repeated_time += pts - self._first_repeat_pts
        clock = pts - self._repeated_time // 2
        self._pts_by_clock[clock] = pts
        picture.pts, picture.duration = clock, duration
        self._weaver.show(pts)
        self._waiting, self._waiting_repeats = picture, repeats
        self._last_pts, self._repeats = pts, 0

    def finish(self) -> Iterator[VideoPacket]:
        """Flush the encoder."""
        yield from self._code_waiting(repeated=False)
        yield from self._woven(None)
        for coded in self._weaver.finish():
            yield self._packet(coded)

    def _code_waiting(self, repeated: bool) -> Iterator[VideoPacket]:
        from av.video.frame import PictureType

        picture, self._waiting = self._waiting, None
        if picture is None:
            return
        # A B picture cannot be referred to. The first one is a key picture anyway.
        predicted = (repeated or self._waiting_repeats) and self._pictures > 0
        picture.pict_type = PictureType.P if predicted else PictureType.NONE
        self._pictures += 1
        yield from self._woven(picture)

    def _woven(self, picture: VideoFrame | None) -> Iterator[VideoPacket]:
        few = picture is None and self._pictures < FEWEST_OUT_OF_ORDER
        for packet in self._stream.encode(picture):
            pts = None if packet.pts is None else self._pts_by_clock.pop(packet.pts, None)
            if pts is None:
                raise UnsuitableStreamError("a picture came back with another time")
            for coded in self._weaver.weave(bytes(packet), pts, few):
                yield self._packet(coded)

    def _packet(self, coded: CodedPicture) -> VideoPacket:
        from av import Packet

        packet = cast("VideoPacket", Packet(coded.data))
        packet.stream = self._stream
        packet.time_base = self._stream.codec_context.time_base
        packet.pts, packet.dts = coded.pts, coded.dts
        packet.duration = self._durations.pop(coded.pts)
        packet.is_keyframe = coded.key
        return packet
