"""The published AnimeGANv2 architecture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from videotoon.engine.checkpoints import load_module
from videotoon.engine.open import open_style
from videotoon.engine.styles import resolve_style
from videotoon.errors import StyleError
from videotoon.frame import BT709, FrameSize
from videotoon.settings import Settings

torch = pytest.importorskip("torch")
MODES = [(True, "output_align_corners"), (False, "output_no_align")]


def test_published_names_and_shapes(shared: Path):
    from videotoon.engine.networks.animegan2 import expected_shapes

    published = json.loads((shared / "reference" / "animegan2_state_dict.json").read_text())
    assert {name: list(shape) for name, shape in expected_shapes().items()} == published


@pytest.mark.parametrize(("align_corners", "output"), MODES)
def test_reference_vectors(shared: Path, animegan2_parameters, align_corners, output):
    import openvino

    from videotoon.engine.graphs import animegan2_graph
    from videotoon.engine.networks.animegan2 import AnimeGan2Generator

    vectors = np.load(shared / "reference" / "animegan2_vectors.npz")
    generator = AnimeGan2Generator(align_corners).eval()
    generator.load_state_dict(animegan2_parameters, strict=True)
    with torch.inference_mode():
        painted = generator(torch.from_numpy(vectors["input"])).numpy()
    assert np.abs(painted - vectors[output]).max() < 1e-4
    parameters = {name: value.numpy() for name, value in animegan2_parameters.items()}
    model = animegan2_graph(parameters, align_corners)
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert np.abs(compiled(vectors["input"])[0] - vectors[output]).max() < 2e-3


@pytest.mark.parametrize("wrapper", [None, "state_dict", "params_ema"])
def test_checkpoints_load(tmp_path: Path, animegan2_parameters, wrapper):
    content = {f"module.{name}": value for name, value in animegan2_parameters.items()}
    path = tmp_path / "net.pt"
    torch.save(content if wrapper is None else {wrapper: content}, path)
    load_module(resolve_style(str(path)).networks[0])


def test_safetensors_load_and_align_corners(tmp_path: Path, animegan2_parameters):
    from safetensors.torch import save_file

    path = tmp_path / "net.safetensors"
    save_file(animegan2_parameters, path)
    assert load_module(resolve_style(str(path)).networks[0]).align_corners
    (tmp_path / "net.safetensors.toml").write_text("align_corners = false")
    assert not load_module(resolve_style(str(path)).networks[0]).align_corners


class Planted:
    """An object whose unpickling would run code."""

    def __reduce__(self):
        return (print, ("executed",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a.weight": torch.zeros(3)}, "1 tensors, .* missing .* unknown such as 'a.weight'"),
        ({"a": Planted()}, "not a file of plain tensors"),
        ([1, 2], "holds a list"),
        ({}, "holds a dict"),
        ({"a": 1}, "more than tensors"),
    ],
    ids=["foreign", "pickle", "list", "empty", "number"],
)
def test_wrong_checkpoints(tmp_path: Path, capsys, content, message):
    path = tmp_path / "wrong.pt"
    torch.save(content, path)
    for backend in ("openvino", "torch"):
        with pytest.raises(StyleError, match=message):
            open_style(Settings(style=str(path), backend=backend), FrameSize(32, 32), BT709)
    assert "executed" not in capsys.readouterr().out


def test_wrong_shape(tmp_path: Path, animegan2_parameters):
    path = tmp_path / "wrong.pt"
    torch.save(animegan2_parameters | {"out_layer.0.weight": torch.zeros(4, 32, 1, 1)}, path)
    with pytest.raises(StyleError, match=r"has shape \(4, 32, 1, 1\), expected \(3, 32, 1, 1\)"):
        open_style(Settings(style=str(path)), FrameSize(32, 32), BT709)


def test_converted_once(animegan2_file, monkeypatch, tmp_path):
    """The second time no torch is needed."""
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path))
    settings = Settings(style=str(animegan2_file))
    open_style(settings, FrameSize(32, 32), BT709)
    import videotoon.engine.conversion as conversion

    def refuse():
        raise AssertionError("converted again")

    monkeypatch.setattr(conversion, "_checkpoints", refuse)
    open_style(settings, FrameSize(48, 32), BT709)
    for kept in (tmp_path / "converted").glob("*.xml"):
        kept.write_text("damaged")
    with pytest.raises(AssertionError, match="converted again"):
        open_style(settings, FrameSize(64, 32), BT709)


def test_no_converter_is_used(animegan2_file, tmp_path: Path, monkeypatch):
    """Opening a checkpoint of this architecture takes no tracing."""
    import openvino

    def refuse(*arguments, **options):
        raise AssertionError("convert_model was called")

    monkeypatch.setattr(openvino, "convert_model", refuse)
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path))
    open_style(Settings(style=str(animegan2_file)), FrameSize(32, 32), BT709)


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("count", [1, 2])
def test_the_norm_for_cuda_is_group_norm(kind, count):
    from videotoon.engine.networks.animegan2 import normalised

    generator = torch.Generator().manual_seed(3)
    given = torch.randn(count, 24, 20, 28, generator=generator) * 40 + 90
    weight, bias = torch.randn(24, generator=generator), torch.randn(24, generator=generator)
    values = [one.to(getattr(torch, kind)) for one in (given, weight, bias)]
    features = values[0].contiguous(memory_format=torch.channels_last)
    found = normalised(features, values[1], values[2], 1e-5)
    expected = torch.nn.functional.group_norm(
        values[0].double(), 1, *(one.double() for one in values[1:])
    )
    assert found.dtype == features.dtype
    assert found.is_contiguous(memory_format=torch.channels_last)
    step = torch.finfo(features.dtype).eps * float(expected.abs().max())
    assert float((found.double() - expected).abs().max()) < 20 * step


@pytest.mark.parametrize("borders", [(1, 1, 1, 1), (3, 3, 3, 3), (0, 1, 0, 1), (0, 0, 0, 0)])
def test_the_border_for_cuda_is_torchs(borders):
    from videotoon.engine.networks.animegan2 import grown

    given = torch.arange(2 * 3 * 5 * 7.0).reshape(2, 3, 5, 7)
    found = grown(given.contiguous(memory_format=torch.channels_last), borders)
    assert torch.equal(found, torch.nn.functional.pad(given, borders, "reflect"))
    assert found.is_contiguous(memory_format=torch.channels_last)
