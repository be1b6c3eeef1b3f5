"""The bounded queue: order, bounds, and that nobody is left waiting."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable

import pytest

from videotoon.system.queues import BoundedQueue, QueueClosed

PATIENCE_S = 5.0


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Start ``work``; its result or QueueClosed lands in the list."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except QueueClosed as closed:
            outcome.append(closed)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, outcome


def joined(thread: threading.Thread) -> None:
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "left waiting"


def test_items_leave_in_order() -> None:
    queue: BoundedQueue[int] = BoundedQueue(5)
    for number in range(5):
        queue.put(number)
    assert [queue.get() for _ in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("capacity", [0, -1])
def test_capacity_must_be_positive(capacity: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        BoundedQueue(capacity)


def test_put_waits_while_full() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    queue.put(1)
    thread, outcome = in_thread(lambda: queue.put(2))
    time.sleep(0.05)
    assert outcome == []
    assert queue.get() == 1
    joined(thread)
    assert queue.get() == 2


def test_get_waits_while_empty() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    thread, outcome = in_thread(queue.get)
    time.sleep(0.05)
    assert outcome == []
    queue.put(7)
    joined(thread)
    assert outcome == [7]


def test_finished_queue_can_be_emptied_but_not_filled() -> None:
    queue: BoundedQueue[int] = BoundedQueue(3)
    queue.put(1)
    queue.put(2)
    queue.finish()
    with pytest.raises(QueueClosed):
        queue.put(3)
    assert [queue.get(), queue.get()] == [1, 2]
    with pytest.raises(QueueClosed):
        queue.get()


def test_cancelled_queue_forgets_its_items() -> None:
    queue: BoundedQueue[int] = BoundedQueue(3)
    queue.put(1)
    queue.cancel()
    with pytest.raises(QueueClosed):
        queue.get()
    with pytest.raises(QueueClosed):
        queue.put(2)


@pytest.mark.parametrize("end", ["finish", "cancel"])
def test_all_who_wait_to_get_are_woken(end: str) -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    waiting = [in_thread(queue.get) for _ in range(3)]
    time.sleep(0.05)
    getattr(queue, end)()
    for thread, outcome in waiting:
        joined(thread)
        assert isinstance(outcome[0], QueueClosed)


@pytest.mark.parametrize("end", ["finish", "cancel"])
def test_all_who_wait_to_put_are_woken(end: str) -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    queue.put(0)
    waiting = [in_thread(lambda: queue.put(1)) for _ in range(3)]
    time.sleep(0.05)
    getattr(queue, end)()
    for thread, outcome in waiting:
        joined(thread)
        assert isinstance(outcome[0], QueueClosed)


def test_nothing_is_lost_between_many_threads() -> None:
    queue: BoundedQueue[int] = BoundedQueue(2)
    taken: list[int] = []
    lock = threading.Lock()

    def take() -> None:
        while True:
            item = queue.get()
            with lock:
                taken.append(item)

    readers = [in_thread(take) for _ in range(3)]

    def put(first: int) -> None:
        for number in range(first, first + 50):
            queue.put(number)

    writers = [in_thread(functools.partial(put, first)) for first in (0, 50, 100)]
    for thread, _ in writers:
        joined(thread)
    queue.finish()
    for thread, _ in readers:
        joined(thread)
    assert sorted(taken) == list(range(150))
