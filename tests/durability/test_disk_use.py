"""Temporary disk: what lies beside the growing result is never larger than the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.media import Clicks, ClipSpec, held, make_clip
from videotoon.pipeline import stylise_video
from videotoon.remux import finish
from videotoon.settings import Settings

KEEPING_BYTES = 2048
"""Journal without its segments: what the work is done for."""

KEEPING_BYTES_PER_FILE = 1024
"""A line in the journal and the header of a file."""


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, int]]:
    """Runs a job; returns the largest number of bytes beside the result, and the saved files.

    Saved work only grows until the result is checked, so that is the moment to look.
    """
    found: list[tuple[int, int]] = []
    verify: Any = vars(finish)["verify"]

    def look_and_verify(part: Path, expected: object) -> None:
        sizes = {entry.name: entry.stat().st_size for entry in part.parent.iterdir()}
        saved = sum(name.startswith("segment") for name in sizes)
        found.append((sum(sizes.values()) - sizes[part.name], saved))
        verify(part, expected)

    monkeypatch.setattr(finish, "verify", look_and_verify)

    def run(clip: Path, settings: Settings, output: Path | None = None) -> tuple[int, int]:
        stylise_video(clip, output or clip.with_name("out.mp4"), settings)
        return found[-1]

    return run


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".webm"])
@pytest.mark.parametrize("still", [False, True])
def test_saved_work_is_smaller_than_a_result_with_sound(
    tmp_path: Path, beside: Any, suffix: str, still: bool
) -> None:
    paint = {"paint": held(1000)} if still else {}
    spec = ClipSpec(width=160, height=120, frames=140, sound=(Clicks(),), **paint)
    clip, output = make_clip(tmp_path / "in.mp4", spec).path, tmp_path / f"out{suffix}"
    size, saved = beside(clip, Settings(strength=0.0), output)
    assert saved == 3
    assert 0 < size <= output.stat().st_size


def test_without_sound_only_the_bookkeeping_comes_on_top(tmp_path: Path, beside: Any) -> None:
    clip = make_clip(tmp_path / "in.mp4", ClipSpec(width=160, height=120, frames=140)).path
    size, saved = beside(clip, Settings(strength=0.0))
    extra = size - (tmp_path / "out.mp4").stat().st_size
    assert extra <= KEEPING_BYTES + KEEPING_BYTES_PER_FILE * saved
