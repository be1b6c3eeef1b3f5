"""One job with every thread's CPU time and every stage's begin and end written down.

    python -m benchmarks.traced CLIP OUTPUT TRACE.json [--style cel]

Runs in a process of its own (Linux). Threads get their names in the system too, and threads that a
library starts inherit the name of their maker, so CPU time can be put down to a stage: the
encoder's threads to the encoder, the engine's to the network. Looking takes about 1 % of a core.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import videotoon.cli  # noqa: F401 - keeps libraries from starting threads, as for the command
from videotoon.timing import StageClock

LOOK_SECONDS = 0.02
TASKS = Path("/proc/self/task")


@dataclass(frozen=True, slots=True)
class Span:
    """A stage at work.

    Attributes:
        thread: Name of its thread.
        stage: Name of the stage.
        begin: Seconds since the job began.
        end: Seconds since the job began.
    """

    thread: str
    stage: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Trace:
    """What a traced job did.

    Attributes:
        clip: Name of the clip.
        frames: Frames in the result.
        wall_seconds: Wall time of the job.
        cpu_seconds: CPU seconds by part, all threads and the FFmpeg child; adds up to the total.
        spans: Stages at work.
    """

    clip: str
    frames: int
    wall_seconds: float
    cpu_seconds: dict[str, float]
    spans: list[Span] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Trace:
        """Read a trace that :func:`main` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(**content | {"spans": [Span(**span) for span in content["spans"]]})


class TracingClock(StageClock):
    """A stage clock that remembers when each stage was busy."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span] = []

    def _add(self, stage: str, wall: float, cpu: float) -> None:
        end = time.perf_counter() - self.started
        self.spans.append(Span(threading.current_thread().name, stage, end - wall, end))
        super()._add(stage, wall, cpu)


class ThreadWatch:
    """Looks at all threads' CPU time again and again, because finished ones leave no trace."""

    def __init__(self) -> None:
        self._of_python: dict[int, str] = {threading.get_native_id(): "main"}
        self._seconds: dict[int, float] = {}
        self._names: dict[int, str] = {}
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watch")

    def start(self) -> None:
        """Begin; threads started from now on are told apart."""
        _name_thread(threading.get_native_id(), "main")
        threading.setprofile(self._meet)
        self._watcher.start()

    def stop(self) -> dict[str, float]:
        """End; return the CPU seconds of every part."""
        threading.setprofile(None)
        self._look()
        self._stop.set()
        self._watcher.join()
        parts: dict[str, float] = {}
        for number, seconds in self._seconds.items():
            part = part_of(self._names[number], self._of_python.get(number))
            parts[part] = parts.get(part, 0.0) + seconds
        return parts

    def _meet(self, _frame: FrameType, _event: str, _argument: Any) -> None:
        """Called once in each new thread of Python."""
        sys.setprofile(None)
        name = threading.current_thread().name.removeprefix("videotoon-")
        self._of_python[threading.get_native_id()] = name
        _name_thread(threading.get_native_id(), name)

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        for task in TASKS.iterdir():
            try:
                seconds = int((task / "schedstat").read_text().split()[0]) / 1e9
                name = (task / "comm").read_text().strip()
            except (OSError, ProcessLookupError):
                continue  # it ended while we looked
            self._seconds[int(task.name)] = seconds
            self._names[int(task.name)] = name


def part_of(name: str, python_name: str | None) -> str:
    """Return the part of the job that a thread belongs to.

    Args:
        name: Its name in the system, inherited from its maker where a library started it.
        python_name: Its name in Python, None for threads that a library started.
    """
    if python_name is not None:
        for begin, part in PYTHON_PARTS.items():
            if python_name.startswith(begin):
                return part
        return "other"
    if name.startswith("av:"):
        return "decoder"
    return "x264" if name.startswith("encode") else "network"


PYTHON_PARTS = {
    "main": "start, end, hand-over",
    "decode": "frames from the decoder",
    "paint": "planes to cells and back",
    "encode": "frames to the encoder",
    "watch": "watching",
}


def _name_thread(number: int, name: str) -> None:
    (TASKS / str(number) / "comm").write_text(name[:15])


def main() -> None:
    """Run one traced job."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("trace", type=Path)
    parser.add_argument("--style", default="cel")
    parser.add_argument("--cache-frames", type=int, default=0)
    parser.add_argument("--change-only", action="store_true")
    options = parser.parse_args()
    watch = ThreadWatch()
    watch.start()
    from videotoon.pipeline import stylise_video
    from videotoon.settings import Settings

    settings = Settings(
        style=options.style, cache_frames=options.cache_frames, change_only=options.change_only,
        face=False, overwrite=True, resume=False,
    )  # fmt: skip
    clock = TracingClock()
    report = stylise_video(options.clip, options.output, settings, clock=clock)
    parts = watch.stop()
    usage, children = os.times(), resource.getrusage(resource.RUSAGE_CHILDREN)
    total = usage.user + usage.system
    parts["FFmpeg (sound, container)"] = children.ru_utime + children.ru_stime
    parts["not attributed"] = max(0.0, total - sum(parts.values()) + parts[
        "FFmpeg (sound, container)"
    ])  # fmt: skip
    parts.pop("watching", None)
    trace = Trace(options.clip.name, report.frames_out, clock.elapsed(), parts, clock.spans)
    options.trace.write_text(json.dumps(asdict(trace)), encoding="utf-8")


if __name__ == "__main__":
    main()
