"""What is measured on a result of the corpus, without the code under test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.corpus_kit import Case
from tests import measure

_REFRAMED = (".ts", ".mpg", ".flv", ".asf", ".wmv")
"""Containers whose audio packets carry headers that others leave out."""


PTS_MS = 1.0
"""By how much times may be off."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one result.

    Attributes:
        frames: Video frames.
        pts_error_ms: Largest difference of a frame's time from the input's, from the first on.
        gaps_ms: From each click to its flash, less what the input has.
        problems: What is not as it should be.
    """

    frames: int
    pts_error_ms: float
    gaps_ms: tuple[float, ...]
    problems: tuple[str, ...]


def measured(case: Case, source: Path, result: Path) -> Measured:
    """Decode a result and compare it with what the case and its clip say."""
    times = measure.frame_times(result)
    error = _pts_error(times, _reference(case, source))
    problems: list[str] = []
    if case.frames is not None and len(times) != case.frames:
        problems.append(f"{len(times)} frames instead of {case.frames}")
    if case.frames is not None and error > PTS_MS:
        problems.append(f"times are off by {error:.2f} ms")
    if any(later <= earlier for earlier, later in pairwise(times)):
        problems.append("times do not rise")
    gaps: tuple[float, ...] = ()
    if case.sound:
        gaps = tuple(_gaps(case, result))
        frame_ms = 1000 / float(case.rate or _rate(times))
        if len(gaps) < 2 or max(map(abs, gaps)) > frame_ms:
            problems.append(f"flash and click are apart: {gaps}")
    problems += _pictures(case, source, result)
    problems += _sounds(case, source, result)
    return Measured(len(times), error, gaps, tuple(problems))


def _rate(times: Sequence[Fraction]) -> Fraction:
    span = times[-1] - times[0] if len(times) > 1 else Fraction(0)
    return (len(times) - 1) / span if span else Fraction(25)


def _reference(case: Case, source: Path) -> list[Fraction]:
    if case.rate is not None:
        return [n / case.rate for n in range(case.frames or 0)]
    if case.doubled:
        return _doubled(source)
    with measure.open_clip(source) as container:
        stream = container.streams.video[0]
        packets = [p for p in container.demux(stream) if p.pts is not None and not p.is_discard]
        return sorted(Fraction(p.pts) * p.time_base for p in packets)


def _doubled(source: Path) -> list[Fraction]:
    """Return the times of a recording that stands twice in a file, from one of the two alone."""
    content = source.read_bytes()
    one = source.with_name(f"{source.stem}.half{source.suffix}")
    one.write_bytes(content[: len(content) // 2])
    with measure.open_clip(one) as container:
        found = [
            (packet.stream.type, packet.pts * packet.time_base, packet.duration * packet.time_base)
            for packet in container.demux()
            if packet.pts is not None
        ]
    one.unlink()
    length = max(time + duration for _, time, duration in found) - min(time for _, time, _ in found)
    times = sorted(Fraction(time) for kind, time, _ in found if kind == "video")
    return [*times, *(time + length for time in times)]


def _pts_error(times: Sequence[Fraction], reference: Sequence[Fraction]) -> float:
    if len(times) != len(reference) or not times:
        return float("nan") if len(times) != len(reference) else 0.0
    pairs = zip(times, reference, strict=True)
    errors = [abs((mine - times[0]) - (own - reference[0])) for mine, own in pairs]
    return float(max(errors)) * 1000


def _gaps(case: Case, result: Path) -> Iterator[float]:
    flashes, clicks = measure.flash_times(result), measure.click_times(result)
    for flash, click in zip(flashes, clicks, strict=False):
        yield (flash - click - case.gap) * 1000


def _pictures(case: Case, source: Path, result: Path) -> Iterator[str]:
    with measure.open_clip(source) as before, measure.open_clip(result) as after:
        old, new = before.streams.video[0], after.streams.video[0]
        size = (new.width, new.height)
        if case.size is not None and size != case.size:
            yield f"the result is {size[0]}x{size[1]}"
        turned = size == (old.height, old.width) != (old.width, old.height)
        shape = Fraction(old.sample_aspect_ratio or 1)
        wanted = 1 / shape if turned else shape
        found = Fraction(new.sample_aspect_ratio or 1)
        if abs(found / wanted - 1) > Fraction(1, 100):
            yield f"pixels are {found} instead of {wanted}"
        first, hdr = next(after.decode(new)), int(old.codec_context.color_trc) in (16, 18)
        if first.rotation:
            yield "a rotation is left over"
        yield from _tags(old.codec_context, first, hdr)


def _tags(declared: Any, found: Any, hdr: bool) -> Iterator[str]:
    wanted = (1, 1, 1) if hdr else (
        int(declared.colorspace), int(declared.color_primaries), int(declared.color_trc)
    )  # fmt: skip
    names = ("matrix", "primaries", "transfer")
    codes = (int(found.colorspace), int(found.color_primaries), int(found.color_trc))
    for name, want, code in zip(names, wanted, codes, strict=True):
        if want not in (0, 2) and want != code:
            yield f"{name} is tagged {code} instead of {want}"


def _sounds(case: Case, source: Path, result: Path) -> Iterator[str]:
    old = [s for s in measure.streams(source) if s.kind == "audio"]
    new = [s for s in measure.streams(result) if s.kind == "audio"]
    if len(old) != len(new):
        yield f"{len(new)} sound tracks instead of {len(old)}"
        return
    for index, (one, other) in enumerate(zip(old, new, strict=True)):
        if one.language not in ("", "und") and one.language != other.language:
            yield f"sound {index} is {other.language or 'nothing'} instead of {one.language}"
        if one.codec != other.codec or source.suffix in _REFRAMED or case.frames is None:
            continue
        # Uncompressed sound has no packets of its own: every container cuts it differently.
        before, after = (b"".join(measure.packets(file, index=index)) for file in (source, result))
        if before != after:
            yield f"packets of sound {index} differ"
