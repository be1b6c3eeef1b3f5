"""What the tests of the command share: small clips, and how a refusal must look."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import CommandResult
from tests.media import Clicks, ClipSpec, make_clip, numbered


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a whole clip; remembers what lay in it.

    Attributes:
        path: The folder, in which the command runs.
        clip: A whole clip, ``in.mp4``.
    """

    path: Path
    clip: Path

    def contents(self) -> dict[str, bytes | None]:
        """Every file below the folder with its bytes, every folder with None."""
        return {
            str(entry.relative_to(self.path)): entry.read_bytes() if entry.is_file() else None
            for entry in self.path.rglob("*")
        }


@pytest.fixture(scope="session")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 frames of 96x64 with sound."""
    spec = ClipSpec(width=96, height=64, frames=12, sound=(Clicks(at=(0.1,)),))
    return make_clip(tmp_path_factory.mktemp("clips") / "small.mp4", spec).path


@pytest.fixture(scope="session")
def small_picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PNG of 96x64 pixels."""
    cv2 = pytest.importorskip("cv2")
    path = tmp_path_factory.mktemp("pictures") / "small.png"
    cv2.imwrite(str(path), numbered(5, 96, 64)[:, :, ::-1])
    return path


@pytest.fixture
def desk(tmp_path: Path, small_clip: Path) -> Desk:
    """A folder of its own for the test, with the small clip in it."""
    clip = tmp_path / "in.mp4"
    shutil.copyfile(small_clip, clip)
    return Desk(tmp_path, clip)


def check_refusal(result: CommandResult, code: int, *words: str) -> str:
    """Check that a run ended with one proper error line, and return that line.

    Args:
        result: What the run gave.
        code: Exit code it must have.
        words: What the line must name (value, cause, cure).
    """
    assert result.code == code, result
    lines = result.error_lines
    errors = [line for line in lines if line.startswith("videotoon: ")]
    assert len(errors) == 1, result
    assert lines[-1] == errors[0], result
    assert "Traceback" not in result.stderr, result
    assert "internal error" not in errors[0], result
    assert " - " in errors[0], f"no cure: {errors[0]}"
    for word in words:
        assert word.lower() in errors[0].lower(), f"{word!r} is not in: {errors[0]}"
    return errors[0]


Refused = Callable[..., str]


@pytest.fixture
def refused(desk: Desk, run_videotoon: Callable[..., CommandResult]) -> Refused:
    """Run the command; it must refuse and leave the folder as it was.

    ``refused(5, ["in.mp4", "out.mp4"], "exists", "--overwrite")``: exit code, arguments, words that
    the error line must hold. Returns the line.
    """

    def run(code: int, arguments: list[object], *words: str, **keywords: object) -> str:
        before = desk.contents()
        result = run_videotoon(*arguments, cwd=desk.path, **keywords)
        line = check_refusal(result, code, *words)
        assert result.stdout == "", result
        after = desk.contents()
        assert after.keys() == before.keys(), "files were left or removed"
        assert after == before, "a file was changed"
        return line

    return run
