"""Ctrl-C: the job stops in order within two seconds, and work that can go on is kept and named."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tests.conftest import CommandResult
from tests.media import ClipSpec, Rgb, make_clip, numbered
from videotoon.job import MIN_SEGMENT_FRAMES

LIMIT_S = 2.0
"""From Ctrl-C to the end of the process."""

SLOW_JOB = ("--no-change-only", "--cache-frames", "0", "--precision", "fp32", "--workers", "1")
"""Paints every frame, although they are all the same."""

FRAMES_PER_FILE = MIN_SEGMENT_FRAMES // 2

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@functools.lru_cache
def one_picture(width: int, height: int) -> Rgb:
    return numbered(0, width, height)


@pytest.fixture(scope="module")
def slow_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 large frames, two per second: painting takes long, a file of saved work is 20 frames."""
    spec = ClipSpec(
        width=960,
        height=540,
        frames=100,
        fps=Fraction(2),
        paint=lambda _, width, height: one_picture(width, height),
    )
    return make_clip(tmp_path_factory.mktemp("slow") / "slow.mp4", spec).path


class Job:
    """A running command that tells its progress as JSON."""

    def __init__(self, clip: Path, folder: Path, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "videotoon", str(clip), "out.mp4", "--progress", "json"]
        self.process = subprocess.Popen(
            [*command, *SLOW_JOB],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for_frame(self, number: int) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and event["frame"] >= number:
                return
        pytest.fail(f"the job ended before frame {number}: {self.process.communicate()}")

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def result(self) -> tuple[CommandResult, float]:
        """What the process gave, and the seconds that took from now."""
        started = time.monotonic()
        try:
            stdout, stderr = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            pytest.fail(f"still running: {self.process.communicate()}")
        return CommandResult(self.process.returncode, stdout, stderr), time.monotonic() - started


Start = Callable[[], Job]


@pytest.fixture
def start(slow_clip: Path, tmp_path: Path, command_environment: dict[str, str]) -> Start:
    return lambda: Job(slow_clip, tmp_path, command_environment)


def left(folder: Path) -> list[str]:
    return sorted(str(entry.relative_to(folder)) for entry in folder.rglob("*"))


def test_before_anything_is_finished(start: Start, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("not ours")
    job = start()
    job.wait_for_frame(2)
    job.interrupt()
    result, seconds = job.result()
    assert result.code == 130, result
    assert result.error_lines == ["videotoon: stopped by Ctrl-C - nothing was kept"], result
    assert left(tmp_path) == ["other.txt"]
    assert seconds < LIMIT_S


def test_finished_work_is_kept_and_named(start: Start, slow_clip: Path, tmp_path: Path) -> None:
    before = slow_clip.read_bytes()
    job = start()
    job.wait_for_frame(FRAMES_PER_FILE + 8)
    job.interrupt()
    result, seconds = job.result()
    assert result.code == 130, result
    found = re.search(r"(\d+) frames are kept in '(.+?)'", result.stderr)
    assert found is not None, result
    assert int(found[1]) >= FRAMES_PER_FILE
    assert int(found[1]) % FRAMES_PER_FILE == 0
    kept = left(tmp_path)
    assert kept[0] == found[2], result
    assert "run the same command again" in result.stderr
    assert not [name for name in kept if ".part" in name]
    assert "out.mp4" not in kept
    assert slow_clip.read_bytes() == before
    assert seconds < LIMIT_S


def test_second_ctrl_c_ends_at_once(start: Start) -> None:
    job = start()
    job.wait_for_frame(1)
    job.interrupt()
    time.sleep(0.02)
    job.interrupt()
    result, seconds = job.result()
    assert result.code == 130, result
    assert "Traceback" not in result.stderr
    assert seconds < LIMIT_S


def test_while_the_command_starts(start: Start, tmp_path: Path) -> None:
    job = start()
    time.sleep(0.5)
    job.interrupt()
    result, seconds = job.result()
    assert result.code in (130, -signal.SIGINT), result  # -SIGINT: before our own code ran
    if result.code == 130:
        assert "Traceback" not in result.stderr, result
    assert left(tmp_path) == []
    assert seconds < LIMIT_S


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(("code", "expected"), [(0, 9), (3, 3)])
def test_last_words_that_cannot_be_written_are_no_success(code, expected):
    ends = f"from videotoon.cli.interrupting import leave; print('done'); leave({code})"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-c", ends], stdout=full, stderr=subprocess.PIPE, env=buffered,
            check=False,
        )  # fmt: skip
    assert process.returncode == expected
    assert b"Traceback" not in process.stderr
    assert (b"no space left" in process.stderr) == (code == 0)


@pytest.mark.parametrize("close", ["sys.stdout = None", "sys.stdout.close()"])
def test_a_closed_output_is_no_failure(close):
    ends = f"import sys; from videotoon.cli.interrupting import leave; {close}; leave(0)"
    process = subprocess.run([sys.executable, "-c", ends], capture_output=True, check=False)
    assert (process.returncode, process.stderr) == (0, b"")
