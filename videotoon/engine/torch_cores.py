"""Cores of the torch engine: plain calls on a CPU, recorded kernels on CUDA."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from videotoon.engine.base import Core
from videotoon.errors import BackendError

WARM_UP = 2
"""Paintings before kernels are recorded: libraries are loaded and workspaces sized in the first."""

RECORDING = threading.Lock()
"""One recording at a time: each begins by waiting for the whole device, which ends another."""

STREAMS_OF_TORCH = 64
"""Torch hands out the same few dozen streams of a device over and over."""

_users: WeakValueDictionary[int, RecordedCore] = WeakValueDictionary()
"""Cores in use, by the handle of their stream; guarded by RECORDING."""


def make_core(
    module: nn.Module, device: torch.device, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Core:
    """Return buffers of one session around a shared module.

    Args:
        module: On the device; a tensor of ``shape`` to the same.
        device: Where it runs.
        shape: Of the buffers.
        dtype: Of the buffers: uint8 or float32.

    Raises:
        BackendError: The device's memory does not hold what the module needs.
    """
    with fits_into_memory(device):
        if device.type == "cuda":
            try:
                return RecordedCore(module, device, shape, dtype)
            except NoFreeStream:
                pass
        return CalledCore(module, device, shape, dtype)


@contextmanager
def fits_into_memory(device: torch.device) -> Iterator[None]:
    """Say in one line where the memory of a device is full.

    Raises:
        BackendError: It is.
    """
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise BackendError(
            f"{device} has too little free memory for pictures of this size",
            "use --workers 1, a smaller --max-side, fewer --jobs, or --device cpu",
        ) from error


class NoFreeStream(Exception):
    """Every stream of a device belongs to a core that is in use."""


class CalledCore:
    """Calls the module for every picture; implements :class:`videotoon.engine.base.Core`.

    On CUDA it serves where all streams are taken.
    """

    def __init__(
        self,
        module: nn.Module,
        device: torch.device,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        # A recording knows tensors by their address only: whatever it reads has to stay.
        self._module = module
        self._device = device
        kind = torch.uint8 if dtype == np.uint8 else torch.float32
        # Page-locked: copies to and from a GPU then need no detour.
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


class RecordedCore(CalledCore):
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
        with RECORDING, torch.cuda.device(device), torch.inference_mode():
            super().__init__(module, device, shape, dtype)
            self._given = torch.zeros(shape, dtype=self._inputs.dtype, device=device)
            self._stream = self._free_stream()
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

    def _free_stream(self) -> torch.cuda.Stream:
        """Take a stream that no other core uses: what is replayed there would be recorded, too."""
        for _ in range(STREAMS_OF_TORCH):
            stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            if stream.cuda_stream not in _users:
                _users[stream.cuda_stream] = self
                return stream
        raise NoFreeStream

    def run(self) -> NDArray[Any]:
        """Replay the recording and wait for the result."""
        with torch.cuda.stream(self._stream):
            self._graph.replay()
        self._stream.synchronize()
        return self._outputs.numpy()
