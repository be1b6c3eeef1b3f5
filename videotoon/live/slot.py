"""A queue in which the newest item wins: putting never waits, the oldest goes."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

from videotoon.system.queues import QueueClosed

Item = TypeVar("Item")


class NewestQueue(Generic[Item]):
    """Holds at most ``capacity`` items; a further one pushes the oldest out.

    With a capacity of one it is the inbox of a live picture: whoever takes from it gets what is
    newest, so no backlog can build up however slow the taker is.
    """

    def __init__(self, capacity: int = 1) -> None:
        if capacity < 1:
            raise ValueError(f"{capacity = } must be at least 1")
        self._items: deque[Item] = deque()
        self._capacity = capacity
        self._changed = threading.Condition()
        self._finished = False
        self.dropped = 0

    def put(self, item: Item) -> None:
        """Add an item; never waits. After :meth:`finish` it is ignored."""
        with self._changed:
            if self._finished:
                return
            if len(self._items) == self._capacity:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify()

    def get(self, timeout: float | None = None) -> Item | None:
        """Take the oldest item; None if none comes in time.

        Raises:
            QueueClosed: The queue is finished and empty.
        """
        with self._changed:
            if not self._items and not self._finished:
                self._changed.wait(timeout)
            if self._items:
                return self._items.popleft()
            if self._finished:
                raise QueueClosed
            return None

    def finish(self) -> None:
        """Say that nothing more will be put; what is inside can still be taken."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()
