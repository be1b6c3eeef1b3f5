"""Paints with torch: on CPUs for comparison, on CUDA for speed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from videotoon.engine.base import BackendName, PaintSpec, Precision
from videotoon.engine.checkpoints import load_module
from videotoon.engine.colour import phase_maps
from videotoon.engine.painting import PaintingStyle, core_shape
from videotoon.engine.phases import phase_channels
from videotoon.engine.tiling import rgb_arrangement
from videotoon.engine.torch_cores import fits_into_memory, make_core
from videotoon.engine.torch_pictures import WholePicture, picture_bytes
from videotoon.engine.weights import TORCH_FORMS, RgbContract, StyleNetwork
from videotoon.errors import BackendError
from videotoon.frame import ColourTags
from videotoon.system.machine import usable_cores

HALF_CODES = 128.0
CUDA_STREAMS = 2
"""Sessions on one GPU: while one picture is painted, the next is laid out for it. Each takes the
memory of the network's features once more."""

TYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}


class TorchBackend:
    """Backend on torch; implements :class:`videotoon.engine.base.Backend`."""

    name: BackendName = "torch"

    def resolve_device(self, device: str) -> str:
        """Turn ``auto``, ``cpu``, ``cuda`` or ``cuda:N`` into a device that exists.

        Raises:
            BackendError: It does not.
        """
        wanted = device.lower()
        if wanted == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        if wanted == "cpu":
            return "cpu"
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        present = ["cpu", *(f"cuda:{index}" for index in range(count))]
        if (wanted == "cuda" and count) or wanted in present:
            return wanted
        raise BackendError(f"torch has no device {device!r} here", f"it has {', '.join(present)}")

    def precisions(self, network: StyleNetwork, device: str = "cpu") -> tuple[Precision, ...]:
        """Precisions in which a device runs a checkpoint, fastest expected first."""
        if network.form not in TORCH_FORMS:
            return ()
        if self.resolve_device(device).startswith("cuda"):
            return ("fp16", "bf16", "fp32") if torch.cuda.is_bf16_supported() else ("fp16", "fp32")
        return ("bf16", "fp32") if _cpu_has_bf16() else ("fp32",)

    def usual_streams(self, device: str) -> int:
        """One per core of a CPU, so many for a GPU; see :class:`videotoon.engine.base.Backend`."""
        return CUDA_STREAMS if device.startswith("cuda") else usable_cores()

    def compile(self, network: StyleNetwork, spec: PaintSpec) -> PaintingStyle:
        """Load a network for one job; see :class:`videotoon.engine.base.Backend`."""
        device = torch.device(self.resolve_device(spec.device))
        possible = self.precisions(network, spec.device)
        if spec.precision not in possible:
            raise BackendError(
                f"{network.name} cannot run in {spec.precision} with torch on {device}",
                f"possible: {', '.join(possible) or 'none'}",
            )
        with fits_into_memory(device):
            module = painting_module(network, spec, device)
        shape, dtype = buffer_shape(network, spec)
        return PaintingStyle(
            network,
            spec,
            lambda: make_core(module, device, shape, dtype),
            (str(device),),
            paints_whole(network, spec),
        )


def buffer_shape(network: StyleNetwork, spec: PaintSpec) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of a core's buffers, see :class:`videotoon.engine.base.Core`."""
    if paints_whole(network, spec):
        return (spec.batch, picture_bytes(spec.painting_size)), np.dtype(np.uint8)
    rows, columns = core_shape(network, spec)
    if network.kind == "phases":
        return (spec.batch, rows, columns, phase_channels(network.phase)), np.dtype(np.uint8)
    return (spec.batch, rows, columns, 3), np.dtype(np.float32)


def paints_whole(network: StyleNetwork, spec: PaintSpec) -> bool:
    """Whether a network that paints RGB takes a picture in one window, at its own size."""
    if network.rgb is None:
        return False
    arrangement = rgb_arrangement(network.rgb, spec.painting_size)
    return arrangement.single and arrangement.canvas == spec.painting_size


def painting_module(network: StyleNetwork, spec: PaintSpec, device: torch.device) -> nn.Module:
    """Load a network, with everything that a core needs around it.

    Args:
        network: A checkpoint; a foreign one was inspected.
        spec: What for.
        device: Where it will run.

    Returns:
        What a core's inputs are given to, see :class:`videotoon.engine.base.Core`.
    """
    kind = TYPES[spec.precision]
    module = load_module(network).to(kind)
    wrapped: nn.Module
    if network.kind == "phases":
        wrapped = PhasesModule(module, network.phase, spec.colour, kind)
    else:
        assert network.rgb is not None, "foreign networks are inspected first"
        wrapped = RgbModule(module, network.rgb, kind)
        if paints_whole(network, spec):
            arrangement = rgb_arrangement(network.rgb, spec.painting_size)
            wrapped = WholePicture(wrapped, arrangement, spec.colour)
    # Parameters of any kind run fastest with channels last, on CPU and GPU alike.
    wrapped = wrapped.eval().to(device)
    return wrapped.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


class PhasesModule(nn.Module):
    """The same arithmetic as :func:`videotoon.engine.planes_graph.phases_graph`.

    Args:
        network: Phases [B, C, h, w] to their change.
        phase: Space-to-depth factor of luma.
        colour: Meaning of the codes.
        kind: Type in which the network computes; everything around it stays float32.
    """

    def __init__(
        self, network: nn.Module, phase: int, colour: ColourTags, kind: torch.dtype
    ) -> None:
        super().__init__()
        self.network = network
        self._kind = kind
        forward, offset, backward = phase_maps(phase, colour)
        scale = 1.0 / HALF_CODES
        self.native = colour.native
        self.register_buffer("matrix", _kernel(forward * scale))
        self.register_buffer("offset", torch.tensor(offset * scale - 1.0, dtype=torch.float32))
        self.register_buffer("backward_matrix", _kernel(backward * HALF_CODES))

    def forward(self, cells: Tensor) -> Tensor:
        """Cells u8 [B, rows, columns, C] to painted cells of the same shape and type."""
        codes = cells.permute(0, 3, 1, 2).float()
        if self.native:
            delta = self._run(codes / HALF_CODES - 1.0) * HALF_CODES
        else:
            values = nn.functional.conv2d(
                codes, self.get_buffer("matrix"), self.get_buffer("offset")
            )
            delta = nn.functional.conv2d(self._run(values), self.get_buffer("backward_matrix"))
        painted = (codes + delta).clamp(0.0, 255.0).round().to(torch.uint8)
        return painted.permute(0, 2, 3, 1)

    def _run(self, values: Tensor) -> Tensor:
        return _in_precision(self.network, values, self._kind)


class RgbModule(nn.Module):
    """The same arithmetic as :func:`videotoon.engine.planes_graph.rgb_graph`.

    Args:
        network: RGB [B, 3, H, W] in, the same out.
        contract: Value ranges.
        kind: Type in which the network computes.
    """

    def __init__(self, network: nn.Module, contract: RgbContract, kind: torch.dtype) -> None:
        super().__init__()
        self.network = network
        self._contract = contract
        self._kind = kind

    def forward(self, picture: Tensor) -> Tensor:
        """RGB f32 [B, H, W, 3] in 0..255 to the same."""
        low, high = self._contract.input_range
        values = picture.permute(0, 3, 1, 2) * ((high - low) / 255.0) + low
        painted = _in_precision(self.network, values, self._kind)
        low, high = self._contract.output_range
        return ((painted - low) * (255.0 / (high - low))).permute(0, 2, 3, 1)


def _in_precision(network: nn.Module, values: Tensor, kind: torch.dtype) -> Tensor:
    """Compute in one type throughout: autocast would convert the parameters at every call."""
    result: Tensor = network(values.to(kind, memory_format=torch.channels_last))
    return result.float()


def _kernel(matrix: NDArray[np.float64]) -> Tensor:
    return torch.tensor(matrix.reshape(*matrix.shape, 1, 1), dtype=torch.float32)


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bf16 natively; emulated it would be slower than float32."""
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe()) if probe is not None else False
