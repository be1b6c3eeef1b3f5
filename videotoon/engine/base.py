"""Protocols between the pipeline and whatever paints a frame.

``Backend`` compiles a style for one frame size, ``CompiledStyle`` hands out sessions, and a
``Session`` paints. A session is used by one thread at a time; a compiled style may be shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from numpy.typing import NDArray

from videotoon.frame import BT709, ColourTags, FrameSize, Planes

if TYPE_CHECKING:
    from videotoon.engine.painting import PaintingStyle
    from videotoon.engine.weights import StyleNetwork

BackendName = Literal["openvino", "torch"]
Precision = Literal["fp32", "bf16", "int8", "fp16"]


@dataclass(frozen=True, slots=True)
class Adjustments:
    """How much of a style is applied; all 1.0 means the style as it was trained.

    Attributes:
        strength: 0 gives the input back, 1 the style; linear in between.
        edge_preserve: Scales the fine part of the luma change (lines and flattening), 0.5..1.5.
        color_shift: Fraction of the style's chroma change that is taken, 0..1.
    """

    strength: float = 1.0
    edge_preserve: float = 1.0
    color_shift: float = 1.0

    @property
    def neutral(self) -> bool:
        """True when the graph needs no extra operations."""
        return self.strength == self.edge_preserve == self.color_shift == 1.0


@dataclass(frozen=True, slots=True)
class PaintSpec:
    """Everything a backend must know to compile a style for one job.

    Attributes:
        size: Size of the planes that come in and go out.
        painting_size: Size at which the network paints; sessions scale planes to it and back.
        colour: Meaning of the planes' codes; the network's own space is mapped to and from it.
        precision: Arithmetic of the network.
        adjustments: Strength and friends.
        streams: Sessions that will paint at the same time.
        threads: Threads for all sessions together; 0 lets the backend decide.
        device: ``cpu``, or what the backend calls its device (``cuda``, ``cuda:1``, ``GPU``).
        batch: Pictures per call of a session.
        cache_folder: Where compiled models are kept, or None.
    """

    size: FrameSize
    painting_size: FrameSize
    colour: ColourTags = BT709
    precision: Precision = "fp32"
    adjustments: Adjustments = Adjustments()
    streams: int = 1
    threads: int = 0
    device: str = "cpu"
    batch: int = 1
    cache_folder: Path | None = None


class Session(Protocol):
    """Paints pictures, one thread at a time."""

    def paint(self, planes: Planes) -> Planes:
        """Return the painted picture: same size, fresh memory, alpha passed through."""
        ...

    def paint_batch(self, pictures: Sequence[Planes]) -> list[Planes]:
        """Paint up to ``PaintSpec.batch`` pictures in one call of the network."""
        ...


class Core(Protocol):
    """The compiled network behind a session: fixed shape, own buffers, one thread at a time.

    Networks of kind ``phases`` map u8 cells [B, rows, columns, C] to the same shape; those of kind
    ``rgb`` map f32 pictures [B, rows, columns, 3], RGB 0..255, to the same shape (unclipped), or
    whole pictures u8 [B, bytes], the planes Y, U and V one after the other, to the same shape.
    """

    @property
    def inputs(self) -> NDArray[Any]:
        """Buffer to be filled before :meth:`run`; C-contiguous."""
        ...

    def run(self) -> NDArray[Any]:
        """Run the network on ``inputs``; the result is valid until the next call."""
        ...


class CompiledStyle(Protocol):
    """A style that is ready to paint frames of one size."""

    @property
    def spec(self) -> PaintSpec:
        """What it was compiled for."""
        ...

    def session(self) -> Session:
        """Return a new session; sessions of one compiled style may run in parallel."""
        ...


class Backend(Protocol):
    """An inference engine."""

    name: BackendName

    def resolve_device(self, device: str) -> str:
        """Name of an existing device: ``auto``, ``cpu`` or the backend's own words are understood.

        Raises:
            BackendError: It does not exist.
        """
        ...

    def precisions(self, network: StyleNetwork, device: str = "cpu") -> tuple[Precision, ...]:
        """Precisions in which the device can run the network, fastest expected first."""
        ...

    def usual_streams(self, device: str) -> int:
        """Sessions that keep a device busy when they paint at the same time, as a rule."""
        ...

    def compile(self, network: StyleNetwork, spec: PaintSpec) -> PaintingStyle:
        """Compile a network for one frame size.

        Raises:
            BackendError: The device or precision is not to be had.
            StyleError: The network's file is unusable.
        """
        ...
