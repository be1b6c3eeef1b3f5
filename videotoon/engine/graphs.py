"""The AnimeGANv2 generator as an OpenVINO graph, built from its parameters.

OpenVINO's own converter would trace the module, which takes seconds. This architecture is published
and will not change, so it is written down instead; a test compares it with the reference vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from openvino import Model, Node

Parameters = Mapping[str, NDArray[np.float32]]

SLOPE: Final = 0.2
EPSILON: Final = 1e-5
"""Of torch's GroupNorm."""


def animegan2_graph(parameters: Parameters, align_corners: bool) -> Model:
    """The generator of :mod:`videotoon.engine.networks.animegan2`.

    Args:
        parameters: Its state dict.
        align_corners: How the decoder interpolates.

    Returns:
        Graph from f32 [N, 3, H, W] to the same, N, H and W free.
    """
    from openvino import Model, PartialShape
    from openvino import opset13 as operations

    builder = _AnimeGan2(parameters)
    picture = operations.parameter(PartialShape([-1, 3, -1, -1]), np.float32, name="picture")
    half = builder.padded(picture, "block_a.0")
    half = builder.padded(half, "block_a.1", stride=2)
    half = builder.padded(half, "block_a.2")
    quarter = builder.padded(half, "block_b.0", stride=2)
    quarter = builder.padded(quarter, "block_b.1")
    quarter = builder.padded(quarter, "block_c.0")
    for index in range(1, 5):
        quarter = builder.inverted_residual(quarter, f"block_c.{index}.layers")
    quarter = builder.padded(quarter, "block_c.5")
    half = builder.padded(_double(quarter, align_corners), "block_d.0")
    half = builder.padded(half, "block_d.1")
    full = builder.padded(_double(half, align_corners), "block_e.0")
    full = builder.padded(full, "block_e.1")
    full = builder.padded(full, "block_e.2")
    painted = operations.tanh(builder.convolution(full, "out_layer.0"))
    return Model([operations.result(painted, name="painted")], [picture], "animegan2")


class _Layers:
    """Operations whose constants come from a state dict."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def vector(self, name: str) -> Node:
        """Values per channel, shaped to act on [N, C, H, W]."""
        from openvino import opset13 as operations

        return operations.constant(self._parameters[name].reshape(1, -1, 1, 1))

    def convolution(
        self, features: Node, name: str, border: int = 0, stride: int = 1, dilation: int = 1
    ) -> Node:
        """Convolution with zeros around, and its bias if it has one."""
        from openvino import opset13 as operations

        settings: list[Any] = [[stride] * 2, [border] * 2, [border] * 2, [dilation] * 2]
        kernel = self._parameters[f"{name}.weight"]
        result = operations.convolution(features, operations.constant(kernel), *settings)
        if f"{name}.bias" in self._parameters:
            result = operations.add(result, self.vector(f"{name}.bias"))
        return result


class _AnimeGan2(_Layers):
    """The blocks of an AnimeGANv2 generator."""

    def padded(self, features: Node, name: str, stride: int = 1) -> Node:
        """Reflected border, convolution, normalisation, leaky ReLU."""
        from openvino import opset13 as operations

        kernel = self._parameters[f"{name}.1.weight"]
        border = kernel.shape[2] // 2
        if border:
            before = border if stride == 1 else 0
            features = operations.pad(
                features, _shape(0, 0, before, before), _shape(0, 0, border, border), "reflect"
            )
        if kernel.shape[1] == 1:
            result = self._depthwise(features, f"{name}.1")
        else:
            result = self.convolution(features, f"{name}.1", stride=stride)
        result = self.normalise(result, f"{name}.2")
        return operations.prelu(result, operations.constant(np.array([SLOPE], np.float32)))

    def inverted_residual(self, features: Node, name: str) -> Node:
        """Widen, filter each channel, narrow; added to the input if the channels match."""
        from openvino import opset13 as operations

        wide = self.padded(self.padded(features, f"{name}.0"), f"{name}.1")
        changed = self.normalise(self.convolution(wide, f"{name}.2"), f"{name}.3")
        inputs = self._parameters[f"{name}.0.1.weight"].shape[1]
        outputs = self._parameters[f"{name}.2.weight"].shape[0]
        return operations.add(features, changed) if inputs == outputs else changed

    def normalise(self, features: Node, name: str) -> Node:
        """Zero mean and unit variance over the whole picture, then scale and shift per channel."""
        from openvino import opset13 as operations

        even = operations.mvn(features, _shape(1, 2, 3), True, EPSILON, "inside_sqrt")
        scaled = operations.multiply(even, self.vector(f"{name}.weight"))
        return operations.add(scaled, self.vector(f"{name}.bias"))

    def _depthwise(self, features: Node, name: str) -> Node:
        from openvino import opset13 as operations

        kernel = self._parameters[f"{name}.weight"][:, :, None]
        settings: list[Any] = [[1, 1], [0, 0], [0, 0], [1, 1]]
        result = operations.group_convolution(features, operations.constant(kernel), *settings)
        return operations.add(result, self.vector(f"{name}.bias"))


def _double(features: Node, align_corners: bool) -> Node:
    """Bilinear interpolation to twice the size."""
    from openvino import opset13 as operations

    return operations.interpolate(
        features,
        operations.constant(np.array([2.0, 2.0], np.float32)),
        "linear_onnx",
        "scales",
        coordinate_transformation_mode="align_corners" if align_corners else "half_pixel",
        axes=_shape(2, 3),
    )


def _shape(*values: int) -> Node:
    from openvino import opset13 as operations

    return operations.constant(np.array(values, np.int64))
