"""Fixtures for every test: the real command, the ffmpeg binary, outside data, a thread guard."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest_plugins = ("pytester",)

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"
COMMAND_TIMEOUT_S = 180.0
THREAD_GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What one run of the real command gave.

    Attributes:
        code: Exit code (negative: ended by that signal).
        stdout: Standard output as text.
        stderr: Standard error as text.
    """

    code: int
    stdout: str
    stderr: str

    @property
    def error_lines(self) -> list[str]:
        """Lines of standard error that are not empty."""
        return [line for line in self.stderr.splitlines() if line.strip()]

    def __str__(self) -> str:
        return f"exit code {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


RunVideotoon = Callable[..., CommandResult]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the working tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def sample_media() -> Path:
    """The folder of the small clips that belong to the repository."""
    return REPOSITORY / "sample_media"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with clips and networks beside the repository; the test skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared is not there")
    return SHARED


@pytest.fixture(scope="session")
def ffmpeg_binary() -> str:
    """Path of the ffmpeg binary that videotoon uses."""
    from videotoon.system.ffmpeg_binary import ffmpeg_binary as find

    return find()


@pytest.fixture(scope="session")
def command_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of the command under test: the caller's, without options or a user's caches.

    Compiled networks are cached once per test session, never in the home folder.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VIDEOTOON_")}
    if "VIDEOTOON_FFMPEG" in os.environ:
        environment["VIDEOTOON_FFMPEG"] = os.environ["VIDEOTOON_FFMPEG"]
    cache = tmp_path_factory.mktemp("cache")
    environment |= {
        "PYTHONPATH": os.pathsep.join(
            part for part in (str(REPOSITORY), environment.get("PYTHONPATH", "")) if part
        ),
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "COLUMNS": "200",
        "TERM": "dumb",
        "XDG_CACHE_HOME": str(cache),
        "VIDEOTOON_CACHE": str(cache),
    }
    return environment


@pytest.fixture
def run_videotoon(command_environment: dict[str, str], tmp_path: Path) -> RunVideotoon:
    """Run the real command in a process of its own.

    ``run_videotoon("in.mp4", "out.mp4", "--strength", 0.5)`` starts it in ``tmp_path`` and returns
    a :class:`CommandResult`. Keywords: ``cwd``, ``env`` (added variables), ``timeout`` in seconds
    (running out of it fails the test), ``stdin`` text.
    """

    def run(
        *arguments: object,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = COMMAND_TIMEOUT_S,
        stdin: str = "",
    ) -> CommandResult:
        command = [sys.executable, "-m", "videotoon", *map(str, arguments)]
        try:
            done = subprocess.run(
                command,
                cwd=cwd or tmp_path,
                env={**command_environment, **(env or {})},
                timeout=timeout,
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            pytest.fail(f"{command} still ran after {timeout} s\n{late.stdout!r}\n{late.stderr!r}")
        return CommandResult(done.returncode, done.stdout, done.stderr)

    return run


def _lasting_threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()}


@pytest.fixture(autouse=True)
def no_threads_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves threads running which would keep the process alive."""
    before = _lasting_threads()
    yield
    deadline = time.monotonic() + THREAD_GRACE_S
    left = _lasting_threads() - before
    while left and time.monotonic() < deadline:
        time.sleep(0.01)
        left = {thread for thread in left if thread.is_alive()}
    if left:
        names = ", ".join(sorted(thread.name for thread in left))
        pytest.fail(f"{request.node.name} left threads running: {names}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the fixture ``shared``, so that `-m "not shared"` leaves it out."""
    for item in items:
        if "shared" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)
