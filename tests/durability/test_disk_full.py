"""The disk runs full in the middle; with space again the job goes on to the same result."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.durability import jobs
from tests.media import Clicks, ClipSpec, Rgb, make_clip


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; the test skips where mounting is not allowed."""
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=False)


def noise(index: int, width: int, height: int) -> Rgb:
    """Pictures that no codec makes small."""
    return np.random.default_rng(index).integers(0, 256, (height, width, 3), np.uint8)


def test_full_disk_then_space_again(
    small_disk: Path, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    spec = ClipSpec(width=320, height=240, frames=40, fps=Fraction(2), paint=noise,
                    sound=(Clicks(),))  # fmt: skip
    clip = make_clip(tmp_path / "noise.mkv", spec).path
    options = ("--strength", "0", "--quality", "4", "--preset", "ultrafast")
    whole, output = tmp_path / "whole.mp4", small_disk / "out.mp4"
    assert jobs.run(clip, whole, command_environment, *options).process.returncode == 0
    size = whole.stat().st_size
    ballast = small_disk / "ballast"
    # Room for far more than half of the result: it breaks off while the second of two files is
    # written, of which some is on the disk before the first is finished.
    ballast.write_bytes(bytes((16 << 20) - size * 8 // 10 - (1 << 16)))
    log = tmp_path / "words"
    job = jobs.start(clip, output, command_environment, *options, log=log)
    job.process.wait(timeout=120)
    job.log.close()
    words = log.read_text()
    assert job.process.returncode == 9, words
    assert "no space left" in words or "cannot write the journal" in words
    assert "kept" in words
    assert not output.exists()
    kept = jobs.journal(jobs.work_folder(output))["segments"]
    assert kept
    ballast.unlink()
    job = jobs.start(clip, output, command_environment, *options, log=log)
    job.process.wait(timeout=120)
    job.log.close()
    assert job.process.returncode == 0, log.read_text()
    assert f"going on at frame {sum(record['frames'] for record in kept)}" in log.read_text()
    assert jobs.fingerprint(output) == jobs.fingerprint(whole)
    assert [entry.name for entry in small_disk.iterdir()] == ["out.mp4"]
