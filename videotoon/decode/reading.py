"""Decoding the painted stream from the beginning or from any moment, past damaged packets."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from videotoon.decode.base import DecodeCounts
from videotoon.decode.limits import Limits, Stopwatch
from videotoon.decode.media import VideoInfo
from videotoon.decode.opening import open_media, reason
from videotoon.errors import DecodeError

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.packet import Packet as AnyPacket
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

    Packet = AnyPacket[VideoStream]

SEEK_BACK_SECONDS = (0, 1, 4, 16)
"""How much earlier a seek is tried: MPEG-TS and open groups of pictures land after the target."""

SEEKABLE_CONTAINERS = frozenset({"mov", "mp4", "matroska", "webm", "mpegts", "mpeg"})
"""Containers in which decoding from a seek was measured to be bit-exact."""

_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own VP8 and VP9 decoders drop the opacity plane."""


class Reader:
    """Decoded frames of one file; each pass opens the file anew.

    Args:
        info: The probed file.
        counts: Damage is added here.
        limits: Damage and decode time that are accepted.
    """

    def __init__(self, info: VideoInfo, counts: DecodeCounts, limits: Limits) -> None:
        self._info = info
        self._counts = counts
        self._limits = limits
        self._stopwatch = Stopwatch(info.path.name, limits)

    @property
    def seekable(self) -> bool:
        """True where decoding from a seek gives the same frames as from the beginning."""
        info = self._info
        return info.times_clean and not SEEKABLE_CONTAINERS.isdisjoint(info.container.split(","))

    def frames(self, target: int | None = None) -> Generator[VideoFrame]:
        """Yield frames in presentation order.

        Args:
            target: Begin at or before this time (in the stream's time base); None or a file that
                does not seek exactly begins at the beginning.

        Raises:
            DecodeError: More packets are damaged than the limit allows.
            HostileInputError: Decoding took longer than the limit allows.
        """
        if target is None or not self.seekable or target <= self._info.packet_times[0]:
            yield from self._pass(None)
            return
        for back in SEEK_BACK_SECONDS:
            frames = self._pass(round(target - back / self._info.time_base))
            first = next(frames, None)
            if first is not None and first.pts is not None and first.pts <= target:
                yield from chain([first], frames)
                return
            frames.close()
        yield from self._pass(None)

    def _pass(self, seek: int | None) -> Generator[VideoFrame]:
        with open_media(self._info.path, self._limits) as container:
            stream = container.streams.video[0]
            for stream in container.streams.video:
                if stream.index == self._info.stream_index:
                    break
            if seek is not None and not _seek(container, stream, seek):
                return
            decoder = self._decoder(stream)
            for packet in self._packets(container, stream):
                yield from self._decode(decoder, packet)

    def _decoder(self, stream: VideoStream) -> VideoCodecContext:
        from av.video.codeccontext import VideoCodecContext

        name = _ALPHA_DECODERS.get(self._info.codec) if self._info.has_alpha else None
        context = stream.codec_context if name is None else VideoCodecContext.create(name, "r")
        assert isinstance(context, VideoCodecContext)
        context.options = {"max_pixels": str(self._limits.max_pixels)}
        context.thread_type = "AUTO"  # frame threads
        return context

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
        import av.error

        packets = container.demux(stream)
        while True:
            self._stopwatch.start()
            try:
                packet = next(packets)
            except (StopIteration, av.error.EOFError):
                return
            except av.error.FFmpegError as error:
                self._counts.warnings.append(f"the file breaks off: {reason(error)}")
                return
            finally:
                self._stopwatch.stop()
            yield packet

    def _decode(self, decoder: VideoCodecContext, packet: Packet) -> list[VideoFrame]:
        import av.error

        self._stopwatch.start()
        try:
            # A packet without data marks the end: None flushes the decoder.
            return decoder.decode(packet if packet.size else None)
        except av.error.EOFError:
            return []
        except (av.error.FFmpegError, MemoryError) as error:
            self._count_damage(error)
            return []
        finally:
            self._stopwatch.stop()

    def _count_damage(self, error: BaseException) -> None:
        self._counts.damaged_packets += 1
        limit = self._limits.max_damaged_frames
        if self._counts.damaged_packets > limit:
            raise DecodeError(
                f"input {self._info.path.name!r} has more than {limit} damaged packets "
                f"({reason(error) if isinstance(error, Exception) else error})",
                "repair it with `ffmpeg -i IN -c copy OUT`, or re-encode it",
            ) from error


def _seek(container: InputContainer, stream: VideoStream, target: int) -> bool:
    import av.error

    try:
        container.seek(target, stream=stream, backward=True)
    except av.error.FFmpegError:
        return False  # the caller tries earlier, and in the end from the beginning
    return True
