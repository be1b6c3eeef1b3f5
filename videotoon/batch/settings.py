"""Every option of a batch beyond those of a single job, defined and checked once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from videotoon.errors import SettingsError

MAX_JOBS = 64
MAX_RETRIES = 100
_NAME_PART = re.compile(r"[^/\\\0]*")


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """Options of one batch; frozen, validated on creation.

    Raises:
        SettingsError: A value is unusable; the message names option, value and cure.
    """

    suffix: str = ""
    """Added to the name of every result, before the extension, e.g. `_cel`."""

    ext: str = ""
    """Extension of the results: one for videos, one for pictures, or both, e.g. `mp4,png`.
    Without it they keep the input's, or take .mp4 where that cannot be written."""

    jobs: int | None = None
    """Files worked on at the same time; they share the cores. By default one per four cores."""

    retries: int = 1
    """How often a file is tried again after a failure that might pass."""

    stdin: bool = False
    """Read further inputs from standard input, one per line."""

    dry_run: bool = False
    """Only say what would be done and how long it would take."""

    watch: bool = False
    """Go on and take files that appear later, until Ctrl-C."""

    settle: float = 3.0
    """With --watch: seconds for which a file must not have grown before it is taken."""

    def __post_init__(self) -> None:
        if self.jobs is not None:
            _check("--jobs", self.jobs, 1, MAX_JOBS)
        _check("--retries", self.retries, 0, MAX_RETRIES)
        _check("--settle", self.settle, 0.1, 3600)
        if _NAME_PART.fullmatch(self.suffix) is None:
            raise SettingsError(
                f"--suffix {self.suffix!r} holds a slash", "give a part of a name such as _cel"
            )
        if self.watch and self.dry_run:
            raise SettingsError("--watch and --dry-run exclude each other", "leave one out")
        _ = self.video_ext, self.picture_ext

    @property
    def video_ext(self) -> str:
        """Extension of all videos with its dot, empty to keep the input's."""
        from videotoon.encode.encoders import CONTAINERS

        return self._ext_among(tuple(CONTAINERS))

    @property
    def picture_ext(self) -> str:
        """Extension of all pictures with its dot, empty to keep the input's."""
        from videotoon.picture import PICTURE_SUFFIXES

        return self._ext_among(PICTURE_SUFFIXES)

    def _ext_among(self, known: tuple[str, ...]) -> str:
        from videotoon.encode.encoders import CONTAINERS
        from videotoon.picture import PICTURE_SUFFIXES

        possible = (*CONTAINERS, *PICTURE_SUFFIXES)
        words = [f".{word.strip().lower().lstrip('.')}" for word in self.ext.split(",") if word]
        for word in words:
            if word not in possible:
                raise SettingsError(
                    f"--ext {self.ext!r} is not one that can be written",
                    f"use one of {', '.join(possible)}",
                )
        fitting = [word for word in words if word in known]
        if len(fitting) > 1:
            raise SettingsError(
                f"--ext {self.ext!r} names two of a kind", "give one for videos, one for pictures"
            )
        return fitting[0] if fitting else ""


def _check(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(
            f"{option} {value} is out of range", f"give a value from {low:g} to {high:g}"
        )
