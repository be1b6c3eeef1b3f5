"""Presets: built in, from a file, and what wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunVideotoon
from videotoon.batch.presets import choose_preset, load_presets
from videotoon.errors import SettingsError


def test_the_built_in_ones_are_valid_and_say_what_they_are_for() -> None:
    presets = load_presets()
    assert {"shorts", "hd", "draft"} <= set(presets)
    assert all(preset.about and preset.values for preset in presets.values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[x]\nstrenght = 1.0", "strenght"),
        ("[x]\nstrength = 'much'", "not a number"),
        ("[x]\nstrength = 7.0", "out of range"),
        ("[x]\ndetail = 'ultra'", "not one of auto, sd, hd"),
        ("[x]\noverwrite = true", "not an option for presets"),
        ("x = 3", "no table"),
        ("[x", "no TOML"),
    ],
)
def test_a_wrong_preset_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "p.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words) as caught:
        load_presets(file)
    assert "p.toml" in str(caught.value)


def test_one_alone_needs_no_name(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text("[mine]\nquality = 30\n")
    assert choose_preset("", file).values == {"quality": 30}
    file.write_text("[mine]\nquality = 30\n[other]\nquality = 20\n")
    with pytest.raises(SettingsError, match="--use"):
        choose_preset("", file)


def test_they_are_listed(run_videotoon: RunVideotoon) -> None:
    listed = run_videotoon("presets")
    assert listed.code == 0, listed
    assert "shorts" in listed.stdout
    assert "--max-side 1280" in listed.stdout


def test_options_of_the_command_line_win(
    run_videotoon: RunVideotoon, tmp_path: Path, sample_media: Path
) -> None:
    (tmp_path / "p.toml").write_text("[mine]\nstrength = 0.0\nsuffix = '_m'\next = 'png'\n")
    photo = sample_media / "photo.jpg"
    done = run_videotoon("batch", photo, "-o", "out", "--preset-file", "p.toml", "--suffix", "_n")
    assert done.code == 0, done
    assert (tmp_path / "out" / "photo_n.png").is_file()
    unknown = run_videotoon("batch", photo, "-o", "out", "--use", "nothing")
    assert unknown.code == 2
    assert "there is no preset 'nothing'" in unknown.stderr
