"""Cores of the torch engine: plain calls on a CPU, recorded kernels on CUDA."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from videotoon.engine.base import Core

WARM_UP = 2
"""Paintings before kernels are recorded: libraries are loaded and workspaces sized in the first."""


RECORDING = threading.Lock()
"""One recording at a time: each begins by waiting for the whole device, which ends another."""


def make_core(
    module: nn.Module, device: torch.device, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Core:
    """Return buffers of one session around a shared module.

    Args:
        module: On the device; a tensor of ``shape`` to the same.
        device: Where it runs.
        shape: Of the buffers.
        dtype: Of the buffers: uint8 or float32.
    """
    core = RecordedCore if device.type == "cuda" else CalledCore
    return core(module, device, shape, dtype)


class CalledCore:
    """Calls the module for every picture; implements :class:`videotoon.engine.base.Core`."""

    def __init__(
        self,
        module: nn.Module,
        device: torch.device,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self._module = module
        self._device = device
        self._inputs, self._outputs = _buffers(device, shape, dtype)

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


class RecordedCore:
    """Replays what the module does on a CUDA device, copies included, from one recording.

    A small network is some fifty kernels of microseconds: launched one by one from Python they wait
    longer than they run, and hold the interpreter's lock meanwhile. The recording is a CUDA graph
    on a stream of its own, so that the copies of one session and the kernels of another overlap.
    Implements :class:`videotoon.engine.base.Core`.
    """

    def __init__(
        self,
        module: nn.Module,
        device: torch.device,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        # The recording knows tensors by their address only: whatever it reads has to stay.
        self._module = module
        with RECORDING, torch.cuda.device(device), torch.inference_mode():
            self._inputs, self._outputs = _buffers(device, shape, dtype)
            self._given = torch.zeros(shape, dtype=self._inputs.dtype, device=device)
            self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                for _ in range(WARM_UP):
                    module(self._given)
            self._stream.synchronize()
            self._graph = torch.cuda.CUDAGraph()
            # Other sessions may be painting meanwhile: only this thread must keep to what can be
            # recorded.
            with torch.cuda.graph(
                self._graph, stream=self._stream, capture_error_mode="thread_local"
            ):
                self._given.copy_(self._inputs, non_blocking=True)
                self._outputs.copy_(module(self._given), non_blocking=True)

    @property
    def inputs(self) -> NDArray[Any]:
        """Buffer to be filled before :meth:`run`."""
        return self._inputs.numpy()

    def run(self) -> NDArray[Any]:
        """Replay the recording and wait for the result."""
        with torch.cuda.stream(self._stream):
            self._graph.replay()
        self._stream.synchronize()
        return self._outputs.numpy()


def _buffers(
    device: torch.device, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> tuple[Tensor, Tensor]:
    """Return memory for what comes in and for what goes out."""
    kind = torch.uint8 if dtype == np.uint8 else torch.float32
    # Page-locked: copies to and from a GPU then need no detour.
    pinned = device.type == "cuda"
    return (
        torch.zeros(shape, dtype=kind, pin_memory=pinned),
        torch.zeros(shape, dtype=kind, pin_memory=pinned),
    )
