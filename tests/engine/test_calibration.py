"""Calibration measures for real, stores the best, and is believed only on the same machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from videotoon.engine import calibration
from videotoon.engine.calibration import (
    LEAST_DECIBELS,
    SIZE,
    calibrate,
    calibrated_precision,
    sample_picture,
)
from videotoon.engine.styles import load_catalogue
from videotoon.settings import Settings


def test_calibrating_the_default_style_stores_a_precision_that_keeps_the_picture(
    tmp_path: Path,
) -> None:
    style = load_catalogue().default
    found = calibrate(Settings(style=style), tmp_path)
    assert [one.fps for one in found] == sorted((one.fps for one in found), reverse=True)
    assert any(one.precision == "fp32" and one.decibels == float("inf") for one in found)
    chosen = calibrated_precision(style, tmp_path)
    best = next(one for one in found if one.decibels >= LEAST_DECIBELS)
    assert chosen == best.precision


def test_nothing_is_chosen_before_calibrating(tmp_path: Path) -> None:
    assert calibrated_precision("cel", tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"machine": {"processor": "another"}}'])
def test_a_damaged_or_foreign_file_is_not_believed(tmp_path: Path, content: str) -> None:
    (tmp_path / "calibration.json").write_text(content, encoding="utf-8")
    assert calibrated_precision("cel", tmp_path) is None


def test_a_new_machine_forgets_what_the_old_one_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = calibration.Measured("int8", 50.0, 60.0)
    calibration._store("cel", best, tmp_path)
    assert calibrated_precision("cel", tmp_path) == "int8"
    monkeypatch.setattr(calibration, "usable_cores", lambda: 4096)
    assert calibrated_precision("cel", tmp_path) is None
    calibration._store("hayao", best, tmp_path)
    stored = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert list(stored["styles"]) == ["hayao"]


def test_the_sample_picture_is_the_same_every_time() -> None:
    one, other = sample_picture(SIZE), sample_picture(SIZE)
    assert one.size == SIZE
    np.testing.assert_array_equal(one.y, other.y)
