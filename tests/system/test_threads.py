"""Ctrl-C while a thread is waited for does not make it count as ended."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator

import pytest

from videotoon.system.threads import Worker


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Python listens to no Ctrl-C where it was started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def wait_long(worker: Worker, timeout: float | None) -> None:
    for _ in range(100):
        worker.join(timeout)


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_a_wait_that_was_interrupted_can_be_repeated(timeout: float | None) -> None:
    release, done = threading.Event(), []

    def work() -> None:
        release.wait(3)
        done.append(1)

    worker = Worker(target=work)
    worker.start()
    threading.Timer(0.1, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        wait_long(worker, timeout and 0.05)
    assert worker.is_alive()
    threading.Timer(0.1, release.set).start()
    worker.join(timeout)
    assert done == [1]
    assert not worker.is_alive()


def test_a_wait_may_be_limited() -> None:
    release = threading.Event()
    worker = Worker(target=release.wait, args=(10,))
    worker.start()
    worker.join(0.01)
    assert worker.is_alive()
    release.set()
    worker.join()
    assert not worker.is_alive()


def test_what_was_not_started_cannot_be_waited_for() -> None:
    with pytest.raises(RuntimeError):
        Worker(target=print).join()
