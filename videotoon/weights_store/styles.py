"""Fetched networks as styles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from videotoon.errors import WeightsError
from videotoon.weights_store.catalogue import FETCHABLE, PinnedFile
from videotoon.weights_store.store import find_weights, require_weights

if TYPE_CHECKING:
    from pathlib import Path

    from videotoon.engine.styles import Style

FETCHABLE_STYLES = {file.name: file for file in FETCHABLE if file.style}


def fetched_style(name: str) -> Style | None:
    """The style of a fetched network; None where no network of that name can be fetched.

    Raises:
        WeightsError: It can be, but was not yet, or was altered since.
    """
    file = FETCHABLE_STYLES.get(name)
    return None if file is None else _style(file, require_weights(file))


def fetched_styles() -> Iterator[Style]:
    """All fetched networks whose content is right."""
    for file in FETCHABLE_STYLES.values():
        try:
            path = find_weights(file)
        except WeightsError:
            continue  # `videotoon weights verify` says what is wrong with it
        if path is not None:
            yield _style(file, path)


def _style(file: PinnedFile, path: Path) -> Style:
    from videotoon.engine.styles import StyleInfo, resolve_style

    style = resolve_style(str(path.absolute()))
    info = StyleInfo(
        name=file.name,
        title=file.title,
        licence=file.licence,
        commercial=file.commercial,
        source=file.address,
    )
    return replace(style, info=info)
