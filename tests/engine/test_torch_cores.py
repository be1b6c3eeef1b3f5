"""Cores of the torch engine, as far as no GPU is needed; the contract suite has the rest."""

from __future__ import annotations

import numpy as np
import pytest

from videotoon.errors import BackendError

torch = pytest.importorskip("torch")


def test_a_processor_calls_the_module():
    from videotoon.engine.torch_cores import CalledCore, make_core

    negative = type("Negative", (torch.nn.Module,), {"forward": lambda _, codes: 255 - codes})
    core = make_core(negative(), torch.device("cpu"), (2, 6), np.dtype(np.uint8))
    assert isinstance(core, CalledCore)
    core.inputs[...] = np.arange(12).reshape(2, 6)
    assert np.array_equal(core.run(), 255 - np.arange(12).reshape(2, 6))


def test_too_little_memory_is_one_line(monkeypatch: pytest.MonkeyPatch):
    from videotoon.engine import torch_cores

    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(torch_cores, "RecordedCore", full)
    with pytest.raises(BackendError, match=r"cuda:0 has too little free memory.*--workers 1"):
        torch_cores.make_core(
            torch.nn.Identity(), torch.device("cuda:0"), (1, 3), np.dtype(np.uint8)
        )
