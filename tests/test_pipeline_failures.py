"""Repeated frames and failing stages on the whole way from file to file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import measure
from tests.media import Clicks, ClipSpec, held, make_clip
from videotoon.cache.repeated import RepeatedFrames
from videotoon.decode.file import FileSource
from videotoon.decode.probe import probe
from videotoon.engine.open import open_style
from videotoon.engine.pool import FrameReuse, GeneratorPool, PaintedFrame
from videotoon.errors import EncodeError, VerifyError, VideotoonError
from videotoon.pipeline import stylise_video
from videotoon.settings import Settings
from videotoon.timing import StageClock


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled networks go to a folder of this test module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIDEOTOON_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """14 moving frames with sound."""
    spec = ClipSpec(width=96, height=64, frames=14, sound=(Clicks(at=(0.1, 0.4)),))
    return make_clip(tmp_path_factory.mktemp("plain") / "in.mp4", spec).path


# --- repeats -----------------------------------------------------------------------------------


def test_repeats_are_found_and_look_the_same(tmp_path: Path) -> None:
    spec = ClipSpec(width=96, height=64, frames=12, paint=held(3))
    source = make_clip(tmp_path / "in.mp4", spec).path
    reused = stylise_video(source, tmp_path / "reused.mp4", Settings(quality=5))
    fresh = stylise_video(source, tmp_path / "fresh.mp4", Settings(quality=5, cache_frames=0))
    assert (reused.frames_reused, reused.frames_painted) == (8, 4)
    assert fresh.frames_reused == 0
    # 45 dB hold before the encoder (see below), which spends fewer bits on what does not move.
    for one, other in zip(
        measure.pictures(tmp_path / "reused.mp4"),
        measure.pictures(tmp_path / "fresh.mp4"),
        strict=True,
    ):
        assert measure.psnr(one, other) >= 36


def test_what_is_reused_is_within_45_db_of_what_would_be_painted(tmp_path: Path) -> None:
    spec = ClipSpec(width=96, height=64, frames=12, paint=held(3))
    info = probe(make_clip(tmp_path / "in.mp4", spec).path)
    style = open_style(Settings(), info.size, info.colour)
    painted: dict[int, list[PaintedFrame]] = {}
    for capacity in (0, 8):
        reuse: FrameReuse = RepeatedFrames(capacity, Settings().duplicate_threshold)
        pool = GeneratorPool(style.compiled, 2, reuse, StageClock())
        painted[capacity] = list(pool.painted(FileSource(info).frames()))
    assert sum(item.reused for item in painted[8]) == 8
    for fresh, reused in zip(painted[0], painted[8], strict=True):
        one, other = (
            np.concatenate([plane.ravel() for plane in item.frame.planes.colour_planes])
            for item in (fresh, reused)
        )
        if reused.reused:
            assert measure.psnr(one, other) >= 45
        else:
            assert np.array_equal(one, other)


def test_without_repeats_the_cache_changes_no_painted_pixel_and_no_time(
    plain: Path, tmp_path: Path
) -> None:
    on = stylise_video(plain, tmp_path / "on.mp4")
    off = stylise_video(plain, tmp_path / "off.mp4", Settings(cache_frames=0))
    assert on.frames_reused == 0
    assert on.painted_digest == off.painted_digest != ""
    times = [measure.frame_times(tmp_path / name) for name in ("on.mp4", "off.mp4")]
    assert times[0] == times[1]


def test_number_of_workers_changes_nothing(plain: Path, tmp_path: Path) -> None:
    reports = [
        stylise_video(plain, tmp_path / f"{workers}.mp4", Settings(workers=workers))
        for workers in (1, 3)
    ]
    assert reports[0].painted_digest == reports[1].painted_digest


# --- failures ----------------------------------------------------------------------------------


class Broken(RuntimeError):
    """Raised by the tests only."""


def _raise(*_: object, **__: object) -> Any:
    raise Broken("on purpose")


FAILING = {
    "reader": "videotoon.decode.file.planes_of",
    "worker": "videotoon.engine.painting.PhasesSession.paint",
    "writer": "videotoon.encode.segment.SegmentEncoder.write",
    "end of the writer": "videotoon.encode.segment.SegmentEncoder.finish",
    "remux": "videotoon.remux.finish.remux",
    "check": "videotoon.remux.finish.verify",
}


@pytest.mark.parametrize("stage", FAILING)
def test_a_failing_stage_stops_all_and_raises_its_own_error(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """The fixture ``no_threads_left`` watches that every thread has ended."""
    target = tmp_path / "out.mp4"
    target.write_bytes(b"precious")
    before = plain.read_bytes()
    monkeypatch.setattr(FAILING[stage], _raise)
    with pytest.raises(Broken, match="on purpose"):
        stylise_video(plain, target, Settings(overwrite=True, resume=False))
    assert target.read_bytes() == b"precious"
    assert plain.read_bytes() == before
    assert not [entry for entry in tmp_path.rglob("*") if ".part" in entry.name]


def test_a_result_that_is_not_whole_is_not_handed_out(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videotoon.remux import remux as module

    joined: Any = vars(module)["join_segments"]

    def forgetful(segments: Any, *others: Any) -> int:
        pairs = list(segments)
        return joined(pairs[:-1], *others)

    monkeypatch.setattr(module, "join_segments", forgetful)
    monkeypatch.setattr("videotoon.job.MIN_SEGMENT_FRAMES", 10)
    monkeypatch.setattr("videotoon.job.SEGMENT_SECONDS", Fraction(1, 5))
    with pytest.raises(VerifyError, match="frames"):
        stylise_video(plain, tmp_path / "out.mp4", Settings(strength=0.0))
    assert not (tmp_path / "out.mp4").exists()


def test_missing_encoder_is_one_clear_error(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PyAV that was built without x264 raises an error of its own."""
    from videotoon.encode import encoders

    plan = encoders.EncoderPlan("x264", "libx264_gone", "yuv420p")
    monkeypatch.setitem(encoders._PLANNERS, "x264", lambda *_: plan)
    with pytest.raises(EncodeError, match="x264"):
        stylise_video(plain, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_every_error_has_a_line_and_a_code(plain: Path, tmp_path: Path) -> None:
    with pytest.raises(VideotoonError) as caught:
        stylise_video(plain, plain, Settings(overwrite=True))
    assert caught.value.exit_code == 5
    assert "\n" not in str(caught.value)
