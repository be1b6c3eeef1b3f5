"""Network files of the user's own as styles, and the facts that lie beside them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videotoon.engine.quantised import READING_KEYS, quantised_form
from videotoon.engine.styles import Style, StyleInfo
from videotoon.engine.weights import FORMS, StyleNetwork, WeightFile, file_sha256
from videotoon.errors import StyleError

KNOWN_KEYS = frozenset({*READING_KEYS, "title", "licence", "commercial", "source"})
"""What a sidecar may say."""


def style_of_file(path: Path) -> Style:
    """Describe a network file of the user's own as a style.

    Args:
        path: The file; a ``.toml`` of its whole name beside it may say more about it.

    Raises:
        StyleError: The file, or one that it needs beside it, is missing or of no known kind.
    """
    if path.suffix.lower() not in FORMS:
        raise StyleError(
            f"--style {str(path)!r} is not a kind of network file that is known",
            f"give one of {' '.join(FORMS)}, or a name from `videotoon styles`",
        )
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "does not exist"
        raise StyleError(f"--style {str(path)!r} {problem}", "check the path of the network file")
    path = path.resolve()
    form = FORMS[path.suffix.lower()]
    sidecar = read_sidecar(path)
    files = [path, path.with_suffix(".bin")] if form == "openvino" else [path]
    for file in files:
        if not file.is_file():
            raise StyleError(f"{path} needs {file.name} beside it", "copy both files")
    network = StyleNetwork(
        style=path.stem,
        kind="rgb",
        form=form,
        files=tuple(WeightFile(f, file_sha256(f), f.stat().st_size) for f in files),
    )
    commercial = sidecar.get("commercial")
    info = StyleInfo(
        name=str(path),
        title=str(sidecar.get("title", path.stem)),
        licence=str(sidecar.get("licence", "not stated")),
        commercial=commercial if isinstance(commercial, bool) else None,
        source=str(sidecar.get("source", "your file")),
    )
    integer = quantised_form(network, sidecar)
    return Style(info, (network,) if integer is None else (network, integer), sidecar)


def read_sidecar(path: Path) -> Mapping[str, Any]:
    """Content of ``<file>.toml`` beside a network file; empty where there is none.

    Raises:
        StyleError: It is there but is no TOML, or says what is not known.
    """
    sidecar = path.with_name(path.name + ".toml")
    if not sidecar.is_file():
        return {}
    try:
        content = tomllib.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StyleError(f"cannot read {sidecar}: {error}", "correct or remove it") from error
    unknown = sorted(content.keys() - KNOWN_KEYS)
    if unknown:
        raise StyleError(
            f"{sidecar} says {', '.join(unknown)}, which is not known",
            f"known: {', '.join(sorted(KNOWN_KEYS))}",
        )
    return content
