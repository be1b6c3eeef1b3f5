"""Files of the repository that must agree with each other."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from tools.freeze_constraints import pins
from videotoon import __version__
from videotoon.errors import exit_code_table


def requirements(repository: Path) -> set[str]:
    """Names of everything that pyproject.toml asks for, normalised."""
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[\[<>=!~ ;]", line)[0].lower().replace("_", "-") for line in lines}
    return names - {"videotoon"}


def test_constraints_pin_every_requirement(repository: Path) -> None:
    text = (repository / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    assert requirements(repository) <= pinned
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    assert "torch==2.13.0" in lines
    assert "torchvision==0.28.0" in lines


def test_pins_drop_local_tags_and_paths() -> None:
    frozen = "torch==2.13.0+cpu\n-e /somewhere\nvideotoon @ file:///x\nav==18.1.0\n"
    assert pins(frozen) == ["av==18.1.0", "torch==2.13.0"]


def test_exit_codes_are_documented(repository: Path) -> None:
    text = (repository / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", text, re.MULTILINE)
    assert [(int(code), meaning) for code, meaning in rows] == exit_code_table()


def test_changelog_knows_the_version(repository: Path) -> None:
    assert f"## [{__version__}]" in (repository / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "sample_media/README.md"])
def test_local_links_lead_somewhere(repository: Path, page: str) -> None:
    text = (repository / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert (repository / page).parent.joinpath(link).exists(), link


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("target", ["demo", "test", "lint", "types", "check", "wheel", "samples"])
def test_make_knows_its_targets(repository: Path, target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
