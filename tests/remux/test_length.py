"""The result is as long as what was asked for, says its rate, and older decoders hear its sound."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests import measure
from tests.alter import Extras, Subtitle, add_tracks, run_ffmpeg
from tests.media import Clicks, ClipSpec, make_clip
from videotoon.encode.encoders import CONTAINERS
from videotoon.pipeline import stylise_video
from videotoon.settings import EncoderChoice, Settings

COPY = Settings(strength=0.0)
SUFFIXES = [".mp4", ".mov", ".mkv", ".webm"]
CUES = ((0.0, 0.4, "before"), (0.6, 0.9, "whole"), (1.0, 60.0, "runs on"), (1.7, 1.8, "after"))


def length(path: Path) -> float:
    """Seconds that the file says it lasts."""
    with av.open(str(path)) as container:
        return float((container.duration or 0) / 1_000_000)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("source", [".mp4", ".mkv"])
@pytest.mark.parametrize("fps", [None, "10"])
def test_subtitles_and_chapters_end_with_the_part(
    tmp_path: Path, ffmpeg_binary: str, source: str, suffix: str, fps: str | None
) -> None:
    text = Subtitle(cues=CUES, codec="mov_text" if source == ".mp4" else "srt")
    extras = Extras(
        subtitles=(text,), chapters=((0.0, "a"), (1.0, "b"), (1.6, "c")), chapters_end=2.0
    )
    spec = ClipSpec(frames=50, sound=(Clicks(at=(0.8,)),))
    bare = make_clip(tmp_path / f"bare{source}", spec).path
    clip = add_tracks(ffmpeg_binary, bare, tmp_path / f"in{source}", extras)
    target = tmp_path / f"out{suffix}"
    stylise_video(clip, target, replace(COPY, start="0.52", end="1.52", fps=fps))
    tick = 0.05 if fps is None else 0.11
    assert length(target) == pytest.approx(1.0, abs=tick)
    assert measure.click_times(target) == pytest.approx([0.28], abs=0.03)
    assert measure.chapters(target) == [(0.0, "a"), (0.48, "b")]
    with av.open(str(target)) as container:
        ends = [float(c["end"] * c["time_base"]) for c in container.chapters()]
        packets = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
    assert ends[-1] == pytest.approx(1.0, abs=tick)
    found = [(float(p.pts * p.time_base), float((p.duration or 0) * p.time_base)) for p in packets]
    assert found == [pytest.approx((0.08, 0.3), abs=0.002), pytest.approx((0.48, 0.52), abs=tick)]


@pytest.mark.parametrize(
    ("suffix", "encoder"),
    [(suffix, name) for suffix, container in CONTAINERS.items() for name in container.encoders],
)
@pytest.mark.parametrize("frames", [1, 2, 12])
def test_the_last_frame_stays_as_long_as_it_did(
    tmp_path: Path, suffix: str, encoder: EncoderChoice, frames: int
) -> None:
    """A GIF that rests on its last picture."""
    clip = tmp_path / "in.gif"
    spec = ClipSpec(width=96, height=64, frames=frames, fps=Fraction(10), codec="gif",
                    pix_fmt="rgb8", colour=None)  # fmt: skip
    make_clip(clip, spec)
    content = bytearray(clip.read_bytes())
    place = content.rindex(b"\x21\xf9\x04")  # graphic control extension: hundredths of a second
    content[place + 4 : place + 6] = (300).to_bytes(2, "little")
    clip.write_bytes(content)
    target = tmp_path / f"out{suffix}"
    stylise_video(clip, target, replace(COPY, encoder=encoder))
    assert length(target) == pytest.approx((frames - 1) / 10 + 3.0, abs=0.011)
    if suffix in (".mp4", ".m4v", ".mov"):
        with av.open(str(target)) as container:
            stream = container.streams.video[0]
            assert float(stream.duration * stream.time_base) == pytest.approx(length(target))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001)])
def test_the_rate_is_declared_as_it_was(tmp_path: Path, suffix: str, rate: Fraction) -> None:
    clip = make_clip(tmp_path / "in.mkv", ClipSpec(width=96, height=64, frames=73, fps=rate)).path
    with av.open(str(clip)) as container:
        declared = container.streams.video[0].average_rate
    target = tmp_path / f"out{suffix}"
    stylise_video(clip, target, COPY)
    with av.open(str(target)) as container:
        found = container.streams.video[0].average_rate
    assert declared == rate
    if suffix in (".mkv", ".webm"):
        assert found == rate
    else:  # MP4 declares none: it follows from the times, which are milliseconds here
        assert float(found) == pytest.approx(float(rate), rel=1e-3)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_declared_rate_moves_no_frame(tmp_path: Path, suffix: str) -> None:
    """Of a clip whose picture begins 23 ms after its sound, which is no whole number of frames."""
    ticks = tuple(23 + 40 * n for n in range(20))
    spec = ClipSpec(frames=20, pts=ticks, time_base=Fraction(1, 1000), sound=(Clicks(),))
    clip = make_clip(tmp_path / "in.mkv", spec).path
    stylise_video(clip, tmp_path / f"out{suffix}", COPY)
    before, after = measure.frame_times(clip), measure.frame_times(tmp_path / f"out{suffix}")
    assert before[0] == Fraction(23, 1000)
    for wanted, found in zip(before, after, strict=True):
        assert abs(found - wanted) <= Fraction(1, 1000)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_timecode_does_not_get_in_the_way(
    tmp_path: Path, ffmpeg_binary: str, suffix: str
) -> None:
    """Cameras write one; MP4's writer makes a track of it."""
    plain = make_clip(tmp_path / "plain.mov", ClipSpec(frames=12, sound=(Clicks(),))).path
    clip = tmp_path / "in.mov"
    run_ffmpeg(ffmpeg_binary, "-i", str(plain), "-c", "copy", "-timecode", "01:00:00:00", str(clip))
    report = stylise_video(clip, tmp_path / f"out{suffix}", COPY)
    assert report.frames_out == 12
    assert any("data track" in sentence for sentence in report.dropped)
    assert [s.kind for s in measure.streams(tmp_path / f"out{suffix}")] == ["video", "audio"]


@pytest.mark.parametrize("start", ["0.3", "0.306", "0.3061", "0.30615"])
def test_cut_sound_is_one_that_older_decoders_know(tmp_path: Path, start: str) -> None:
    """FLAC of more than 24 bits is not; nor takes its encoder a first block of a few samples."""
    spec = ClipSpec(frames=50, sound=(Clicks(rate=44_100),))
    clip = make_clip(tmp_path / "in.mkv", spec).path
    stylise_video(clip, tmp_path / "out.mkv", replace(COPY, start=start))
    with av.open(str(tmp_path / "out.mkv")) as container:
        header = bytes(container.streams.audio[0].codec_context.extradata or b"")
    bits = (int.from_bytes(header[12:14]) >> 4 & 31) + 1  # STREAMINFO, RFC 9639, section 8.2
    assert bits in (16, 24)
