"""Colours: kept where they can be kept, tone-mapped where they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.alter import run_ffmpeg
from tests.media import ClipSpec, make_clip
from videotoon.decode.file import FileSource
from videotoon.decode.probe import probe
from videotoon.decode.tonemap import filter_chain
from videotoon.frame import BT709
from videotoon.pipeline import stylise_video
from videotoon.settings import Settings

BLACK, MIDDLE_GREY, WHITE, PEAK = 0, 1, 2, 3
SIGNALS = {"smpte2084": (0.0, 0.38, 0.58, 0.7518), "arib-std-b67": (0.0, 0.38, 0.75, 1.0)}
"""Black, 18 % grey, diffuse white and 1,000 cd/m2 in ITU-R BT.2408."""


def hdr_clip(path: Path, ffmpeg: str, transfer: str) -> Path:
    """Four frames of plain greys, tagged as HDR."""
    raw = path.with_suffix(".yuv")
    with raw.open("wb") as file:
        for signal in SIGNALS[transfer]:
            file.write(np.full((64, 64), round(64 + 876 * signal), "<u2").tobytes())
            file.write(np.full((2, 32, 32), 512, "<u2").tobytes())
    tags = ["-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc"]
    parameters = f"qp=4:log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    run_ffmpeg(
        ffmpeg, "-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", "64x64", "-r", "25",
        "-i", str(raw), "-c:v", "libx265", "-x265-params", parameters, *tags, str(path),
    )  # fmt: skip
    return path


@pytest.mark.parametrize("transfer", SIGNALS)
def test_hdr_is_mapped_to_bt709(tmp_path: Path, ffmpeg_binary: str, transfer: str) -> None:
    info = probe(hdr_clip(tmp_path / "hdr.mp4", ffmpeg_binary, transfer))
    assert info.hdr
    assert info.colour == BT709
    frames = list(FileSource(info).frames())
    assert [frame.pts for frame in frames] == list(info.packet_times)
    luma = [float(frame.planes.y.mean()) for frame in frames]
    assert luma[BLACK] == pytest.approx(16, abs=2)
    assert luma[MIDDLE_GREY] == pytest.approx(106, abs=6)  # 18 % grey in BT.709
    assert 190 <= luma[WHITE] <= 225
    assert luma[PEAK] == pytest.approx(235, abs=3)
    for frame in frames:
        assert np.abs(frame.planes.u.astype(int) - 128).max() <= 1


def test_leaving_tone_mapping_early_ends_the_process(tmp_path: Path, ffmpeg_binary: str) -> None:
    info = probe(hdr_clip(tmp_path / "hdr.mp4", ffmpeg_binary, "smpte2084"))
    frames: Any = FileSource(info).frames()
    next(frames)
    frames.close()  # the fixture that looks for threads does the rest


def test_filters_name_what_the_file_says(tmp_path: Path, ffmpeg_binary: str) -> None:
    info = probe(hdr_clip(tmp_path / "hdr.mp4", ffmpeg_binary, "arib-std-b67"))
    assert "color_trc=arib-std-b67:colorspace=bt2020nc:color_primaries=bt2020" in filter_chain(info)


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "yuv422p", "yuv444p", "yuv422p10le", "gray"])
def test_other_layouts_at_strength_zero(tmp_path: Path, pix_fmt: str) -> None:
    codec = "ffv1" if pix_fmt == "gray" else "libx264"
    options = {} if codec == "ffv1" else {"crf": "2"}
    spec = ClipSpec(frames=3, pix_fmt=pix_fmt, codec=codec, codec_options=options)
    clip, target = make_clip(tmp_path / "in.mkv", spec).path, tmp_path / "out.mp4"
    stylise_video(clip, target, Settings(strength=0.0, quality=4))
    for mine, own in zip(_codes(target), _codes(clip), strict=True):
        for plane, wanted in zip(mine, own, strict=True):
            assert np.abs(plane - wanted).mean() < 2


def _codes(path: Path) -> list[list[np.ndarray]]:
    """Luma and chroma of every frame on the scale of 8 bits, chroma at half size."""
    with av.open(str(path)) as container:
        return [_halved(frame) for frame in container.decode(video=0)]


def _halved(frame: av.VideoFrame) -> list[np.ndarray]:
    deep = frame.format.components[0].bits > 8
    planes: list[np.ndarray] = []
    for plane in frame.planes:
        codes = np.frombuffer(memoryview(plane), "<u2" if deep else "u1").astype(float)
        codes = codes.reshape(plane.height, -1)[:, : plane.width] / (4 if deep else 1)
        if planes and plane.width == frame.width:
            codes = (codes[:, ::2] + codes[:, 1::2]) / 2
        if planes and plane.height == frame.height:
            codes = (codes[::2] + codes[1::2]) / 2
        planes.append(codes)
    return planes + [np.full((54, 96), 128.0)] * (3 - len(planes))


def _rgb(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def half_transparent(path: Path, ffmpeg: str, codec: str, pix_fmt: str) -> Path:
    """White at half opacity."""
    source = "color=white:s=64x48:r=25:d=0.2,format=rgba,colorchannelmixer=aa=0.5"
    run_ffmpeg(ffmpeg, "-f", "lavfi", "-i", f"{source},format={pix_fmt}", "-c:v", codec, str(path))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "decoder", "target"),
    [
        ("a.webm", "libvpx-vp9", "yuva420p", "libvpx-vp9", "out.webm"),
        ("a.mov", "prores_ks", "yuva444p10le", "prores", "out.mov"),
        ("b.mov", "prores_ks", "yuva444p10le", "libvpx-vp9", "out.webm"),
    ],
)
def test_opacity_is_kept(
    tmp_path: Path, ffmpeg_binary: str, name: str, codec: str, pix_fmt: str, decoder: str,
    target: str,
) -> None:  # fmt: skip
    clip = half_transparent(tmp_path / name, ffmpeg_binary, codec, pix_fmt)
    result = tmp_path / target
    report = stylise_video(clip, result, Settings(strength=0.0))
    assert not report.warnings
    context: Any = av.CodecContext.create(decoder, "r")
    frames = []
    with av.open(str(result)) as container:
        stream = container.streams.video[0]
        context.extradata = stream.codec_context.extradata
        if decoder == "prores":
            context = stream.codec_context
        for packet in container.demux(stream):
            frames += context.decode(packet if packet.size else None)
    assert len(frames) == 5
    for frame in frames:
        rgba = frame.to_ndarray(format="rgba")
        assert rgba[..., 3].mean() == pytest.approx(128, abs=3)
        assert rgba[..., :3].mean() > 245


def test_opacity_is_laid_onto_black_where_it_cannot_be_kept(
    tmp_path: Path, ffmpeg_binary: str
) -> None:
    clip = half_transparent(tmp_path / "a.webm", ffmpeg_binary, "libvpx-vp9", "yuva420p")
    report = stylise_video(clip, tmp_path / "out.mp4", Settings(strength=0.0))
    assert any("transparency" in sentence for sentence in report.warnings)
    for picture in _rgb(tmp_path / "out.mp4"):
        assert picture.mean() == pytest.approx(128, abs=4)
