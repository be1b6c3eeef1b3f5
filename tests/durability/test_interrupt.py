"""Ctrl-C: out within two seconds, what is finished is kept, the next run goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from tests.durability import jobs
from tests.media import ClipSpec, held, make_clip

LIMIT_SECONDS = 2.0
"""From Ctrl-C to the end of the process."""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

STUCK = """
import hashlib, sys
from videotoon.cli.failing import interrupt
from videotoon.cli.interrupting import EndsInTime
import signal
signal.signal(signal.SIGINT, interrupt)
with EndsInTime(lambda: "last words"):
    print("begins", flush=True)
    hashlib.pbkdf2_hmac("sha512", b"", b"", 200_000_000)  # minutes without hearing a signal
"""
"""A program whose main thread hears nothing."""


@pytest.fixture
def load() -> Iterator[None]:
    """Three busy programs for each core."""
    busy = [sys.executable, "-c", "while True: pass"]
    programs = [subprocess.Popen(busy) for _ in range(3 * (os.cpu_count() or 1))]
    yield
    for program in programs:
        program.kill()
        program.wait()


def test_interrupted_then_continued(tmp_path: Path, command_environment: dict[str, str]) -> None:
    clip, output = jobs.long_clip(tmp_path), tmp_path / "out.mp4"
    job = jobs.start(clip, output, command_environment)
    seconds = job.stop_when(jobs.after(1, 0.1), signal.SIGINT)
    words = Path(job.log.name).read_text()
    assert job.process.returncode == 130, words
    assert seconds < LIMIT_SECONDS
    kept = sum(r["frames"] for r in jobs.journal(jobs.work_folder(output))["segments"])
    assert f"{kept} frames are kept" in words
    assert "run the same command again" in words
    again = jobs.run(clip, output, command_environment)
    words = Path(again.log.name).read_text()
    assert again.process.returncode == 0, words
    assert f"going on at frame {kept}" in words
    whole = tmp_path / "whole.mp4"
    assert jobs.run(clip, whole, command_environment).process.returncode == 0
    assert jobs.fingerprint(output) == jobs.fingerprint(whole)


@pytest.mark.slow
@pytest.mark.usefixtures("load")
@pytest.mark.parametrize("moment", ["starting", "painting", "saving"])
def test_on_a_busy_machine(
    tmp_path: Path, command_environment: dict[str, str], moment: str
) -> None:
    """A worker may be at one frame, and an encoder at its last ones, for more than a second."""
    spec = ClipSpec(width=1280, height=720, frames=30, fps=Fraction(4), paint=held(1000))
    clip, output = make_clip(tmp_path / "in.mp4", spec).path, tmp_path / "out.mp4"
    job = jobs.start(
        clip,
        output,
        command_environment,
        "--preset",
        "slow",
        "--cache-frames",
        "0",
        "--no-change-only",
    )
    begun = {"starting": 0, "painting": 2, "saving": jobs.HALF}[moment]
    seconds = job.stop_when(lambda job: job.running_for(3.0) if not begun
                            else len(job.painted) >= begun, signal.SIGINT)  # fmt: skip
    words = Path(job.log.name).read_text()
    assert job.process.returncode == 130, words
    assert seconds < LIMIT_SECONDS
    assert re.search(r"stopped by Ctrl-C - (nothing was|\d+ frames are) (kept|changed)", words)
    assert "Traceback" not in words
    assert not output.exists()


@pytest.mark.parametrize("presses", [1, 2])
def test_while_nothing_is_heard(presses: int) -> None:
    """The main thread is inside a library: one Ctrl-C ends in time, a second at once."""
    command = [sys.executable, "-c", STUCK]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "begins\n"
    time.sleep(0.5)  # from now on it is inside
    began = time.monotonic()
    for _ in range(presses):
        program.send_signal(signal.SIGINT)
        time.sleep(0.2)
    try:
        _, words = program.communicate(timeout=20)
    finally:
        program.kill()
    assert program.returncode == 130, words
    assert words == ("videotoon: last words\n" if presses == 1 else "")
    assert time.monotonic() - began < (LIMIT_SECONDS if presses == 1 else 1.0)
