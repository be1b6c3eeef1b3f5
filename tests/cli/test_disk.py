"""Disks that are full or read-only. A real small file system is mounted where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Desk, Refused, check_refusal
from tests.conftest import RunVideotoon
from tests.media import ClipSpec, Rgb, make_clip

Disk = Callable[..., Path]


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A file system in memory at a folder; the test skips where mounting is not allowed."""
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small file system")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """``disk("full", "size=2m")`` mounts a small file system for the test."""
    with ExitStack() as stack:
        yield lambda name, options: stack.enter_context(mounted(tmp_path / name, options))


def noisy(index: int, width: int, height: int) -> Rgb:
    """Pictures that no codec makes small."""
    return np.random.default_rng(index).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def noisy_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = ClipSpec(width=320, height=240, frames=16, paint=noisy)
    return make_clip(tmp_path_factory.mktemp("noisy") / "noisy.mkv", spec).path


def test_disk_runs_full(
    desk: Desk, noisy_clip: Path, disk: Disk, run_videotoon: RunVideotoon
) -> None:
    full = disk("full", "size=1536k")
    before = noisy_clip.read_bytes()
    arguments = ["--strength", "0", "--quality", "0", "--cache-frames", "0"]
    result = run_videotoon(noisy_clip, full / "out.mp4", *arguments)
    check_refusal(result, 9, "no space left", "free some space")
    assert list(full.iterdir()) == []
    assert noisy_clip.read_bytes() == before


def test_disk_is_full_already(desk: Desk, disk: Disk, run_videotoon: RunVideotoon) -> None:
    full = disk("full", "size=64k")
    result = run_videotoon(desk.clip, full / "out.mp4")
    check_refusal(result, 9, "no space left", "full", "free some space")
    assert list(full.iterdir()) == []


def test_existing_output_survives_a_full_disk(
    desk: Desk, noisy_clip: Path, disk: Disk, run_videotoon: RunVideotoon
) -> None:
    full = disk("full", "size=1536k")
    output = full / "out.mp4"
    output.write_bytes(b"precious")
    arguments = ["--strength", "0", "--quality", "0", "--cache-frames", "0", "--overwrite"]
    check_refusal(run_videotoon(noisy_clip, output, *arguments), 9, "no space left")
    assert [entry.name for entry in full.iterdir()] == ["out.mp4"]
    assert output.read_bytes() == b"precious"


def test_picture_on_a_full_disk(desk: Desk, disk: Disk, run_videotoon: RunVideotoon) -> None:
    cv2 = pytest.importorskip("cv2")
    photo = desk.path / "photo.png"
    cv2.imwrite(str(photo), noisy(0, 1000, 700))
    full = disk("full", "size=1200k")
    result = run_videotoon(photo, full / "out.png", "--strength", "0")
    check_refusal(result, 9, "no space left", "out.png'", "free some space")
    assert list(full.iterdir()) == []


def test_read_only_disk(desk: Desk, disk: Disk, run_videotoon: RunVideotoon) -> None:
    folder = disk("locked", "size=2m,ro")
    result = run_videotoon(desk.clip, folder / "out.mp4")
    check_refusal(result, 5, "locked", "may not be written", "another folder")


def test_folder_without_permission(refused: Refused, desk: Desk) -> None:
    folder = desk.path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):
        folder.chmod(0o755)
        pytest.skip("this user may write everywhere; see test_read_only_disk")
    try:
        refused(5, ["in.mp4", "closed/out.mp4"], "closed", "may not be written", "another folder")
    finally:
        folder.chmod(0o755)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_report_on_a_full_disk(desk: Desk, run_videotoon: RunVideotoon) -> None:
    result = run_videotoon(desk.clip, "out.mp4", "--report", "/dev/full", "--strength", 0)
    check_refusal(result, 9, "no space left", "report")
    assert (desk.path / "out.mp4").stat().st_size > 0, "the clip itself was finished"
