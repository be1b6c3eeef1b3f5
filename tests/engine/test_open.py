"""Choosing engine, device, precision, size and streams."""

from __future__ import annotations

import json

import pytest

from videotoon.engine.open import choose_painting_size, open_style
from videotoon.errors import BackendError, StyleError
from videotoon.frame import BT709, FrameSize
from videotoon.settings import Settings
from videotoon.system import machine

SIZE = FrameSize(32, 32)


def test_description_is_plain(catalogue):
    opened = open_style(Settings(style="p4", workers=3), SIZE, BT709, catalogue=catalogue)
    facts = opened.describe()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["backend"] == "openvino"
    assert facts["streams"] == opened.streams == 3
    assert set(facts["sha256"]) == {"sd.xml", "sd.bin"}


def test_streams_default_to_usable_cores(catalogue):
    opened = open_style(Settings(style="p4"), SIZE, BT709, catalogue=catalogue)
    assert opened.streams == machine.usable_cores()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "int8"}, "int8 is not possible.*possible: .*fp32"),
        ({"device": "GPU.7"}, "no device 'GPU.7' here - it has cpu"),
        ({"device": "cuda:9"}, "torch has no device 'cuda:9' here"),
        ({"backend": "torch", "device": "NPU"}, "torch has no device 'NPU' here"),
    ],
)
def test_impossible_wishes(catalogue, options, message):
    with pytest.raises(BackendError, match=message):
        open_style(Settings(style="p4", **options), SIZE, BT709, catalogue=catalogue)


def test_torch_cannot_open_onnx(make_onnx):
    settings = Settings(style=str(make_onnx(last="Tanh")), backend="torch")
    with pytest.raises(BackendError, match="torch cannot open"):
        open_style(settings, SIZE, BT709)


def test_commercial_ok(catalogue):
    with pytest.raises(StyleError, match="forbids commercial use"):
        open_style(Settings(style="locked", commercial_ok=True), SIZE, BT709, catalogue=catalogue)


@pytest.mark.parametrize(
    ("size", "max_side", "expected"),
    [
        (FrameSize(1920, 1080), None, FrameSize(1920, 1080)),
        (FrameSize(1920, 1080), 960, FrameSize(960, 540)),
        (FrameSize(1080, 1920), 641, FrameSize(360, 640)),
        (FrameSize(65, 1), 64, FrameSize(64, 1)),
        (FrameSize(100, 50), 100, FrameSize(100, 50)),
    ],
)
def test_painting_size(size, max_side, expected):
    assert choose_painting_size(size, max_side) == expected


def test_cores_respect_quota(tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert machine._cgroup_quota(tmp_path) == 2
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine._cgroup_quota(tmp_path) == 0
    assert machine._cgroup_quota(tmp_path / "nowhere") == 0
    monkeypatch.setattr(machine, "_cgroup_quota", lambda: 1)
    assert machine.usable_cores() == 1


def test_cache_folder_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path))
    assert machine.cache_folder() == tmp_path
    monkeypatch.delenv("VIDEOTOON_CACHE")
    assert machine.cache_folder().parts[-1] in ("videotoon", "Cache")


def test_unwritable_cache_does_not_stop_the_job(catalogue, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path / "file"))
    open_style(Settings(style="p4"), SIZE, BT709, catalogue=catalogue)


def test_damaged_cache_does_not_stop_the_job(catalogue, monkeypatch, tmp_path):
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path))
    open_style(Settings(style="p4"), SIZE, BT709, catalogue=catalogue)
    blobs = list((tmp_path / "compiled").glob("*.blob"))
    assert blobs
    for blob in blobs:
        blob.write_bytes(blob.read_bytes()[: blob.stat().st_size // 2])
    open_style(Settings(style="p4"), SIZE, BT709, catalogue=catalogue)
