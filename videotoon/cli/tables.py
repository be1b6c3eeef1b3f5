"""Plain text tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from videotoon.engine.styles import load_catalogue
from videotoon.weights_store.styles import fetched_styles


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns under a header."""
    lines = [list(header), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    padded = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    padded.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(padded)


def print_styles() -> None:
    """Print the bundled styles, and those that were fetched."""
    catalogue = load_catalogue()
    rows = []
    for style in (*catalogue.styles.values(), *fetched_styles()):
        info = style.info
        name = f"{info.name} (default)" if info.name == catalogue.default else info.name
        smallest = min(sum(file.size for file in network.files) for network in style.networks)
        scales = "+".join(sorted({network.scale or "-" for network in style.networks}))
        commercial = {True: "yes", False: "no", None: "not stated"}[info.commercial]
        rows.append(
            [name, info.title, scales, f"{smallest / 1024:.0f} kB", commercial, info.licence,
             info.source]
        )  # fmt: skip
    header = ["style", "look", "scales", "size", "commercial", "licence", "source"]
    print(table(header, rows))
