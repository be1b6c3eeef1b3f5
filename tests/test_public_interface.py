"""What `from videotoon import ...` offers, and what importing it costs."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import videotoon
from tests.media import ClipSpec, make_clip, numbered

HEAVY = ("torch", "cv2", "openvino", "av", "numpy", "tqdm", "cyclopts")


@pytest.mark.parametrize("name", videotoon.__all__)
def test_every_public_name_loads_and_is_documented(name: str) -> None:
    found = getattr(videotoon, name)
    assert name == "__version__" or inspect.getdoc(found)
    assert name in dir(videotoon)


def test_unknown_names_fail_as_usual() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = videotoon.Nothing
    with pytest.raises(ImportError):
        from videotoon import Nothing  # noqa: F401


@pytest.mark.parametrize("name", ["Styliser", "stylise_video"])
def test_callables_document_arguments_and_errors(name: str) -> None:
    text = inspect.getdoc(getattr(videotoon, name)) or ""
    assert "Args:" in text
    assert "Raises:" in text


def test_styliser_documents_shape_and_range() -> None:
    text = inspect.getdoc(videotoon.Styliser.__call__) or ""
    for word in ("RGB", "uint8", "height, width, 3", "0..255"):
        assert word in text


def test_importing_is_cheap(repository: Path) -> None:
    code = f"import sys, videotoon; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_settings_need_no_heavy_module(repository: Path) -> None:
    code = (
        "import sys; from videotoon import Settings, VideotoonError; Settings();"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_picture_in_picture_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path))
    picture = numbered(3, 97, 65)
    before = picture.copy()
    painted = videotoon.Styliser(videotoon.Settings())(picture)
    assert painted.shape == picture.shape
    assert painted.dtype == np.uint8
    assert np.array_equal(picture, before), "the input is not touched"
    assert np.abs(painted.astype(int) - picture).mean() > 0.5


def test_video_in_video_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path / "cache"))
    source = make_clip(tmp_path / "in.mp4", ClipSpec(width=96, height=64, frames=3)).path
    report = videotoon.stylise_video(str(source), str(tmp_path / "out.mp4"))
    assert isinstance(report, videotoon.Report)
    assert report.frames_out == 3


def test_errors_are_of_one_tree(tmp_path: Path) -> None:
    with pytest.raises(videotoon.VideotoonError) as caught:
        videotoon.stylise_video(tmp_path / "gone.mp4", tmp_path / "out.mp4")
    assert caught.value.exit_code == 3
    with pytest.raises(videotoon.VideotoonError):
        videotoon.Settings(strength=2.0)
