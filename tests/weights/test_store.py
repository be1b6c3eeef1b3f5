"""The catalogue, finding what was fetched, checking it, and painting with it."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from tests.weights.conftest import CONTENT, blob_pinned, pinned
from videotoon.errors import StyleError, WeightsError
from videotoon.weights_store import catalogue, store, styles
from videotoon.weights_store.catalogue import (
    ANIMEGAN2,
    FETCHABLE,
    RETINAFACE,
    fetchable,
    git_blob_id,
)

FILE = pinned(CONTENT)


def test_catalogue_is_sound():
    assert len({file.name for file in FETCHABLE}) == len(FETCHABLE)
    for file in FETCHABLE:
        assert file.address.startswith("https://")
        assert file.address.endswith(file.file_name)
        assert file.licences
        assert re.fullmatch(r"[0-9a-f]{64}|", file.sha256)
        assert re.fullmatch(r"[0-9a-f]{40}|", file.git_blob)
        assert file.size or file.rough_size
        assert (file.size or 0) <= catalogue.LARGEST_FILE
        assert fetchable(file.name) is fetchable(file.file_name) is file
    for file in ANIMEGAN2:
        assert [licence.short for licence in file.licences] == ["MIT", "non-commercial"]
        assert not file.commercial


def test_pinned_ids_are_the_published_ones(shared: Path):
    text = (shared / "README.md").read_text(encoding="utf-8")
    for file in ANIMEGAN2:
        assert f"| {file.file_name} | {file.git_blob} |" in text


def test_pinned_face_weights_are_the_real_ones(shared: Path):
    assert not RETINAFACE.difference(shared / "weights" / RETINAFACE.file_name)


def test_a_pin_is_needed():
    with pytest.raises(ValueError, match="one pin"):
        pinned(CONTENT, sha256="")
    with pytest.raises(ValueError, match="one pin"):
        pinned(CONTENT, git_blob="1234")


def test_git_blob_id_is_that_of_git(tmp_path: Path):
    path = tmp_path / "thing"
    path.write_bytes(CONTENT)
    asked = ["git", "hash-object", "--no-filters", str(path)]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    assert git_blob_id(path) == done.stdout.strip()
    path.write_bytes(b"")
    assert git_blob_id(path) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(WeightsError, match=r"'face_paint_v2' - did you mean 'face_paint_512_v2'"):
        fetchable("face_paint_v2")


@pytest.mark.parametrize("file", [FILE, blob_pinned(CONTENT)], ids=["sha256", "blob"])
def test_altered_content_is_told_from_missing(own_environment: Path, file):
    with pytest.raises(WeightsError, match=r"pull it first: videotoon weights pull thing"):
        store.require_weights(file)
    own_environment.mkdir(parents=True)
    path = own_environment / "thing.pt"
    path.write_bytes(CONTENT)
    assert store.require_weights(file) == path
    path.write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(WeightsError, match=r"has .* - fetch it again: videotoon weights pull"):
        store.find_weights(file)
    path.write_bytes(CONTENT + b"x")
    with pytest.raises(WeightsError):
        store.find_weights(file)


def test_own_folder_comes_first(own_environment: Path, tmp_path: Path, monkeypatch):
    own = tmp_path / "own"
    monkeypatch.setenv("VIDEOTOON_WEIGHTS", str(own))
    own_environment.mkdir(parents=True)
    (own_environment / "thing.pt").write_bytes(CONTENT)
    assert store.find_weights(FILE) == own_environment / "thing.pt"
    own.mkdir()
    (own / "thing.pt").write_bytes(CONTENT)
    assert store.find_weights(FILE) == own / "thing.pt"
    (own / "thing.pt").write_bytes(b"x")
    with pytest.raises(WeightsError, match="replace or remove it, or unset VIDEOTOON_WEIGHTS"):
        store.find_weights(FILE)


def test_verify_looks_at_everything(own_environment: Path, tmp_path: Path, monkeypatch):
    other = blob_pinned(b"other", "other")
    monkeypatch.setattr(store, "FETCHABLE", (FILE, other))
    assert list(store.verify_fetched()) == []
    own_environment.mkdir(parents=True)
    (own_environment / "thing.pt").write_bytes(CONTENT)
    (own_environment / "other.pt").write_bytes(b"wrong")
    monkeypatch.setenv("VIDEOTOON_WEIGHTS", str(tmp_path / "nowhere"))
    verdicts = {verdict.name: verdict for verdict in store.verify_fetched()}
    assert "is no folder" in verdicts["VIDEOTOON_WEIGHTS"].problem
    assert verdicts["thing"].problem == ""
    assert "git blob" in verdicts["other"].problem
    assert verdicts["other"].cure == "fetch it again: videotoon weights pull other"


@pytest.fixture
def checkpoint(animegan2_file: Path, own_environment: Path, monkeypatch) -> Path:
    """A random AnimeGANv2 generator in the place of a fetched one."""
    content = animegan2_file.read_bytes()
    facts = {"style": True, "commercial": False, "licences": ANIMEGAN2[0].licences}
    file = blob_pinned(content, "paprika", **facts)
    monkeypatch.setitem(styles.FETCHABLE_STYLES, "paprika", file)
    own_environment.mkdir(parents=True)
    path = own_environment / "paprika.pt"
    path.write_bytes(content)
    return path


def test_fetched_style_by_name(checkpoint: Path):
    from videotoon.engine.open import open_style
    from videotoon.engine.styles import require_commercial_use, resolve_style
    from videotoon.frame import BT709, FrameSize
    from videotoon.settings import Settings

    style = resolve_style("paprika")
    assert style.info.name == "paprika"
    assert "MIT" in style.info.licence
    assert "non-commercial" in style.info.licence
    assert style.networks[0].path == checkpoint.resolve()
    assert [found.info.name for found in styles.fetched_styles()] == ["paprika"]
    with pytest.raises(StyleError, match="'paprika' forbids commercial use"):
        require_commercial_use(style)
    opened = open_style(Settings(style="paprika"), FrameSize(64, 48), BT709, streams=1)
    facts = opened.describe()
    assert facts["style"] == "paprika"
    assert facts["sha256"] == {"paprika.pt": hashlib.sha256(checkpoint.read_bytes()).hexdigest()}


def test_altered_fetched_style_is_refused(checkpoint: Path):
    from videotoon.engine.styles import resolve_style

    checkpoint.write_bytes(b"anything")
    with pytest.raises(WeightsError, match="weights pull paprika"):
        resolve_style("paprika")
    assert list(styles.fetched_styles()) == []


def test_style_that_was_not_fetched():
    from videotoon.engine.styles import resolve_style

    with pytest.raises(WeightsError, match="pull it first: videotoon weights pull celeba_distill"):
        resolve_style("celeba_distill")
