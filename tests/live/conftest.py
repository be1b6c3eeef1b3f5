"""A display for window tests, and a live run that can be talked to."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

DEADLINE_S = 60.0
SCREEN = "1400x900x24"


class LiveProcess:
    """The real command ``videotoon live``, running, with its JSON lines.

    Args:
        arguments: After ``live``.
        folder: Where it runs.
        environment: Its environment.
    """

    def __init__(
        self, arguments: tuple[object, ...], folder: Path, environment: dict[str, str]
    ) -> None:
        self.report = folder / "live.json"
        words = ["live", *arguments, "--progress", "json", "--report", self.report]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "videotoon", *map(str, words)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.said: list[str] = []

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(json.loads(line))

    def next_line(self) -> dict[str, Any]:
        """Return the next JSON line."""
        return self._lines.get(timeout=DEADLINE_S)

    def wait_for(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first status from now on for which a condition holds."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=0.2)
            except queue.Empty:
                assert self.process.poll() is None, self.errors()
                continue
            if line["event"] == "message":
                self.said.append(line["text"])
            elif condition(line):
                return line
        pytest.fail("it did not come to that in time")

    def shows(self) -> dict[str, Any]:
        """Wait until pictures are shown."""
        return self.wait_for(lambda status: status["shown"] > 3)

    def end(self, number: int | None = signal.SIGINT) -> dict[str, Any]:
        """End it with a signal, or wait for its end, and return its report (empty after a kill)."""
        if number is not None and self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        if number == signal.SIGKILL:
            return {}
        assert code == 0, self.errors()
        report: dict[str, Any] = json.loads(self.report.read_text())
        return report

    def errors(self) -> str:
        """Return what it wrote to standard error; only when it is over."""
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def close(self) -> None:
        """Make sure that it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


StartLive = Callable[..., LiveProcess]


@pytest.fixture
def start_live(command_environment: dict[str, str], tmp_path: Path) -> Iterator[StartLive]:
    """Start ``videotoon live`` with arguments; keyword ``display`` names a screen."""
    running: list[LiveProcess] = []

    def start(*arguments: object, display: str = "") -> LiveProcess:
        environment = {k: v for k, v in command_environment.items() if "DISPLAY" not in k}
        if display:
            environment |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        running.append(LiveProcess(arguments, tmp_path, environment))
        return running[-1]

    yield start
    for process in running:
        process.close()


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A virtual screen of its own; the test skips where Xvfb or xdotool is missing."""
    missing = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: window tests cannot run")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as answer:
        number = answer.readline().strip()
    if not number:
        server.wait()
        pytest.skip("Xvfb does not start here: window tests cannot run")
    yield f":{number}"
    server.terminate()
    server.wait()


class Desktop:
    """Keys and mouse on a virtual screen, through xdotool."""

    def __init__(self, display: str) -> None:
        self._environment = os.environ | {"DISPLAY": display}

    def do(self, *words: object) -> str:
        """Run xdotool and return what it prints."""
        done = subprocess.run(
            ["xdotool", *map(str, words)],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=True,
        )
        return done.stdout.strip()

    def focus(self) -> str:
        """Wait for the window, give it the keyboard and return its number."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                window = self.do("search", "--onlyvisible", "--name", "^videotoon$").split()[-1]
                self.do("windowfocus", window)
                return window
            except (subprocess.CalledProcessError, IndexError):
                assert time.monotonic() < deadline, "there is no window"
                time.sleep(0.1)

    def geometry(self, window: str) -> dict[str, int]:
        """Return place and size of a window."""
        lines = self.do("getwindowgeometry", "--shell", window).splitlines()
        return {key: int(value) for key, value in (line.split("=") for line in lines)}


@pytest.fixture
def desktop(display: str) -> Desktop:
    """Keys and mouse."""
    return Desktop(display)
