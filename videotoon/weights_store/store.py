"""Finding weights that were fetched, or that the user put somewhere, and checking all there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from videotoon.errors import WeightsError
from videotoon.weights_store.catalogue import FETCHABLE, PinnedFile
from videotoon.weights_store.environment import (
    FOLDER_VARIABLE,
    fetched_folder,
    own_folder,
    weights_folders,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of checking one file.

    Attributes:
        name: Style or file it belongs to.
        path: The file.
        problem: What is wrong, empty if nothing.
        cure: What to do about it.
    """

    name: str
    path: Path
    problem: str = ""
    cure: str = ""


def find_weights(file: PinnedFile) -> Path | None:
    """Path of a file with the pinned content, or None.

    Raises:
        WeightsError: A file of that name is there but has other content.
    """
    for folder in weights_folders():
        path = folder / file.file_name
        if path.is_file():
            file.check(path, cure_for(file, path))
            return path
    return None


def require_weights(file: PinnedFile) -> Path:
    """Path of a file with the pinned content.

    Raises:
        WeightsError: It is nowhere, or was altered.
    """
    path = find_weights(file)
    if path is None:
        folders = " or ".join(str(folder) for folder in weights_folders())
        raise WeightsError(
            f"{file.name} was not fetched yet ({file.file_name} is not in {folders})",
            f"pull it first: videotoon weights pull {file.name}",
        )
    return path


def cure_for(file: PinnedFile, path: Path) -> str:
    """What to do about an altered file."""
    if path.parent == fetched_folder():
        return f"fetch it again: videotoon weights pull {file.name}"
    return f"replace or remove it, or unset {FOLDER_VARIABLE}"


def verify_fetched() -> Iterator[Verdict]:
    """Hash every fetched file and every one in the user's own folder.

    A folder that is named but is not there is a verdict as well.
    """
    named = own_folder()
    if named is not None and not named.is_dir():
        yield Verdict(FOLDER_VARIABLE, named, f"{named} is no folder", f"correct {FOLDER_VARIABLE}")
    for file in FETCHABLE:
        for folder in weights_folders():
            path = folder / file.file_name
            if not path.is_file():
                continue
            try:
                file.check(path, cure_for(file, path))
            except WeightsError as error:
                yield Verdict(file.name, path, error.problem, error.cure)
            else:
                yield Verdict(file.name, path)


def verify_bundled() -> Iterator[Verdict]:
    """Hash every file of the bundled styles.

    Raises:
        WeightsError: There is no manifest, or it is damaged.
    """
    from videotoon.engine.styles import load_catalogue

    for style in load_catalogue().styles.values():
        for network in style.networks:
            try:
                network.verify()
            except WeightsError as error:
                yield Verdict(network.name, network.path, error.problem, error.cure)
            else:
                yield Verdict(network.name, network.path)
