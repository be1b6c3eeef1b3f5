"""Every frame at its own time; going on in the middle gives what decoding from the start gives."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.alter import flip_bytes, run_ffmpeg
from tests.media import ClipSpec, make_clip
from videotoon.decode.base import Place
from videotoon.decode.constant_rate import at_constant_rate
from videotoon.decode.file import FileSource
from videotoon.decode.planes import planes_of
from videotoon.decode.probe import probe
from videotoon.frame import Frame, Planes

CLIPS = {
    "h264.mp4": ClipSpec(frames=60, codec_options={"g": "12", "bf": "3"}),
    "open_gop.mp4": ClipSpec(
        frames=60, codec_options={"x264-params": "open-gop=1:keyint=12:bframes=3"}
    ),
    "h264.ts": ClipSpec(frames=60, codec_options={"x264-params": "open-gop=1:keyint=12"}),
    "hevc.mkv": ClipSpec(frames=60, codec="libx265", codec_options={"g": "12"}),
    "vp9.webm": ClipSpec(frames=60, codec="libvpx-vp9", codec_options={"g": "12"}),
    "mpeg2.mpg": ClipSpec(frames=60, codec="mpeg2video", codec_options={"bf": "2"}),
    "vfr.mp4": ClipSpec(
        frames=60,
        pts=tuple(n * 40 + (n * 7) % 13 for n in range(60)),
        time_base=Fraction(1, 1000),
        codec_options={"g": "12"},
    ),
    "avi.avi": ClipSpec(frames=60, codec="mpeg4", codec_options={"g": "12", "bf": "2"}),
}


def same(mine: list[Frame], own: list[Frame]) -> None:
    assert [(f.index, f.pts) for f in mine] == [(f.index, f.pts) for f in own]
    for one, other in zip(mine, own, strict=True):
        for plane, wanted in zip(one.planes.colour_planes, other.planes.colour_planes, strict=True):
            assert np.array_equal(plane, wanted)


@pytest.mark.parametrize("name", CLIPS)
def test_going_on_anywhere_gives_the_same_frames(tmp_path: Path, name: str) -> None:
    info = probe(make_clip(tmp_path / name, CLIPS[name]).path)
    every = list(FileSource(info).frames())
    assert len(every) == 60
    for index in (1, 11, 12, 13, 29, 48, 59):
        place = Place(index, every[index - 1].pts, every[0].pts)
        same(list(FileSource(info).frames(place)), every[index:])


def test_going_on_does_not_decode_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = probe(make_clip(tmp_path / "a.mp4", CLIPS["h264.mp4"]).path)
    every = list(FileSource(info).frames())
    decoded: list[int] = []

    def counted(*arguments: Any) -> Planes:
        decoded.append(1)
        return planes_of(*arguments)

    monkeypatch.setattr("videotoon.decode.file.planes_of", counted)
    list(FileSource(info).frames(Place(50, every[49].pts, every[0].pts)))
    assert len(decoded) <= 10 + 12


def test_a_place_that_is_not_there_is_found_by_its_number(tmp_path: Path) -> None:
    info = probe(make_clip(tmp_path / "a.mp4", CLIPS["h264.mp4"]).path)
    every = list(FileSource(info).frames())
    same(list(FileSource(info).frames(Place(20, every[19].pts + 1, 0))), every[20:])


def test_start_and_end_seek_exactly(tmp_path: Path) -> None:
    info = probe(make_clip(tmp_path / "a.ts", CLIPS["h264.ts"]).path)
    every = list(FileSource(info).frames())
    part = list(FileSource(info, Fraction(1), Fraction(2)).frames())
    assert [f.pts for f in part] == [f.pts for f in every[25:50]]
    assert [f.index for f in part] == list(range(25))


def test_constant_rate_goes_on_where_it_was(tmp_path: Path) -> None:
    info = probe(make_clip(tmp_path / "a.mp4", CLIPS["vfr.mp4"]).path)
    rate = Fraction(30)
    every = list(at_constant_rate(FileSource(info).frames(), rate))
    for index in (1, 20, 45, len(every) - 1):
        place = Place(index, every[index - 1].pts, every[0].pts)
        moment = Fraction(every[0].pts + index) / rate
        around = FileSource(info).frames_around(moment / info.time_base)
        same(list(at_constant_rate(around, rate, place)), every[index:])


def test_h264_in_avi_comes_in_order(tmp_path: Path, ffmpeg_binary: str) -> None:
    clip, avi = make_clip(tmp_path / "a.mp4", CLIPS["h264.mp4"]).path, tmp_path / "a.avi"
    run_ffmpeg(ffmpeg_binary, "-i", str(clip), "-c", "copy", str(avi))
    info = probe(avi)
    assert info.times_need_sorting
    times = [f.seconds for f in FileSource(info).frames()]
    assert times == pytest.approx([n / 25 for n in range(60)], abs=0.002)


def test_raw_h264_has_the_nominal_rate(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.h264", ClipSpec(frames=20, format="h264")).path
    info = probe(clip)
    assert info.times_missing
    assert [f.seconds for f in FileSource(info).frames()] == [Fraction(n, 25) for n in range(20)]


def test_the_last_frame_of_a_variable_rate_is_as_long_as_the_file_says(
    tmp_path: Path, ffmpeg_binary: str
) -> None:
    """Decoders say how long it is until the next frame is decoded, which is another one."""
    even = make_clip(tmp_path / "even.mp4", ClipSpec(frames=75)).path
    some = ["-vf", "select='not(mod(n,3))+eq(mod(n,7),1)'", "-fps_mode", "vfr", "-c:v", "libx264"]
    run_ffmpeg(ffmpeg_binary, "-i", str(even), *some, str(tmp_path / "a.mp4"))
    info = probe(tmp_path / "a.mp4")
    assert not info.steady
    last = list(FileSource(info).frames())[-1]
    assert last.seconds == Fraction(72, 25)
    assert last.duration * last.time_base == Fraction(1, 25)


def test_missing_frames_repeat_the_one_before(tmp_path: Path) -> None:
    spec = ClipSpec(frames=40, codec="mjpeg", pix_fmt="yuvj420p", width=320, height=240)
    clip = make_clip(tmp_path / "a.mkv", spec).path
    flip_bytes(clip, 400, seed=1)
    info = probe(clip)
    source = FileSource(info)
    frames = list(source.frames())
    times = [f.pts for f in frames]
    assert times == sorted(set(times))
    assert len(frames) == info.packet_count - source.counts.lost_at_start
