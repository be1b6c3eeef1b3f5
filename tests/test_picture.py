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
from videotoon.picture_tags import PictureTags
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
    rgb, alpha, _ = read_picture(with_orientation(tmp_path / "in.png", orientation))
    assert rgb.shape[:2] == ((40, 60) if orientation < 5 else (60, 40))
    assert alpha is not None
    assert np.array_equal(alpha, rgb[:, :, 0])


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_lost_opacity_is_said_and_laid_onto_black(tmp_path: Path, suffix: str) -> None:
    rgb = transparent(tmp_path / "in.png")
    report = stylise_picture(tmp_path / "in.png", tmp_path / f"out{suffix}", COPY)
    assert len(report.warnings) == 1
    assert "transparency" in report.warnings[0]
    found, alpha, _ = read_picture(tmp_path / f"out{suffix}")
    assert alpha is None
    assert np.abs(found - rgb * (rgb[:, :, :1] / 255)).mean() < 4


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_kept_opacity_is_no_loss(tmp_path: Path, suffix: str) -> None:
    rgb = transparent(tmp_path / "in.png")
    report = stylise_picture(tmp_path / "in.png", tmp_path / f"out{suffix}", COPY)
    assert report.warnings == []
    _, alpha, _ = read_picture(tmp_path / f"out{suffix}")
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


def exif_of(orientation: int, *, order: str = ">") -> bytes:
    """EXIF data with an orientation, a maker, and a second directory as of a thumbnail."""
    start = b"MM\0*" if order == ">" else b"II*\0"
    turn = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    maker = struct.pack(f"{order}HHI4s", 0x010F, 2, 4, b"abc\0")
    return start + struct.pack(f"{order}IH", 8, 2) + maker + turn + struct.pack(f"{order}I", 99)


def profile_of(space: bytes) -> bytes:
    """The least of an ICC profile: a header and a tag."""
    words = b"text" + bytes(4) + bytes(range(200))
    profile = bytearray(128) + struct.pack(">I4sII", 1, b"cprt", 144, len(words)) + words
    profile[0:4] = len(profile).to_bytes(4)
    profile[8:12] = b"\x04\x20\0\0"
    profile[12:24] = b"mntr" + space + b"XYZ "
    profile[36:40] = b"acsp"
    profile[68:80] = bytes.fromhex("0000f6d6000100000000d32d")
    return bytes(profile)


def tagged(path: Path, tags: PictureTags, gray: bool = False) -> Path:
    picture = numbered(0, 60, 40)[:, :, 0] if gray else numbered(0, 60, 40)
    _, data = cv2.imencodeWithMetadata(path.suffix, picture, *tags.for_encoder())
    path.write_bytes(data.tobytes())
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("order", [">", "<"])
def test_exif_and_profile_are_kept_upright(tmp_path: Path, suffix: str, order: str) -> None:
    tags = PictureTags(exif_of(6, order=order), profile_of(b"RGB "))
    source = tagged(tmp_path / "in.jpg", tags)
    assert read_picture(source).tags == tags
    report = stylise_picture(source, tmp_path / f"out{suffix}", COPY)
    painted = read_picture(tmp_path / f"out{suffix}")
    assert painted.rgb.shape == (60, 40, 3), "turned"
    assert painted.tags.orientation == 1, "and not a second time"
    upright = bytearray(exif_of(1, order=order))
    upright[-4:] = bytes(4)  # no thumbnail of the photo
    assert painted.tags == PictureTags(bytes(upright), tags.profile)
    assert report.warnings == []


@pytest.mark.parametrize("suffix", [".bmp", ".tiff"])
def test_tags_that_a_file_does_not_hold_are_named(tmp_path: Path, suffix: str) -> None:
    tags = PictureTags(exif_of(1), profile_of(b"RGB "))
    report = stylise_picture(tagged(tmp_path / "in.jpg", tags), tmp_path / f"out{suffix}", COPY)
    assert ["EXIF" in sentence for sentence in report.warnings] == [True, False]
    assert "colour profile dropped" in report.warnings[1]


@pytest.mark.parametrize("profile", [profile_of(b"GRAY"), b"junk" * 40])
def test_a_profile_of_another_kind_is_not_handed_on(tmp_path: Path, profile: bytes) -> None:
    source = tagged(tmp_path / "in.jpg", PictureTags(b"", profile), gray=True)
    report = stylise_picture(source, tmp_path / "out.png", COPY)
    assert read_picture(tmp_path / "out.png").tags == PictureTags()
    assert any("colour profile dropped" in sentence for sentence in report.warnings)


def test_sixteen_bits_are_said_to_become_eight(tmp_path: Path) -> None:
    deep = numbered(0, 60, 40).astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "in.png"), deep)
    report = stylise_picture(tmp_path / "in.png", tmp_path / "out.png", COPY)
    assert report.warnings == ["the input has 16 bits a value; it is painted with 8"]


def test_names_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    write_picture(tmp_path / "in.png", numbered(0, 60, 40))
    stylise_picture(tmp_path / "in.png", tmp_path / f"{'n' * 251}.png", COPY)


def test_options_of_time_are_named_as_without_effect(tmp_path: Path) -> None:
    transparent(tmp_path / "in.png")
    settings = replace(COPY, start="1", fps="25")
    report = stylise_picture(tmp_path / "in.png", tmp_path / "out.png", settings)
    assert report.warnings == ["a picture is no video, --start, --fps had no effect"]
