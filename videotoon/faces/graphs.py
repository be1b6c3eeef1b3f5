"""Networks of facexlib as OpenVINO graphs: converted once, then free of torch."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from videotoon.errors import WeightsError
from videotoon.system.machine import cache_folder
from videotoon.weights_store.catalogue import PinnedFile
from videotoon.weights_store.store import require_weights

if TYPE_CHECKING:
    from openvino import Model

GRAPH_VERSION: Final = 1
"""Raised when a conversion changes, so that old graphs in caches are not used."""


def cached_graph(name: str, weights: PinnedFile, convert: Callable[[Path], Model]) -> Path:
    """Path of a network as an OpenVINO graph, converting it on first use.

    Args:
        name: Beginning of the file's name.
        weights: What it is converted from; their hash is part of the name.
        convert: Turns the weights' file into a graph.

    Raises:
        WeightsError: The weights are missing or altered, or the graph cannot be kept.
        BackendError: It was never converted here and torch or facexlib is missing.
    """
    folder = cache_folder() / "faces"
    graph = folder / f"{name}-{weights.sha256[:16]}-{GRAPH_VERSION}.xml"
    if graph.is_file() and graph.with_suffix(".bin").is_file():
        return graph
    model = convert(require_weights(weights))
    import openvino

    part = folder / f"{graph.stem}.{os.getpid()}.xml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        openvino.save_model(model, part, compress_to_fp16=False)
        part.with_suffix(".bin").replace(graph.with_suffix(".bin"))
        part.replace(graph)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"cannot keep the converted network {name} in {folder}: {error}",
            "name a writable folder with VIDEOTOON_CACHE",
        ) from error
    return graph


def load_state(network: Any, weights: Path, title: str) -> Any:
    """Load weights into a torch network without running anything that the file may hold.

    Returns:
        The network in evaluation mode.

    Raises:
        WeightsError: The file holds something else.
    """
    import torch

    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        network.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})
    except Exception as error:
        raise WeightsError(f"{weights} holds no {title} network", "fetch it again") from error
    return network.eval()


def cpu_options(threads: int) -> dict[str, Any]:
    """OpenVINO's options for one small network beside busy workers; 0 threads: all cores."""
    options: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,
    }
    if threads:
        options["INFERENCE_NUM_THREADS"] = threads
    return options
