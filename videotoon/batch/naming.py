"""Where each result goes: the input's tree mirrored, clashes resolved and said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath

from videotoon.batch.inputs import Found
from videotoon.batch.settings import BatchSettings
from videotoon.encode.encoders import CONTAINERS
from videotoon.picture import is_picture


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One file to be done.

    Attributes:
        source: The input.
        key: The result's place below the output folder, with forward slashes; unique.
        output: Where the result goes.
    """

    source: Path
    key: str
    output: Path

    @property
    def picture(self) -> bool:
        """True for a still picture."""
        return is_picture(self.source)


class Names:
    """Gives every input a name of its own among the results.

    Args:
        folder: The output folder.
        settings: Suffix and extensions.
        owners: Inputs by the names that earlier runs gave them; they are kept, so that a name does
            not depend on which other files are there.
    """

    def __init__(self, folder: Path, settings: BatchSettings, owners: Mapping[str, str]) -> None:
        self._folder = folder
        self._settings = settings
        self._owners = {key.casefold(): source for key, source in owners.items()}
        self._earlier: dict[str, list[str]] = defaultdict(list)
        for key, source in owners.items():
            self._earlier[source].append(key)
        self._sentences: list[str] = []

    def items(self, found: Iterable[Found]) -> list[BatchItem]:
        """Return what is to be done for each input, in the same order."""
        ordered = list(found)
        # Who bears the name already has the first right to it.
        first = sorted(ordered, key=lambda one: self._wanted(one) != one.relative.as_posix())
        items = {one.path: self._item(one) for one in first}
        return [items[one.path] for one in ordered]

    def take_sentences(self) -> list[str]:
        """Return what there is to say about names given since the last call."""
        sentences, self._sentences = self._sentences, []
        return sentences

    def _item(self, found: Found) -> BatchItem:
        source = str(found.path)
        wanted = self._wanted(found)
        key = self._free(wanted, source)
        if key != wanted and key not in self._earlier[source]:
            other = self._owners[wanted.casefold()]
            self._sentences.append(
                f"{found.relative} becomes {key}: {Path(other).name} takes the name {wanted}"
            )
        self._owners[key.casefold()] = source
        return BatchItem(found.path, key, self._folder / key)

    def _wanted(self, found: Found) -> str:
        relative, settings = found.relative, self._settings
        suffix = relative.suffix.lower()
        if is_picture(relative):
            suffix = settings.picture_ext or suffix
        else:
            suffix = settings.video_ext or (suffix if suffix in CONTAINERS else ".mp4")
        return relative.with_name(f"{relative.stem}{settings.suffix}{suffix}").as_posix()

    def _free(self, wanted: str, source: str) -> str:
        """Return the name wanted or, where another input has it, the first free one after it."""
        for name in self._earlier[source]:
            if _is_variant(name, wanted):
                return name
        return next(name for name in _variants(wanted, source) if self._is_free(name, source))

    def _is_free(self, name: str, source: str) -> bool:
        return self._owners.get(name.casefold(), source) == source


def _is_variant(name: str, wanted: str) -> bool:
    """Tell whether an earlier run's name still belongs to what is wanted now."""
    one, other = PurePosixPath(name), PurePosixPath(wanted)
    same_place = one.parent == other.parent and one.suffix == other.suffix
    return same_place and (one.stem == other.stem or one.stem.startswith(f"{other.stem}-"))


def _variants(wanted: str, source: str) -> Iterator[str]:
    """Yield the name wanted, then names with the input's kind or a number added."""
    path = PurePosixPath(wanted)
    yield wanted
    yield str(path.with_stem(f"{path.stem}-{Path(source).suffix.lower().lstrip('.')}"))
    for number in count(2):
        yield str(path.with_stem(f"{path.stem}-{number}"))
