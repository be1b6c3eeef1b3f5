"""Writes a style as a portable ONNX file.

The file has one input ``image`` and one output ``painted``, both float32 [1, height, width, 3],
RGB in 0..255, with free height and width (multiples of the number in the metadata entry
``multiple``). Everything around the network - YUV 4:2:0, ranges, clipping - is inside.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from videotoon.engine.checkpoints import describe, load_module
from videotoon.engine.colour import codes_to_rgb, rgb_to_codes
from videotoon.engine.styles import Catalogue, Style, resolve_style
from videotoon.engine.weights import TORCH_FORMS, RgbContract, Scale, StyleNetwork
from videotoon.errors import OutputError, StyleError
from videotoon.frame import BT709

OPSET: Final = 18
HALF_CODES: Final = 128.0


@dataclass(frozen=True, slots=True)
class ExportedStyle:
    """What was written.

    Attributes:
        path: The ONNX file.
        network: The network in it.
        multiple: Height and width must be multiples of this.
    """

    path: Path
    network: StyleNetwork
    multiple: int


def export_onnx(
    style: str, output: Path, *, scale: Scale | None = None, catalogue: Catalogue | None = None
) -> ExportedStyle:
    """Write a style as ONNX.

    Args:
        style: Name of a bundled style, or path of a ``.pt`` or ``.safetensors`` file.
        output: File to write; replaced if it exists.
        scale: ``sd`` or ``hd`` for styles that have both; ``sd`` by default.
        catalogue: Where style names are looked up; the bundled styles by default.

    Raises:
        StyleError: The style is unknown or has no torch weights.
        OutputError: The file cannot be written.
    """
    found = resolve_style(style, catalogue)
    network = _exportable(found, scale)
    module = portable_module(network)
    multiple = network.stride if network.kind == "phases" else _contract(network).multiple
    part = output.with_name(output.name + ".part")
    try:
        _write(module, part, multiple, found)
        part.replace(output)
    except OSError as error:
        raise OutputError(
            f"cannot write {output}: {error.strerror or error}", "choose another file"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return ExportedStyle(output, network, multiple)


def portable_module(network: StyleNetwork) -> nn.Module:
    """The module that is exported: RGB f32 [1, H, W, 3] in 0..255 to the same."""
    core = load_module(network)
    if network.kind == "phases":
        return PortablePhases(core, network.phase).eval()
    return PortableRgb(core, _contract(network)).eval()


class PortableRgb(nn.Module):
    """An RGB network behind RGB in 0..255."""

    def __init__(self, network: nn.Module, contract: RgbContract) -> None:
        super().__init__()
        self.network = network
        self._input_range = contract.input_range
        self._output_range = contract.output_range

    def forward(self, image: Tensor) -> Tensor:
        """RGB f32 [1, H, W, 3] in 0..255 to the same."""
        low, high = self._input_range
        values = image.permute(0, 3, 1, 2) * ((high - low) / 255.0) + low
        low, high = self._output_range
        painted: Tensor = (self.network(values) - low) * (255.0 / (high - low))
        return painted.clamp(0.0, 255.0).permute(0, 2, 3, 1)


class PortablePhases(nn.Module):
    """A phase network behind RGB: BT.709 limited range, chroma averaged over 2x2 and repeated."""

    def __init__(self, network: nn.Module, phase: int) -> None:
        super().__init__()
        self.network = network
        self._phase = phase
        forward, offset = rgb_to_codes(BT709)
        backward, shift = codes_to_rgb(BT709)
        for name, matrix in (("to_codes", forward), ("to_rgb", backward)):
            self.register_buffer(name, torch.tensor(matrix[:, :, None, None], dtype=torch.float32))
        self.register_buffer("code_offset", torch.tensor(offset, dtype=torch.float32))
        self.register_buffer("rgb_offset", torch.tensor(shift, dtype=torch.float32))

    def forward(self, image: Tensor) -> Tensor:
        """RGB f32 [1, H, W, 3] in 0..255 to the same; sides multiples of the stride."""
        functional, phase, half = nn.functional, self._phase, self._phase // 2
        rgb = image.permute(0, 3, 1, 2)
        codes = functional.conv2d(rgb, self.get_buffer("to_codes"), self.get_buffer("code_offset"))
        chroma = functional.avg_pool2d(codes[:, 1:], 2)
        cells = torch.cat(
            [
                functional.pixel_unshuffle(codes[:, :1], phase),
                functional.pixel_unshuffle(chroma, half),
            ],
            dim=1,
        )
        cells = cells + self.network(cells / HALF_CODES - 1.0) * HALF_CODES
        luma = functional.pixel_shuffle(cells[:, : phase * phase], phase)
        chroma = functional.pixel_shuffle(cells[:, phase * phase :], half)
        chroma = functional.interpolate(chroma, scale_factor=2.0, mode="nearest")
        painted = functional.conv2d(
            torch.cat([luma, chroma], dim=1).clamp(0.0, 255.0),
            self.get_buffer("to_rgb"),
            self.get_buffer("rgb_offset"),
        )
        return painted.clamp(0.0, 255.0).permute(0, 2, 3, 1)


def _exportable(style: Style, scale: Scale | None) -> StyleNetwork:
    fitting = [network for network in style.networks if network.form in TORCH_FORMS]
    if scale is not None:
        fitting = [network for network in fitting if network.scale in (scale, None)]
    if not fitting:
        forms = ", ".join(sorted({network.form for network in style.networks}))
        raise StyleError(
            f"style {style.info.name!r} cannot be exported: it holds {forms} only",
            "export a style with .safetensors or .pt weights",
        )
    network = next((n for n in fitting if n.scale == "sd"), fitting[0])
    return network if style.bundled else describe(network)


def _contract(network: StyleNetwork) -> RgbContract:
    assert network.rgb is not None, "checkpoints are described before they are exported"
    return network.rgb


def _write(module: nn.Module, path: Path, multiple: int, style: Style) -> None:
    import onnx

    side = -(-64 // multiple) * multiple
    with warnings.catch_warnings():
        # The newer exporter needs one more package and brings nothing for such plain networks.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.full((1, side, 2 * side, 3), 128.0),),
            str(path),
            input_names=["image"],
            output_names=["painted"],
            dynamic_axes={"image": {1: "height", 2: "width"}, "painted": {1: "height", 2: "width"}},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    facts = {
        "multiple": str(multiple),
        "style": style.info.name if style.bundled else Path(style.info.name).name,
        "licence": style.info.licence,
        "values": "RGB 0..255, NHWC, float32",
    }
    for key, value in facts.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, str(path))
