"""Reads and writes ``weights/manifest.toml``, the list of what is shipped."""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.painters import Style

FORMAT = 1


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A shipped file: path below the weights folder, SHA-256 and size."""

    path: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, weights: Path, path: str) -> "FileEntry":
        """The entry of an existing file."""
        content = (weights / path).read_bytes()
        return cls(path, hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True, slots=True)
class NetworkEntry:
    """One shipped form of one network."""

    style: str
    scale: str
    precision: str
    form: str
    phase: int
    stride: int
    receptive_field: int
    files: tuple[FileEntry, ...]


def update(path: Path, style: Style, networks: list[NetworkEntry], default: str) -> None:
    """Puts a style's networks into the manifest, in place of those of the same form."""
    values: dict[str, Any] = {"style": {}, "network": []}
    if path.exists():
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    values["style"][style.name] = {
        "title": style.title,
        "licence": style.licence,
        "commercial": not style.distilled,
        "source": style.source,
        "card": f"{style.name}/README.md",
    }
    fresh = {(n.style, n.scale, n.precision) for n in networks}
    kept = [n for n in values["network"] if (n["style"], n["scale"], n["precision"]) not in fresh]
    for network in networks:
        entry = {name: getattr(network, name) for name in NetworkEntry.__slots__}
        entry["files"] = [
            {"path": f.path, "sha256": f.sha256, "bytes": f.bytes} for f in network.files
        ]
        kept.append(entry)
    order = list(values["style"])
    kept.sort(key=lambda n: (order.index(n["style"]), n["scale"] != "sd", -len(n["files"])))
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen = default if default in values["style"] else order[0]
    fresh_file = path.with_suffix(".new")  # nobody ever reads half a manifest
    fresh_file.write_text(_to_toml(values["style"], kept, chosen), encoding="utf-8")
    fresh_file.replace(path)


def _to_toml(styles: dict[str, Any], networks: list[dict[str, Any]], default: str) -> str:
    lines = [
        "# Written by `python -m training export`; the hashes are checked by the tests.",
        f"format = {FORMAT}",
        f"default = {json.dumps(default)}",
    ]
    for name, values in styles.items():
        lines += ["", f"[style.{name}]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    for network in networks:
        lines += ["", "[[network]]"]
        for key, value in network.items():
            if key == "files":
                lines.append("files = [")
                lines += [f"    {_inline(file)}," for file in value]
                lines.append("]")
            else:
                lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def _inline(file: dict[str, Any]) -> str:
    """An inline table."""
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in file.items()) + " }"
