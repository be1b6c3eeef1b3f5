"""Changes finished clips: adds tracks, chapters and pictures with ffmpeg, or damages the file."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtitle:
    """A text track.

    Attributes:
        cues: (start, end, text) in seconds.
        language: ISO 639-2 code.
        codec: ``mov_text`` for MP4, ``srt``, ``ass`` or ``webvtt`` for Matroska.
        disposition: E.g. ``forced`` or ``default``; empty for none.
    """

    cues: tuple[tuple[float, float, str], ...] = ((0.0, 0.4, "one"), (0.5, 0.9, "two"))
    language: str = "eng"
    codec: str = "mov_text"
    disposition: str = ""

    @property
    def srt(self) -> str:
        """The cues in SubRip's notation."""
        blocks = (
            f"{n}\n{_srt_time(start)} --> {_srt_time(end)}\n{text}\n"
            for n, (start, end, text) in enumerate(self.cues, 1)
        )
        return "\n".join(blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What is added to a clip.

    Attributes:
        subtitles: Text tracks.
        chapters: (start in seconds, title); each lasts to the next, the last to ``chapters_end``.
        chapters_end: End of the last chapter in seconds.
        audio_languages: One ISO 639-2 code per sound track.
        cover: JPEG or PNG that becomes the cover art.
        attachment: A file that is attached (Matroska only), as ``application/octet-stream``.
        metadata: Tags of the file.
    """

    subtitles: tuple[Subtitle, ...] = ()
    chapters: tuple[tuple[float, str], ...] = ()
    chapters_end: float = 1.0
    audio_languages: tuple[str, ...] = ()
    cover: Path | None = None
    attachment: Path | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def add_tracks(ffmpeg: str, source: Path, target: Path, extras: Extras) -> Path:
    """Copy ``source`` to ``target`` with more tracks; sound and picture stay as they are.

    Args:
        ffmpeg: Path of the binary (fixture ``ffmpeg_binary``).
        source: Clip to copy.
        target: New file, another one than ``source``; its suffix chooses the container.
        extras: What to add.
    """
    work = target.parent
    inputs: list[str] = ["-i", str(source)]
    maps = ["-map", "0:v", "-map", "0:a?"]
    codecs: list[str] = ["-c", "copy"]
    for number, subtitle in enumerate(extras.subtitles):
        text = work / f"{target.stem}.{number}.srt"
        text.write_text(subtitle.srt, encoding="utf-8")
        inputs += ["-i", str(text)]
        maps += ["-map", f"{number + 1}:s"]
        codecs += [f"-c:s:{number}", subtitle.codec]
        codecs += [f"-metadata:s:s:{number}", f"language={subtitle.language}"]
        codecs += [f"-disposition:s:{number}", subtitle.disposition or "0"]
    following = len(extras.subtitles) + 1
    if extras.chapters:
        chapters = work / f"{target.stem}.chapters.txt"
        chapters.write_text(_ffmetadata(extras), encoding="utf-8")
        inputs += ["-f", "ffmetadata", "-i", str(chapters)]
        codecs += ["-map_chapters", str(following)]
        following += 1
    if extras.cover is not None:
        inputs += ["-i", str(extras.cover)]
        maps += ["-map", f"{following}:v"]
        codecs += ["-disposition:v:1", "attached_pic"]
    if extras.attachment is not None:
        codecs += ["-attach", str(extras.attachment)]
        codecs += ["-metadata:s:t", "mimetype=application/octet-stream"]
    for number, language in enumerate(extras.audio_languages):
        codecs += [f"-metadata:s:a:{number}", f"language={language}"]
    for key, value in extras.metadata.items():
        codecs += ["-metadata", f"{key}={value}"]
    run_ffmpeg(ffmpeg, *inputs, *maps, *codecs, str(target))
    return target


def run_ffmpeg(ffmpeg: str, *arguments: str) -> None:
    """Run the binary; its error text is the assertion message if it fails."""
    command = [ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"


def truncate(path: Path, keep: float) -> Path:
    """Cut the file off after the share ``keep`` (0..1) of its bytes."""
    os.truncate(path, int(path.stat().st_size * keep))
    return path


def flip_bytes(path: Path, count: int, seed: int = 0, skip: float = 0.2) -> Path:
    """Replace ``count`` bytes by others, at fixed random places after the first ``skip`` share."""
    content = np.frombuffer(path.read_bytes(), np.uint8).copy()
    rng = np.random.default_rng(seed)
    places = rng.integers(int(len(content) * skip), len(content), count)
    content[places] ^= rng.integers(1, 256, count, dtype=np.uint8)
    path.write_bytes(content.tobytes())
    return path


def _srt_time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"


def _ffmetadata(extras: Extras) -> str:
    lines = [";FFMETADATA1"]
    ends = [start for start, _ in extras.chapters[1:]] + [extras.chapters_end]
    for (start, title), end in zip(extras.chapters, ends, strict=True):
        lines += ["[CHAPTER]", "TIMEBASE=1/1000"]
        lines += [f"START={round(start * 1000)}", f"END={round(end * 1000)}", f"title={title}"]
    return "\n".join(lines) + "\n"
