"""Writes ``docs/exit-codes.md`` from the error tree: ``python -m tools.document_exit_codes``."""

from __future__ import annotations

from pathlib import Path

from videotoon.errors import exit_code_table

TARGET = Path(__file__).resolve().parent.parent / "docs" / "exit-codes.md"
PAGE = """\
# Exit codes

Every error is one line on standard error that names the value, the cause and the cure. The exit
code says of which kind it is, so that scripts need not read the line.

| code | meaning |
|---:|---|
{rows}

Whatever the code: the input is never touched, an existing output is replaced only when the new one
is finished and was read back, and no half-written output is left. Work that can be taken up again
lies in a hidden folder beside the output; the message names it where there is any.

`videotoon batch` does not stop at a file that fails; it ends with 1 if any did, and names each.

In Python the same errors are classes below `videotoon.VideotoonError` with the attributes
`problem`, `cure` and `exit_code`.
"""


def main() -> None:
    """Write the page."""
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in exit_code_table())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(PAGE.format(rows=rows), encoding="utf-8")


if __name__ == "__main__":
    main()
