"""Importing facexlib's networks where torchvision's compiled operators do not load.

torchvision registers ``nms`` from a compiled library. Where that library does not fit the installed
torch, ``import torchvision`` fails while it describes the operator. Declaring the operator (its
schema only) lets the import through; facexlib's own use of it is replaced by OpenCV's. Where the
real operators exist, nothing is touched.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.errors import BackendError

SCHEMAS: Final = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

INSTALL: Final = "pip install 'videotoon[faces]'"


def non_maximum_suppression(
    boxes: NDArray[Any], scores: NDArray[Any], overlap: float
) -> NDArray[np.intp]:
    """Keep the surest of boxes that overlap by more than ``overlap``.

    Args:
        boxes: Left, top, right, bottom; shape (n, 4).
        scores: Shape (n,).
        overlap: Intersection over union above which the less sure box goes.

    Returns:
        Indices of the boxes kept, surest first.
    """
    import cv2

    if len(boxes) == 0:
        return np.empty(0, np.intp)
    corners = np.asarray(boxes, np.float64)
    sized = np.column_stack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
    kept = cv2.dnn.NMSBoxes(sized.tolist(), np.asarray(scores, np.float64).tolist(), 0.0, overlap)
    return np.asarray(kept, np.intp).reshape(-1)


@functools.cache
def import_facexlib() -> tuple[Any, Any]:
    """Import facexlib's detection and parsing modules.

    Returns:
        ``facexlib.detection.retinaface`` and ``facexlib.parsing.bisenet``.

    Raises:
        BackendError: torch, torchvision or facexlib are not installed.
    """
    missing = [n for n in ("torch", "torchvision", "facexlib") if not importlib.util.find_spec(n)]
    if missing:
        raise BackendError(f"{' and '.join(missing)} not installed", INSTALL)
    declared = declare_missing_operators()
    try:
        from facexlib.detection import retinaface
        from facexlib.parsing import bisenet
    except (ImportError, RuntimeError, OSError) as error:
        raise BackendError(f"facexlib cannot be imported: {error}", INSTALL) from error
    if declared:
        retinaface.py_cpu_nms = _facexlib_nms
    return retinaface, bisenet


@functools.cache
def declare_missing_operators() -> tuple[str, ...]:
    """Declare those operators of torchvision that its compiled library did not register.

    Returns:
        Names of the operators that had to be declared; empty on a healthy installation.
    """
    import torch

    try:
        importlib.import_module("torchvision.ops")  # a healthy one registers everything here
    except (ImportError, RuntimeError, OSError):
        pass
    else:
        if _registered(torch, "nms"):
            return ()
    _forget_half_imported("torchvision")
    missing = tuple(name for name in SCHEMAS if not _registered(torch, name))
    for name in missing:
        _library(torch).define(SCHEMAS[name])
    return missing


@functools.cache
def _library(torch: Any) -> Any:
    # Kept for the life of the process: operators vanish with the library that declared them.
    return torch.library.Library("torchvision", "FRAGMENT")


def _registered(torch: Any, name: str) -> bool:
    return bool(torch._C._jit_get_schemas_for_operator(f"torchvision::{name}"))


def _forget_half_imported(package: str) -> None:
    """Drop modules of a package whose import failed, so that it can be imported again."""
    import sys

    for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
        del sys.modules[name]


def _facexlib_nms(detections: NDArray[Any], overlap: float) -> list[int]:
    """Stand in for facexlib's function; rows are left, top, right, bottom, score."""
    kept = non_maximum_suppression(detections[:, :4], detections[:, 4], overlap)
    return [int(index) for index in kept]
