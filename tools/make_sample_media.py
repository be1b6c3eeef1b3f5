"""Makes the clips and the picture of ``sample_media/`` from scikit-image's free photographs.

    python -m tools.make_sample_media sample_media

Nothing is downloaded: only photographs that the scikit-image wheel carries are used, and only such
as are in the public domain or CC0 (``sample_media/README.md`` names them).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import imageio_ffmpeg
import numpy as np
import skimage.data
from av.video.frame import PictureType

from tools.sample_scenes import Rgb, Scene, View, enlarge
from tools.sample_sound import RATE, soundtrack

BT709 = 1
LIMITED_RANGE = 1
PHOTO_QUALITY = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One file of ``sample_media/``.

    Attributes:
        name: File name.
        title: Title tag.
        size: Width and height.
        fps: Frame rate.
        scenes: One after the other with hard cuts.
        crf: Quality of x264.
        sound: Whether there is a stereo track with a click at every flash.
        chapters: A title per scene, or none.
        subtitles: (start, end, text) in seconds.
    """

    name: str
    title: str
    size: tuple[int, int]
    fps: Fraction
    scenes: tuple[Scene, ...]
    crf: float = 19
    sound: bool = True
    chapters: tuple[str, ...] = ()
    subtitles: tuple[tuple[float, float, str], ...] = ()

    @property
    def frames(self) -> int:
        """Number of pictures."""
        return sum(scene.frames for scene in self.scenes)

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frame of every scene."""
        firsts, position = [], 0
        for scene in self.scenes:
            firsts.append(position)
            position += scene.frames
        return tuple(firsts)

    @property
    def flashes(self) -> tuple[int, ...]:
        """Frames that are white."""
        pairs = zip(self.cuts, self.scenes, strict=True)
        return tuple(first + s.flash for first, s in pairs if s.flash is not None)


WALK = Clip(
    name="walk.mp4",
    title="A walk past three photographs",
    size=(960, 540),
    fps=Fraction(30),
    scenes=(
        # The flash is the photographer's: what follows is the picture that was taken.
        Scene("astronaut", View(268, 152, 492), View(234, 128, 345), 84, held=23, flash=60),
        Scene("coffee", View(270, 215, 430, -3), View(335, 195, 380, 2), 46),
        Scene("chelsea", View(230, 165, 330), View(220, 138, 410), 50, flash=20),
    ),
    chapters=("Astronaut", "Coffee", "Cat"),
    subtitles=((0.5, 1.9, "Smile, please!"), (3.0, 4.2, "Coffee first."), (4.5, 5.8, "Meow.")),
)
PORTRAIT = Clip(
    name="portrait.mp4",
    title="Zooming in on a face",
    size=(540, 960),
    fps=Fraction(24000, 1001),
    scenes=(Scene("astronaut", View(230, 250, 270), View(228, 178, 205), 72, flash=24, sway=0.4),),
)
LAUNCH = Clip(
    name="launch.mp4",
    title="Rocket on its pad",
    size=(1280, 720),
    fps=Fraction(25),
    scenes=(Scene("rocket", View(318, 257, 600), View(322, 264, 520), 50, sway=0.3),),
    sound=False,
)
CLIPS = (WALK, PORTRAIT, LAUNCH)


def write_clip(clip: Clip, target: Path) -> None:
    """Render, encode and finish one clip."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.mp4"
        with av.open(str(bare), "w") as container:
            video = _video_stream(container, clip)
            audio: Any = container.add_stream("aac", rate=RATE) if clip.sound else None
            if audio is not None:
                audio.bit_rate, audio.codec_context.layout = 96_000, "stereo"
            _encode_pictures(container, video, clip)
            if audio is not None:
                _encode_sound(container, audio, clip)
        _finish(clip, bare, target)


def _photograph(name: str) -> Rgb:
    return np.asarray(getattr(skimage.data, name)(), np.uint8)


def _video_stream(container: Any, clip: Clip) -> Any:
    options = {"crf": str(clip.crf), "preset": "slow"}
    stream = container.add_stream("libx264", rate=clip.fps, options=options)
    stream.width, stream.height, stream.pix_fmt = *clip.size, "yuv420p"
    context = stream.codec_context
    context.thread_count = 1  # the same file every time
    context.time_base = 1 / clip.fps
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = LIMITED_RANGE
    return stream


def _encode_pictures(container: Any, stream: Any, clip: Clip) -> None:
    large: dict[str, Rgb] = {}
    number = 0
    for scene in clip.scenes:
        if scene.photo not in large:
            large[scene.photo] = enlarge(_photograph(scene.photo))
        for picture in scene.pictures(large[scene.photo], clip.size, float(clip.fps)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            frame.pts, frame.time_base = number, 1 / clip.fps
            if number in clip.cuts or number - 1 in clip.flashes:
                frame.pict_type = PictureType.I  # else a held still is refined frame by frame
            container.mux(stream.encode(frame))
            number += 1
    container.mux(stream.encode(None))


def _encode_sound(container: Any, stream: Any, clip: Clip) -> None:
    clicks = [float(flash / clip.fps) for flash in clip.flashes]
    sound = soundtrack(float(clip.frames / clip.fps), clicks)
    step = 1024
    for start in range(0, sound.shape[1], step):
        block = np.ascontiguousarray(sound[:, start : start + step])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _finish(clip: Clip, bare: Path, target: Path) -> None:
    """Add title, chapters and subtitles, without touching picture and sound."""
    inputs, maps = ["-i", str(bare)], ["-map", "0"]
    if clip.subtitles:
        text = bare.with_suffix(".srt")
        text.write_text(_srt(clip), encoding="utf-8")
        inputs += ["-i", str(text)]
        maps += ["-map", "1", "-c:s", "mov_text", "-metadata:s:s:0", "language=eng"]
    notes = bare.with_suffix(".txt")
    notes.write_text(_ffmetadata(clip), encoding="utf-8")
    position = str(len(inputs) // 2)
    inputs += ["-f", "ffmetadata", "-i", str(notes)]
    if clip.sound:
        maps += ["-metadata:s:a:0", "language=eng"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *inputs, *maps]
    command += ["-c:v", "copy", "-c:a", "copy", "-map_metadata", position]
    command += ["-map_chapters", position, "-fflags", "+bitexact", "-movflags", "+faststart"]
    subprocess.run([*command, str(target)], check=True)


def _srt(clip: Clip) -> str:
    def stamp(seconds: float) -> str:
        whole, part = divmod(round(seconds * 1000), 1000)
        return f"00:00:{whole:02},{part:03}"

    cues = enumerate(clip.subtitles, 1)
    return "\n".join(f"{n}\n{stamp(a)} --> {stamp(b)}\n{text}\n" for n, (a, b, text) in cues)


def _ffmetadata(clip: Clip) -> str:
    lines = [";FFMETADATA1", f"title={clip.title}", "copyright=CC0"]
    ends = (*clip.cuts[1:], clip.frames)
    for title, first, end in zip(clip.chapters, clip.cuts, ends, strict=bool(clip.chapters)):
        lines += ["[CHAPTER]", f"TIMEBASE={1 / clip.fps}", f"START={first}", f"END={end}"]
        lines += [f"title={title}"]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Write every file into the folder named by the only argument."""
    folder = Path(arguments[0] if arguments else "sample_media")
    folder.mkdir(parents=True, exist_ok=True)
    photo = cv2.cvtColor(_photograph("chelsea"), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(folder / "photo.jpg"), photo, [cv2.IMWRITE_JPEG_QUALITY, PHOTO_QUALITY])
    for clip in CLIPS:
        write_clip(clip, folder / clip.name)
        print(f"{folder / clip.name}: {clip.frames} frames, flashes at frames {clip.flashes}")


if __name__ == "__main__":
    main(sys.argv[1:])
