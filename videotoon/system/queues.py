"""Queues and limits between threads that can be closed, so that no thread is left waiting."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class QueueClosed(Exception):  # a signal between threads, not an error
    """The queue was closed; nothing more will come or be taken."""


class BoundedQueue(Generic[Item]):
    """Holds at most ``capacity`` items; ``put`` and ``get`` block.

    Two ways to end: :meth:`finish` lets the readers empty the queue first, :meth:`cancel` throws
    away what is inside and wakes everyone at once.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"{capacity = } must be at least 1")
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._finished = False
        self._cancelled = False

    def put(self, item: Item) -> None:
        """Add an item, waiting while the queue is full.

        Raises:
            QueueClosed: The queue was finished or cancelled.
        """
        with self._changed:
            while len(self._items) >= self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                raise QueueClosed
            self._items.append(item)
            self._changed.notify_all()

    def get(self) -> Item:
        """Take the oldest item, waiting while the queue is empty.

        Raises:
            QueueClosed: The queue was cancelled, or finished and is empty.
        """
        with self._changed:
            while not self._items and not self._closed:
                self._changed.wait()
            if self._cancelled or not self._items:
                raise QueueClosed
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def finish(self) -> None:
        """Say that nothing more will be put; what is inside can still be taken."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def cancel(self) -> None:
        """Throw away what is inside and wake all who wait."""
        with self._changed:
            self._cancelled = True
            self._items.clear()
            self._changed.notify_all()

    @property
    def _closed(self) -> bool:
        return self._finished or self._cancelled


class Reach:
    """How far work may run ahead of what is saved; whoever is too far ahead waits.

    Args:
        length: Items that may be begun and not yet saved, at least 1.
        saved: Items that are saved already.
    """

    def __init__(self, length: int, saved: int = 0) -> None:
        if length < 1:
            raise ValueError(f"{length = } must be at least 1")
        self._length = length
        self._saved = saved
        self._changed = threading.Condition()
        self._cancelled = False

    def wait_for(self, index: int) -> None:
        """Wait until item ``index`` may be begun.

        Raises:
            QueueClosed: The work is over.
        """
        with self._changed:
            while index >= self._saved + self._length and not self._cancelled:
                self._changed.wait()
            if self._cancelled:
                raise QueueClosed

    def save(self, count: int) -> None:
        """Say that the first ``count`` items are saved."""
        with self._changed:
            self._saved = count
            self._changed.notify_all()

    def cancel(self) -> None:
        """Wake all who wait; the work is over."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()
