"""The command answers quickly because heavy libraries are imported only when they are used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "torchvision", "cv2", "openvino", "av", "onnx", "facexlib", "scipy", "skimage"}


def imported(*arguments: object, cwd: Path, env: dict[str, str]) -> set[str]:
    """Top-level modules that ``python -m videotoon`` with these arguments imports."""
    command = [sys.executable, "-X", "importtime", "-m", "videotoon", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert lines
    return {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["styles"]], ids=str)
def test_light_commands_import_nothing_heavy(
    arguments: list[str], tmp_path: Path, command_environment: dict[str, str]
) -> None:
    loaded = imported(*arguments, cwd=tmp_path, env=command_environment)
    assert not loaded & HEAVY


def test_the_default_job_never_imports_torch(
    tmp_path: Path, command_environment: dict[str, str], sample_media: Path
) -> None:
    source = sample_media / "portrait.mp4"
    arguments = [source, tmp_path / "out.mp4", "--end", "0.2", "--progress", "none"]
    loaded = imported(*arguments, cwd=tmp_path, env=command_environment)
    assert "openvino" in loaded
    assert not loaded & {"torch", "torchvision", "facexlib"}
