"""Finding the files of a batch: files, folders, patterns and a list of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from videotoon.picture import PICTURE_SUFFIXES

VIDEO_SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg",
    ".flv", ".wmv", ".ogv", ".3gp", ".mxf", ".gif", ".vob", ".y4m",
)  # fmt: skip
"""What is taken from a folder; a file that is named itself is taken whatever its suffix."""


@dataclass(frozen=True, slots=True)
class Found:
    """An input file.

    Attributes:
        path: Where it lies, absolute.
        relative: Its place below the output folder, with the input's own name.
    """

    path: Path
    relative: Path


def find_inputs(
    inputs: Iterable[str], output: Path, own_results: Container[Path] = ()
) -> list[Found]:
    """Return every input file once, in a stable order.

    A folder is searched with all folders below it and its tree is mirrored; so is a pattern, below
    its first part without a wildcard. What does not exist is returned as well: the run says so
    for each, and goes on with the rest.

    Args:
        inputs: Files, folders and patterns (``clips/**/*.mov``).
        output: Where results go; a folder inside an input folder is left out of the search.
        own_results: Earlier results that must not become inputs.
    """
    found: dict[Path, Found] = {}
    for text in inputs:
        for item in _find(text, output.resolve()):
            if item.path not in own_results:
                found.setdefault(item.path, item)
    return list(found.values())


def _find(text: str, output: Path) -> Iterator[Found]:
    path = Path(text).expanduser()
    if path.is_dir():
        yield from _in_folder(path, output)
    elif path.exists() or not glob.has_magic(text):
        yield Found(path.resolve(), Path(path.name))
    else:
        yield from _matching(str(path), output)


def _in_folder(folder: Path, output: Path) -> Iterator[Found]:
    top = folder.resolve()
    for place, folders, names in os.walk(top):
        here = Path(place)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and here / name != output
        )
        for name in sorted(names):
            if _wanted(name):
                yield Found(here / name, (here / name).relative_to(top))


def _matching(pattern: str, output: Path) -> Iterator[Found]:
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    top = Path(*parts[:fixed]).resolve() if fixed else Path.cwd()
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - patterns may be absolute
    files = [Path(match).resolve() for match in matches if Path(match).is_file()]
    if not files:
        yield Found(Path(pattern).absolute(), Path(parts[-1]))
    for path in files:
        if not path.is_relative_to(output):
            inside = path.is_relative_to(top)
            yield Found(path, path.relative_to(top) if inside else Path(path.name))


def _wanted(name: str) -> bool:
    suffix = Path(name).suffix.lower()
    return not name.startswith(".") and suffix in (*VIDEO_SUFFIXES, *PICTURE_SUFFIXES)
