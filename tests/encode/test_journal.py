"""The journal: what it accepts, what it refuses, what it keeps."""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from videotoon.decode.base import Place
from videotoon.encode.journal import WorkFolder, input_identity, last_words
from videotoon.encode.segment import SegmentRecord
from videotoon.encode.work import clean_copy_path, drop_clean_copy, work_path
from videotoon.errors import OutputError
from videotoon.system.lock import FolderLock

KEY: dict[str, Any] = {"input": {"size": 5}, "settings": {"style": "cel", "strength": 1.0}}


def record(folder: WorkFolder, number: int, repaired: int = 0) -> SegmentRecord:
    file = folder.path / f"segment-{number:05d}.mp4"
    file.write_bytes(b"x" * 10)
    made = SegmentRecord(number, file.name, 20 * number, 20, 800 * number, 800 * number + 760, 40,
                         repaired, 0, 10, "ab")  # fmt: skip
    folder.record(made)
    return made


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.mp4"


def test_going_on_after_the_last_whole_segment(output: Path) -> None:
    folder = WorkFolder.open(output, KEY)
    first, second = record(folder, 0), record(folder, 1)
    (folder.path / "segment-00002.mp4.part").write_bytes(b"half")
    folder.close()
    again = WorkFolder.open(output, KEY)
    assert again.segments == [first, second]
    assert again.next_frame == 40
    assert again.place == Place(index=40, last_pts=1560, first_pts=0, sound=True)
    assert sorted(p.name for p in again.path.iterdir()) == [
        "journal.json", "lock", "segment-00000.mp4", "segment-00001.mp4",
    ]  # fmt: skip
    again.close()


def test_damage_before_makes_the_place_unsound(output: Path) -> None:
    folder = WorkFolder.open(output, KEY)
    record(folder, 0, repaired=1)
    place = folder.place
    assert place is not None
    assert not place.sound
    folder.close()


@pytest.mark.parametrize("damage", ["missing", "shorter", "gap"])
def test_only_whole_segments_without_gaps_count(output: Path, damage: str) -> None:
    folder = WorkFolder.open(output, KEY)
    for number in range(3):
        record(folder, number)
    folder.close()
    second = folder.path / "segment-00001.mp4"
    if damage == "missing":
        second.unlink()
    elif damage == "shorter":
        second.write_bytes(b"x")
    else:
        content = json.loads((folder.path / "journal.json").read_text())
        del content["segments"][1]
        (folder.path / "journal.json").write_text(json.dumps(content))
    again = WorkFolder.open(output, KEY)
    assert again.next_frame == 20
    again.close()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ({**KEY, "input": {"size": 6}}, ["input (size)"]),
        ({**KEY, "settings": {"style": "ink", "strength": 1.0}}, ["settings (style)"]),
        ({**KEY, "weights": "x"}, ["weights"]),
        ({"input": {"size": 5}}, ["settings"]),
    ],
)
def test_another_job_starts_over_and_says_why(
    output: Path, key: dict[str, Any], words: list[str]
) -> None:
    folder = WorkFolder.open(output, KEY)
    record(folder, 0)
    folder.close()
    again = WorkFolder.open(output, key)
    assert again.segments == []
    assert all(word in again.started_over for word in words)
    assert [p.name for p in again.path.iterdir()] == ["lock"]
    again.close()


def test_records_have_types(output: Path) -> None:
    folder = WorkFolder.open(output, KEY)
    good = asdict(record(folder, 0))
    folder.close()
    assert SegmentRecord.parse(good).frames == 20
    for bad in ({**good, "frames": "20"}, {**good, "file": 3}, {"number": 0}, {**good, "x": 1}):
        with pytest.raises(TypeError):
            SegmentRecord.parse(bad)


def test_a_second_run_is_refused_until_the_first_ends(output: Path) -> None:
    pytest.importorskip("fcntl")
    folder = WorkFolder.open(output, KEY)
    with pytest.raises(OutputError, match="another run"):
        WorkFolder.open(output, KEY)
    folder.close()
    WorkFolder.open(output, KEY).close()


def test_identity_tells_files_apart(tmp_path: Path) -> None:
    one = tmp_path / "a"
    one.write_bytes(b"a" * 100)
    before = input_identity(one)
    assert input_identity(one) == before
    one.write_bytes(b"b" * 100)
    assert input_identity(one)["ends"] != before["ends"]


def test_a_folder_that_its_last_owner_deletes_is_made_again(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    first = WorkFolder.open(output, KEY)
    really_lock = fcntl.flock

    def lock_after_the_first_ended(file: Any, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", really_lock)
        first.remove()
        first.close()
        really_lock(file, how)

    monkeypatch.setattr(fcntl, "flock", lock_after_the_first_ended)
    second = WorkFolder.open(output, KEY)
    assert (second.path / "lock").exists()
    with pytest.raises(OutputError, match="another run"):
        WorkFolder.open(output, KEY)
    second.close()


def test_a_folder_that_goes_before_it_is_locked_is_made_again(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_take = FolderLock.take

    def take_after_it_went(folder: Path, busy: str, name: str) -> FolderLock:
        monkeypatch.setattr(FolderLock, "take", really_take)
        folder.rmdir()
        return FolderLock.take(folder, busy, name)

    monkeypatch.setattr(FolderLock, "take", take_after_it_went)
    folder = WorkFolder.open(output, KEY)
    assert (folder.path / "lock").exists()
    folder.close()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system cannot refuse links")
def test_a_link_in_the_lock_s_place_is_refused(output: Path, tmp_path: Path) -> None:
    folder = work_path(output)
    folder.mkdir()
    (folder / "lock").symlink_to(tmp_path / "nowhere" / "lock")
    with pytest.raises(OutputError, match="cannot write into folder"):
        WorkFolder.open(output, KEY)


def test_long_names_have_a_folder(tmp_path: Path) -> None:
    output = tmp_path / ("n" * 250 + ".mp4")
    assert len(work_path(output).name) < 60
    WorkFolder.open(output, KEY).close()


def test_a_damaged_first_file_is_why_the_job_starts_over(output: Path) -> None:
    with closing(WorkFolder.open(output, KEY)) as folder:
        first = folder.file_of(record(folder, 0))
        record(folder, 1)
    first.write_bytes(b"cut")
    with closing(WorkFolder.open(output, KEY)) as folder:
        assert folder.segments == []
        assert "damaged" in folder.started_over


def test_a_clean_copy_is_kept_by_its_job_and_dropped_without(output: Path) -> None:
    folder = WorkFolder.open(output, KEY)
    clean_copy_path(output).write_bytes(b"copy")
    folder.close()
    WorkFolder.open(output, {"other": 1}).close()
    assert clean_copy_path(output).exists()
    drop_clean_copy(output)
    assert not folder.path.exists()


def test_last_words_say_what_is_kept_and_tidy_up(output: Path) -> None:
    folder = WorkFolder.open(output, KEY)
    assert last_words(output) == "nothing was kept"
    assert not folder.path.exists()
    folder.close()
    folder = WorkFolder.open(output, KEY)
    record(folder, 0)
    assert last_words(output) == folder.how_to_go_on()
    folder.close()
    assert last_words(output).startswith(f"20 frames are kept in {folder.path.name!r}; run")


def test_the_clean_copy_of_another_run_is_not_dropped(output: Path) -> None:
    pytest.importorskip("fcntl")
    folder = WorkFolder.open(output, KEY)
    clean_copy_path(output).write_bytes(b"copy")
    drop_clean_copy(output)
    assert clean_copy_path(output).exists()
    folder.close()
