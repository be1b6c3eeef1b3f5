"""``videotoon export``: a style as a portable ONNX file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from videotoon.engine.styles import resolve_style
from videotoon.errors import BackendError, OutputError
from videotoon.job import check_output
from videotoon.progress import printable
from videotoon.settings import DetailChoice

NEEDED = ("torch", "onnx")


def run_export(style: str, output: Path, detail: DetailChoice, overwrite: bool) -> None:
    """Check everything, then write the file; it gets its name only when it is complete.

    Raises:
        VideotoonError: As one line with value, cause and cure; nothing is written then.
    """
    if output.suffix.lower() != ".onnx":
        raise OutputError(
            f"output {output.name!r} is no .onnx file", "give a name such as cel.onnx"
        )
    found = resolve_style(style)
    check_output(found.networks[0].path, output, overwrite)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise BackendError(
            f"export needs {' and '.join(missing)}, not installed here",
            "pip install 'videotoon[export]'",
        )
    from videotoon.engine.export import export_onnx

    written = export_onnx(style, output, scale=None if detail == "auto" else detail)
    text = (
        f"{written.path}: {written.network.name}, {written.path.stat().st_size / 1024:.0f} kB; "
        f"RGB 0..255 [1, H, W, 3], sides in multiples of {written.multiple}"
    )
    print(printable(text, sys.stderr), file=sys.stderr)
