"""What a user gets: a wheel that carries its weights and runs from anywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests import measure

BUILD_TIMEOUT_S = 120
RUN_TIMEOUT_S = 300
SHIPPED_SUFFIXES = {".toml", ".md", ".xml", ".bin", ".onnx", ".safetensors"}


def run(*command: object, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed and return what it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network from the working tree."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(
        command, cwd=repository, check=True, capture_output=True, timeout=BUILD_TIMEOUT_S
    )
    return next(folder.glob("videotoon-*.whl"))


@pytest.fixture(scope="session")
def contents(wheel: Path) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(wheel) as archive:
        yield archive


def test_every_weight_of_the_manifest_is_shipped(contents: zipfile.ZipFile) -> None:
    manifest = tomllib.loads(contents.read("videotoon/_weights/manifest.toml").decode())
    assert manifest["default"] in manifest["style"]
    files = [file for network in manifest["network"] for file in network["files"]]
    assert files
    for file in files:
        content = contents.read(f"videotoon/_weights/{file['path']}")
        assert hashlib.sha256(content).hexdigest() == file["sha256"], file["path"]
    for style in manifest["style"].values():
        assert f"videotoon/_weights/{style['card']}" in contents.namelist()


def test_nothing_else_is_shipped(contents: zipfile.ZipFile) -> None:
    for name in contents.namelist():
        first, _, rest = name.partition("/")
        if first == "videotoon" and rest.startswith("_weights/"):
            assert Path(name).suffix in SHIPPED_SUFFIXES
        else:
            assert first == "videotoon" or first.endswith(".dist-info"), name
        assert "__pycache__" not in name


def test_licence_and_command(contents: zipfile.ZipFile) -> None:
    names = contents.namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    assert "videotoon = videotoon.cli.app:main" in contents.read(entry).decode()


def test_core_needs_no_torch(contents: zipfile.ZipFile) -> None:
    name = next(name for name in contents.namelist() if name.endswith("METADATA"))
    needs = [
        line.removeprefix("Requires-Dist: ")
        for line in contents.read(name).decode().splitlines()
        if line.startswith("Requires-Dist: ") and "extra ==" not in line
    ]
    assert needs
    assert not any("torch" in line or "facexlib" in line for line in needs)


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of another environment that holds the wheel; its libraries are borrowed from here."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = Path(
        run(
            python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
        ).strip()
    )
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    run(*command, "--target", site, wheel, cwd=folder)
    # After the wheel on sys.path and without reading .pth files: an editable install of the
    # working tree must not shadow it.
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    return python


@pytest.fixture
def clean_environment(command_environment: dict[str, str]) -> dict[str, str]:
    """The command's environment without the working tree on the import path."""
    return {name: value for name, value in command_environment.items() if name != "PYTHONPATH"}


@pytest.mark.slow
def test_runs_from_another_folder(
    installed: Path, clean_environment: dict[str, str], tmp_path: Path, repository: Path
) -> None:
    where = "import videotoon; print(videotoon.__file__)"
    found = run(installed, "-c", where, cwd=tmp_path, env=clean_environment)
    assert not Path(found.strip()).is_relative_to(repository)
    assert Path(found.strip()).is_relative_to(installed.parent.parent)
    listed = run(installed, "-m", "videotoon", "styles", cwd=tmp_path, env=clean_environment)
    assert "cel" in listed


@pytest.mark.slow
def test_cartoons_a_clip_from_another_folder(
    installed: Path, clean_environment: dict[str, str], tmp_path: Path, sample_media: Path
) -> None:
    source, result = sample_media / "portrait.mp4", tmp_path / "out.mp4"
    arguments = [source, result, "--end", "1", "--progress", "none"]
    run(installed, "-m", "videotoon", *arguments, cwd=tmp_path, env=clean_environment)
    expected = [seconds for seconds in measure.frame_times(source) if seconds < 1]
    assert measure.frame_times(result) == pytest.approx(expected, abs=0.001)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
