"""The journal: kills, moves, changes and files of others."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from videotoon.batch.journal import JOURNAL_NAME, LOCK_NAME, BatchJournal
from videotoon.batch.ledger import Ledger
from videotoon.batch.naming import BatchItem
from videotoon.batch.styles import StyleShelf
from videotoon.errors import DiskFullError, OutputError
from videotoon.faces import stage
from videotoon.frame import FrameSize
from videotoon.settings import Settings

SIZE = FrameSize(64, 64)


@pytest.fixture
def item(tmp_path: Path) -> BatchItem:
    source = tmp_path / "a.mp4"
    source.write_bytes(b"input")
    folder = tmp_path / "out"
    folder.mkdir()
    return BatchItem(source, "a.mp4", folder / "a.mp4")


@pytest.fixture
def journal(item: BatchItem) -> Iterator[BatchJournal]:
    with BatchJournal(item.output.parent) as journal:
        yield journal


def ledger(journal: BatchJournal, settings: Settings | None = None) -> Ledger:
    return Ledger(journal, settings or Settings(), StyleShelf(1))


def finish(journal: BatchJournal, item: BatchItem, settings: Settings | None = None) -> None:
    book = ledger(journal, settings)
    book.begin(item)
    book.opened(item, SIZE)
    item.output.write_bytes(b"result")
    book.note(book.finish(item, SIZE, {}))


def test_a_finished_result_is_not_made_again(journal: BatchJournal, item: BatchItem) -> None:
    assert ledger(journal).verdict(item) == "todo"
    finish(journal, item)
    assert ledger(journal).verdict(item) == "done"
    assert ledger(journal, Settings(overwrite=True)).verdict(item) == "todo"


@pytest.mark.parametrize("change", ["input", "settings", "result gone"])
def test_what_changed_is_made_again(journal: BatchJournal, item: BatchItem, change: str) -> None:
    finish(journal, item)
    settings = Settings()
    if change == "input":
        item.source.write_bytes(b"another")
    elif change == "settings":
        settings = replace(settings, strength=0.5)
    else:
        item.output.unlink()
    assert ledger(journal, settings).verdict(item) == "todo"


def test_other_weights_make_it_again(
    journal: BatchJournal, item: BatchItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(journal, item)
    monkeypatch.setattr(StyleShelf, "engine_facts", lambda *_: {"sha256": "other"})
    assert ledger(journal).verdict(item) == "todo"


def test_facts_tell_of_every_network_that_paints() -> None:
    def digests(facts: dict[str, Any]) -> set[str]:
        return set(facts["sha256"])

    shelf = StyleShelf(1)
    cel, hayao, cute = (
        digests(shelf.engine_facts(Settings(style=name), SIZE)) for name in ("cel", "hayao", "cute")
    )
    mixed = shelf.engine_facts(Settings(mix="cel:1,hayao:1"), SIZE)
    assert [digests(part) for part in mixed["mixture"]] == [cel, hayao]
    faces = shelf.engine_facts(Settings(face=True, face_style="cute"), SIZE)
    assert digests(faces) == cel
    assert digests(faces["faces"]) == cute
    assert "faces" not in shelf.engine_facts(Settings(face=True, face_strength=0.0), SIZE)


def test_a_better_face_detector_makes_it_again(
    journal: BatchJournal, item: BatchItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(face=True)
    monkeypatch.setattr(stage, "face_weights", list)
    finish(journal, item, settings)
    assert ledger(journal, settings).verdict(item) == "done"
    monkeypatch.setattr(stage, "face_weights", lambda: ["retinaface"])
    assert ledger(journal, settings).verdict(item) == "todo"


def test_somebody_elses_file_is_not_touched(journal: BatchJournal, item: BatchItem) -> None:
    item.output.write_bytes(b"precious")
    assert ledger(journal).verdict(item) == "foreign"
    finish(journal, item)
    item.output.write_bytes(b"edited by hand")
    assert ledger(journal).verdict(item) == "foreign"


def test_a_moved_input_is_still_done(
    journal: BatchJournal, item: BatchItem, tmp_path: Path
) -> None:
    finish(journal, item)
    moved = replace(item, source=item.source.rename(tmp_path / "moved.mp4"))
    assert ledger(journal).verdict(moved) == "done"
    moved.source.write_bytes(b"something else")
    assert ledger(journal).verdict(moved) == "foreign"


def test_a_kill_between_result_and_note_costs_nothing(item: BatchItem) -> None:
    folder = item.output.parent
    with BatchJournal(folder) as first:
        book = ledger(first)
        book.begin(item)
        book.opened(item, SIZE)
        item.output.write_bytes(b"result")  # killed here
    with BatchJournal(folder) as second:
        assert ledger(second).verdict(item) == "done"
        assert ledger(second).crashes(item) == 1


def test_a_kill_before_the_result_is_counted(item: BatchItem) -> None:
    folder = item.output.parent
    for run in range(3):
        with BatchJournal(folder) as journal:
            book = ledger(journal)
            assert book.crashes(item) == run
            assert book.verdict(item) == "todo"
            book.begin(item)


def test_a_torn_line_is_left_out(item: BatchItem) -> None:
    folder = item.output.parent
    with BatchJournal(folder) as journal:
        finish(journal, item)
    file = folder / JOURNAL_NAME
    file.write_text(file.read_text() + '{"key": "b.mp4", "sou')
    with BatchJournal(folder) as journal:
        assert ledger(journal).verdict(item) == "done"
    assert len(file.read_text().splitlines()) == 1


def test_who_waits_for_a_lock_that_is_deleted_gets_the_next(item: BatchItem) -> None:
    """Else two batches would each hold a file of their own."""
    fcntl = pytest.importorskip("fcntl")
    folder = item.output.parent
    first = BatchJournal(folder)
    with (folder / LOCK_NAME).open("ab") as waiting:  # opened before the first one ends
        first.__exit__()
        fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with BatchJournal(folder), pytest.raises(OutputError, match="another batch"):
            BatchJournal(folder)


def test_a_link_in_the_place_of_the_lock_is_not_followed(item: BatchItem, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (item.output.parent / LOCK_NAME).symlink_to(precious)
    with pytest.raises(OutputError, match="cannot write into folder"):
        BatchJournal(item.output.parent)
    assert precious.read_text() == "mine"


def test_trouble_with_the_journal_is_called_by_its_name(
    journal: BatchJournal, item: BatchItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, kind in ((errno.ENOSPC, DiskFullError), (errno.EIO, OutputError)):
        refused = OSError(code, os.strerror(code))
        monkeypatch.setattr(os, "fsync", Mock(side_effect=refused))
        with pytest.raises(kind, match="journal"):
            ledger(journal).begin(item)


def test_two_batches_in_one_folder_are_refused(journal: BatchJournal, item: BatchItem) -> None:
    pytest.importorskip("fcntl")
    with pytest.raises(OutputError, match="another batch"):
        BatchJournal(item.output.parent)
