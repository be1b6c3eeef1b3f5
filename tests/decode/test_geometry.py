"""Pictures stand upright, in their own shape, and whole."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.alter import run_ffmpeg
from tests.media import ClipSpec, Rgb, make_clip
from videotoon.decode.base import Place
from videotoon.decode.constant_rate import at_constant_rate
from videotoon.decode.file import FileSource
from videotoon.decode.probe import probe
from videotoon.frame import FrameSize


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["", "-display_hflip", "-display_vflip"])
def test_every_orientation_is_the_one_of_ffmpeg(
    tmp_path: Path, ffmpeg_binary: str, angle: int, flip: str
) -> None:
    plain, turned = make_clip(tmp_path / "a.mp4", ClipSpec(frames=1)).path, tmp_path / "b.mp4"
    matrix = ["-display_rotation", str(angle), *([flip] if flip else [])]
    run_ffmpeg(ffmpeg_binary, *matrix, "-i", str(plain), "-c", "copy", str(turned))
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    command = [ffmpeg_binary, "-loglevel", "error", "-i", str(turned), *raw]
    upright = subprocess.run(command, capture_output=True, check=True).stdout
    info = probe(turned)
    frame = next(FileSource(info).frames())
    height, width = frame.planes.y.shape
    luma = np.frombuffer(upright, np.uint8)[: width * height].reshape(height, width)
    assert info.size == FrameSize(width, height)
    assert np.array_equal(frame.planes.y, luma)


def stripes(index: int, width: int, height: int) -> Rgb:
    """A bright bar that moves 8 pixels from field to field, as an interlaced camera sees it."""
    picture = np.full((height, width, 3), 30, np.uint8)
    for field in (0, 1):
        left = (16 * index + 8 * field) % (width - 24)
        picture[field::2, left : left + 24] = 220
    return picture


def test_fields_are_woven(tmp_path: Path) -> None:
    clip = tmp_path / "i.mp4"
    options = {"x264-params": "tff=1", "crf": "10"}
    make_clip(clip, ClipSpec(frames=8, paint=stripes, codec_options=options))
    info = probe(clip)
    assert info.interlaced
    with av.open(str(clip)) as container:
        combed = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    frames = list(FileSource(info).frames())
    assert [frame.pts for frame in frames] == list(info.packet_times)
    assert {frame.duration * frame.time_base for frame in frames} == {Fraction(1, 25)}

    def comb(luma: np.ndarray) -> float:
        rows = luma.astype(int)
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    for frame, before in zip(frames[1:-1], combed[1:-1], strict=True):
        assert comb(frame.planes.y) < comb(before) / 3


@pytest.fixture(scope="module")
def interlaced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 frames with a key frame in six."""
    options = {"x264-params": "tff=1", "g": "6"}
    clip = tmp_path_factory.mktemp("interlaced") / "i.mp4"
    return make_clip(clip, ClipSpec(frames=30, paint=stripes, codec_options=options)).path


def test_seeking_in_interlaced_video_gives_the_same_frames(interlaced: Path) -> None:
    source = FileSource(probe(interlaced))
    every = list(source.frames())
    place = Place(index=17, last_pts=every[16].pts, first_pts=every[0].pts)
    for mine, own in zip(source.frames(place), every[17:], strict=True):
        assert (mine.index, mine.pts) == (own.index, own.pts)
        assert np.array_equal(mine.planes.y, own.planes.y)


@pytest.mark.parametrize("index", range(1, 30))
def test_a_constant_rate_of_interlaced_video_goes_on_with_the_same_frames(
    interlaced: Path, index: int
) -> None:
    """Also where it is entered at a key frame, whose fields are woven with the frame before."""
    info = probe(interlaced)
    rate = info.frame_rate
    every = list(at_constant_rate(FileSource(info).frames(), rate))
    place = Place(index, every[index - 1].pts, every[0].pts)
    moment = Fraction(every[0].pts + index) / rate / info.time_base
    mine = list(at_constant_rate(FileSource(info).frames_around(moment), rate, place))
    assert [frame.pts for frame in mine] == [frame.pts for frame in every[index:]]
    for one, own in zip(mine, every[index:], strict=True):
        assert np.array_equal(one.planes.y, own.planes.y)


def test_size_changes_midway(tmp_path: Path, ffmpeg_binary: str) -> None:
    parts = b""
    for number, width in enumerate((192, 128)):
        clip = make_clip(tmp_path / f"{number}.mp4", ClipSpec(width=width, frames=10)).path
        part = tmp_path / f"{number}.ts"
        offset = ["-output_ts_offset", str(number)]
        run_ffmpeg(ffmpeg_binary, "-i", str(clip), "-c", "copy", *offset, str(part))
        parts += part.read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(parts)
    frames = list(FileSource(probe(joined)).frames())
    assert len(frames) == 20
    assert {str(frame.planes.size) for frame in frames} == {"192x108"}
