"""From a checkpoint to the files that are shipped: safetensors, fp16 IR and int8 IR.

The int8 network is made by NNCF's post-training quantisation, calibrated on held-out photographs.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from openvino import opset13 as ops
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.dataset import PreparedPart, to_planes
from training.manifest import FileEntry, NetworkEntry, update
from training.painters import STYLES
from training.settings import from_dict
from training.trainer import load_checkpoint
from videotoon.engine.networks.student import (
    ResidualConvolution,
    StudentConfig,
    StudentNetwork,
    planes_to_phases,
    receptive_field,
)
from videotoon.engine.planes_graph import CODE_ENDS, CODES


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What is exported to where; ``weights`` is the folder of the manifest."""

    checkpoint: Path
    prepared: Path
    style: str
    scale: str
    weights: Path
    default: str = "cel"


def network_config(path: Path) -> StudentConfig:
    """The shape of the network in a shipped safetensors file."""
    with safe_open(path, framework="pt") as file:
        values: dict[str, Any] = json.loads(file.metadata()["config"])
    return StudentConfig(**{**values, "dilations": tuple(values["dilations"])})


def load_student(path: Path) -> StudentNetwork:
    """The student of a shipped safetensors file, in evaluation mode."""
    network = StudentNetwork(network_config(path))
    network.load_state_dict(load_file(path))
    return network.eval()


def export(settings: ExportSettings) -> None:
    """Writes the three forms of a checkpoint's averaged network and updates the manifest."""
    state = load_checkpoint(settings.checkpoint)
    config = from_dict(state["settings"]).network
    network = StudentNetwork(config)
    network.load_state_dict(state["average"])
    network.eval()
    folder = settings.weights / settings.style
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    metadata = {"config": json.dumps(asdict(config)), "steps": str(state["step"])}
    save_file(tensors, folder / f"{settings.scale}.safetensors", metadata)
    (folder / f"{settings.scale}.safetensors").chmod(0o644)  # save_file makes it private
    model = to_openvino(network)
    openvino.save_model(model, folder / f"{settings.scale}_fp16.xml", compress_to_fp16=True)
    quantised = quantise(network, settings.prepared)
    openvino.save_model(quantised, folder / f"{settings.scale}_int8.xml", compress_to_fp16=True)
    _register(settings, config)


class PlainStudent(nn.Module):
    """The same function as a student, taken apart where that suits the runtime and int8.

    The detail filter is a blur minus the centre: the centre's weight is some 25 times the others',
    which would all but vanish in the int8 steps of one channel.  Apart, the neighbours have a scale
    of their own (measured: 48 dB instead of 35 dB to fp32, and a little faster).  A head that gives
    paint and gate together becomes two: the runtime splits its result with a slow reference
    kernel (4 % of a frame's time).

    With ``folded`` a residual convolution has the identity among its weights instead of a sum
    behind it (Ding et al. 2021, RepVGG).  In int8 that is 3 to 6 % faster and as exact: the weights
    lose steps, but the sum loses a rounding.
    """

    def __init__(self, student: StudentNetwork, folded: bool = False) -> None:
        super().__init__()
        self.student = copy.deepcopy(student)
        if folded:
            for row in (self.student.body, self.student.refine):
                for place, residual in enumerate(row):
                    assert isinstance(residual, ResidualConvolution)
                    row[place] = nn.Sequential(_with_identity(residual), nn.ReLU())
        weight = self.student.detail.weight
        channel = torch.arange(len(weight))
        centre = weight.detach()[channel, channel, 1, 1].clone().view(1, -1, 1, 1)
        self.centre = nn.Parameter(centre)
        with torch.no_grad():
            weight[channel, channel, 1, 1] = 0.0
        if not student.config.coarse_gate:
            head, count = self.student.head, student.config.phase_channels
            self.heads = nn.ModuleList(_part_of(head, slice(i, i + count)) for i in (0, count))

    def forward(self, phases: Tensor) -> Tensor:
        """Delta [N, C, h, w] for phases of the same shape."""
        if self.student.config.coarse_gate:
            paint, gate = self.student.paint_and_gate(phases)
        else:
            features, _ = self.student.features(phases)
            paint, gate = self.heads[0](features), torch.sigmoid(self.heads[1](features))
        delta: Tensor = paint + gate * (self.student.detail(phases) + self.centre * phases)
        return delta


def _with_identity(residual: ResidualConvolution) -> nn.Conv2d:
    """The convolution whose result is that of a residual one before its rectifier."""
    convolution = residual.convolution
    channel = torch.arange(convolution.out_channels)
    with torch.no_grad():
        convolution.weight[channel, channel, 1, 1] += 1.0
    return convolution


def _part_of(convolution: nn.Conv2d, channels: slice) -> nn.Conv2d:
    """A convolution that gives some of the output channels of another."""
    weight, bias = convolution.weight[channels], convolution.bias
    assert bias is not None
    part = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], padding=1)
    with torch.no_grad():
        part.weight.copy_(weight)
        part.bias.copy_(bias[channels])  # type: ignore[union-attr]
    return part


def to_openvino(network: StudentNetwork, folded: bool = False) -> openvino.Model:
    """The core network as an OpenVINO model: ``phases`` in, ``delta`` out, dynamic sizes."""
    channels = network.config.phase_channels
    example = torch.zeros(1, channels, 32, 32)
    plain = cast(Any, PlainStudent(network, folded)).to(memory_format=torch.contiguous_format)
    model = openvino.convert_model(plain.eval(), example_input=example)
    model.reshape({0: openvino.PartialShape([-1, channels, -1, -1])})
    model.inputs[0].set_names({"phases"})
    model.inputs[0].node.set_friendly_name("phases")
    model.outputs[0].set_names({"delta"})
    return model


def quantise(network: StudentNetwork, prepared: Path) -> openvino.Model:
    """An int8 version of the network, calibrated on the held-out photographs."""
    import nncf

    model, phase = to_openvino(network, folded=True), network.config.phase

    def samples() -> Iterator[NDArray[np.float32]]:
        part = PreparedPart.load(prepared, "held_out")
        for index in range(len(part)):
            planes = to_planes(part.photo_luma[index][None], part.photo_chroma[index][None])
            yield planes_to_phases(planes, phase).numpy()

    dataset = nncf.Dataset(list(samples()))
    result = nncf.quantize(
        model,
        dataset,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(PreparedPart.load(prepared, "held_out")),
        fast_bias_correction=True,
        ignored_scope=nncf.IgnoredScope(names=joining_operations(model)),
    )
    assert isinstance(result, openvino.Model)
    quantise_input_by_codes(result)
    leave_sums_exact(result)
    quantise_gate(result)
    return result


def quantise_input_by_codes(model: openvino.Model) -> None:
    """Gives the quantisers of the input 256 steps that are the 8-bit codes.

    The measured range would cut off the darkest and the most saturated codes, which calibration
    pictures hardly have.  These steps lose nothing, and the runtime can leave them out.
    """
    for target in model.get_parameters()[0].output(0).get_target_inputs():
        node = target.get_node()
        if node.get_type_name() != "FakeQuantize":
            continue
        assert node.get_attributes()["levels"] == CODES
        for index, end in enumerate(CODE_ENDS * 2, start=1):
            limit = ops.constant(np.full((1, 1, 1, 1), end, np.float32))
            node.input(index).replace_source_output(limit.output(0))


def leave_sums_exact(model: openvino.Model) -> None:
    """Takes away the quantisers between a convolution and the sum that it belongs to.

    What a convolution subtracts may be several times as large as what it subtracts from; the
    rectifier behind the sum then makes all of it 0.  256 steps over that whole range are coarse
    (measured: 3 dB and up to 0.003 SSIM), and without them it is also 2 to 3 % faster.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Relu":
            continue
        add = node.input_value(0).get_node()
        terms = [value.get_node() for value in add.input_values()]
        if [term.get_type_name() for term in terms] != ["FakeQuantize"] * 2:
            continue
        for port, term in enumerate(terms):
            if _follows_convolution(term):
                add.input(port).replace_source_output(term.input_value(0))


def quantise_gate(model: openvino.Model) -> None:
    """Rounds the gate to 256 steps of 0..1, which no eye sees: it then is written as bytes.

    The join behind the last convolutions reads four pictures; this one is a quarter of its size
    then (measured: 2 % of a frame's time).
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Sigmoid":
            readers = node.output(0).get_target_inputs()
            ends = [ops.constant(np.float32(end)) for end in (0.0, 1.0, 0.0, 1.0)]
            rounded = ops.fake_quantize(node.output(0), *ends, 256)
            for reader in readers:
                reader.replace_source_output(rounded.output(0))


def _follows_convolution(quantiser: openvino.Node) -> bool:
    """Whether a quantiser reads a convolution, with or without bias, and no rectifier between."""
    source = quantiser.input_value(0).get_node()
    if source.get_type_name() == "Add":
        source = source.input_value(0).get_node()
    kind: str = source.get_type_name()
    return kind.startswith("Convolution")


def joining_operations(model: openvino.Model) -> list[str]:
    """Names of the elementwise operations behind the last convolutions; they stay exact."""
    names: list[str] = []
    waiting = [model.get_results()[0].input_value(0).get_node()]
    while waiting:
        node = waiting.pop()
        if node.get_type_name() not in {"Add", "Multiply", "Sigmoid"}:
            continue
        sources = [value.get_node() for value in node.input_values()]
        if {"Convolution", "Constant"} <= {source.get_type_name() for source in sources}:
            continue  # a bias belongs to its convolution
        names.append(node.get_friendly_name())
        waiting += sources
    return names


def _register(settings: ExportSettings, config: StudentConfig) -> None:
    style, scale = settings.style, settings.scale
    forms = {
        "int8": ("openvino", (f"{scale}_int8.xml", f"{scale}_int8.bin")),
        "fp16": ("openvino", (f"{scale}_fp16.xml", f"{scale}_fp16.bin")),
        "fp32": ("safetensors", (f"{scale}.safetensors",)),
    }
    entries = [
        NetworkEntry(
            style=style,
            scale=scale,
            precision=precision,
            form=form,
            phase=config.phase,
            stride=config.stride,
            receptive_field=receptive_field(config),
            files=tuple(FileEntry.of(settings.weights, f"{style}/{name}") for name in names),
        )
        for precision, (form, names) in forms.items()
    ]
    update(settings.weights / "manifest.toml", STYLES[style], entries, settings.default)
