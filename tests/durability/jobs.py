"""Running the real command so that it can be stopped in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import pytest

from tests import measure
from tests.durability.watched import PAINTED
from tests.media import Clicks, ClipSpec, make_clip
from videotoon.job import MIN_SEGMENT_FRAMES

FPS = 4
SEGMENT = MIN_SEGMENT_FRAMES
"""Frames of a segment: five seconds, and more at so few frames per second."""

HALF = SEGMENT // 2
"""Frames of a file of saved work."""

HALVES = 5
FRAMES = HALF * (HALVES - 1) + 7

COMMAND = (sys.executable, "-m", "tests.durability.watched")
"""The command; it also writes down which frames it paints."""

LONG = "VIDEOTOON_LONG_TESTS"
"""Environment variable that switches on the tests that take many minutes."""

long = pytest.mark.skipif(not os.environ.get(LONG), reason=f"takes minutes; set {LONG}=1")

Moment = Callable[["RunningJob"], bool]


def long_clip(folder: Path) -> Path:
    """A clip of few frames but many segments, with B-frames, sound and repeated frames."""
    spec = ClipSpec(
        width=640,
        height=360,
        frames=FRAMES,
        fps=Fraction(FPS),
        sound=(Clicks(at=(1.0, 20.0)),),
        codec_options={"g": "12", "bf": "2"},
    )
    return make_clip(folder / "long.mp4", spec).path


@dataclass(slots=True)
class RunningJob:
    """A run of the command under way."""

    process: subprocess.Popen[bytes]
    folder: Path
    started: float
    log: IO[bytes]

    @property
    def segments(self) -> int:
        """Segments in the journal."""
        return len(journal(self.folder).get("segments", []))

    @property
    def painted(self) -> list[int]:
        """Numbers of the frames that were painted, as far as the job came."""
        return [int(word) for word in _painted_log(Path(self.log.name)).read_text().split()]

    def running_for(self, seconds: float) -> bool:
        """True from so many seconds after the start on."""
        return time.monotonic() - self.started >= seconds

    def wait_for(self, moment: Moment) -> None:
        """Wait until a moment, or until the process is gone."""
        while self.process.poll() is None and not moment(self):
            time.sleep(0.005)

    def stop_when(self, moment: Moment, signal_number: int) -> float:
        """Send a signal at a moment; return the seconds until the process was gone."""
        self.wait_for(moment)
        sent = time.monotonic()
        if self.process.poll() is None:
            os.kill(self.process.pid, signal_number)
        self.process.wait(timeout=60)
        self.log.close()
        return time.monotonic() - sent


def start(
    source: Path,
    output: Path,
    environment: dict[str, str],
    *options: str,
    log: Path | None = None,
) -> RunningJob:
    """Start the command; its words go to a file, beside the output where none is given."""
    words = (log or output.parent / f"{output.name}.log").open("wb")
    painted = _painted_log(Path(words.name))
    painted.write_bytes(b"")
    process = subprocess.Popen(
        [*COMMAND, str(source), str(output), "--progress", "json", *options],
        env={**environment, PAINTED: str(painted)},
        stdout=words,
        stderr=subprocess.STDOUT,
    )
    return RunningJob(process, work_folder(output), time.monotonic(), words)


def run(
    source: Path,
    output: Path,
    environment: dict[str, str],
    *options: str,
    log: Path | None = None,
) -> RunningJob:
    """Run the command to its end."""
    job = start(source, output, environment, *options, log=log)
    job.process.wait(timeout=180)
    job.log.close()
    return job


def kill(job: RunningJob, moment: Moment) -> None:
    """End a job without any warning."""
    job.stop_when(moment, signal.SIGKILL)


def pause(job: RunningJob, moment: Moment) -> None:
    """Let a job stand still, with all that it holds, from a moment on."""
    job.wait_for(moment)
    assert job.process.poll() is None, "the job ended before it could be paused"
    os.kill(job.process.pid, signal.SIGSTOP)


def _painted_log(log: Path) -> Path:
    return log.with_name(f"{log.name}.painted")


def work_folder(output: Path) -> Path:
    """Where the command keeps unfinished work."""
    return output.with_name(f".{output.name}.videotoon")


def journal(folder: Path) -> dict[str, Any]:
    """The journal of a work folder, empty where there is none."""
    try:
        text = (folder / "journal.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    content: dict[str, Any] = json.loads(text)
    return content


def fingerprint(path: Path) -> tuple[list[tuple[Fraction, str]], list[bytes]]:
    """Time and hash of every decoded frame, and every packet of sound."""
    frames = [
        (seconds, sha256(picture.tobytes()).hexdigest())
        for seconds, picture in measure.frames(path)
    ]
    return frames, measure.packets(path)


def after(segments: int, seconds: float = 0.0) -> Moment:
    """The moment a number of seconds after so many segments are in the journal."""
    reached: list[float] = []

    def moment(job: RunningJob) -> bool:
        if not reached and job.segments >= segments:
            reached.append(time.monotonic())
        return bool(reached) and time.monotonic() - reached[0] >= seconds

    return moment
