"""Reads clips back and measures them, independently of the code under test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.media import NUMBER_BITS, Rgb

FLASH_LUMA = 225.0
CLICK_LEVEL = 0.1
SAME_CLICK_S = 0.1


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream of a file as a player would see it.

    Attributes:
        kind: ``video``, ``audio``, ``subtitle``, ``attachment`` or ``data``.
        codec: Name of the codec, empty where unknown.
        language: ISO 639-2 code, empty where none.
        disposition: Names of all set flags, sorted, e.g. ``("attached_pic", "default")``.
    """

    kind: str
    codec: str
    language: str
    disposition: tuple[str, ...]


def open_clip(path: Path) -> Any:
    """Open with an absolute path and metadata that need not be UTF-8."""
    return av.open(str(path.resolve()), metadata_errors="surrogateescape")


def streams(path: Path) -> list[StreamFacts]:
    """Every stream in file order."""
    with open_clip(path) as container:
        return [
            StreamFacts(
                kind=stream.type,
                codec=stream.codec_context.codec.canonical_name if stream.codec_context else "",
                language=stream.metadata.get("language", ""),
                disposition=tuple(
                    sorted(
                        f.name
                        for f in type(stream.disposition)
                        if f.value and f in stream.disposition
                    )
                ),
            )
            for stream in container.streams
        ]


def frames(path: Path) -> Iterator[tuple[Fraction, Rgb]]:
    """Yield (seconds, picture) of the first video stream, in presentation order.

    Pictures are converted with the colour tags of the frame; rotation is not applied.
    """
    with open_clip(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            yield frame.pts * frame.time_base, frame.to_ndarray(format="rgb24")


def frame_times(path: Path) -> list[Fraction]:
    """Exact seconds of every frame."""
    return [seconds for seconds, _ in frames(path)]


def pictures(path: Path) -> list[Rgb]:
    """All pictures of a small clip."""
    return [picture for _, picture in frames(path)]


def frame_number(picture: Rgb) -> int:
    """Read the number that :func:`tests.media.numbered` put into a picture."""
    height, width = picture.shape[:2]
    row = height - max(height // 6, 2) // 2 - 1
    edges = np.linspace(0, width, NUMBER_BITS + 1)
    centres = ((edges[:-1] + edges[1:]) / 2).astype(int)
    bright = picture[row, centres].astype(float).mean(axis=-1) > 127.5
    return int(sum(1 << bit for bit, one in enumerate(bright) if one))


def packets(path: Path, kind: str = "audio", index: int = 0) -> list[bytes]:
    """Compressed packets of one stream, for "bit-identical" checks."""
    with open_clip(path) as container:
        stream = [s for s in container.streams if s.type == kind][index]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def packet_times(path: Path, kind: str = "audio", index: int = 0) -> list[Fraction]:
    """Exact presentation seconds of every packet of one stream."""
    with open_clip(path) as container:
        stream = [s for s in container.streams if s.type == kind][index]
        return [
            p.pts * p.time_base for p in container.demux(stream) if p.pts is not None and p.size
        ]


def sound(path: Path, index: int = 0) -> tuple[NDArray[np.float32], int, float]:
    """Decode one sound track.

    Returns:
        Samples of shape (channels, samples) in -1..1, samples per second, and the second at which
        the first sample sounds.
    """
    blocks: list[NDArray[np.float32]] = []
    first: float | None = None
    with open_clip(path) as container:
        stream = container.streams.audio[index]
        rate = stream.rate
        resampler = av.AudioResampler(format="fltp")
        for frame in container.decode(stream):
            if first is None:
                first = float(frame.pts * frame.time_base)
            blocks += [np.asarray(f.to_ndarray(), np.float32) for f in resampler.resample(frame)]
    return np.concatenate(blocks, axis=1), rate, first or 0.0


def click_times(path: Path, index: int = 0, level: float = CLICK_LEVEL) -> list[float]:
    """Seconds at which a burst begins in any channel of a sound track."""
    samples, rate, first = sound(path, index)
    loud = np.flatnonzero(np.abs(samples).max(axis=0) > level)
    starts = [
        int(place)
        for n, place in enumerate(loud)
        if n == 0 or place - loud[n - 1] > rate * SAME_CLICK_S
    ]
    return [first + start / rate for start in starts]


def flash_times(path: Path, luma: float = FLASH_LUMA) -> list[float]:
    """Seconds of the first frame of every white flash."""
    found: list[float] = []
    before = False
    for seconds, picture in frames(path):
        now = float(picture.mean()) >= luma
        if now and not before:
            found.append(float(seconds))
        before = now
    return found


def chapters(path: Path) -> list[tuple[float, str]]:
    """(start in seconds, title) of every chapter."""
    with open_clip(path) as container:
        return [
            (float(c["start"] * c["time_base"]), c["metadata"].get("title", ""))
            for c in container.chapters()
        ]


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures."""
    error = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255.0**2 / error))
