"""Calibration measures for real, stores the best, and is believed only on the same machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from videotoon.engine import calibration
from videotoon.engine.base import BackendName
from videotoon.engine.calibration import (
    LEAST_DECIBELS,
    SIZE,
    Measured,
    best_of,
    calibrate,
    calibrated,
    calibration_key,
    sample_picture,
)
from videotoon.engine.open import open_style
from videotoon.engine.styles import load_catalogue
from videotoon.errors import SettingsError
from videotoon.frame import BT709
from videotoon.settings import Settings
from videotoon.system.machine import CACHE_VARIABLE, usable_cores


def key_of(name: str, backend: BackendName = "openvino", device: str = "CPU") -> str:
    return calibration_key(load_catalogue().styles[name], backend, device)


def test_calibrating_the_default_style_stores_a_precision_that_keeps_the_picture(
    tmp_path: Path,
) -> None:
    style = load_catalogue().default
    found = calibrate(Settings(style=style), tmp_path)
    assert [one.fps for one in found] == sorted((one.fps for one in found), reverse=True)
    assert any(one.precision == "fp32" and one.decibels == float("inf") for one in found)
    assert {one.streams for one in found} >= {usable_cores(), max(1, usable_cores() // 2)}
    best = best_of(found)
    assert best.decibels >= LEAST_DECIBELS
    assert calibrated(key_of(style), tmp_path) == (best.precision, best.streams)


def test_nothing_is_chosen_before_calibrating(tmp_path: Path) -> None:
    assert calibrated(key_of("cel"), tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"machine": {"processor": "another"}}'])
def test_a_damaged_or_foreign_file_is_not_believed(tmp_path: Path, content: str) -> None:
    (tmp_path / "calibration.json").write_text(content, encoding="utf-8")
    assert calibrated(key_of("cel"), tmp_path) is None


def test_a_new_machine_forgets_what_the_old_one_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = Measured("int8", 50.0, 60.0, 2)
    calibration._store(key_of("cel"), best, tmp_path)
    assert calibrated(key_of("cel"), tmp_path) == ("int8", 2)
    monkeypatch.setattr(calibration, "usable_cores", lambda: 4096)
    assert calibrated(key_of("cel"), tmp_path) is None
    calibration._store(key_of("hayao"), best, tmp_path)
    stored = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert list(stored["styles"]) == [key_of("hayao")]


def test_what_one_engine_or_device_measured_says_nothing_of_another(tmp_path: Path) -> None:
    calibration._store(key_of("cel", "torch", "cpu"), Measured("bf16", 9.0, 60.0, 1), tmp_path)
    assert calibrated(key_of("cel"), tmp_path) is None
    assert calibrated(key_of("cel", "torch", "cuda"), tmp_path) is None
    assert calibrated(key_of("cel", "torch", "cpu"), tmp_path) == ("bf16", 1)


def test_new_weights_are_measured_anew() -> None:
    style = load_catalogue().styles["cel"]
    network = style.networks[0]
    altered = replace(network, files=(replace(network.files[0], sha256="0" * 64),))
    other = replace(style, networks=(altered, *style.networks[1:]))
    assert calibration_key(other, "openvino", "CPU") != key_of("cel")


def test_a_mixture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="one by one"):
        calibrate(Settings(mix="cel:0.5,hayao:0.5"), tmp_path)


@pytest.mark.parametrize(("fewer", "streams"), [(103.0, 2), (107.0, 1)])
def test_fewer_streams_are_taken_only_where_they_are_clearly_faster(
    fewer: float, streams: int
) -> None:
    found = [Measured("int8", 100.0, 60.0, 2), Measured("int8", fewer, 60.0, 1)]
    assert best_of(found).streams == streams


def test_a_job_takes_the_streams_that_were_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    calibration._store(key_of("cel"), Measured("int8", 9.0, 60.0, 5), None)
    assert open_style(Settings(style="cel"), SIZE, BT709).streams == 5
    assert open_style(Settings(style="cel", precision="fp32"), SIZE, BT709).streams < 5
    assert open_style(Settings(style="cel", workers=3), SIZE, BT709).streams == 3


def test_the_sample_picture_is_the_same_every_time() -> None:
    one, other = sample_picture(SIZE), sample_picture(SIZE)
    assert one.size == SIZE
    np.testing.assert_array_equal(one.y, other.y)
