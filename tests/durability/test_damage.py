"""Damaged inputs: repaired and reported, or refused in one line; nothing half is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from tests import measure
from tests.alter import flip_bytes, truncate
from tests.media import Clicks, ClipSpec, make_clip
from videotoon.decode.limits import Limits
from videotoon.errors import DecodeError, VerifyError
from videotoon.pipeline import stylise_video
from videotoon.settings import Settings

PLAIN = ClipSpec(frames=50, sound=(Clicks(at=(0.2, 1.8)),), width=320, height=240)
SETTINGS = Settings(strength=0.0)


@pytest.mark.parametrize("suffix", [".mkv", ".flv"])
def test_a_cut_file_is_refused_before_work_starts(tmp_path: Path, suffix: str) -> None:
    clip = truncate(make_clip(tmp_path / f"in{suffix}", PLAIN).path, 0.6)
    with pytest.raises(VerifyError, match=r"breaks off: it ends after .* of 2\.\d s"):
        stylise_video(clip, tmp_path / "out.mp4", SETTINGS)
    assert [p.name for p in tmp_path.iterdir()] == [clip.name]
    report = stylise_video(clip, tmp_path / "out.mp4", Settings(strength=0.0, allow_truncated=True))
    assert 10 < report.frames_out < 50
    assert any("breaks off" in sentence for sentence in report.warnings)


@pytest.mark.parametrize("fps", [None, "25", "30", "24000/1001"])
def test_frames_that_cannot_be_decoded_are_missed_at_any_rate(
    tmp_path: Path, fps: str | None
) -> None:
    """The decoder gives nothing for the last third, and AVI does not say what is lacking."""
    spec = ClipSpec(width=96, height=64, frames=60, codec_options={"g": "12", "bf": "2"})
    whole, broken = make_clip(tmp_path / "whole.avi", spec).path, tmp_path / "in.avi"
    with av.open(str(whole)) as source, av.open(str(broken), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
        for number, packet in enumerate(source.demux(video=0)):
            if packet.dts is None:
                continue
            kept = bytes(packet) if number < 40 else b"\0\0\0\1\x09" + bytes(20)
            copy: Any = av.Packet(kept)
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.stream = stream
            target.mux(copy)
    settings = Settings(strength=0.0, fps=fps)
    with pytest.raises(VerifyError, match=r"breaks off: 38 of 60 frames could be read"):
        stylise_video(broken, tmp_path / "out.mp4", settings)
    stylise_video(whole, tmp_path / "out.mp4", settings)


def test_damaged_packets_are_counted_and_time_is_kept(tmp_path: Path) -> None:
    spec = ClipSpec(frames=50, codec="mjpeg", pix_fmt="yuvj420p", sound=PLAIN.sound)
    clip = flip_bytes(make_clip(tmp_path / "in.mkv", spec).path, 60, seed=3)
    report = stylise_video(clip, tmp_path / "out.mp4", SETTINGS)
    times = measure.frame_times(tmp_path / "out.mp4")
    assert report.decode["damaged_packets"] + report.decode["corrupt_frames"] >= 0
    assert float(times[-1] - times[0]) == pytest.approx(49 / 25, abs=0.05)


def test_more_damage_than_the_limit_is_refused(tmp_path: Path) -> None:
    spec = ClipSpec(frames=50, codec="mjpeg", pix_fmt="yuvj420p")
    clip = make_clip(tmp_path / "in.mkv", spec).path
    content = clip.read_bytes()
    head, bad = b"\xff\xc0", b"\xff\x01"  # "start of frame" becomes a marker of no meaning
    pieces = content.split(head)
    clip.write_bytes(head.join([bad.join([head.join(pieces[:10]), *pieces[10:20]]), *pieces[20:]]))
    assert stylise_video(clip, tmp_path / "out.mp4", SETTINGS).frames_out == 50
    (tmp_path / "out.mp4").unlink()
    with pytest.raises(DecodeError, match="more than 2"):
        stylise_video(clip, tmp_path / "out.mp4", SETTINGS, limits=Limits(max_damaged_frames=2))
    assert [p.name for p in tmp_path.iterdir()] == [clip.name]


@pytest.mark.parametrize("count", [24, pytest.param(1000, marks=pytest.mark.long)])
def test_mutated_files(count: int) -> None:
    if sys.platform == "win32":
        pytest.skip("the mutations run in forked processes")
    command = [sys.executable, "-m", "benchmarks.fuzz", "--count", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
