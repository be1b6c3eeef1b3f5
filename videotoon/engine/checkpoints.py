"""Opens torch checkpoints: our own students and AnimeGANv2 generators.

Importing this module imports torch; only what needs a checkpoint does.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn

from videotoon.engine.networks.animegan2 import (
    LEAST_SIDE,
    MULTIPLE,
    AnimeGan2Generator,
    expected_shapes,
)
from videotoon.engine.networks.student import StudentConfig, StudentNetwork, receptive_field
from videotoon.engine.style_files import read_sidecar
from videotoon.engine.weights import RgbContract, StyleNetwork
from videotoon.errors import StyleError

if TYPE_CHECKING:
    from openvino import Model

WRAPPERS: Final = ("state_dict", "params_ema", "params", "generator", "model")
"""Keys under which training scripts like to put the parameters."""

ANIMEGAN2_CONTRACT: Final = RgbContract(
    layout="NCHW", output_layout="NCHW", multiple=MULTIPLE, least=LEAST_SIDE, range_source="graph"
)
EXPECTED: Final = "give the state dict of an AnimeGANv2 generator or a student trained here"


def describe(network: StyleNetwork) -> StyleNetwork:
    """Complete the description of a checkpoint given as a file.

    Raises:
        StyleError: It cannot be read or holds another network.
    """
    parameters, metadata = read_parameters(network)
    config = _student_config(network, parameters, metadata)
    if config is None:
        _check_animegan2(network, parameters)
        return replace(network, kind="rgb", rgb=ANIMEGAN2_CONTRACT)
    return replace(
        network,
        kind="phases",
        phase=config.phase,
        stride=config.stride,
        receptive_field=receptive_field(config),
    )


def load_module(network: StyleNetwork) -> nn.Module:
    """Build the network of a checkpoint with its parameters, on the CPU, ready to infer.

    Args:
        network: A checkpoint. The sidecar's ``align_corners`` says how an AnimeGANv2 generator
            interpolates (true if absent, as published).

    Raises:
        StyleError: It cannot be read or holds another network.
    """
    parameters, metadata = read_parameters(network)
    config = _student_config(network, parameters, metadata)
    module: nn.Module
    if config is None:
        _check_animegan2(network, parameters)
        module = AnimeGan2Generator(bool(read_sidecar(network.path).get("align_corners", True)))
    else:
        module = StudentNetwork(config)
    try:
        module.load_state_dict(dict(parameters), strict=True)
    except RuntimeError as error:
        raise _wrong_checkpoint(network, str(error).splitlines()[-1].strip()) from error
    return module.eval().requires_grad_(False)


def read_parameters(network: StyleNetwork) -> tuple[Mapping[str, Tensor], Mapping[str, str]]:
    """Parameters and metadata of a ``.safetensors`` or ``.pt`` file; nothing in it is executed.

    Raises:
        StyleError: It is no such file.
        WeightsError: It is bundled and was altered.
    """
    if network.bundled:
        network.verify()
    if network.form == "safetensors":
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(network.path, framework="pt") as stream:
                names = stream.keys()
                return {name: stream.get_tensor(name) for name in names}, stream.metadata() or {}
        except (OSError, SafetensorError) as error:
            raise _wrong_checkpoint(network, f"not a safetensors file ({error})") from error
    try:
        content: Any = torch.load(network.path, map_location="cpu", weights_only=True)
    except Exception as error:  # an unpickler that is fed anything else raises almost anything
        problem = "it is not a file of plain tensors (loading others could run foreign code)"
        raise _wrong_checkpoint(network, problem) from error
    for key in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content:
        raise _wrong_checkpoint(network, f"it holds a {type(content).__name__}, no state dict")
    if not all(isinstance(value, Tensor) for value in content.values()):
        raise _wrong_checkpoint(network, "its state dict holds more than tensors")
    return {str(name).removeprefix("module."): value for name, value in content.items()}, {}


def to_openvino(network: StyleNetwork) -> Model:
    """Build the OpenVINO graph of a checkpoint in memory, with free height and width.

    Raises:
        StyleError: It cannot be read or holds another network.
    """
    import openvino

    from videotoon.engine.graphs import animegan2_graph

    module = load_module(network)
    if isinstance(module, AnimeGan2Generator):
        parameters = {name: value.numpy() for name, value in module.state_dict().items()}
        return animegan2_graph(parameters, module.align_corners)
    assert isinstance(module, StudentNetwork)
    channels = module.config.phase_channels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is deprecated in torch, not in OpenVINO
        model = openvino.convert_model(module, example_input=torch.zeros(1, channels, 16, 16))
    model.reshape([-1, channels, -1, -1])
    return model


def _student_config(
    network: StyleNetwork, parameters: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> StudentConfig | None:
    """Shape of a student from the file's metadata; None if it is not one of ours."""
    if "config" not in metadata or "stem.weight" not in parameters:
        return None
    try:
        values = json.loads(metadata["config"])
        values["dilations"] = tuple(values["dilations"])
        return StudentConfig(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise _wrong_checkpoint(network, f"its `config` is unusable ({error})") from error


def _check_animegan2(network: StyleNetwork, parameters: Mapping[str, Tensor]) -> None:
    expected = expected_shapes()
    missing = [name for name in expected if name not in parameters]
    unknown = [name for name in parameters if name not in expected]
    if missing or unknown:
        facts = [f"{len(parameters)} tensors"]
        facts += [f"{len(missing)} missing such as {missing[0]!r}"] if missing else []
        facts += [f"{len(unknown)} unknown such as {unknown[0]!r}"] if unknown else []
        raise _wrong_checkpoint(network, ", ".join(facts))
    for name, shape in expected.items():
        found = tuple(parameters[name].shape)
        if found != shape:
            raise _wrong_checkpoint(network, f"{name!r} has shape {found}, expected {shape}")


def _wrong_checkpoint(network: StyleNetwork, problem: str) -> StyleError:
    return StyleError(f"{network.path.name} is not a usable checkpoint: {problem}", EXPECTED)
