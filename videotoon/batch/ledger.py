"""What is to be done, what is done already, and what must not be touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from videotoon.batch.journal import BatchJournal, Entry, stamp
from videotoon.batch.naming import BatchItem
from videotoon.batch.styles import StyleShelf
from videotoon.encode.journal import input_identity
from videotoon.errors import VideotoonError
from videotoon.frame import FrameSize
from videotoon.settings import Settings

Verdict = Literal["todo", "done", "foreign"]


class Ledger:
    """Compares inputs with the journal, and writes what becomes of them.

    A result counts as done where input (size, time, content of both ends), options, network,
    weights and arithmetic are the same as when it was made, and its file is still what was written.

    Args:
        journal: The output folder's journal.
        settings: Options of all jobs.
        shelf: Tells which network will paint.
    """

    def __init__(self, journal: BatchJournal, settings: Settings, shelf: StyleShelf) -> None:
        self._journal = journal
        self._settings = settings
        self._shelf = shelf
        self._options: dict[str, Any] = settings.result_key()

    def verdict(self, item: BatchItem) -> Verdict:
        """Tell whether an input is to be done; ``foreign``: its place holds somebody's file."""
        found, entry = stamp(item.output), self._journal.entry(item.key)
        if found is None or self._settings.overwrite:
            return "todo"
        if entry is None or not entry.owns(found):
            return "foreign"
        if entry.source != str(item.source) and entry.identity != _identity(item):
            return "foreign"  # made from another input that is gone
        return "done" if entry.made(found) and self._same_work(item, entry) else "todo"

    def crashes(self, item: BatchItem) -> int:
        """Return how many runs died while they worked on an input."""
        entry = self._journal.entry(item.key)
        return 0 if entry is None else entry.crashes

    def facts(self, item: BatchItem) -> dict[str, Any]:
        """Return the numbers of a result that is done."""
        entry = self._journal.entry(item.key)
        return {} if entry is None else entry.facts

    def begin(self, *items: BatchItem) -> None:
        """Note that work on inputs begins."""
        self._journal.note(*map(self._running, items))

    def opened(self, item: BatchItem, size: FrameSize) -> None:
        """Note what is going to paint an input, before its result can appear."""
        engine = self._shelf.engine_facts(self._settings, size)
        self._journal.note(self._running(item, engine, str(size)))

    def finish(self, item: BatchItem, size: FrameSize, facts: dict[str, Any]) -> Entry:
        """Return the entry of a finished result, to be noted."""
        engine = self._shelf.engine_facts(self._settings, size)
        running = self._running(item, engine, str(size))
        return replace(running, state="done", result=stamp(item.output), facts=facts, crashes=0)

    def fail(self, item: BatchItem, reason: str) -> None:
        """Note why an input could not be done."""
        self._journal.note(replace(self._running(item), state="failed", reason=reason, crashes=0))

    def note(self, *entries: Entry) -> None:
        """Write entries to the journal."""
        self._journal.note(*entries)

    def _running(
        self, item: BatchItem, engine: dict[str, Any] | None = None, size: str = ""
    ) -> Entry:
        earlier = self._journal.entry(item.key)
        before = None
        if earlier is not None:
            before = earlier.result if earlier.state == "done" else earlier.before
        return Entry(
            key=item.key,
            source=str(item.source),
            state="running",
            identity=_identity(item),
            settings=self._options,
            engine=engine or {},
            size=size,
            before=before,
            crashes=0 if earlier is None else earlier.crashes,
        )

    def _same_work(self, item: BatchItem, entry: Entry) -> bool:
        if entry.identity != _identity(item) or entry.settings != self._options:
            return False
        try:
            width, height = map(int, entry.size.split("x"))
            engine = self._shelf.engine_facts(self._settings, FrameSize(width, height))
        except (ValueError, VideotoonError):
            return False
        return entry.engine == engine


def _identity(item: BatchItem) -> dict[str, Any]:
    try:
        return input_identity(item.source)
    except OSError:
        return {}
