"""Small random networks of every kind, written the way real ones are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videotoon.engine.styles import Catalogue, load_catalogue
from videotoon.frame import FrameSize, Planes

PHASES = (2, 4)
RANDOM = 2026


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory):
    """Compiled networks go to a folder of this test session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIDEOTOON_CACHE", str(tmp_path_factory.mktemp("engine-cache")))
        yield


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights: styles ``p2`` and ``p4`` (phases), each for OpenVINO and torch."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("weights")
    lines = ["format = 1", 'default = "p4"']
    networks: list[str] = []
    for phase in PHASES:
        name = f"p{phase}"
        (folder / name).mkdir()
        lines += [f"[style.{name}]", f'title = "Random {phase}"', 'licence = "MIT"']
        lines += ["commercial = true", 'source = "a random generator"']
        networks += _write_student(folder, name, phase)
    lines += ["[style.locked]", 'title = "Locked"', 'licence = "CC BY-NC 4.0"']
    lines += ["commercial = false", 'source = "elsewhere"']
    networks += [entry.replace('"p2"', '"locked"') for entry in networks[:1]]
    (folder / "manifest.toml").write_text("\n".join(lines + networks), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def catalogue(weights: Path) -> Catalogue:
    """The catalogue of :func:`weights`."""
    return load_catalogue(weights)


def _write_student(folder: Path, name: str, phase: int) -> list[str]:
    import openvino
    import torch
    from safetensors.torch import save_file

    from videotoon.engine.networks.student import StudentConfig, StudentNetwork, receptive_field

    torch.manual_seed(RANDOM + phase)
    config = StudentConfig(phase=phase, stem=16, body=16, dilations=(1, 2), refinements=1)
    network = StudentNetwork(config).eval()
    with torch.no_grad():
        network.head.weight.mul_(6.0)  # an untrained network changes next to nothing
    tensors = {key: value.contiguous() for key, value in network.state_dict().items()}
    values = {key: getattr(config, key) for key in config.__slots__}
    save_file(tensors, folder / name / "sd.safetensors", {"config": json.dumps(values)})
    channels = config.phase_channels
    model = openvino.convert_model(network, example_input=torch.zeros(1, channels, 16, 16))
    model.reshape([-1, channels, -1, -1])
    openvino.save_model(model, folder / name / "sd.xml", compress_to_fp16=False)
    facts = (config.stride, receptive_field(config))
    return [
        _entry(folder, name, "openvino", phase, facts, ("sd.xml", "sd.bin")),
        _entry(folder, name, "safetensors", phase, facts, ("sd.safetensors",)),
    ]


def _entry(
    folder: Path, name: str, form: str, phase: int, facts: tuple[int, int], files: tuple[str, ...]
) -> str:
    listed = []
    for file in files:
        data = (folder / name / file).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        listed.append(f'{{ path = "{name}/{file}", sha256 = "{digest}", bytes = {len(data)} }}')
    return "\n".join(
        [
            "[[network]]",
            f'style = "{name}"',
            'scale = "sd"',
            'precision = "fp32"',
            f'form = "{form}"',
            f"phase = {phase}",
            f"stride = {facts[0]}",
            f"receptive_field = {facts[1]}",
            f"files = [ {', '.join(listed)} ]",
        ]
    )


@pytest.fixture(scope="session")
def animegan2_parameters():
    """Parameters of the reference vectors: drawn as their notes say, for every published name."""
    torch = pytest.importorskip("torch")
    from videotoon.engine.networks.animegan2 import expected_shapes

    generator = np.random.default_rng(RANDOM)
    parameters = {}
    for name, shape in sorted(expected_shapes().items()):
        values = generator.standard_normal(shape).astype(np.float32)
        if len(shape) == 4:
            values = values / np.float32(np.sqrt(np.prod(shape[1:])))
        elif name.endswith(".weight"):
            values = np.float32(1.0) + np.float32(0.1) * values
        else:
            values = np.float32(0.1) * values
        parameters[name] = torch.from_numpy(values.astype(np.float32))
    return parameters


@pytest.fixture(scope="session")
def animegan2_file(animegan2_parameters, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of an AnimeGANv2 generator with random parameters."""
    import torch

    path = tmp_path_factory.mktemp("animegan2") / "random.pt"
    torch.save(animegan2_parameters, path)
    return path


MakeNetwork = Callable[..., Path]


@pytest.fixture
def make_onnx(tmp_path: Path) -> MakeNetwork:
    """Write ``<name>.onnx``: the picture itself, plus ``shift``, through a last operation.

    Keywords: ``layout``, ``last`` ("Tanh", "Sigmoid", "Identity"), ``size`` (height, width) or None
    for free sizes, ``shift`` (in the network's own units), ``channels``.
    """
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    def make(
        name: str = "net",
        *,
        layout: str = "NHWC",
        last: str = "Identity",
        size: tuple[int, int] | None = None,
        shift: float = 0.0,
        channels: int = 3,
    ) -> Path:
        height, width = size or ("h", "w")
        shape = [1, height, width, channels] if layout == "NHWC" else [1, channels, height, width]
        graph = helper.make_graph(
            [
                helper.make_node("Add", ["image", "shift"], ["moved"]),
                helper.make_node(last, ["moved"], ["painted"]),
            ],
            name,
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("painted", TensorProto.FLOAT, shape)],
            [helper.make_tensor("shift", TensorProto.FLOAT, [1], [shift])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        path = tmp_path / f"{name}.onnx"
        onnx.save(model, path)
        return path

    return make


def random_planes(size: FrameSize, seed: int = 0, *, alpha: bool = False) -> Planes:
    """Smooth random planes of legal codes with a little noise."""
    generator = np.random.default_rng(seed)

    def plane(height: int, width: int) -> np.ndarray:
        rows, columns = np.mgrid[0:height, 0:width]
        waves = 60 * np.sin(rows / 9 + generator.random() * 6) * np.cos(columns / 11)
        noise = generator.integers(-20, 21, (height, width))
        return np.clip(128 + waves + noise, 0, 255).astype(np.uint8)

    chroma = size.chroma
    return Planes(
        plane(size.height, size.width),
        plane(chroma.height, chroma.width),
        plane(chroma.height, chroma.width),
        plane(size.height, size.width) if alpha else None,
    )
