"""Everything beside the picture: kept, converted or listed as lost."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests import measure
from tests.alter import Extras, Subtitle, add_tracks, flip_bytes, run_ffmpeg
from tests.media import Clicks, ClipSpec, make_clip
from videotoon.decode.media import Track
from videotoon.decode.probe import probe
from videotoon.encode.encoders import CONTAINERS
from videotoon.pipeline import stylise_video
from videotoon.remux.tracks import plan_tracks, with_sound_converted
from videotoon.settings import EncoderChoice, Settings

COPY = Settings(strength=0.0)
SPEC = ClipSpec(frames=25, sound=(Clicks(at=(0.2, 0.8)),))


@pytest.mark.parametrize(
    ("suffix", "encoder"),
    [(suffix, name) for suffix, container in CONTAINERS.items() for name in container.encoders],
)
@pytest.mark.parametrize("turned", [0, 90])
def test_shape_of_pixels(tmp_path: Path, suffix: str, encoder: EncoderChoice, turned: int) -> None:
    clip = tmp_path / "in.mp4"
    make_clip(clip, ClipSpec(frames=3, sar=Fraction(4, 3), rotation=turned))
    stylise_video(clip, tmp_path / f"out{suffix}", replace(COPY, encoder=encoder))
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        found = container.streams.video[0].sample_aspect_ratio
    wanted = Fraction(3, 4) if turned else Fraction(4, 3)
    assert abs(Fraction(found or 0) / wanted - 1) < Fraction(1, 100)


def test_joined_recordings_are_made_continuous(tmp_path: Path, ffmpeg_binary: str) -> None:
    part = tmp_path / "part.ts"
    make_clip(part, SPEC)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part.read_bytes() * 2)
    assert probe(joined).times_jump_back
    report = stylise_video(joined, tmp_path / "out.mp4", COPY)
    assert any("start anew" in sentence for sentence in report.warnings)
    assert report.input == str(joined)
    times = measure.frame_times(tmp_path / "out.mp4")
    steps = [float(later - earlier) for earlier, later in pairwise(times)]
    join = steps.pop(24)  # the second part begins when the sound of the first has ended
    assert 0.039 < join < 0.1
    assert steps == pytest.approx([0.04] * 48, abs=0.001)
    clicks = measure.click_times(tmp_path / "out.mp4")
    assert clicks == pytest.approx([0.2, 0.8, 1.2, 1.8], abs=0.06)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["joined.ts", "out.mp4", "part.ts"]


def test_the_second_picture_is_listed(tmp_path: Path, ffmpeg_binary: str) -> None:
    one = make_clip(tmp_path / "one.mp4", SPEC).path
    two = tmp_path / "two.mp4"
    maps = ["-map", "0:v", "-map", "0:v", "-map", "0:a", "-c", "copy"]
    which = ["-disposition:v:0", "0", "-disposition:v:1", "default"]
    run_ffmpeg(ffmpeg_binary, "-i", str(one), *maps, *which, str(two))
    info = probe(two)
    assert info.stream_index == 1, "the default one is painted"
    report = stylise_video(two, tmp_path / "out.mp4", COPY)
    assert any("only one video track is painted" in sentence for sentence in report.dropped)


def test_titles_of_chapters_are_no_loss(tmp_path: Path, ffmpeg_binary: str) -> None:
    one = make_clip(tmp_path / "one.mp4", SPEC).path
    extras = Extras(chapters=((0.0, "a"), (0.5, "b")), chapters_end=1.0)
    two = add_tracks(ffmpeg_binary, one, tmp_path / "two.mp4", extras)
    report = stylise_video(two, tmp_path / "out.mkv", COPY)
    assert report.dropped == []
    assert measure.chapters(tmp_path / "out.mkv") == [(0.0, "a"), (0.5, "b")]


def test_damaged_sound_is_encoded_again(tmp_path: Path) -> None:
    clip = flip_bytes(make_clip(tmp_path / "in.ts", SPEC).path, 40, seed=3)
    report = stylise_video(clip, tmp_path / "out.mp4", COPY)
    assert report.frames_out > 20
    assert [s.kind for s in measure.streams(tmp_path / "out.mp4")] == ["video", "audio"]


def test_empty_tracks_are_dropped_and_copied_sound_can_be_converted(tmp_path: Path) -> None:
    info = probe(make_clip(tmp_path / "in.mp4", SPEC).path)
    empty = Track(1, "audio", "aac", packets=0)
    from dataclasses import replace

    container = CONTAINERS[".mp4"]
    (plan,) = plan_tracks(replace(info, tracks=(empty,)), container)
    assert (plan.fate, plan.why) == ("dropped", "it is empty")
    (converted,) = with_sound_converted(plan_tracks(info, container), container)
    assert (converted.fate, converted.encoder) == ("converted", "aac")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_sound_of_a_part_begins_where_the_part_begins(tmp_path: Path, suffix: str) -> None:
    spec = ClipSpec(frames=100, sound=(Clicks(at=(1.0, 2.0, 3.0)),), codec_options={"g": "30"})
    clip = make_clip(tmp_path / "in.mp4", spec).path
    settings = Settings(strength=0.0, start="0.52", end="3.4")
    stylise_video(clip, tmp_path / f"out{suffix}", settings)
    clicks = measure.click_times(tmp_path / f"out{suffix}")
    assert clicks == pytest.approx([0.48, 1.48, 2.48], abs=0.025)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("source", [".mp4", ".mkv"])
def test_subtitles_of_a_part_are_cut_and_delay_nothing(
    tmp_path: Path, ffmpeg_binary: str, source: str, suffix: str
) -> None:
    cues = ((0.0, 0.1, "over"), (0.2, 0.4, "cut"), (0.5, 0.9, "whole"))
    text = Subtitle(cues=cues, codec="mov_text" if source == ".mp4" else "srt")
    bare = make_clip(tmp_path / f"bare{source}", SPEC).path
    clip = tmp_path / f"in{source}"
    add_tracks(ffmpeg_binary, bare, clip, Extras(subtitles=(text,)))
    target = tmp_path / f"out{suffix}"
    stylise_video(clip, target, Settings(strength=0.0, start="0.32"))
    assert measure.frame_times(target)[0] == 0
    assert measure.click_times(target) == pytest.approx([0.48], abs=0.005)
    with av.open(str(target)) as container:
        packets = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
    found = [(float(p.pts * p.time_base), float((p.duration or 0) * p.time_base)) for p in packets]
    assert found == [pytest.approx(cue, abs=0.002) for cue in ((0.0, 0.08), (0.18, 0.4))]


@pytest.mark.parametrize(
    ("suffix", "lost"),
    [
        (".mkv", []),
        (".webm", []),
        (".mp4", ["tags MYTAG dropped: .mp4"]),
        (".mov", ["tags MYTAG dropped: .mov"]),
    ],
)
def test_tags_that_a_container_does_not_hold_are_named(
    tmp_path: Path, ffmpeg_binary: str, suffix: str, lost: list[str]
) -> None:
    bare = make_clip(tmp_path / "bare.mkv", SPEC).path
    clip = tmp_path / "in.mkv"
    tags = ["-metadata", "title=Film", "-metadata", "mytag=x", "-metadata:s:a:0", "title=Kommentar"]
    run_ffmpeg(ffmpeg_binary, "-i", str(bare), "-c", "copy", *tags, str(clip))
    report = stylise_video(clip, tmp_path / f"out{suffix}", COPY)
    assert len(report.dropped) == len(lost)
    assert all(any(word in sentence for sentence in report.dropped) for word in lost)
    assert set(report.dropped) <= set(report.warnings)
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        assert container.metadata["title"] == "Film"
        assert "Kommentar" in container.streams.audio[0].metadata.values()


@pytest.mark.parametrize("code", ["deu", "fre", "cze", "zho", "eng", "jpn"])
def test_languages_survive_in_quicktime(tmp_path: Path, ffmpeg_binary: str, code: str) -> None:
    """It has numbers for languages, of which FFmpeg knows one spelling only."""
    bare = make_clip(tmp_path / "bare.mkv", SPEC).path
    clip = add_tracks(ffmpeg_binary, bare, tmp_path / "in.mkv", Extras(audio_languages=(code,)))
    report = stylise_video(clip, tmp_path / "out.mov", COPY)
    assert report.dropped == []
    found = measure.streams(tmp_path / "out.mov")[1].language
    assert found in (code, {"deu": "ger", "fre": "fra", "cze": "ces", "zho": "chi"}.get(code))


def test_a_language_without_a_number_is_named(tmp_path: Path, ffmpeg_binary: str) -> None:
    bare = make_clip(tmp_path / "bare.mkv", SPEC).path
    clip = add_tracks(ffmpeg_binary, bare, tmp_path / "in.mkv", Extras(audio_languages=("ain",)))
    report = stylise_video(clip, tmp_path / "out.mov", COPY)
    assert any("no code for 'ain'" in sentence for sentence in report.dropped)
