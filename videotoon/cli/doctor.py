"""``videotoon doctor``: what this machine has, what is wrong, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator

from videotoon.cli.checks import SUBJECTS, Finding
from videotoon.errors import BackendError
from videotoon.progress import printable

Check = Callable[[], Iterator[Finding]]


def run_doctor(subjects: Iterable[Check] = SUBJECTS) -> None:
    """Print every finding, then every problem with its cure.

    Raises:
        BackendError: The default job cannot work on this machine.
    """
    findings: list[Finding] = []
    for check in subjects:
        for finding in _guarded(check):
            findings.append(finding)
            print(printable(_line(finding), sys.stdout), flush=True)
    problems = [finding for finding in findings if finding.cure]
    print()
    for finding in problems:
        print(printable(f"{finding.subject}: {finding.cure}", sys.stdout))
    stopping = [finding.subject for finding in problems if finding.stops]
    if stopping:
        raise BackendError(
            f"the default job cannot work here: {', '.join(stopping)}", "see the cures above"
        )
    print("The default job works." if not problems else "The default job works all the same.")


def _guarded(check: Check) -> Iterator[Finding]:
    """Run a check; one that fails in a way nobody thought of is a finding, too."""
    try:
        yield from check()
    except Exception as error:  # the doctor must not die of what it looks for
        name = getattr(check, "__name__", "check").replace("_", " ")
        words = " ".join(f"{type(error).__name__}: {error}".split())
        yield Finding(name, f"could not be looked at ({words})", "please report this", stops=True)


def _line(finding: Finding) -> str:
    mark = "!!" if finding.stops else "! " if finding.cure else "ok"
    return f"{mark}  {finding.subject:<24} {' '.join(finding.fact.split())}"
