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
from videotoon.engine.weights import TORCH_FORMS, RgbContract, StyleNetwork
from videotoon.errors import BackendError
from videotoon.frame import ColourTags

HALF_CODES = 128.0
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

    def compile(self, network: StyleNetwork, spec: PaintSpec) -> PaintingStyle:
        """Load a network for one job; see :class:`videotoon.engine.base.Backend`."""
        device = torch.device(self.resolve_device(spec.device))
        possible = self.precisions(network, spec.device)
        if spec.precision not in possible:
            raise BackendError(
                f"{network.name} cannot run in {spec.precision} with torch on {device}",
                f"possible: {', '.join(possible) or 'none'}",
            )
        module = load_module(network)
        wrapped: nn.Module
        if network.kind == "phases":
            wrapped = PhasesModule(module, network.phase, spec.colour, TYPES[spec.precision])
        else:
            assert network.rgb is not None, "foreign networks are inspected first"
            wrapped = RgbModule(module, network.rgb, TYPES[spec.precision])
        # Parameters of any kind run fastest with channels last, on CPU and GPU alike.
        wrapped = wrapped.eval().to(device)
        wrapped = wrapped.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        rows, columns = core_shape(network, spec)
        phased = network.kind == "phases"
        shape = (spec.batch, rows, columns, phase_channels(network.phase) if phased else 3)
        dtype = np.dtype(np.uint8 if phased else np.float32)
        return PaintingStyle(
            network, spec, lambda: TorchCore(wrapped, device, shape, dtype), (str(device),)
        )


class TorchCore:
    """Buffers of one session around a shared module; see :class:`videotoon.engine.base.Core`."""

    def __init__(
        self,
        module: nn.Module,
        device: torch.device,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self._module = module
        self._device = device
        kind = torch.uint8 if dtype == np.uint8 else torch.float32
        # Page-locked buffers: copies to and from a GPU then need no detour.
        pinned = device.type == "cuda"
        self._inputs = torch.zeros(shape, dtype=kind, pin_memory=pinned)
        self._outputs = torch.zeros(shape, dtype=kind, pin_memory=pinned)

    @property
    def inputs(self) -> NDArray[Any]:
        """Buffer to be filled before :meth:`run`."""
        return self._inputs.numpy()

    def run(self) -> NDArray[Any]:
        """Run the module."""
        with torch.inference_mode():
            given = self._inputs.to(self._device, non_blocking=True)
            self._outputs.copy_(self._module(given))
        return self._outputs.numpy()


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
    values = values.contiguous(memory_format=torch.channels_last)
    reduced = kind != torch.float32
    with torch.autocast(values.device.type, dtype=kind if reduced else None, enabled=reduced):
        result: Tensor = network(values)
    return result.float()


def _kernel(matrix: NDArray[np.float64]) -> Tensor:
    return torch.tensor(matrix.reshape(*matrix.shape, 1, 1), dtype=torch.float32)


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bf16 natively; emulated it would be slower than float32."""
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe()) if probe is not None else False
