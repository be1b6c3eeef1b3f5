"""The program that came along goes before a system's, which may be old."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from videotoon.errors import EncodeError
from videotoon.system import ffmpeg_binary as finding


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program of that name on PATH, and none named."""
    program = tmp_path / ("ffmpeg.exe" if os.name == "nt" else "ffmpeg")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(finding.ENVIRONMENT_VARIABLE, raising=False)
    return str(program)


def test_the_one_that_came_along_is_first(on_path: str) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    assert finding.ffmpeg_binary() == imageio_ffmpeg.get_ffmpeg_exe() != on_path


def test_the_one_on_path_is_last(on_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert finding.ffmpeg_binary() == on_path


def test_none_is_one_line(on_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    Path(on_path).unlink()
    with pytest.raises(EncodeError, match="no FFmpeg program was found"):
        finding.ffmpeg_binary()
