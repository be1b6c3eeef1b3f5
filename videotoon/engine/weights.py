"""What is known about stored networks: files, hashes, shapes, and how pictures go in and out."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from videotoon.engine.base import Precision
from videotoon.errors import WeightsError
from videotoon.frame import FrameSize

NetworkKind = Literal["phases", "rgb"]
NetworkForm = Literal["openvino", "safetensors", "pytorch", "onnx", "tensorflow", "tflite"]
Scale = Literal["sd", "hd"]
Layout = Literal["NHWC", "NCHW"]
ChannelOrder = Literal["RGB", "BGR"]

FORMS: Final[Mapping[str, NetworkForm]] = {
    ".pt": "pytorch",
    ".pth": "pytorch",
    ".safetensors": "safetensors",
    ".onnx": "onnx",
    ".pb": "tensorflow",
    ".tflite": "tflite",
    ".xml": "openvino",
}
"""Suffixes of files that can be a style."""

TORCH_FORMS: Final[tuple[NetworkForm, ...]] = ("pytorch", "safetensors")


@dataclass(frozen=True, slots=True)
class RgbContract:
    """What a network that paints RGB expects and returns.

    Attributes:
        layout: Order of the input's axes.
        output_layout: Order of the output's axes.
        channels: Order of the colour channels, in and out.
        input_range: Values of black and white at the input.
        output_range: Values of black and white at the output.
        fixed: Size it is fixed at, or None if it takes any.
        multiple: Sides must be multiples of this.
        least: Shortest side it takes.
        range_source: How the ranges were found: ``stated``, ``graph`` or ``probed``.
    """

    layout: Layout = "NCHW"
    output_layout: Layout = "NCHW"
    channels: ChannelOrder = "RGB"
    input_range: tuple[float, float] = (-1.0, 1.0)
    output_range: tuple[float, float] = (-1.0, 1.0)
    fixed: FrameSize | None = None
    multiple: int = 1
    least: int = 1
    range_source: Literal["stated", "graph", "probed"] = "stated"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a network with its pinned content.

    Attributes:
        path: Where it lies.
        sha256: Hash of its content, lower-case hexadecimal.
        size: Its length in bytes.
    """

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class StyleNetwork:
    """One network of a style, as stored.

    Attributes:
        style: Name of the style.
        kind: ``phases`` (ours: planes in, planes out) or ``rgb``.
        form: File format.
        files: All files it consists of; the first is the one to open.
        scale: ``sd`` or ``hd`` for bundled networks, None for foreign ones.
        precision: Stored precision.
        phase: Space-to-depth factor (``phases`` only).
        stride: Sides must be multiples of this many luma pixels (``phases`` only).
        receptive_field: Width in luma pixels of what one pixel depends on; 0 = the whole picture.
        rgb: Contract of an ``rgb`` network; None until its graph was read.
        bundled: True if it ships with the package and its hash is pinned.
        decibels: Of an int8 form made on this machine: peak signal-to-noise ratio to fp32 on the
            worst held-out picture. None for networks as their makers stored them.
    """

    style: str
    kind: NetworkKind
    form: NetworkForm
    files: tuple[WeightFile, ...]
    scale: Scale | None = None
    precision: Precision = "fp32"
    phase: int = 0
    stride: int = 1
    receptive_field: int = 0
    rgb: RgbContract | None = None
    bundled: bool = False
    decibels: float | None = None

    @property
    def path(self) -> Path:
        """The file to open."""
        return self.files[0].path

    @property
    def name(self) -> str:
        """Short name for reports, e.g. ``cel-sd-int8`` or the file's name."""
        if self.decibels is not None:
            return f"{self.style}-int8"
        return f"{self.style}-{self.scale}-{self.precision}" if self.bundled else self.path.name

    def verify(self) -> None:
        """Check that every bundled file has its pinned content.

        Raises:
            WeightsError: A file is missing or was altered.
        """
        for file in self.files:
            found = file_sha256(file.path)
            if found != file.sha256:
                raise WeightsError(
                    f"{file.path} has sha256 {found[:12]}..., expected {file.sha256[:12]}...",
                    "install videotoon again",
                )


def rgb_contract(entry: Mapping[str, Any], base: RgbContract | None = None) -> RgbContract:
    """Read what a manifest or a sidecar says about an RGB network.

    Keys, all optional: ``layout`` ("NHWC" or "NCHW"), ``channels`` ("RGB" or "BGR"),
    ``input_range`` and ``output_range`` (two numbers: black and white; ``range`` sets both),
    ``multiple`` and ``least`` (pixels).

    Args:
        entry: The keys.
        base: What holds where a key is absent.

    Raises:
        ValueError: A value is not one of those.
    """
    contract = base or RgbContract()
    changes: dict[str, Any] = {}
    if "layout" in entry:
        changes["layout"] = changes["output_layout"] = _choice(entry, "layout", ("NHWC", "NCHW"))
    if "channels" in entry:
        changes["channels"] = _choice(entry, "channels", ("RGB", "BGR"))
    for key in ("input_range", "output_range"):
        values = entry.get(key, entry.get("range"))
        if values is not None:
            low, high = (float(value) for value in values)
            if not low < high:
                raise ValueError(f"{key} = {values}: black must be below white")
            changes[key] = (low, high)
            changes["range_source"] = "stated"
    for key in ("multiple", "least"):
        if key in entry:
            changes[key] = int(entry[key])
            if changes[key] < 1:
                raise ValueError(f"{key} = {entry[key]}: must be at least 1")
    return replace(contract, **changes)


def _choice(entry: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    value = str(entry[key]).upper()
    if value not in allowed:
        raise ValueError(f"{key} = {entry[key]!r}: must be one of {', '.join(allowed)}")
    return value


def file_sha256(path: Path) -> str:
    """Hash of a file's content; remembered until the file changes.

    Raises:
        WeightsError: It cannot be read.
    """
    try:
        status = path.stat()
        return _hash_content(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise WeightsError(
            f"cannot read {path}: {error.strerror or error}", "check the file, or install again"
        ) from error


@functools.lru_cache(maxsize=256)
def _hash_content(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
