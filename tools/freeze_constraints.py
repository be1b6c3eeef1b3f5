"""Writes ``constraints.txt``: the exact versions that the tests last passed with.

Run it in the environment that was tested: ``python -m tools.freeze_constraints``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "constraints.txt"
HEADER = """\
# Versions that were tested together; written by `python -m tools.freeze_constraints`.
# Use it as `pip install -c constraints.txt .` - it pins, it does not install.
# No local tags (such as +cpu): `torch==2.13.0` takes a CPU build wherever pip is offered one.
"""
NOT_PINNED = {"videotoon", "pip", "setuptools", "wheel"}


def pins(frozen: str) -> list[str]:
    """Turn the output of ``pip freeze`` into pins without local version tags, sorted.

    Lines that are not of the form ``name==version`` (editable or from a path) are left out.
    """
    kept: list[str] = []
    for line in frozen.splitlines():
        name, separator, version = line.strip().partition("==")
        if separator and name.lower() not in NOT_PINNED:
            kept.append(f"{name}=={version.partition('+')[0]}")
    return sorted(kept, key=str.lower)


def main() -> None:
    """Freeze the running environment."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--exclude-editable"],
        check=True,
        capture_output=True,
        text=True,
    )
    TARGET.write_text(HEADER + "\n".join(pins(done.stdout)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
