"""Clips that the benchmarks run on, made once and kept in a folder."""

from __future__ import annotations

import subprocess
from collections import deque
from pathlib import Path

import av
import numpy as np

from videotoon.system.ffmpeg_binary import ffmpeg_binary

SHARED_MEDIA = Path(__file__).resolve().parents[2] / "shared" / "media"
"""Real clips beside a checkout; where they are missing, a sample clip is used and named."""

SAMPLE = Path(__file__).resolve().parents[1] / "sample_media" / "walk.mp4"


def base_clip(name: str) -> Path:
    """Return a real clip by file name, or the sample clip where there is none."""
    clip = SHARED_MEDIA / name
    return clip if clip.is_file() else SAMPLE


def scaled_clip(
    source: Path, width: int, height: int, folder: Path, seconds: float, start: float = 0.0
) -> Path:
    """Transcode a clip, or a part of it, to x264 at a size; reused when it is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    begin = f"_from{start:g}" if start else ""
    target = folder / f"{source.stem}_{width}x{height}_{seconds:g}s{begin}.mp4"
    if not target.is_file():
        part = target.with_suffix(".part.mp4")
        filters = f"scale={width}:{height}:flags=lanczos,setsar=1"
        _ffmpeg(
            "-ss", f"{start:g}", "-i", f"file:{source}", "-t", f"{seconds:g}", "-vf", filters,
            "-c:v", "libx264", "-crf", "18", "-preset", "medium", "-pix_fmt", "yuv420p",
            "-colorspace", "bt709", "-color_range", "tv", "-c:a", "aac", f"file:{part}",
        )  # fmt: skip
        part.replace(target)
    return target


def repeated_clip(source: Path, repeats: int, frames: int, folder: Path) -> Path:
    """Make a clip in which every frame of the source's end is held ``repeats`` times, lossily."""
    target = folder / f"{source.stem}_end_held{repeats}_{frames}.mp4"
    if not target.is_file():
        pictures = _last_frames(source, -(-frames // repeats))
        write_clip([picture for picture in pictures for _ in range(repeats)][:frames], target)
    return target


def static_clip(source: Path, frames: int, folder: Path) -> Path:
    """Make a lossless clip of the source's last picture with a small moving square (under 2 %)."""
    target = folder / f"{source.stem}_end_static_{frames}.mp4"
    if not target.is_file():
        still = _last_frames(source, 1)[0]
        height, width = still.shape[0] * 2 // 3, still.shape[1]
        side = int((0.015 * width * height) ** 0.5) // 2 * 2
        pictures = []
        for number in range(frames):
            picture = still.copy()
            left = 64 + number * 2 % (width - side - 128) // 2 * 2
            top = height // 2 - side // 2
            picture[top : top + side, left : left + side] = 200 - number % 64
            pictures.append(picture)
        write_clip(pictures, target, lossless=True)
    return target


def _last_frames(source: Path, count: int) -> list[np.ndarray]:
    """Return the end of a clip; the beginning of many is black."""
    pictures: deque[np.ndarray] = deque(maxlen=count)
    with av.open(str(source)) as container:
        for frame in container.decode(video=0):
            pictures.append(frame.to_ndarray(format="yuv420p"))
    return list(pictures)


def write_clip(pictures: list[np.ndarray], target: Path, lossless: bool = False) -> None:
    """Encode 4:2:0 pictures as a clip of 30 frames per second."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part.mp4")
    height, width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
    options = {"qp": "0"} if lossless else {"crf": "18"}
    with av.open(str(part), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={**options, "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.colorspace = 1
        stream.codec_context.color_range = 1
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    part.replace(target)


def _ffmpeg(*arguments: str) -> None:
    command = [ffmpeg_binary(), "-y", "-nostdin", "-loglevel", "error", *arguments]
    subprocess.run(command, check=True)
