"""Real clips of other projects' test suites: each gives a whole result with the tracks stated here.

The network paints small (``max_side``), which does not change frames, times, sizes and tracks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests import measure
from tests.conftest import RunVideotoon
from videotoon.decode.file import FileSource
from videotoon.decode.probe import probe
from videotoon.frame import Plane
from videotoon.pipeline import stylise_video
from videotoon.report import Report
from videotoon.settings import Settings

TOLERANCE_S = Fraction(1, 1000)
PART_S = 2
"""Of long clips the quick test takes this many seconds; the slow one takes all."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a clip must give.

    Attributes:
        frames: Frames in and out.
        size: Size of the result as MP4: upright, odd sides made even.
        mp4: Tracks beside the video in an MP4 result, as kind:codec.
        mkv: The same in a Matroska result; empty where it adds nothing to test.
        said: Part of a sentence about each track that is dropped or converted into MP4, and of
            each warning.
        long: Too long for the quick test.
    """

    frames: int
    size: tuple[int, int]
    mp4: tuple[str, ...] = ()
    mkv: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    long: bool = False


AAC = "audio:aac"
CORPUS = {
    "-video-with-dash-.mp4": Expected(5, (2, 2), said=("odd side",)),
    "attachment.mkv": Expected(
        60, (640, 360), (AAC,), (AAC, "attachment:"), ("test_attachment.txt) dropped",)
    ),
    "av1_video.mkv": Expected(125, (640, 360)),
    "bbb.webm": Expected(720, (1280, 720), ("audio:vorbis",), long=True),
    "bt709_full_range.mp4": Expected(30, (1280, 720)),
    "chaplin.mp4": Expected(241, (640, 360), ("audio:mp3",), long=True),
    "embedded_cover.mp4": Expected(60, (640, 360), (AAC, "video:mjpeg"), (AAC, "video:mjpeg")),
    "h264_10bits.mp4": Expected(30, (200, 200)),
    "hevc.mp4": Expected(60, (640, 360), (AAC,)),
    "nasa_13013.mp4": Expected(
        325,
        (320, 180),
        (AAC, "subtitle:mov_text", AAC, "subtitle:mov_text"),
        said=("video track 3 (h264, eng) dropped",),
        long=True,
    ),
    "rotate_0.mov": Expected(3, (568, 320)),
    "rotate_180.mov": Expected(3, (568, 320)),
    "rotate_270.mov": Expected(3, (320, 568)),
    "sakura_walk_540x960.mp4": Expected(285, (540, 960), (AAC,), long=True),
    "sar_2by3.mp4": Expected(60, (640, 360), (AAC,)),
    "transparent.webm": Expected(150, (200, 200), ("audio:vorbis",), said=("transparency",)),
    "webvtt.mkv": Expected(
        40, (300, 200), (AAC, "subtitle:mov_text"), (AAC, "subtitle:webvtt"), ("webvtt) converted",)
    ),
    "yuv422p.mp4": Expected(60, (640, 360), (AAC,)),
}


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIDEOTOON_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def paint(source: Path, target: Path, end: int | None = None) -> Report:
    settings = Settings(max_side=64, preset="ultrafast", end=None if end is None else str(end))
    return stylise_video(source, target, settings)


def tracks(path: Path) -> tuple[str, ...]:
    """Every track but the painted one; the streams FFmpeg adds for chapters do not count."""
    streams = [stream for stream in measure.streams(path) if stream.kind != "data"]
    return tuple(f"{stream.kind}:{stream.codec}" for stream in streams[1:])


def check_video(source: Path, target: Path, expected: Expected, count: int) -> None:
    times = measure.frame_times(target)
    assert len(times) == count
    for found, wanted in zip(times, measure.frame_times(source)[:count], strict=True):
        assert abs(found - wanted) <= TOLERANCE_S
    with measure.open_clip(target) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == expected.size
        context = stream.codec_context
        assert int(context.colorspace) != 2, "the result must say what its colours mean"
        assert int(context.color_range) in (1, 2)


def test_table_is_complete(shared: Path) -> None:
    assert {path.name for path in (shared / "media").iterdir()} == CORPUS.keys()


@pytest.mark.parametrize("name", [name for name, expected in CORPUS.items() if not expected.long])
def test_short_clip_as_mp4(shared: Path, tmp_path: Path, name: str) -> None:
    source, target, expected = shared / "media" / name, tmp_path / "out.mp4", CORPUS[name]
    check_whole(source, target, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, expected in CORPUS.items() if expected.long])
def test_long_clip_as_mp4(shared: Path, tmp_path: Path, name: str) -> None:
    source, target, expected = shared / "media" / name, tmp_path / "out.mp4", CORPUS[name]
    check_whole(source, target, expected)


def check_whole(source: Path, target: Path, expected: Expected) -> None:
    report = paint(source, target)
    assert report.frames_in == report.frames_out == expected.frames
    check_video(source, target, expected, expected.frames)
    assert tracks(target) == expected.mp4
    sentences = [*report.warnings, *report.dropped, *report.tracks]
    for part in expected.said:
        assert any(part in sentence for sentence in sentences), sentences
    sounds = sum(track.startswith("audio:") for track in expected.mp4)
    for index in range(sounds):
        assert measure.packets(target, "audio", index) == measure.packets(source, "audio", index)


@pytest.mark.parametrize("name", [name for name, expected in CORPUS.items() if expected.mkv])
def test_what_only_matroska_holds(shared: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "out.mkv"
    report = paint(shared / "media" / name, target)
    assert report.dropped == []
    assert tracks(target) == CORPUS[name].mkv


@pytest.mark.parametrize("name", [name for name, expected in CORPUS.items() if expected.long])
def test_beginning_of_a_long_clip(shared: Path, tmp_path: Path, name: str) -> None:
    source, target, expected = shared / "media" / name, tmp_path / "out.mp4", CORPUS[name]
    report = paint(source, target, PART_S)
    wanted = sum(time < PART_S for time in measure.frame_times(source))
    assert report.frames_out == pytest.approx(wanted, abs=1)
    check_video(source, target, expected, report.frames_out)
    assert tracks(target) == expected.mp4


@pytest.mark.parametrize("suffix", [".webm", ".mkv"])
def test_transparency_is_kept_where_it_can_be(shared: Path, tmp_path: Path, suffix: str) -> None:
    source, target = shared / "media" / "transparent.webm", tmp_path / f"out{suffix}"
    paint(source, target, PART_S)
    before, after = (opacity(path) for path in (source, target))
    assert before.min() == 0
    assert before.max() == 255
    assert np.abs(before.astype(int) - after).mean() < 2


def opacity(path: Path) -> Plane:
    """The opacity of a clip's first frame."""
    frame = next(FileSource(probe(path), keep_alpha=True).frames())
    assert frame.planes.alpha is not None
    return frame.planes.alpha


def test_file_whose_name_begins_with_a_dash(
    shared: Path, tmp_path: Path, run_videotoon: RunVideotoon
) -> None:
    result = run_videotoon(
        "-video-with-dash-.mp4", tmp_path / "-out-.mp4", "-q", cwd=shared / "media"
    )
    assert result.code == 0, result
    assert len(measure.frame_times(tmp_path / "-out-.mp4")) == 5
