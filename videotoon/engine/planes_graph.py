"""Builds the OpenVINO graph around a network: 8-bit codes in, 8-bit codes out.

The change that a network paints is added to the codes themselves (``codes + 128 * delta``), not to
normalised values: integers up to 255 are exact in bf16, so reduced precision only ever touches the
change, and a change of zero gives the input back bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.engine.colour import phase_maps
from videotoon.engine.phases import phase_channels
from videotoon.errors import StyleError

if TYPE_CHECKING:
    import openvino
    from openvino import Model, Node, Output

    from videotoon.engine.weights import RgbContract
    from videotoon.frame import ColourTags

CODES: Final = 256

HALF_CODES: Final = 128.0
"""Codes per unit of a phase network: value = (code - 128) / 128."""

CODE_ENDS: Final = (-1.0, (CODES - 1) / HALF_CODES - 1.0)
"""The values of the lowest and the highest code."""


def phases_graph(
    network: Model, phase: int, colour: ColourTags, batch: int, rows: int, columns: int
) -> Model:
    """Wrap a phase network.

    Args:
        network: Input [B, C, h, w] phases, output the same shape: the change of the phases.
        phase: Space-to-depth factor of luma; fixes C.
        colour: Meaning of the codes; mapped to the network's BT.709 limited range and back.
        batch: Pictures per call.
        rows: Height of the grid of cells.
        columns: Width of the grid of cells.

    Returns:
        Graph with input ``cells`` and output ``painted``, both u8 [B, rows, columns, C].

    Raises:
        StyleError: The network does not have that shape.
    """
    from openvino import Model
    from openvino import opset13 as operations

    channels = phase_channels(phase)
    _fix_shape(network, [batch, channels, rows, columns])
    cells = operations.parameter([batch, rows, columns, channels], np.uint8, name="cells")
    # The transpose comes after the conversion: the CPU plugin then runs it on bytes.
    codes = operations.transpose(operations.convert(cells, "f32"), _integers(0, 3, 1, 2))
    # Scaling and, for other colour spaces, the map to the network's own one are a single step.
    scale = 1.0 / HALF_CODES
    if colour.native:
        # Written as a dequantisation, which integer convolutions take in: they read the bytes.
        centred = operations.subtract(codes, _floats(HALF_CODES))
        values = operations.multiply(centred, _floats(scale))
        _leave_out_exact_steps(network)
        delta = operations.multiply(_splice(network, values.output(0)), _floats(HALF_CODES))
    else:
        forward, offset, backward = phase_maps(phase, colour)
        bias = (offset * scale - 1.0).reshape(1, channels, 1, 1)
        values = operations.add(_mapped(codes, forward * scale), _floats(bias))
        delta = _mapped(_splice(network, values.output(0)), backward * HALF_CODES)
    painted = operations.clamp(operations.add(codes, delta), 0.0, 255.0)
    painted = operations.convert(operations.round(painted, "half_to_even"), "u8")
    painted = operations.transpose(painted, _integers(0, 2, 3, 1))
    return Model([operations.result(painted, name="painted")], [cells], "videotoon_phases")


def rgb_graph(network: Model, contract: RgbContract, batch: int, rows: int, columns: int) -> Model:
    """Wrap a network that paints RGB.

    Args:
        network: One picture tensor in, one out, as ``contract`` says.
        contract: Layout, channel order and value ranges.
        batch: Pictures per call.
        rows: Height in pixels; already what the contract asks for.
        columns: Width in pixels.

    Returns:
        Graph with input ``picture`` and output ``painted``, both f32 [B, rows, columns, 3] RGB in
        0..255 (the output unclipped).

    Raises:
        StyleError: The network does not accept or return pictures of that size.
    """
    from openvino import Model
    from openvino import opset13 as operations

    planar = contract.layout == "NCHW"
    _fix_shape(network, [batch, 3, rows, columns] if planar else [batch, rows, columns, 3])
    picture = operations.parameter([batch, rows, columns, 3], np.float32, name="picture")
    low, high = contract.input_range
    values = operations.add(
        operations.multiply(picture, _floats((high - low) / 255.0)), _floats(low)
    )
    if contract.channels == "BGR":
        values = operations.gather(values, _integers(2, 1, 0), _integers(3))
    if planar:
        values = operations.transpose(values, _integers(0, 3, 1, 2))
    wanted = network.input(0).get_element_type()
    values = operations.convert(values, wanted.get_type_name())
    painted = operations.convert(_splice(network, values.output(0)), "f32")
    if contract.output_layout == "NCHW":
        painted = operations.transpose(painted, _integers(0, 2, 3, 1))
    if contract.channels == "BGR":
        painted = operations.gather(painted, _integers(2, 1, 0), _integers(3))
    low, high = contract.output_range
    painted = operations.multiply(
        operations.subtract(painted, _floats(low)), _floats(255.0 / (high - low))
    )
    shape = painted.get_output_partial_shape(0)
    if shape.is_static and list(shape.to_shape()) != [batch, rows, columns, 3]:
        raise StyleError(
            f"the network turns a {columns}x{rows} picture into {list(shape.to_shape())}",
            "a style must return a picture of the size it was given",
        )
    return Model([operations.result(painted, name="painted")], [picture], "videotoon_rgb")


def _splice(network: Model, source: Output) -> Output:
    """Feed the network's only input from ``source``; return what its only output delivers."""
    parameter = network.get_parameters()[0]
    for target in list(parameter.output(0).get_target_inputs()):
        target.replace_source_output(source)
    return network.get_results()[0].input_value(0)


def _leave_out_exact_steps(network: Model) -> None:
    """Take out quantisation of the input whose steps are those of the codes.

    It gives every code back as it was, but the runtime would convert the frame to floating point
    and back for it, which is 5 % of a frame's time.
    """
    parameter = network.get_parameters()[0]
    for target in list(parameter.output(0).get_target_inputs()):
        node = target.get_node()
        if node.get_type_name() == "FakeQuantize" and _steps_are_codes(node):
            for reader in list(node.output(0).get_target_inputs()):
                reader.replace_source_output(parameter.output(0))


def _steps_are_codes(quantiser: Node) -> bool:
    """True if the 256 steps of a FakeQuantize are the values that 8-bit codes can have."""
    limits = [quantiser.input_value(index).get_node() for index in range(1, 5)]
    if quantiser.get_attributes()["levels"] != CODES or any(
        limit.get_type_name() != "Constant" for limit in limits
    ):
        return False
    return all(
        np.array_equal(np.unique(limit.get_data()), [wanted])
        for limit, wanted in zip(limits, CODE_ENDS * 2, strict=True)
    )


def _fix_shape(network: Model, shape: list[int]) -> None:
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise StyleError(
            f"the network has {len(network.inputs)} inputs and {len(network.outputs)} outputs",
            "a style needs one picture in and one picture out",
        )
    try:
        network.reshape(shape)
    except RuntimeError as error:
        found = network.input(0).get_partial_shape()
        raise StyleError(
            f"the network takes {found} and refuses {shape}: {last_line(error)}",
            "state its layout and sizes in a sidecar .toml beside the file",
        ) from error


def _mapped(values: Node | Output, matrix: NDArray[np.float64]) -> Node:
    """Apply a (C, C) matrix to the channels of [B, C, h, w]."""
    from openvino import opset13 as operations

    gains = np.diagonal(matrix)
    if np.array_equal(matrix, np.diag(gains)):
        # Other range, same matrix: cheaper than a convolution, and nothing is summed up.
        return operations.multiply(values, _floats(gains.reshape(1, -1, 1, 1)))
    kernel = _floats(matrix.reshape(*matrix.shape, 1, 1))
    return operations.convolution(values, kernel, [1, 1], [0, 0], [0, 0], [1, 1])


def _floats(values: float | NDArray[np.float64]) -> openvino.Node:
    from openvino import opset13 as operations

    return operations.constant(np.asarray(values, dtype=np.float32))


def _integers(*values: int) -> openvino.Node:
    from openvino import opset13 as operations

    return operations.constant(np.array(values if len(values) > 1 else values[0], dtype=np.int64))


def last_line(error: BaseException) -> str:
    """Return what the engine's many-lined errors say in the end."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
