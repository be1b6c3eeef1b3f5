"""Makes small clips for tests; nothing here reads files that are not made here.

A clip is described by a frozen :class:`ClipSpec` and written by :func:`make_clip`, which returns
what was truly written (:class:`ClipFacts`). All pictures, sounds and times are deterministic.

    facts = make_clip(tmp_path / "in.mp4", ClipSpec(frames=20, sound=Clicks(at=(0.2, 0.5))))
    facts.pts          # exact seconds of every frame

Every picture carries its own number (see :func:`numbered`); :func:`tests.measure.frame_number`
reads it back from a decoded, even a cartooned, frame. So a test can tell which frames came out, in
which order, and which were repeats. Subtitles, chapters, cover art, attachments and languages are
added to a finished clip by :mod:`tests.alter`, which also does damage. Readers are in
:mod:`tests.measure`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""A picture, shape (height, width, 3), RGB."""

Painter = Callable[[int, int, int], Rgb]
"""Makes picture ``index`` of ``width`` x ``height`` pixels."""

NUMBER_BITS = 12
MEZZANINE_RATE = 48_000
COLOUR_CODES = {"bt709": (1, 1, 1), "bt601": (6, 6, 6), "bt2020": (9, 9, 14)}
"""Name to (matrix, primaries, transfer) as numbers of ITU-T H.273."""


def numbered(index: int, width: int, height: int) -> Rgb:
    """A smooth, coloured, moving picture with ``index`` as black and white cells on its lower edge.

    The cells are ``NUMBER_BITS`` wide blocks, least significant bit at the left.
    """
    x = np.linspace(0.0, 1.0, width)[None, :]
    y = np.linspace(0.0, 1.0, height)[:, None]
    phase = 0.13 * index
    picture = np.stack(
        [
            0.5 + 0.4 * np.sin(5 * x + 2 * y + phase),
            0.5 + 0.4 * np.sin(3 * x - 4 * y + 1.7 * phase),
            0.5 + 0.4 * np.cos(2 * x + 6 * y - phase),
        ],
        axis=-1,
    )
    centre = (0.5 + 0.3 * np.cos(phase), 0.4 + 0.2 * np.sin(phase))
    disc = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < 0.02
    picture[disc] = (0.95, 0.85, 0.2)
    top = height - max(height // 6, 2)
    edges = np.linspace(0, width, NUMBER_BITS + 1).round().astype(int)
    for bit in range(NUMBER_BITS):
        picture[top:, edges[bit] : edges[bit + 1]] = float(index >> bit & 1)
    return np.asarray((picture * 255).round(), np.uint8)


def still(index: int, width: int, height: int) -> Rgb:
    """Always picture 0, for clips of repeated frames."""
    return numbered(0, width, height)


def held(every: int) -> Painter:
    """Animation on ``every``: the picture changes only at each ``every``-th frame."""

    def paint(index: int, width: int, height: int) -> Rgb:
        return numbered(index // every * every, width, height)

    return paint


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """A sound track of short tone bursts, another pitch in every channel.

    Attributes:
        at: Seconds at which a burst begins.
        codec: Audio encoder, e.g. ``aac``, ``libopus``, ``pcm_s16le``, ``flac``.
        rate: Samples per second.
        layout: ``mono``, ``stereo`` or ``5.1``.
        seconds: Length; None for the length of the picture.
    """

    at: tuple[float, ...] = (0.2, 0.6)
    codec: str = "aac"
    rate: int = MEZZANINE_RATE
    layout: str = "stereo"
    seconds: float | None = None

    def samples(self, seconds: float) -> NDArray[np.float32]:
        """The sound, shape (channels, samples), -1..1."""
        channels = {"mono": 1, "stereo": 2, "5.1": 6}[self.layout]
        total = round((self.seconds or seconds) * self.rate)
        sound = np.zeros((channels, total), np.float32)
        time = np.arange(round(0.03 * self.rate)) / self.rate
        for channel in range(channels):
            burst = 0.7 * np.sin(2 * np.pi * (880 + 440 * channel) * time) * np.exp(-60 * time)
            for start in self.at:
                first = round(start * self.rate)
                sound[channel, first : first + len(burst)] += burst[: max(total - first, 0)]
        return sound


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpec:
    """All that describes a clip.

    Attributes:
        width: Luma pixels as stored, before rotation.
        height: Luma rows as stored.
        frames: Number of pictures.
        fps: Frame rate; with ``pts`` only the nominal rate.
        pts: Times of the frames in units of ``time_base`` for a variable frame rate; None for
            a constant rate.
        time_base: Unit of ``pts``; None for 1 / fps.
        paint: Makes the pictures.
        codec: Video encoder, e.g. ``libx264``, ``libx265``, ``libvpx-vp9``, ``mpeg4``, ``ffv1``.
        pix_fmt: Pixel format, e.g. ``yuv420p``, ``yuv420p10le``, ``yuv422p``, ``yuva420p``.
        codec_options: Passed to the encoder.
        colour: ``bt709``, ``bt601``, ``bt2020``, or None for a clip without colour tags.
        full_range: Codes 0..255 rather than 16..235.
        rotation: Display rotation in degrees counter-clockwise: 0, 90, 180, 270.
        sar: Shape of a pixel, width to height.
        sound: One or several sound tracks.
        metadata: Tags of the file, e.g. ``{"title": "x"}``.
        format: Container if the name does not tell, e.g. ``mpegts``.
    """

    width: int = 192
    height: int = 108
    frames: int = 12
    fps: Fraction = Fraction(25)
    pts: tuple[int, ...] | None = None
    time_base: Fraction | None = None
    paint: Painter = numbered
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    codec_options: Mapping[str, str] = field(default_factory=dict)
    colour: str | None = "bt709"
    full_range: bool = False
    rotation: int = 0
    sar: Fraction | None = None
    sound: tuple[Clicks, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None

    @property
    def unit(self) -> Fraction:
        """Seconds per unit of pts."""
        return self.time_base or 1 / self.fps

    @property
    def ticks(self) -> tuple[int, ...]:
        """Time of every frame in units."""
        if self.pts is not None:
            return self.pts[: self.frames]
        return tuple(round(n / self.fps / self.unit) for n in range(self.frames))

    @property
    def seconds(self) -> float:
        """Length of the picture, the last frame being shown as long as one of the nominal rate."""
        return float(self.ticks[-1] * self.unit + 1 / self.fps)


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What :func:`make_clip` wrote.

    Attributes:
        path: The file.
        pts: Exact seconds of every frame as given to the muxer (which may round to its own unit).
        spec: The order.
    """

    path: Path
    pts: tuple[Fraction, ...]
    spec: ClipSpec


def make_clip(path: Path, spec: ClipSpec | None = None) -> ClipFacts:
    """Write the clip and return what was written."""
    spec = spec or ClipSpec()
    with av.open(str(path.resolve()), "w", format=spec.format) as container:
        container.metadata.update(spec.metadata)
        stream = _video_stream(container, spec)
        tracks = [_sound_stream(container, sound) for sound in spec.sound]
        for index, tick in enumerate(spec.ticks):
            container.mux(stream.encode(_video_frame(spec, index, tick)))
        container.mux(stream.encode(None))
        for track, sound in zip(tracks, spec.sound, strict=True):
            _write_sound(container, track, sound, spec.seconds)
    return ClipFacts(path, tuple(tick * spec.unit for tick in spec.ticks), spec)


def _video_stream(container: Any, spec: ClipSpec) -> Any:
    options = {"preset": "ultrafast"} if spec.codec in {"libx264", "libx265"} else {}
    if spec.codec == "libx265":
        options["x265-params"] = "log-level=none"
    stream = container.add_stream(
        spec.codec, rate=spec.fps, options=options | {**spec.codec_options}
    )
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, spec.pix_fmt
    context = stream.codec_context
    context.time_base = stream.time_base = spec.unit
    context.thread_count = 1
    if spec.colour is not None:
        matrix, primaries, transfer = COLOUR_CODES[spec.colour]
        context.colorspace, context.color_primaries = matrix, primaries
        context.color_trc = transfer
        context.color_range = 2 if spec.full_range else 1
    if spec.sar is not None:
        context.sample_aspect_ratio = spec.sar
    if spec.rotation:
        stream.set_display_rotation(spec.rotation)
    return stream


def _video_frame(spec: ClipSpec, index: int, tick: int) -> Any:
    picture = spec.paint(index, spec.width, spec.height)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    if spec.pix_fmt not in {"rgb24", "gbrp", "pal8"}:
        frame = frame.reformat(
            format=spec.pix_fmt,
            dst_colorspace={"bt601": "ITU601", "bt2020": "BT2020"}.get(spec.colour or "", "ITU709"),
            dst_color_range="JPEG" if spec.full_range else "MPEG",
        )
    frame.pts, frame.time_base = tick, spec.unit
    return frame


def _sound_stream(container: Any, sound: Clicks) -> Any:
    stream = container.add_stream(sound.codec, rate=sound.rate)
    stream.codec_context.layout = sound.layout
    return stream


def _write_sound(container: Any, stream: Any, sound: Clicks, seconds: float) -> None:
    samples = sound.samples(seconds)
    resampler = av.AudioResampler(format=stream.codec_context.format, layout=sound.layout)
    step = stream.codec_context.frame_size or 1024
    for start in range(0, samples.shape[1], step):
        block = np.ascontiguousarray(samples[:, start : start + step])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=sound.layout)
        frame.sample_rate, frame.pts = sound.rate, start
        frame.time_base = Fraction(1, sound.rate)
        for ready in resampler.resample(frame):
            container.mux(stream.encode(ready))
    container.mux(stream.encode(None))
