"""Makes int8 forms of networks that came as files, and keeps those that paint the same picture.

Only convolutions compute in int8. What normalises, joins or interpolates stays exact, and so do the
first and the last convolution: together they are a few hundredths of the work, and leaving them out
is worth 1 to 3 dB (measured with AnimeGANv2's architecture).
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.engine.calibration_pictures import Picture, PictureSet, picture_set
from videotoon.engine.quantised import LEAST_DECIBELS, keep_form
from videotoon.engine.styles import Style
from videotoon.engine.weights import RgbContract, StyleNetwork
from videotoon.errors import BackendError, StyleError, WeightsError
from videotoon.frame import FrameSize

if TYPE_CHECKING:
    from openvino import Model, Node

SIDE: Final = 256
"""Of calibration pictures; ranges of the architectures tried do not depend on it."""

EXACT_TYPES: Final = (
    "Add", "AvgPool", "Clamp", "Divide", "GroupConvolution", "Interpolate", "MVN", "MatMul",
    "Maximum", "Minimum", "Multiply", "PRelu", "Power", "ReduceMean", "ReduceSum", "Sigmoid",
    "SquaredDifference", "Sqrt", "Subtract", "Tanh",
)  # fmt: skip
"""Operations that are never quantised."""

CONVOLUTIONS: Final = ("Convolution", "ConvolutionBackpropData")


@dataclass(frozen=True, slots=True)
class Quality:
    """How near an int8 form comes to fp32, as peak signal-to-noise ratios in dB.

    Attributes:
        mean: Over all held-out pictures.
        worst: Of the worst one.
        pictures: Their number.
    """

    mean: float
    worst: float
    pictures: int


def quantise_style(style: Style, pictures: Path | None = None) -> tuple[StyleNetwork, Quality]:
    """Make the int8 form of a style that came as a file, judge it, and keep it if it is good.

    Args:
        style: A style given as a file, or fetched.
        pictures: Folder with pictures to calibrate on and to judge by; None for drawn ones.

    Returns:
        The network kept, and how near it comes to fp32.

    Raises:
        StyleError: The style is of another kind, or is quantised already.
        WeightsError: int8 changes the picture too much; nothing is kept.
        BackendError: NNCF is missing (or torch, for checkpoints never opened before).
        SettingsError: There are no such pictures.
        OutputError: The cache cannot be written.
    """
    from videotoon.engine.foreign import inspect
    from videotoon.engine.openvino_backend import OpenVinoBackend

    if style.bundled:
        raise StyleError(
            f"style {style.info.name!r} comes with the package and with its own int8 networks",
            "name a fetched style or a network file",
        )
    source = next(network for network in style.networks if network.precision != "int8")
    network = inspect(source, style.sidecar, "openvino")
    if network.rgb is None:
        raise StyleError(
            f"{network.path.name} is a network of planes, not of RGB",
            "its int8 form is written when it is trained",
        )
    size = calibration_size(network.rgb)
    backend = OpenVinoBackend()
    chosen = picture_set(pictures, size)
    quantised = quantise(backend.read(network), network, chosen)
    quality = compare(backend, network, quantised, chosen.held_out)
    if quality.worst < LEAST_DECIBELS:
        raise WeightsError(
            f"int8 brings {network.path.name} to {quality.worst:.1f} dB of fp32 on the worst of "
            f"{quality.pictures} held-out pictures, {LEAST_DECIBELS:g} are needed",
            "use --precision bf16 or fp32, or calibrate on pictures like yours: --pictures FOLDER",
        )
    return keep_form(network, style.sidecar, quantised, quality.worst), quality


def quantise(model: Model, network: StyleNetwork, pictures: PictureSet) -> Model:
    """Quantise a graph by NNCF's post-training method.

    Args:
        model: Graph of the network.
        network: Its contract.
        pictures: Calibration pictures of a size that it takes.

    Raises:
        StyleError: There is nothing to quantise, or it is done already.
        BackendError: NNCF is missing, or cannot do it.
    """
    try:
        import nncf
    except ImportError as error:
        raise BackendError(
            f"making int8 networks needs nncf ({error})", "pip install 'videotoon[quantise]'"
        ) from error
    assert network.rgb is not None
    kinds = {node.get_type_name() for node in model.get_ordered_ops()}
    if "FakeQuantize" in kinds or not kinds & set(CONVOLUTIONS):
        problem = "is quantised already" if "FakeQuantize" in kinds else "has no convolutions"
        raise StyleError(f"{network.path.name} {problem}", "give a network in fp32 or fp16")
    values = [network_values(picture, network.rgb) for picture in pictures.calibration]
    nncf.set_log_level(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # its progress bars
            result: Any = nncf.quantize(
                model,
                nncf.Dataset(values),
                preset=nncf.QuantizationPreset.MIXED,
                subset_size=len(values),
                ignored_scope=nncf.IgnoredScope(
                    names=outer_convolutions(model), types=list(EXACT_TYPES), validate=False
                ),
            )
    except (RuntimeError, nncf.NNCFError) as error:
        reason = " ".join(str(error).split())
        raise BackendError(
            f"{network.path.name} cannot be quantised: {reason}", "use --precision bf16 or fp32"
        ) from error
    quantised: Model = result
    return quantised


def compare(
    backend: Any, network: StyleNetwork, quantised: Model, held_out: Sequence[Picture]
) -> Quality:
    """Paint pictures in fp32 and in int8 as they will be painted, and compare.

    Args:
        backend: OpenVINO.
        network: The network in fp32.
        quantised: Its int8 graph.
        held_out: Pictures that were not calibrated on.
    """
    exact = _painter(backend.read(network), network.rgb, held_out[0], "f32")
    integer = _painter(quantised.clone(), network.rgb, held_out[0], backend.integer_hint("cpu"))
    decibels = []
    for picture in held_out:
        error = float(((exact(picture) - integer(picture)) ** 2).mean())
        decibels.append(10 * float(np.log10(255.0**2 / max(error, 1e-10))))
    return Quality(float(np.mean(decibels)), min(decibels), len(decibels))


def calibration_size(contract: RgbContract) -> FrameSize:
    """Return the size of calibration pictures that a network takes."""
    if contract.fixed is not None:
        return contract.fixed
    side = -(-max(SIDE, contract.least) // contract.multiple) * contract.multiple
    return FrameSize(side, side)


def network_values(picture: Picture, contract: RgbContract) -> NDArray[np.float32]:
    """Return a picture as a network takes it: a batch of one, in its layout and range."""
    low, high = contract.input_range
    values = picture * ((high - low) / 255.0) + low
    if contract.channels == "BGR":
        values = values[..., ::-1]
    if contract.layout == "NCHW":
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values[None], np.float32)


def outer_convolutions(model: Model) -> list[str]:
    """Return names of the convolutions nearest to the picture that comes in and that goes out."""
    first = _nearest(
        model.get_parameters(),
        lambda node: [
            port.get_node() for out in node.outputs() for port in out.get_target_inputs()
        ],
    )
    last = _nearest(
        model.get_results(), lambda node: [value.get_node() for value in node.input_values()]
    )
    return sorted({*first, *last})


def _nearest(start: Iterable[Node], following: Callable[[Node], Iterable[Node]]) -> set[str]:
    """Walk from nodes in one direction, up to the first convolution on every path."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(start)
    while waiting:
        node = waiting.pop()
        name = node.get_friendly_name()
        if name in seen:
            continue
        seen.add(name)
        if node.get_type_name() in CONVOLUTIONS:
            found.add(name)
        else:
            waiting += following(node)
    return found


def _painter(
    model: Model, contract: RgbContract | None, example: Picture, hint: str
) -> Callable[[Picture], NDArray[np.float64]]:
    import openvino

    from videotoon.engine.planes_graph import rgb_graph

    assert contract is not None
    height, width, _ = example.shape
    compiled = openvino.Core().compile_model(
        rgb_graph(model, contract, 1, height, width), "CPU", {"INFERENCE_PRECISION_HINT": hint}
    )

    def paint(picture: Picture) -> NDArray[np.float64]:
        painted = np.asarray(compiled(picture[None])[0][0], np.float64)
        return np.clip(painted, 0.0, 255.0)

    return paint
