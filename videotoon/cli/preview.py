"""``videotoon preview``: a few frames in a few styles, side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from videotoon.cli.sheet import Rgb, draw_sheet, scaled
from videotoon.decode.opening import check_readable
from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.mix import part_settings
from videotoon.engine.open import open_style
from videotoon.engine.pictures import planes_to_rgb, rgb_to_planes
from videotoon.engine.styles import resolve_style
from videotoon.errors import OutputError, SettingsError
from videotoon.frame import ColourTags, Frame, FrameSize, Planes
from videotoon.job import check_output
from videotoon.picture import PICTURE_SUFFIXES, is_picture, read_picture, write_picture
from videotoon.progress import printable
from videotoon.settings import OF_VIDEO_FILES, Settings, parse_time, without_effect

if TYPE_CHECKING:
    from videotoon.decode.media import VideoInfo

MAX_MOMENTS = 24
MAX_STYLES = 12
DEFAULT_MOMENTS = (Fraction(1, 6), Fraction(1, 2), Fraction(5, 6))
"""Shares of the clip's length that are shown when no moment is named."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet.

    Attributes:
        title: Stands above it.
        settings: How its pictures are painted.
    """

    title: str
    settings: Settings


def run_preview(source: Path, sheet: Path, at: str, styles: str, settings: Settings) -> None:
    """Paint the sheet.

    Raises:
        VideotoonError: As one line with value, cause and cure; nothing is written then.
    """
    check_readable(source)
    if not is_picture(sheet):
        raise OutputError(
            f"sheet {sheet.name!r} is not a picture", f"use one of {', '.join(PICTURE_SUFFIXES)}"
        )
    check_output(source, sheet, settings.overwrite)
    columns = columns_of(styles, settings)
    if is_picture(source):
        labels, pictures, colour, aspect = *_one_picture(source, at), PICTURE_TAGS, Fraction(1)
    else:
        from videotoon.decode.probe import probe

        info = probe(source)
        times = moments(at, info)
        labels = [in_minutes(time) for time in times]
        pictures = frames_at(info, times)
        colour, aspect = info.colour, info.sample_aspect_ratio
    painted = [pictures, *(_painted(column, pictures, colour) for column in columns)]
    cells = [
        [square_pixels(planes_to_rgb(planes, colour).round().astype(np.uint8), aspect)
         for planes in row]
        for row in zip(*painted, strict=True)
    ]  # fmt: skip
    drawn = draw_sheet(["original", *(column.title for column in columns)], labels, cells)
    write_picture(sheet, drawn)
    for sentence in without_effect(settings, OF_VIDEO_FILES, "in a preview"):
        print(sentence, file=sys.stderr)
    height, width, _ = drawn.shape
    text = f"{sheet}: {len(labels)} x {len(columns) + 1} pictures, {width}x{height} pixels"
    print(printable(text, sys.stderr), file=sys.stderr)


def columns_of(styles: str, settings: Settings) -> list[Column]:
    """Read ``--styles``; ``--mix`` adds a column. Every style is checked before any work.

    Raises:
        SettingsError: There are too many.
        StyleError: One is unknown.
    """
    names = list(dict.fromkeys(name.strip() for name in styles.split(",") if name.strip()))
    if not names and settings.mix is None:
        names = [settings.style]
    columns = [Column(label_of(name), settings.with_style(name)) for name in names]
    if settings.mix is not None:
        columns.append(Column(settings.mix, settings))
    if len(columns) > MAX_STYLES:
        options = "--styles" if settings.mix is None else "--styles with --mix"
        raise SettingsError(
            f"{options} names {len(columns)} styles", f"give at most {MAX_STYLES} at a time"
        )
    for column in columns:
        for part in part_settings(column.settings):
            resolve_style(part.style)
    return columns


def label_of(style: str) -> str:
    """Name of a style as a column's title: files go without their folder."""
    return Path(style).name if "/" in style or "\\" in style else style


def moments(at: str, info: VideoInfo) -> list[Fraction]:
    """Read ``--at``; without it three moments spread over the clip.

    Raises:
        SettingsError: A moment is no time or lies behind the end.
    """
    length = clip_length(info)
    words = [word.strip() for word in at.split(",") if word.strip()]
    if len(words) > MAX_MOMENTS:
        raise SettingsError(
            f"--at names {len(words)} moments", f"give at most {MAX_MOMENTS} at a time"
        )
    if not words:
        return sorted({length * share for share in DEFAULT_MOMENTS})
    times = [parse_time("--at", word) for word in words]
    for word, time in zip(words, times, strict=True):
        if time >= length:
            raise SettingsError(
                f"--at {word!r} is behind the end", f"the clip is {float(length):.2f} s long"
            )
    return times


def clip_length(info: VideoInfo) -> Fraction:
    """Seconds from the container's start to the end of the last frame."""
    if info.times_missing or not info.packet_times:
        return max(1, info.packet_count) / info.frame_rate
    end = info.packet_times[-1] * info.time_base + 1 / info.frame_rate
    return end - info.container_start


def frames_at(info: VideoInfo, times: Sequence[Fraction]) -> list[Planes]:
    """Return for each time the frame that is on screen then, in the order of the times."""
    from videotoon.decode.file import FileSource

    found: dict[Fraction, Planes] = {}
    waiting = sorted(set(times))
    shown: Planes | None = None
    for frame in FileSource(info).frames():
        while waiting and shown is not None and frame.seconds - info.container_start > waiting[0]:
            found[waiting.pop(0)] = shown
        if not waiting:
            break
        shown = frame.planes
    assert shown is not None, "probing has decoded a frame"
    return [found.get(time, shown) for time in times]


def in_minutes(time: Fraction) -> str:
    """Spell a time as ``m:ss.t``."""
    tenths = round(time * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes}:{rest // 10:02d}.{rest % 10}"


def square_pixels(picture: Rgb, aspect: Fraction) -> Rgb:
    """Scale a picture whose pixels are not square as a player would."""
    if aspect == 1:
        return picture
    height, width, _ = picture.shape
    return scaled(picture, FrameSize(max(1, round(width * aspect)), height))


def _one_picture(source: Path, at: str) -> tuple[list[str], list[Planes]]:
    if at:
        raise SettingsError(f"--at {at!r} does not go with a picture", "leave it out")
    rgb = read_picture(source).rgb
    return [""], [rgb_to_planes(rgb, PICTURE_TAGS)]


def _painted(column: Column, pictures: Sequence[Planes], colour: ColourTags) -> list[Planes]:
    size = pictures[0].size
    style = open_style(column.settings, size, colour, streams=1)
    session = style.session()
    painted = [session.paint(planes) for planes in pictures]
    if not column.settings.paints_faces:
        return painted
    from videotoon.faces.stage import open_faces

    stage = open_faces(column.settings, style, size, colour)
    for sentence in stage.notices:
        print(printable(f"{column.title}: {sentence}", sys.stderr), file=sys.stderr)
    painter = stage.painter()
    for number, planes in enumerate(pictures):
        stage.forget()  # moments lie far apart
        faces = stage.follow(Frame(number, 0, Fraction(1), planes))
        painted[number] = painter.paint(planes, painted[number], faces)
    return painted
