"""What can be fetched: names, addresses, pinned content and licences, as frozen data."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from videotoon.errors import WeightsError

CHUNK: Final = 1 << 20
LARGEST_FILE: Final = 64 << 20
"""Transfers of files whose size is not pinned by itself end here."""


@dataclass(frozen=True, slots=True)
class Licence:
    """One statement about what may be done with weights; where two differ, both are shown.

    Attributes:
        short: A few words for tables.
        who: Who says so.
        text: What it comes down to, one sentence.
        address: Where to read it in full.
    """

    short: str
    who: str
    text: str
    address: str

    def __str__(self) -> str:
        return f"{self.short} ({self.who})"


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file of weights with its pinned content: a sha256, or the id git gives its content.

    Attributes:
        name: What ``videotoon weights pull`` takes, and ``--style`` if it is one.
        file_name: Name of the file, here and on mirrors.
        address: Where its authors publish it.
        title: What it is for, a few words.
        licences: At least one; all of them hold.
        commercial: Whether commercial use is allowed, as far as all licences go.
        sha256: Hash of the content, lower-case hexadecimal, or empty.
        git_blob: Git's id of the content, or empty. It also covers the length.
        size: Length in bytes, None where only the git id is published.
        rough_size: Length for tables, where it is not pinned by itself.
        style: True for networks that paint.
    """

    name: str
    file_name: str
    address: str
    title: str
    licences: tuple[Licence, ...]
    commercial: bool
    sha256: str = ""
    git_blob: str = ""
    size: int | None = None
    rough_size: int = 0
    style: bool = False

    def __post_init__(self) -> None:
        if bool(self.sha256) == bool(self.git_blob):
            raise ValueError(f"{self.name} needs one pin: sha256 or git_blob")

    @property
    def pin(self) -> str:
        """The pin in words, e.g. ``sha256 38ec7bb3c9cb...``."""
        kind = "sha256" if self.sha256 else "git blob"
        return f"{kind} {(self.sha256 or self.git_blob)[:12]}..."

    @property
    def licence(self) -> str:
        """All licences in a few words."""
        return "; ".join(str(licence) for licence in self.licences)

    @property
    def limit(self) -> int:
        """More bytes than this are never taken."""
        return LARGEST_FILE if self.size is None else self.size

    def difference(self, path: Path) -> str:
        """Say how a file differs from the pinned content, reading all of it; empty if it does not.

        Raises:
            OSError: It cannot be read.
        """
        size = path.stat().st_size
        if self.size is not None and size != self.size:
            return f"has {size} bytes, expected {self.size}"
        found = _sha256(path) if self.sha256 else git_blob_id(path)
        if found == (self.sha256 or self.git_blob):
            return ""
        return f"has {'sha256' if self.sha256 else 'git blob'} {found[:12]}..., expected {self.pin}"

    def check(self, path: Path, cure: str) -> None:
        """Check that a file has the pinned content.

        Args:
            path: The file.
            cure: What to do if it has not.

        Raises:
            WeightsError: It has other content, or cannot be read.
        """
        try:
            difference = self.difference(path)
        except OSError as error:
            raise WeightsError(f"cannot read {path}: {error.strerror or error}", cure) from error
        if difference:
            raise WeightsError(f"{path} {difference}", cure)

    def matches(self, path: Path) -> bool:
        """Tell whether a file is there and has the pinned content."""
        try:
            return not self.difference(path)
        except OSError:
            return False


def git_blob_id(path: Path) -> str:
    """Return git's id of a file's content: sha1 of ``blob <size>``, a zero byte and the bytes."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


MIT_TEXT: Final = (
    "free to use, change, distribute and sell as long as copyright notice and licence go along; "
    "no warranty"
)

_ANIMEGAN2_LICENCES: Final = (
    Licence(
        short="MIT",
        who="repository bryandlee/animegan2-pytorch, (c) 2021 Bryan Lee",
        text=MIT_TEXT,
        address="https://github.com/bryandlee/animegan2-pytorch/blob/main/LICENSE",
    ),
    Licence(
        short="non-commercial",
        who="Xin Chen, author of AnimeGANv2",
        text="anybody may use AnimeGANv2, but only for purposes that are not commercial, such as "
        "research, teaching and publications",
        address="https://github.com/TachibanaYoshino/AnimeGANv2#license",
    ),
)


def _animegan2(name: str, title: str, git_blob: str) -> PinnedFile:
    return PinnedFile(
        name=name,
        file_name=f"{name}.pt",
        address="https://raw.githubusercontent.com/bryandlee/animegan2-pytorch/main/weights/"
        f"{name}.pt",
        title=title,
        licences=_ANIMEGAN2_LICENCES,
        commercial=False,
        git_blob=git_blob,
        rough_size=8_600_000,
        style=True,
    )


RETINAFACE: Final = PinnedFile(
    name="retinaface",
    file_name="detection_mobilenet0.25_Final.pth",
    address="https://github.com/xinntao/facexlib/releases/download/v0.1.0/"
    "detection_mobilenet0.25_Final.pth",
    title="finds faces and five landmarks",
    licences=(
        Licence(
            short="MIT",
            who="biubug6/Pytorch_Retinaface",
            text=MIT_TEXT,
            address="https://github.com/biubug6/Pytorch_Retinaface/blob/master/LICENSE.MIT",
        ),
    ),
    commercial=True,
    sha256="38ec7bb3c9cbfe2f40edabc05fab970a6d648747cbc534092be85d5eb9b37ed0",
    size=1_789_735,
)

BISENET: Final = PinnedFile(
    name="bisenet",
    file_name="parsing_bisenet.pth",
    address="https://github.com/xinntao/facexlib/releases/download/v0.2.0/parsing_bisenet.pth",
    title="tells skin, eyes, lips, hair and clothes apart",
    licences=(
        Licence(
            short="MIT",
            who="zllrunning/face-parsing.PyTorch",
            text=MIT_TEXT,
            address="https://github.com/zllrunning/face-parsing.PyTorch/blob/master/LICENSE",
        ),
    ),
    commercial=True,
    sha256="468e13ca13a9b43cc0881a9f99083a430e9c0a38abd935431d1c28ee94b26567",
    size=53_289_463,
)

ANIMEGAN2: Final = (
    _animegan2(
        "face_paint_512_v2",
        "AnimeGANv2 portraits, second version",
        "d75102f8f201ddaf8dbe6b913b1a97585b55f838",
    ),
    _animegan2(
        "face_paint_512_v1",
        "AnimeGANv2 portraits, first version",
        "19c1a1da4d9580186109a2b055d91044e5127de6",
    ),
    _animegan2(
        "celeba_distill",
        "AnimeGANv2 webtoon faces",
        "3b7ea61b02254980831cc3bc77af30666dbc999c",
    ),
    _animegan2(
        "paprika",
        "AnimeGANv2 after the film Paprika",
        "58086c9db9fc7a9e5c2876ca31b8079599352643",
    ),
)

FACE_WEIGHTS: Final = (RETINAFACE, BISENET)
FETCHABLE: Final = (*ANIMEGAN2, *FACE_WEIGHTS)


def fetchable(name: str) -> PinnedFile:
    """Return what a name or file name stands for.

    Raises:
        WeightsError: Nothing is known under it; the nearest name is suggested.
    """
    for file in FETCHABLE:
        if name in (file.name, file.file_name):
            return file
    names = [file.name for file in FETCHABLE]
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    suggestion = f"did you mean {near[0]!r}? " if near else ""
    raise WeightsError(
        f"no weights are known under {name!r}", f"{suggestion}Known: {', '.join(names)}"
    )
