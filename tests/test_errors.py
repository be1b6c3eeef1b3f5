"""The error tree and its table of exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.document_exit_codes import PAGE
from videotoon import errors
from videotoon.errors import VideotoonError, exit_code_table


def tree(root: type[VideotoonError] = VideotoonError) -> Iterator[type[VideotoonError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__.startswith("videotoon"):
            yield from tree(child)


def test_every_error_has_its_own_code_and_summary() -> None:
    classes = list(tree())
    codes = [error.exit_code for error in classes]
    assert len(set(codes)) == len(codes)
    assert all(0 < code < 128 or code == 130 for code in codes)
    assert len({error.summary for error in classes}) == len(classes)


def test_every_error_class_lives_in_the_tree_module() -> None:
    """Only then the table is complete without importing the whole package."""
    assert {error.__module__ for error in tree()} == {errors.__name__}


def test_table_is_sorted_and_complete() -> None:
    table = exit_code_table()
    assert table == sorted(table)
    assert {code for code, _ in table} == {0} | {error.exit_code for error in tree()}


def test_page_is_what_the_generator_writes(repository: Path) -> None:
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in exit_code_table())
    text = (repository / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    assert text == PAGE.format(rows=rows), "run `python -m tools.document_exit_codes`"


@pytest.mark.parametrize("error", list(tree()), ids=lambda error: error.__name__)
def test_message_is_one_line_with_problem_and_cure(error: type[VideotoonError]) -> None:
    made = error("cannot read 'x':\n  it is gone", "look again")
    assert str(made) == "cannot read 'x': it is gone - look again"
    assert (made.problem, made.cure) == ("cannot read 'x': it is gone", "look again")
    assert str(error("nothing more to say")) == "nothing more to say"


def test_library_never_exits(repository: Path) -> None:
    """Only the command line turns errors into exit codes."""
    for file in (repository / "videotoon").rglob("*.py"):
        if "cli" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\bsys\.exit\(|\bos\._exit\(|raise SystemExit", text), file.name
