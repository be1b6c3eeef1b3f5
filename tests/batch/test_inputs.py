"""Which files a batch takes and what their results are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from videotoon.batch.inputs import Found, find_inputs
from videotoon.batch.naming import Names
from videotoon.batch.settings import BatchSettings
from videotoon.errors import SettingsError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "in"
    names = (
        "a.mp4",
        "b.MOV",
        "notes.txt",
        ".hidden.mp4",
        "sub/a.mp4",
        "sub/deep/p.png",
        ".x/c.mp4",
    )
    for name in names:
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return top


def relative(found: list[Found]) -> list[str]:
    return [item.relative.as_posix() for item in found]


def test_a_folder_is_searched_and_mirrored(tree: Path, tmp_path: Path) -> None:
    found = find_inputs([str(tree)], tmp_path / "out")
    assert relative(found) == ["a.mp4", "b.MOV", "sub/a.mp4", "sub/deep/p.png"]


def test_a_pattern_mirrors_what_lies_below_its_fixed_part(tree: Path, tmp_path: Path) -> None:
    found = find_inputs([f"{tree}/**/*.mp4"], tmp_path / "out")
    assert relative(found) == ["a.mp4", "sub/a.mp4"]


def test_each_file_comes_once_and_named_files_whatever_their_suffix(
    tree: Path, tmp_path: Path
) -> None:
    inputs = [str(tree / "notes.txt"), str(tree / "a.mp4"), str(tree), str(tree / "a.mp4")]
    found = find_inputs(inputs, tmp_path / "out")
    assert relative(found)[:2] == ["notes.txt", "a.mp4"]
    assert len(found) == 5


def test_what_is_missing_is_kept_so_that_the_run_can_say_so(tmp_path: Path) -> None:
    found = find_inputs([str(tmp_path / "no.mp4"), f"{tmp_path}/*.mkv"], tmp_path / "out")
    assert [item.path.name for item in found] == ["no.mp4", "*.mkv"]


def test_results_do_not_become_inputs(tree: Path, tmp_path: Path) -> None:
    inside = tree / "out"
    inside.mkdir()
    (inside / "r.mp4").write_bytes(b"x")
    assert "out/r.mp4" not in relative(find_inputs([str(tree)], inside))
    mine = {(tree / "a.mp4").resolve()}
    assert "a.mp4" not in relative(find_inputs([str(tree)], tree, mine))


def found(*names: str) -> list[Found]:
    return [Found(Path("/in") / name, Path(name)) for name in names]


def keys(names: Names, inputs: list[Found]) -> list[str]:
    return [item.key for item in names.items(inputs)]


def test_clashes_are_resolved_and_said(tmp_path: Path) -> None:
    names = Names(tmp_path, BatchSettings(ext="mp4"), {})
    assert keys(names, found("a.mkv", "a.mov", "a.mp4", "b.avi")) == [
        "a-mkv.mp4",
        "a-mov.mp4",
        "a.mp4",
        "b.mp4",
    ]
    assert names.take_sentences() == [
        "a.mkv becomes a-mkv.mp4: a.mp4 takes the name a.mp4",
        "a.mov becomes a-mov.mp4: a.mp4 takes the name a.mp4",
    ]


def test_names_of_earlier_runs_stay(tmp_path: Path) -> None:
    names = Names(tmp_path, BatchSettings(ext="mp4"), {"a.mp4": "/in/a.mov"})
    assert keys(names, found("a.mkv", "a.mov")) == ["a-mkv.mp4", "a.mp4"]


def test_equal_names_from_two_folders_are_numbered(tmp_path: Path) -> None:
    names = Names(tmp_path, BatchSettings(), {})
    inputs = [Found(Path(f"/{place}/A.png"), Path("A.png")) for place in "xyz"]
    assert keys(names, inputs) == ["A.png", "A-png.png", "A-2.png"]


def test_suffix_and_extensions(tmp_path: Path) -> None:
    names = Names(tmp_path, BatchSettings(suffix="_cel", ext="webm,jpg"), {})
    assert keys(names, found("s/a.avi", "p.tif")) == ["s/a_cel.webm", "p_cel.jpg"]
    kept = Names(tmp_path, BatchSettings(), {})
    assert keys(kept, found("a.avi", "b.mkv", "p.webp")) == ["a.mp4", "b.mkv", "p.webp"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("ext", "exe"), ("ext", "mp4,mkv"), ("suffix", "a/b"), ("jobs", 0), ("retries", -1)],
)
def test_unusable_options_are_refused(option: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"--{option}"):
        BatchSettings(**{option: value})
