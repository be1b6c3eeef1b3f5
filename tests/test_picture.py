"""Picture files: whole, upright, with their opacity, and with word of what is lost."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.media import Rgb, numbered
from videotoon.errors import DecodeError
from videotoon.picture import read_picture, stylise_picture, write_picture
from videotoon.settings import Settings

COPY = Settings(strength=0.0)


def with_orientation(path: Path, orientation: int) -> Path:
    """Put an EXIF orientation into a PNG file."""
    exif = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHHI", 0x0112, 3, 1, orientation, 0, 0)
    chunk = b"eXIf" + exif
    data, header = path.read_bytes(), 8 + 25
    chunk = struct.pack(">I", len(exif)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(data[:header] + chunk + data[header:])
    return path


def transparent(path: Path) -> Rgb:
    """Write a picture whose opacity equals its red, and return its colours."""
    rgb = numbered(0, 60, 40)
    cv2.imwrite(str(path), np.dstack([rgb[:, :, ::-1], rgb[:, :, 0]]))
    return rgb


@pytest.mark.parametrize("orientation", range(1, 9))
def test_opacity_is_turned_like_the_colours(tmp_path: Path, orientation: int) -> None:
    transparent(tmp_path / "in.png")
    rgb, alpha = read_picture(with_orientation(tmp_path / "in.png", orientation))
    assert rgb.shape[:2] == ((40, 60) if orientation < 5 else (60, 40))
    assert alpha is not None
    assert np.array_equal(alpha, rgb[:, :, 0])


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_lost_opacity_is_said_and_laid_onto_black(tmp_path: Path, suffix: str) -> None:
    rgb = transparent(tmp_path / "in.png")
    report = stylise_picture(tmp_path / "in.png", tmp_path / f"out{suffix}", COPY)
    assert len(report.warnings) == 1
    assert "transparency" in report.warnings[0]
    found, alpha = read_picture(tmp_path / f"out{suffix}")
    assert alpha is None
    assert np.abs(found - rgb * (rgb[:, :, :1] / 255)).mean() < 4


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_kept_opacity_is_no_loss(tmp_path: Path, suffix: str) -> None:
    rgb = transparent(tmp_path / "in.png")
    report = stylise_picture(tmp_path / "in.png", tmp_path / f"out{suffix}", COPY)
    assert report.warnings == []
    _, alpha = read_picture(tmp_path / f"out{suffix}")
    assert alpha is not None
    assert np.array_equal(alpha, rgb[:, :, 0])


@pytest.mark.parametrize("suffix", [".tif", ".webp"])
def test_further_pictures_of_a_file_are_named(tmp_path: Path, suffix: str) -> None:
    pages = [numbered(number, 60, 40) for number in range(3)]
    source = tmp_path / f"in{suffix}"
    if suffix == ".tif":
        cv2.imwritemulti(str(source), pages)
    else:
        animation = cv2.Animation()
        animation.frames = [np.dstack([page, page[:, :, 0]]) for page in pages]
        animation.durations = [80] * 3
        cv2.imwriteanimation(str(source), animation)
    report = stylise_picture(source, tmp_path / "out.png", COPY)
    assert report.warnings == ["the input holds 3 pictures; only the first is painted"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp"])
def test_a_picture_that_breaks_off_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"in{suffix}"
    write_picture(path, numbered(0, 300, 200))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DecodeError):
        read_picture(path)


def test_options_of_time_are_named_as_without_effect(tmp_path: Path) -> None:
    transparent(tmp_path / "in.png")
    settings = replace(COPY, start="1", fps="25")
    report = stylise_picture(tmp_path / "in.png", tmp_path / "out.png", settings)
    assert report.warnings == ["a picture has no time; --start, --fps had no effect"]
