"""Pictures of any size, and export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engine.conftest import random_planes
from videotoon.engine import painting, tiling
from videotoon.engine.open import open_style
from videotoon.engine.styliser import COMPILED_SIZES, Styliser
from videotoon.errors import SettingsError, StyleError
from videotoon.frame import BT709, FrameSize
from videotoon.settings import Settings


def random_picture(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width] / 17
    waves = [np.sin(rows + columns * k) + np.cos(columns - rows / k) for k in (1, 2, 3)]
    return (128 + 55 * np.stack(waves, axis=-1)).astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 53), (64, 64), (2, 300)])
@pytest.mark.parametrize("style", ["p2", "p4"])
def test_any_size(catalogue, style, height, width):
    picture = random_picture(height, width)
    before = picture.copy()
    styliser = Styliser(style=style, catalogue=catalogue)
    painted = styliser(picture)
    assert painted.shape == picture.shape
    assert painted.dtype == np.uint8
    assert np.array_equal(picture, before)
    assert np.array_equal(styliser(picture[::-1, ::-1])[::-1, ::-1].shape, picture.shape)
    assert styliser.describe()["style"] == style


def test_strength(catalogue):
    # Colour noise from pixel to pixel, of which 4:2:0 planes lose most.
    noise = np.random.default_rng(0).integers(-40, 41, (40, 60, 3))
    picture = np.clip(random_picture(40, 60) + noise, 0, 255).astype(np.uint8)

    def paint(strength: float) -> np.ndarray:
        return Styliser(style="p4", strength=strength, catalogue=catalogue)(picture).astype(int)

    assert np.array_equal(paint(0.0), picture)
    little = np.abs(paint(0.02) - picture)
    assert little.mean() < 2.0, "what the planes lose belongs to the part that stays"
    assert little.max() <= 0.02 * 2 * 255 + 2, "a code of chroma is up to 1.9 codes of RGB"
    assert np.abs(paint(1.0) - picture).mean() > 10


def test_compiled_sizes_are_bounded(catalogue):
    styliser = Styliser(style="p4", catalogue=catalogue)
    for width in range(16, 16 + COMPILED_SIZES + 3):
        styliser(random_picture(16, width))
    assert len(styliser._opened) == COMPILED_SIZES


@pytest.mark.parametrize(
    ("picture", "error", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), TypeError, "float32"),
        ([[1]], TypeError, "list"),
        (np.zeros((4, 4), np.uint8), ValueError, r"\(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), ValueError, "4, 4, 4"),
        (np.zeros((0, 4, 3), np.uint8), ValueError, "0, 4, 3"),
    ],
)
def test_wrong_pictures(catalogue, picture, error, message):
    with pytest.raises(error, match=message):
        Styliser(style="p4", catalogue=catalogue)(picture)


def test_unknown_option():
    with pytest.raises(SettingsError, match="no such setting: colour"):
        Styliser(colour=1)


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_windows_are_exact(catalogue, monkeypatch, backend):
    size = FrameSize(340, 290)
    planes = random_planes(size)
    settings = Settings(style="p4", backend=backend, precision="fp32")
    whole = open_style(settings, size, BT709, catalogue=catalogue).session().paint(planes)

    def small_windows(network, wanted):
        return tiling.exact_arrangement(network, wanted, largest=1, side=192)

    monkeypatch.setattr(painting, "exact_arrangement", small_windows)
    opened = open_style(settings, size, BT709, catalogue=catalogue)
    session = opened.session()
    assert isinstance(session, painting.PhasesSession)
    assert not session._arrangement.single
    cut = session.paint(planes)
    for one, other in zip(whole.colour_planes, cut.colour_planes, strict=True):
        # Kernels may sum in another order at another size: the last bit, never a seam.
        assert np.abs(one.astype(int) - other).max() <= 1
        assert (one != other).mean() < 1e-3


@pytest.mark.slow
def test_largest_picture(catalogue):
    picture = np.tile(random_picture(512, 512), (8, 8, 1))
    painted = Styliser(style="p4", catalogue=catalogue)(picture)
    assert painted.shape == picture.shape


@pytest.mark.parametrize("style", ["p2", "p4", "animegan2"])
def test_export(catalogue, animegan2_file, tmp_path: Path, style):
    runtime = pytest.importorskip("onnxruntime")
    torch = pytest.importorskip("torch")
    import onnx
    import openvino

    from videotoon.engine.export import export_onnx, portable_module

    name = str(animegan2_file) if style == "animegan2" else style
    exported = export_onnx(name, tmp_path / "out.onnx", catalogue=catalogue)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.onnx"]
    facts = {entry.key: entry.value for entry in onnx.load(exported.path).metadata_props}
    assert int(facts["multiple"]) == exported.multiple
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1  # its threads spin, which starves them on a busy machine
    session = runtime.InferenceSession(
        str(exported.path), options, providers=["CPUExecutionProvider"]
    )
    core = openvino.Core()
    compiled = core.compile_model(str(exported.path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    module = portable_module(exported.network)
    for height, width in ((64, 48), (40, 80)):
        picture = random_picture(height, width)[None].astype(np.float32)
        with torch.inference_mode():
            expected = module(torch.from_numpy(picture)).numpy()
        limit = 2e-3 * 127.5  # 2e-3 of the networks' own range -1..1
        assert np.abs(session.run(None, {"image": picture})[0] - expected).max() < limit
        assert np.abs(compiled(picture)[0] - expected).max() < limit
        assert np.abs(expected - picture).max() > 5


def test_exported_file_is_a_style(catalogue, tmp_path: Path):
    pytest.importorskip("onnx")
    from videotoon.engine.export import export_onnx

    picture = random_picture(64, 64)
    exported = export_onnx("p4", tmp_path / "p4.onnx", catalogue=catalogue)
    again = Styliser(style=str(exported.path), precision="fp32")(picture)
    direct = Styliser(style="p4", precision="fp32", catalogue=catalogue)(picture)
    # Not equal: the exported file repeats chroma where the direct way interpolates it.
    assert np.abs(again.astype(int) - direct).mean() < 10
    assert np.corrcoef(again.ravel(), direct.ravel())[0, 1] > 0.97


def test_export_needs_torch_weights(make_onnx, tmp_path: Path):
    pytest.importorskip("torch")
    from videotoon.engine.export import export_onnx

    with pytest.raises(StyleError, match="cannot be exported: it holds onnx only"):
        export_onnx(str(make_onnx()), tmp_path / "out.onnx")
