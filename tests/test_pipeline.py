"""The whole way of a clip, from file to file, on small synthetic clips and the default style."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests import alter, measure
from tests.media import Clicks, ClipSpec, make_clip, numbered, still
from videotoon.decode.probe import probe
from videotoon.engine.changes import ChangeFinder, Repaint
from videotoon.frame import Planes
from videotoon.pipeline import stylise_video
from videotoon.report import Report
from videotoon.settings import Settings
from videotoon.timing import StageClock

MILLISECOND = Fraction(1, 1000)


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled networks go to a folder of this test module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIDEOTOON_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """14 moving frames with sound and a title."""
    spec = ClipSpec(
        width=96, height=64, frames=14, sound=(Clicks(at=(0.1, 0.4)),), metadata={"title": "Pläne"}
    )
    return make_clip(tmp_path_factory.mktemp("plain") / "in.mp4", spec).path


def copy(source: Path, target: Path, **options: Any) -> Report:
    """The whole pipeline, but the style is applied at strength 0."""
    return stylise_video(source, target, Settings(strength=0.0, **options))


def numbers(path: Path) -> list[int]:
    return [measure.frame_number(picture) for picture in measure.pictures(path)]


# --- frames and times --------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".m4v"])
def test_every_frame_at_its_time_in_every_container(
    plain: Path, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"out{suffix}"
    report = copy(plain, target, preset="ultrafast")
    assert report.frames_in == report.frames_out == 14
    assert numbers(target) == list(range(14))
    for found, wanted in zip(measure.frame_times(target), measure.frame_times(plain), strict=True):
        assert abs(found - wanted) <= MILLISECOND
    assert [entry.name for entry in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_variable_rate_keeps_every_timestamp(tmp_path: Path, suffix: str) -> None:
    spec = ClipSpec(
        width=96,
        height=64,
        frames=9,
        pts=(0, 40, 47, 140, 141, 300, 1000, 1033, 1500),
        time_base=MILLISECOND,
        codec_options={"bf": "0"},
        sound=(Clicks(),),
    )
    source = make_clip(tmp_path / "vfr.mp4", spec)
    copy(source.path, tmp_path / f"out{suffix}")
    assert measure.frame_times(tmp_path / f"out{suffix}") == list(source.pts)


@pytest.mark.parametrize("encoder", ["x264", "x265"])
@pytest.mark.parametrize("cache_frames", [0, 64])
def test_dropped_frames_of_a_coarse_clock_are_kept(
    tmp_path: Path, encoder: str, cache_frames: int
) -> None:
    """AVI counts frames, so a dropped one is a single unit; halves are joined all the same."""
    gaps = np.random.default_rng(4).integers(1, 3, 400)
    ticks = tuple(int(tick) for tick in np.cumsum(gaps) - gaps[0])
    spec = ClipSpec(
        width=96, height=64, frames=400, fps=Fraction(30), pts=ticks, time_base=Fraction(1, 30),
        codec="mpeg4", codec_options={"bf": "0"},
    )  # fmt: skip
    source = make_clip(tmp_path / "dropped.avi", spec)
    assert probe(source.path).time_base == Fraction(1, 30)
    target = tmp_path / "out.mp4"
    copy(source.path, target, encoder=encoder, cache_frames=cache_frames)
    assert measure.frame_times(target) == list(source.pts)


def test_ntsc_rate_is_exact(tmp_path: Path) -> None:
    spec = ClipSpec(width=96, height=64, frames=10, fps=Fraction(30000, 1001))
    source = make_clip(tmp_path / "ntsc.mp4", spec)
    copy(source.path, tmp_path / "out.mp4")
    assert measure.frame_times(tmp_path / "out.mp4") == list(source.pts)


def test_constant_rate_on_demand(plain: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    copy(plain, target, fps="10")
    times = measure.frame_times(target)
    assert times == [Fraction(n, 10) for n in range(len(times))]
    assert len(times) in (5, 6)
    assert numbers(target)[:5] == [0, 2, 5, 7, 10]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_first_tick_before_the_start_is_not_cut_off(tmp_path: Path, suffix: str) -> None:
    times, unit = (0, 130, 160, 210, 400), Fraction(1, 1000)
    spec = ClipSpec(width=96, height=64, frames=5, pts=times, time_base=unit)
    source = make_clip(tmp_path / "in.mkv", spec).path
    target = tmp_path / f"out{suffix}"
    report = copy(source, target, fps="50", start="0.13")
    found = measure.frame_times(target)
    assert found == [Fraction(tick, 50) for tick in range(report.frames_out)]
    assert numbers(target)[0] == 1


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [("0.2", None, range(5, 14)), (None, "0.2s", range(5)), ("0.08", "0:00:00.24", range(2, 6))],
)
def test_start_and_end(
    plain: Path, tmp_path: Path, start: str | None, end: str | None, wanted: range
) -> None:
    target = tmp_path / "out.mp4"
    report = copy(plain, target, start=start, end=end)
    assert numbers(target) == list(wanted)
    assert report.frames_out == len(wanted)


def test_sound_stays_in_step_with_a_cut(tmp_path: Path) -> None:
    spec = ClipSpec(width=96, height=64, frames=50, sound=(Clicks(at=(0.2, 1.0, 1.6)),))
    source = make_clip(tmp_path / "in.mp4", spec).path
    target = tmp_path / "out.mp4"
    copy(source, target, start="0.6")
    assert numbers(target)[0] == 15
    clicks = [time - float(measure.frame_times(target)[0]) for time in measure.click_times(target)]
    assert clicks[-2:] == pytest.approx([0.4, 1.0], abs=0.03)


# --- pictures ----------------------------------------------------------------------------------


def test_strength_zero_gives_the_input_back(plain: Path, tmp_path: Path) -> None:
    copy(plain, tmp_path / "out.mp4", quality=8.0)  # what is left is the encoder's loss
    for one, other in zip(
        measure.pictures(plain), measure.pictures(tmp_path / "out.mp4"), strict=True
    ):
        assert np.abs(one.astype(int) - other.astype(int)).mean() <= 2.0


def test_full_strength_paints(plain: Path, tmp_path: Path) -> None:
    report = stylise_video(plain, tmp_path / "out.mp4")
    assert report.frames_painted == 14
    before, after = measure.pictures(plain)[3], measure.pictures(tmp_path / "out.mp4")[3]
    assert np.abs(before.astype(int) - after.astype(int)).mean() > 1.0
    assert numbers(tmp_path / "out.mp4") == list(range(14)), "the picture is still recognisable"


@pytest.mark.parametrize(
    ("colour", "full_range"), [("bt709", False), ("bt601", False), ("bt709", True), (None, False)]
)
def test_colours_are_tagged_and_kept(tmp_path: Path, colour: str | None, full_range: bool) -> None:
    spec = ClipSpec(width=96, height=64, frames=2, colour=colour, full_range=full_range)
    source = make_clip(tmp_path / "in.mp4", spec).path
    target = tmp_path / "out.mp4"
    copy(source, target)
    with measure.open_clip(source) as one, measure.open_clip(target) as other:
        before, after = one.streams.video[0].codec_context, other.streams.video[0].codec_context
        if colour is not None:
            for tag in ("colorspace", "color_primaries", "color_trc", "color_range"):
                assert getattr(after, tag) == getattr(before, tag), tag
        else:
            assert int(after.colorspace) == 6, "small clips without tags are BT.601"
    if colour is not None:
        assert measure.psnr(measure.pictures(target)[0], numbered(0, 96, 64)) > 27


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_clips_stand_upright(tmp_path: Path, rotation: int) -> None:
    spec = ClipSpec(width=96, height=64, frames=2, rotation=rotation)
    source = make_clip(tmp_path / "in.mov", spec).path
    target = tmp_path / "out.mp4"
    copy(source, target)
    upright = np.rot90(numbered(0, 96, 64), rotation // 90)
    assert measure.psnr(measure.pictures(target)[0], upright) > 25
    with measure.open_clip(target) as container:
        assert next(container.decode(video=0)).rotation == 0


@pytest.mark.parametrize(("suffix", "size"), [(".mp4", (98, 66)), (".webm", (97, 65))])
def test_odd_size(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    spec = ClipSpec(width=97, height=65, frames=3, codec="ffv1")
    source = make_clip(tmp_path / "odd.mkv", spec).path
    target = tmp_path / f"out{suffix}"
    report = copy(source, target, preset="ultrafast")
    picture = measure.pictures(target)[0]
    assert picture.shape[1::-1] == size
    assert measure.psnr(picture[:65, :97], numbered(0, 97, 65)) > 25
    assert any("odd side" in warning for warning in report.warnings) == (suffix == ".mp4")


def test_advice_on_an_odd_side_helps(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "odd.mkv", ClipSpec(width=97, height=65, frames=2, codec="ffv1"))
    report = copy(source.path, tmp_path / "out.webm", encoder="svtav1")
    (warning,) = report.warnings
    assert "--encoder vp9 keeps 97x65" in warning


def test_shape_of_pixels_is_kept(tmp_path: Path) -> None:
    spec = ClipSpec(width=96, height=64, frames=2, sar=Fraction(4, 3))
    source = make_clip(tmp_path / "in.mp4", spec).path
    copy(source, tmp_path / "out.mp4")
    with measure.open_clip(tmp_path / "out.mp4") as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def pacing(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """A still picture with a small square that moves."""
    picture = still(index, width, height)
    left = 40 + 6 * index
    picture[60:84, left : left + 24] = (230, 40, 90)
    return picture


@pytest.mark.slow
def test_painting_only_changes_gives_the_very_same_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[bool] = []
    look = ChangeFinder.look

    def counted(finder: ChangeFinder, planes: Planes) -> Repaint | None:
        repaint = look(finder, planes)
        windows.append(repaint is not None)
        return repaint

    monkeypatch.setattr(ChangeFinder, "look", counted)
    spec = ClipSpec(width=960, height=720, frames=8, paint=pacing, codec_options={"qp": "0"})
    source = make_clip(tmp_path / "in.mp4", spec).path
    digests = {
        stylise_video(
            source, tmp_path / "out.mp4", Settings(change_only=on, cache_frames=0, overwrite=True)
        ).painted_digest
        for on in (True, False)
    }
    assert len(digests) == 1
    assert sum(windows) >= 6


def test_painting_size_does_not_change_the_output(plain: Path, tmp_path: Path) -> None:
    report = stylise_video(plain, tmp_path / "out.mp4", Settings(max_side=64))
    assert report.engine["painting_size"] == "64x42"
    assert measure.pictures(tmp_path / "out.mp4")[0].shape == (64, 96, 3)


# --- the other tracks --------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_sound_is_bit_identical(plain: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    copy(plain, target)
    assert measure.packets(target) == measure.packets(plain)
    assert measure.click_times(target) == pytest.approx(measure.click_times(plain), abs=0.002)


def test_chapters_subtitles_languages_and_tags(
    plain: Path, tmp_path: Path, ffmpeg_binary: str
) -> None:
    extras = alter.Extras(
        subtitles=(alter.Subtitle(language="deu", disposition="forced"),),
        chapters=((0.0, "Anfang"), (0.3, "Ende")),
        chapters_end=0.5,
        audio_languages=("fra",),
        metadata={"title": "Pläne", "comment": "zwei"},
    )
    source = alter.add_tracks(ffmpeg_binary, plain, tmp_path / "in.mp4", extras)
    target = tmp_path / "out.mp4"
    copy(source, target)
    streams = [stream for stream in measure.streams(target) if stream.kind != "data"]
    assert [stream.kind for stream in streams] == ["video", "audio", "subtitle"]
    assert [stream.language for stream in streams[1:]] == ["fra", "deu"]
    assert "forced" in streams[2].disposition
    assert measure.packets(target, "subtitle") == measure.packets(source, "subtitle")
    assert measure.chapters(target) == measure.chapters(source)
    with measure.open_clip(target) as container:
        assert container.metadata["title"] == "Pläne"
        assert container.metadata["comment"] == "zwei"


def test_what_a_container_cannot_hold_is_converted_and_reported(
    plain: Path, tmp_path: Path
) -> None:
    report = copy(plain, tmp_path / "out.webm", preset="ultrafast")
    assert [stream.codec for stream in measure.streams(tmp_path / "out.webm")] == ["vp9", "opus"]
    assert "converted" in report.tracks[0]


def test_silent_clip(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", ClipSpec(width=96, height=64, frames=2)).path
    assert copy(source, tmp_path / "out.mp4").tracks == []


def test_single_frame(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", ClipSpec(width=96, height=64, frames=1)).path
    assert copy(source, tmp_path / "out.mp4").frames_out == 1


# --- what is told on the way -------------------------------------------------------------------


class Listener:
    """Writes down what the pipeline tells."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def begin(self, total: int, done: int, clock: StageClock) -> None:
        self.told.append(("begin", total, done))

    def advance(self, frames: int = 1) -> None:
        self.told.append(("advance", frames))

    def say(self, sentence: str) -> None:
        self.told.append(("say", sentence))

    def end(self) -> None:
        self.told.append(("end",))


def test_progress_is_told_in_order(plain: Path, tmp_path: Path) -> None:
    listener = Listener()
    stylise_video(plain, tmp_path / "out.mp4", progress=listener)
    assert listener.told == [("begin", 14, 0), *[("advance", 1)] * 14, ("end",)]


def test_long_jobs_are_announced(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videotoon.estimate.LONG_JOB_PIXELS", 1)
    monkeypatch.setattr("videotoon.estimate.LEAST_FRAMES", 5)
    listener = Listener()
    stylise_video(plain, tmp_path / "out.mp4", progress=listener)
    event, sentence = listener.told[0]
    assert event == "say"
    assert sentence.startswith("14 frames, about ")
    assert sentence.endswith(" s")
