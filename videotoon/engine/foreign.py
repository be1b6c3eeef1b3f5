"""Bring your own model: reads from a network's graph how pictures go in and come out.

What the graph does not say can be stated in ``<file>.toml`` beside it. Its keys are those of
:func:`videotoon.engine.weights.rgb_contract`, and ``title``, ``licence``, ``commercial``,
``source``; checkpoints of AnimeGANv2 also take ``align_corners``::

    layout = "NHWC"            # or "NCHW"
    channels = "RGB"           # or "BGR"
    range = [-1, 1]            # black and white, or input_range / output_range apart
    multiple = 32              # sides are multiples of this
    least = 64                 # shortest side it takes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.engine.base import BackendName
from videotoon.engine.weights import TORCH_FORMS, Layout, RgbContract, StyleNetwork, rgb_contract
from videotoon.errors import StyleError
from videotoon.frame import FrameSize

if TYPE_CHECKING:
    from openvino import Model, Node

Range = tuple[float, float]

CANDIDATE_RANGES: Final[tuple[Range, ...]] = ((-1.0, 1.0), (0.0, 1.0), (0.0, 255.0))
LEAST_MULTIPLE: Final = 8
"""Dynamic networks get sides in multiples of at least this: most halve the picture some times."""

LARGEST_MULTIPLE: Final = 64
PROBE_SIDE: Final = 256
PASSIVE: Final = ("Transpose", "Convert", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Pad", "Crop")
"""Operations that move values but do not change them."""

EXPECTED: Final = (
    "a style takes one RGB picture [1, H, W, 3] or [1, 3, H, W] and returns one of the same size"
)


def inspect(
    network: StyleNetwork, sidecar: Mapping[str, Any], backend: BackendName
) -> StyleNetwork:
    """Complete the description of a network that was given as a file.

    Args:
        network: As :func:`videotoon.engine.styles.resolve_style` made it.
        sidecar: Content of the ``.toml`` beside it.
        backend: Engine that will run it.

    Raises:
        StyleError: It cannot be read or is no network that paints pictures.
    """
    if network.form in TORCH_FORMS:
        if backend == "openvino":
            from videotoon.engine.conversion import describe_checkpoint

            return describe_checkpoint(network)
        from videotoon.engine.checkpoints import describe

        return describe(network)
    from videotoon.engine.openvino_backend import OpenVinoBackend

    engine = OpenVinoBackend()
    model = engine.read(network)
    contract = _shape_contract(network, model)
    try:
        contract = rgb_contract(sidecar, contract)
    except (TypeError, ValueError) as error:
        raise StyleError(
            f"{network.path.name}.toml is unusable: {error}", "correct or remove it"
        ) from error
    if "multiple" not in sidecar and contract.fixed is None:
        contract = replace(contract, multiple=_find_multiple(network, model, contract))
        contract = replace(contract, least=max(contract.least, 4 * contract.multiple))
    if not {"range", "output_range"} & sidecar.keys():
        stated: Range | None = contract.input_range if "input_range" in sidecar else None
        contract = _find_ranges(network, model, contract, stated)
    return replace(network, rgb=contract)


def _shape_contract(network: StyleNetwork, model: Model) -> RgbContract:
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise StyleError(
            f"{network.path.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs",
            EXPECTED,
        )
    shapes = []
    for port in (model.input(0), model.output(0)):
        shape = port.get_partial_shape()
        if shape.rank.is_dynamic or shape.rank.get_length() != 4:
            raise StyleError(f"{network.path.name} has a tensor of shape {shape}", EXPECTED)
        shapes.append([d.get_length() if d.is_static else 0 for d in shape])
    layout, output_layout = (_layout(network, shape) for shape in shapes)
    sizes = shapes[0][1:3] if layout == "NHWC" else shapes[0][2:4]
    if (sizes[0] > 0) != (sizes[1] > 0):
        raise StyleError(
            f"{network.path.name} fixes only one side ({shapes[0]})", "export it with both or none"
        )
    fixed = FrameSize(width=sizes[1], height=sizes[0]) if sizes[0] else None
    return RgbContract(layout=layout, output_layout=output_layout, fixed=fixed)


def _layout(network: StyleNetwork, shape: list[int]) -> Layout:
    if shape[0] > 1:
        raise StyleError(f"{network.path.name} wants batches of {shape[0]}", EXPECTED)
    if shape[3] == 3:
        return "NHWC"
    if shape[1] == 3:
        return "NCHW"
    raise StyleError(
        f"{network.path.name} has a tensor of shape {shape}: no axis of 3 colours", EXPECTED
    )


def _tensor_shape(layout: Layout, height: int, width: int) -> list[int]:
    return [1, height, width, 3] if layout == "NHWC" else [1, 3, height, width]


def _find_multiple(network: StyleNetwork, model: Model, contract: RgbContract) -> int:
    """Smallest power of two whose odd multiples come out as they went in."""
    found = "it refuses every size tried"
    multiple = LEAST_MULTIPLE
    while multiple <= LARGEST_MULTIPLE:
        # At least 64 pixels, so that borders by reflection fit in the coarsest layer.
        odd = max(64 // multiple, 3) | 1
        height, width = odd * multiple, (odd + 2) * multiple
        try:
            model.reshape(_tensor_shape(contract.layout, height, width))
            shape = model.output(0).get_partial_shape()
            if shape == _partial(_tensor_shape(contract.output_layout, height, width)):
                return multiple
            found = f"{width}x{height} became {shape}"
        except RuntimeError:
            pass
        multiple *= 2
    raise StyleError(
        f"{network.path.name} returns no picture of the size it was given ({found})", EXPECTED
    )


def _partial(shape: list[int]) -> Any:
    from openvino import PartialShape

    return PartialShape(shape)


def _find_ranges(
    network: StyleNetwork, model: Model, contract: RgbContract, stated: Range | None
) -> RgbContract:
    """Ranges from the last operation, else from what the network does to a test picture."""
    last = _last_operation(model)
    output = None
    if last.get_type_name() == "Tanh":
        output = (-1.0, 1.0)
    elif last.get_type_name() == "Sigmoid":
        output = (0.0, 1.0)
    elif last.get_type_name() == "Clamp":
        attributes = last.get_attributes()
        bounds = (float(attributes["min"]), float(attributes["max"]))
        output = bounds if bounds in CANDIDATE_RANGES else None
    if output is not None and (stated or output != (0.0, 1.0)):
        # What ends in -1..1 or 0..255 begins so in every published generator; what ends in a
        # sigmoid may begin with either.
        return replace(
            contract, input_range=stated or output, output_range=output, range_source="graph"
        )
    inputs = [stated] if stated else list(CANDIDATE_RANGES)
    outputs = [output] if output else list(CANDIDATE_RANGES)
    size = contract.fixed or FrameSize(PROBE_SIDE, PROBE_SIDE)
    run = _probe_runner(network, model, contract, size)
    entry, result = _probe(network, run, size, inputs, outputs)
    return replace(contract, input_range=entry, output_range=result, range_source="probed")


def _last_operation(model: Model) -> Node:
    node = model.get_results()[0].input_value(0).get_node()
    while node.get_type_name() in PASSIVE:
        node = node.input_value(0).get_node()
    return node


Runner = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def _probe_runner(
    network: StyleNetwork, model: Model, contract: RgbContract, size: FrameSize
) -> Runner:
    """Compile the network once, for values [H, W, 3] as they are."""
    import openvino

    try:
        model.reshape(_tensor_shape(contract.layout, size.height, size.width))
        compiled = openvino.Core().compile_model(model, "CPU")
    except RuntimeError as error:
        raise StyleError(f"{network.path.name} cannot be compiled", EXPECTED) from error

    def run(values: NDArray[np.float32]) -> NDArray[np.float32]:
        if contract.layout == "NCHW":
            values = values.transpose(2, 0, 1)
        wanted = model.input(0).get_element_type().to_dtype()
        result = compiled(np.ascontiguousarray(values[None]).astype(wanted))[0][0]
        if contract.output_layout == "NCHW":
            result = result.transpose(1, 2, 0)
        return np.asarray(result, np.float32)

    return run


def _probe(
    network: StyleNetwork, run: Runner, size: FrameSize, inputs: list[Range], outputs: list[Range]
) -> tuple[Range, Range]:
    """Ranges under which the painted test picture resembles the test picture most."""
    picture = _test_picture(size)
    best: tuple[float, Range, Range] | None = None
    for low, high in inputs:
        result = run(picture * (high - low) + low)
        for black, white in outputs:
            painted = (result - black) / (white - black)
            distance = float(np.abs(painted - picture).mean())
            if np.isfinite(distance) and (best is None or distance < best[0]):
                best = (distance, (low, high), (black, white))
    if best is None:
        raise StyleError(
            f"{network.path.name} returns no finite values for any usual range of values",
            f"state `range` in {network.path.name}.toml",
        )
    return best[1], best[2]


def _test_picture(size: FrameSize) -> NDArray[np.float32]:
    """A soft picture [H, W, 3] in 0..1 with many hues and shades."""
    rows, columns = np.mgrid[0 : size.height, 0 : size.width].astype(np.float32) / size.long_side
    waves = [
        np.sin(7 * rows + 5 * columns * harmonic) + np.cos(9 * columns - 4 * rows / harmonic)
        for harmonic in (1, 2, 3)
    ]
    return np.asarray(0.5 + 0.22 * np.stack(waves, axis=-1), np.float32)
