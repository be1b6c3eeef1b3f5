"""Every kind of bad input: the real command says in one line what is wrong and changes nothing."""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from pathlib import Path

import pytest

from tests import alter
from tests.cli.conftest import Desk, Refused
from tests.conftest import RunVideotoon
from tests.media import Clicks, ClipSpec, make_clip

# --- the input ---------------------------------------------------------------------------------


def test_missing_file(refused: Refused) -> None:
    refused(3, ["gone.mp4", "out.mp4"], "'gone.mp4'", "does not exist", "check the name")


def test_missing_file_with_strange_name(refused: Refused, desk: Desk) -> None:
    name = os.fsdecode(b"two\nlines \xff 'quoted'.mp4")
    line = refused(3, [name, "out.mp4"], "does not exist")
    assert "\\n" in line
    assert "xff" in line


def test_folder_as_input(refused: Refused, desk: Desk) -> None:
    (desk.path / "clips.mp4").mkdir()
    refused(3, ["clips.mp4", "out.mp4"], "'clips.mp4'", "is a folder", "give a file")


def test_empty_file(refused: Refused, desk: Desk) -> None:
    (desk.path / "empty.mp4").touch()
    refused(3, ["empty.mp4", "out.mp4"], "'empty.mp4'", "empty (0 bytes)", "give a video")


def test_text_with_the_suffix_of_a_video(refused: Refused, desk: Desk) -> None:
    (desk.path / "note.mp4").write_text("Dear diary, this is no video.\n" * 50)
    refused(4, ["note.mp4", "out.mp4"], "'note.mp4'", "not a video", "give a video")


def test_playlist(refused: Refused, desk: Desk) -> None:
    (desk.path / "list.mp4").write_text("#EXTM3U\nfile:///etc/passwd\n")
    refused(11, ["list.mp4", "out.mp4"], "'list.mp4'", "playlist", "give the media file")


def test_sound_only(refused: Refused, desk: Desk, ffmpeg_binary: str) -> None:
    song = desk.path / "song.m4a"
    alter.run_ffmpeg(ffmpeg_binary, "-i", str(desk.clip), "-vn", "-c", "copy", str(song))
    refused(4, ["song.m4a", "out.mp4"], "'song.m4a'", "no video", "audio", "give a file")


def long_clip(path: Path, **options: str) -> Path:
    """Five seconds at a low rate, so that a cut is far from the end."""
    spec = ClipSpec(width=96, height=64, frames=50, fps=ClipSpec().fps * 2 / 5, sound=(Clicks(),))
    return make_clip(path, spec).path


def test_cut_before_the_index(refused: Refused, desk: Desk) -> None:
    alter.truncate(long_clip(desk.path / "cut.mp4"), 0.6)
    refused(4, ["cut.mp4", "out.mp4"], "'cut.mp4'", "not a video that can be read", "re-encode")


@pytest.mark.parametrize("keep", [0.4, 0.75])
def test_cut_behind_the_index(
    refused: Refused, desk: Desk, ffmpeg_binary: str, keep: float
) -> None:
    whole, cut = long_clip(desk.path / "whole.mp4"), desk.path / "cut.mp4"
    options = ["-c", "copy", "-movflags", "+faststart"]
    alter.run_ffmpeg(ffmpeg_binary, "-i", str(whole), *options, str(cut))
    alter.truncate(cut, keep)
    refused(10, ["cut.mp4", "out.mp4"], "'cut.mp4'", "breaks off", "--allow-truncated")


def test_cut_behind_the_index_is_accepted_on_demand(
    desk: Desk, ffmpeg_binary: str, run_videotoon: RunVideotoon
) -> None:
    whole, cut = long_clip(desk.path / "whole.mp4"), desk.path / "cut.mp4"
    options = ["-c", "copy", "-movflags", "+faststart"]
    alter.run_ffmpeg(ffmpeg_binary, "-i", str(whole), *options, str(cut))
    alter.truncate(cut, 0.6)
    result = run_videotoon("cut.mp4", "out.mp4", "--allow-truncated")
    assert result.code == 0, result
    assert (desk.path / "out.mp4").stat().st_size > 0


def test_unreadable_file(refused: Refused, desk: Desk) -> None:
    secret = desk.path / "secret.mp4"
    shutil.copyfile(desk.clip, secret)
    secret.chmod(0)
    if os.access(secret, os.R_OK):
        secret.chmod(0o600)
        pytest.skip("this user may read everything")
    before = desk.clip.read_bytes()
    try:
        refused(3, ["secret.mp4", "out.mp4"], "'secret.mp4'", "may not be read", "permissions")
    finally:
        secret.chmod(0o600)
    assert secret.read_bytes() == before


def test_named_pipe(refused: Refused, desk: Desk) -> None:
    os.mkfifo(desk.path / "pipe.mp4")
    refused(3, ["pipe.mp4", "out.mp4"], "'pipe.mp4'", "not a regular file", "give a video")


# --- the output --------------------------------------------------------------------------------


def test_output_is_the_input(refused: Refused) -> None:
    refused(5, ["in.mp4", "in.mp4", "--overwrite"], "'in.mp4'", "is the input", "another name")


@pytest.mark.parametrize("link", ["symbolic", "hard"])
def test_output_leads_to_the_input(refused: Refused, desk: Desk, link: str) -> None:
    other = desk.path / "other.mp4"
    if link == "symbolic":
        other.symlink_to(desk.clip)
    else:
        other.hardlink_to(desk.clip)
    refused(5, ["in.mp4", "other.mp4", "--overwrite"], "'other.mp4'", "is the input", "another")


def test_existing_output(refused: Refused, desk: Desk) -> None:
    (desk.path / "out.mp4").write_bytes(b"precious")
    refused(5, ["in.mp4", "out.mp4"], "'out.mp4'", "exists", "--overwrite")


def test_existing_output_survives_a_failure_with_overwrite(refused: Refused, desk: Desk) -> None:
    (desk.path / "out.mp4").write_bytes(b"precious")
    alter.truncate(shutil_copy(desk, "broken.mp4"), 0.5)
    refused(4, ["broken.mp4", "out.mp4", "--overwrite"], "'broken.mp4'")


def shutil_copy(desk: Desk, name: str) -> Path:
    return Path(shutil.copyfile(desk.clip, desk.path / name))


def test_missing_output_folder(refused: Refused) -> None:
    refused(5, ["in.mp4", "no/such/out.mp4"], "'no/such'", "does not exist", "create it")


def test_output_is_a_folder(refused: Refused, desk: Desk) -> None:
    (desk.path / "out.mp4").mkdir()
    refused(5, ["in.mp4", "out.mp4", "--overwrite"], "'out.mp4'", "is a folder", "file name")


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_output_without_a_name(refused: Refused, name: str) -> None:
    refused(5, ["in.mp4", name, "--overwrite"], repr(name), "is a folder", "file name")


def test_file_in_place_of_the_output_folder(refused: Refused) -> None:
    refused(5, ["in.mp4", "in.mp4/out.mp4"], "'in.mp4'", "does not exist")


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.gif", "out.mp4 "])
def test_unknown_extension(refused: Refused, name: str) -> None:
    refused(5, ["in.mp4", name], repr(name), "unknown extension", ".mp4")


def test_name_that_is_too_long(refused: Refused) -> None:
    refused(5, ["in.mp4", "x" * 300 + ".mp4"], "too long", "check its name")
    refused(3, ["x" * 300 + ".mp4", "out.mp4"], "too long", "check the name")


# --- pictures and videos mixed up --------------------------------------------------------------


def test_picture_of_a_video(refused: Refused) -> None:
    refused(5, ["in.mp4", "out.png"], "'out.png'", "is a picture", "preview")


def test_video_of_a_picture(refused: Refused, desk: Desk, small_picture: Path) -> None:
    shutil.copyfile(small_picture, desk.path / "photo.png")
    refused(5, ["photo.png", "out.mp4"], "'out.mp4'", "not a picture", ".png")


def test_text_with_the_suffix_of_a_picture(refused: Refused, desk: Desk) -> None:
    (desk.path / "photo.jpg").write_text("no picture")
    refused(4, ["photo.jpg", "out.png"], "'photo.jpg'", "not a picture", ".png")


def test_cut_picture(refused: Refused, desk: Desk, small_picture: Path) -> None:
    cut = Path(shutil.copyfile(small_picture, desk.path / "photo.png"))
    alter.truncate(cut, 0.5)
    refused(4, ["photo.png", "out.png"], "'photo.png'", "whole")


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_cut_picture_of_which_opencv_would_talk(refused: Refused, desk: Desk, suffix: str) -> None:
    import cv2
    import numpy as np

    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    cv2.imwrite(str(desk.path / f"cut{suffix}"), picture)
    alter.truncate(desk.path / f"cut{suffix}", 0.5)
    refused(4, [f"cut{suffix}", "out.png"], f"'cut{suffix}'", "not a picture", "give a whole")


def test_a_picture_too_large_is_refused_by_its_header(refused: Refused, desk: Desk) -> None:
    """There are no pixels in the file: had it been decoded, it would not be called too large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    chunks = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b"")]
    (desk.path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    refused(4, ["bomb.png", "out.png"], "'bomb.png'", "more than 134,217,728 pixels", "scale it")


def test_existing_picture(refused: Refused, desk: Desk, small_picture: Path) -> None:
    shutil.copyfile(small_picture, desk.path / "photo.png")
    (desk.path / "out.png").write_bytes(b"precious")
    refused(5, ["photo.png", "out.png"], "'out.png'", "exists", "--overwrite")


@pytest.mark.parametrize("address", ["http://example.org/x.mp4", "rtsp://camera/1"])
def test_addresses_are_not_opened(refused: Refused, address: str) -> None:
    refused(3, [address, "out.mp4"], f"'{address}' is an address", "download it first")


# --- the report --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("no/r.json", ["'no'", "does not exist"]),
        (".", ["'.'", "is a folder"]),
        ("in.mp4", ["'in.mp4'", "file of the job"]),
        ("./out.mp4", ["'out.mp4'", "file of the job"]),
        ("other.mp4", ["'other.mp4'", "does not end in .json"]),
        ("new.txt", ["'new.txt'", "does not end in .json"]),
    ],
)
def test_unusable_report(refused: Refused, report: str, words: list[str]) -> None:
    refused(5, ["in.mp4", "out.mp4", "--report", report], *words)


# --- styles ------------------------------------------------------------------------------------


def test_unknown_style_suggests_the_nearest(refused: Refused) -> None:
    refused(6, ["in.mp4", "out.mp4", "--style", "cell"], "'cell'", "did you mean 'cel'?")


def test_missing_style_file(refused: Refused) -> None:
    refused(6, ["in.mp4", "out.mp4", "--style", "gone.onnx"], "'gone.onnx'", "does not exist")


@pytest.mark.parametrize(
    "name",
    ["junk.onnx", "junk.pb", "junk.tflite", pytest.param("junk.pt", marks=pytest.mark.slow)],
)
def test_unusable_style_file(refused: Refused, desk: Desk, name: str) -> None:
    if name.endswith(".pt"):
        pytest.importorskip("torch")
    (desk.path / name).write_bytes(b"this is no network" * 40)
    refused(6, ["in.mp4", "out.mp4", "--style", name], name, "give")


def test_style_of_unknown_kind(refused: Refused, desk: Desk) -> None:
    (desk.path / "style.zip").write_bytes(b"PK")
    refused(6, ["in.mp4", "out.mp4", "--style", "./style.zip"], "style.zip", ".onnx")
