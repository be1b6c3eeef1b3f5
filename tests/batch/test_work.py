"""What keeps workers from going on ends the batch; it is neither lost nor taken for success."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media import ClipSpec, make_clip
from videotoon.batch.display import display_for
from videotoon.batch.journal import BatchJournal, Entry
from videotoon.batch.run import run_batch
from videotoon.batch.settings import BatchSettings
from videotoon.errors import DiskFullError
from videotoon.settings import Settings


@pytest.mark.parametrize("written", [0, 1, 4])
def test_a_journal_that_cannot_be_written_ends_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    (tmp_path / "in").mkdir()
    source = make_clip(tmp_path / "in" / "a.mp4", ClipSpec(width=64, height=48, frames=2)).path
    for name in ("b.mp4", "c.mp4"):
        source.with_name(name).write_bytes(source.read_bytes())
    really_note, notes = BatchJournal.note, 0

    def note(journal: BatchJournal, *entries: Entry) -> None:
        nonlocal notes
        notes += 1
        if notes > written:
            raise DiskFullError("no space left for the batch's journal", "free some space")
        really_note(journal, *entries)

    monkeypatch.setattr(BatchJournal, "note", note)
    with pytest.raises(DiskFullError, match="the batch's journal"):
        run_batch(
            [str(source.parent)],
            tmp_path / "out",
            Settings(strength=0.0),
            BatchSettings(retries=0),
            display_for("none", 1, quiet=True),
        )
    assert notes <= written + 2, "nothing else was begun"
