"""Bring your own model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engine.conftest import random_planes
from videotoon.engine.open import open_style
from videotoon.engine.styliser import Styliser
from videotoon.errors import StyleError
from videotoon.frame import BT709, FrameSize
from videotoon.settings import Settings

TEACHERS = [
    "AnimeGANv3_Hayao_36_fp16_512.tflite",
    "AnimeGANv3_Shinkai_37.pb",
    "AnimeGANv3_tiny_Cute.onnx",
]


def contract(path: Path):
    opened = open_style(Settings(style=str(path)), FrameSize(64, 48), BT709)
    assert opened.network.rgb is not None
    return opened.network.rgb


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("size", [None, (64, 96)])
def test_layout_and_size_are_found(make_onnx, layout, size):
    found = contract(make_onnx(layout=layout, size=size, last="Tanh"))
    assert found.layout == found.output_layout == layout
    assert found.fixed == (None if size is None else FrameSize(96, 64))
    assert (found.input_range, found.output_range) == ((-1, 1), (-1, 1))
    assert found.range_source == "graph"


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_identity_network_gives_the_picture_back(make_onnx, layout):
    picture = np.random.default_rng(0).integers(60, 190, (50, 70, 3)).astype(np.uint8)
    picture = np.repeat(np.repeat(picture[::10, ::10], 10, axis=0), 10, axis=1)
    painted = Styliser(style=str(make_onnx(layout=layout)), precision="fp32")(picture)
    assert np.abs(painted.astype(int) - picture).mean() < 12  # 4:2:0 at hard edges
    flat = np.full_like(picture, 99)
    assert np.abs(Styliser(style=str(make_onnx()))(flat).astype(int) - 99).max() <= 2


def test_range_is_probed(make_onnx):
    """A network that darkens by 20 of 255 codes only makes sense with values 0..255."""
    path = make_onnx(shift=-20.0)
    assert contract(path).input_range == (0, 255)
    assert contract(path).range_source == "probed"
    flat = np.full((64, 64, 3), 120, np.uint8)
    assert np.abs(Styliser(style=str(path), precision="fp32")(flat).astype(int) - 100).max() <= 1


def test_sidecar_overrules_the_graph(make_onnx):
    path = make_onnx(last="Tanh")
    sidecar = path.with_name(path.name + ".toml")
    sidecar.write_text("input_range = [0, 1]\noutput_range = [-1, 1]\nmultiple = 32\nleast = 64\n")
    found = contract(path)
    assert (found.input_range, found.output_range) == ((0, 1), (-1, 1))
    assert (found.multiple, found.least, found.range_source) == (32, 64, "stated")
    sidecar.write_text('layout = "HWC"')
    with pytest.raises(StyleError, match="layout = 'HWC'"):
        contract(path)
    sidecar.write_text("range = ")
    with pytest.raises(StyleError, match="correct or remove it"):
        contract(path)


def test_bgr_networks(make_onnx):
    """A red picture through a network that adds to its first channel only... in BGR."""
    path = make_onnx()
    path.with_name(path.name + ".toml").write_text('channels = "BGR"\nrange = [0, 1]')
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[...] = (180, 90, 60)
    painted = Styliser(style=str(path), precision="fp32")(picture)
    assert np.abs(painted.astype(int) - picture).max() <= 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 4}, "no axis of 3 colours"),
        ({"size": (48, "w")}, "fixes only one side"),
    ],
)
def test_unusable_networks(make_onnx, options, message):
    with pytest.raises(StyleError, match=message):
        contract(make_onnx(**options))


@pytest.mark.parametrize("suffix", [".onnx", ".pb", ".tflite", ".xml", ".pt", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"this is not a network", bytes(range(256)) * 40])
def test_garbage(tmp_path: Path, suffix, content):
    path = tmp_path / f"garbage{suffix}"
    path.write_bytes(content)
    (tmp_path / "garbage.bin").write_bytes(content)
    with pytest.raises(StyleError, match="garbage"):
        contract(path)


@pytest.mark.parametrize("size", [FrameSize(90, 61), FrameSize(200, 48), FrameSize(3, 5)], ids=str)
def test_fixed_network_keeps_the_aspect(make_onnx, size):
    """Windows and reflection around an identity must give the picture back."""
    path = make_onnx(size=(64, 64))
    planes = random_planes(size)
    painted = (
        open_style(Settings(style=str(path), precision="fp32"), size, BT709).session().paint(planes)
    )
    assert painted.size == size
    # A slightly larger picture is scaled to the network and back, which costs fine noise.
    assert np.abs(painted.y.astype(float) - planes.y).mean() < 12


def test_fixed_network_shows_no_seams(make_onnx):
    """Windows of an identity fade into each other without a trace."""
    size = FrameSize(200, 90)
    planes = random_planes(size)
    path = make_onnx(size=(64, 64))
    settings = Settings(style=str(path), precision="fp32")
    painted = open_style(settings, size, BT709).session().paint(planes)
    inside = np.abs(painted.y.astype(int) - planes.y)
    assert np.quantile(inside, 0.5) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", TEACHERS)
@pytest.mark.parametrize("size", [FrameSize(270, 480), FrameSize(96, 64)], ids=str)
def test_teachers(shared: Path, name, size):
    planes = random_planes(size)
    opened = open_style(Settings(style=str(shared / "teachers" / name)), size, BT709)
    assert opened.network.rgb is not None
    assert opened.network.rgb.layout == "NHWC"
    assert list(opened.network.rgb.input_range) == [-1, 1]
    painted = opened.session().paint(planes)
    assert painted.size == size
    similarity = np.corrcoef(painted.y.ravel(), planes.y.ravel())[0, 1]
    assert similarity > 0.7, "a painting resembles its subject"
    assert np.abs(painted.y.astype(int) - planes.y).mean() > 1
    assert len(opened.describe()["sha256"][name]) == 64
