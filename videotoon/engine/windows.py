"""Painting windows of a frame with the same network that paints whole frames."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from videotoon.engine import phases
from videotoon.engine.changes import (
    Box,
    ChangeFinder,
    PaintedWindow,
    WindowSession,
    crop,
    placed,
)
from videotoon.engine.painters import ChangeOnly
from videotoon.engine.painting import PaintingStyle
from videotoon.engine.tiling import padded_size
from videotoon.engine.weights import StyleNetwork
from videotoon.frame import FrameSize, Planes
from videotoon.settings import Settings

if TYPE_CHECKING:
    from openvino import CompiledModel

    from videotoon.engine.open import OpenedStyle
    from videotoon.engine.openvino_backend import OpenVinoCore

EXACT_PAIRS = frozenset({("openvino", "int8"), ("openvino", "fp32")})
"""Engines and precisions whose arithmetic does not depend on the size of the picture. Proven by
property tests on random clips; others round differently by shape and always paint whole frames."""

PATIENCE: Final = 1
"""How often a size of window is painted as a whole frame before it is compiled: compiling takes as
long as painting two or three frames."""

MOST_SIZES: Final = 8
"""Sizes of windows that are compiled; each takes some 30 MB at 720p."""

FORGOTTEN_AFTER: Final = 500
"""A size that was of no use for so many windows makes room for another: scenes change. Often enough
that compiling stays rare."""


def can_paint_windows(style: OpenedStyle) -> bool:
    """Tell whether windows of this style come out exactly as inside whole frames."""
    spec = style.compiled.spec
    return (
        isinstance(style.compiled, PaintingStyle)  # mixtures paint whole frames
        and style.network.kind == "phases"
        and (style.backend, style.precision) in EXACT_PAIRS
        and spec.painting_size == spec.size
        and spec.adjustments.neutral
        and spec.batch == 1
    )


def reach(style: OpenedStyle) -> int:
    """Return how far around a changed cell of the stride a painting can change, in luma pixels.

    With the dilations d and r refinements of ``networks/student.py`` that is
    ``phase * (2 * sum(d) + r + 3)``. Rounded up to whole cells, it is half the receptive field
    rounded down to them.
    """
    stride = style.network.stride
    return style.network.receptive_field // 2 // stride * stride


def change_only(style: OpenedStyle, settings: Settings) -> ChangeOnly | None:
    """Return what painting only changes needs, or None where whole frames must be painted."""
    if not settings.change_only or not can_paint_windows(style):
        return None
    finder = ChangeFinder(reach(style), style.network.stride, settings.change_tolerance)
    return ChangeOnly(finder, FixedWindows(style).session)


class FixedWindows:
    """Compiles a style for windows; shared by all sessions.

    Every size has a graph of its own, because graphs without a fixed size round differently: one
    pixel in millions comes out one code off.

    Args:
        style: An opened style for which :func:`can_paint_windows` holds.
        patience: How often a size must be asked for before it is compiled.

    Attributes:
        forgotten: How many sizes made room for others so far.
    """

    def __init__(self, style: OpenedStyle, patience: int = PATIENCE) -> None:
        from videotoon.engine.openvino_backend import OpenVinoBackend

        self._backend = OpenVinoBackend()
        self._spec, self._network = style.compiled.spec, style.network
        self._patience = patience
        self._lock = Lock()
        self._asked: Counter[FrameSize] = Counter()
        self._compiled: dict[FrameSize, CompiledModel] = {}
        self.forgotten = 0
        self._windows = 0
        self._last_use: dict[FrameSize, int] = {}

    def session(self) -> WindowSession:
        """Return a new session; sessions may run in parallel."""
        return _OpenVinoWindowSession(self)

    @property
    def network(self) -> StyleNetwork:
        """The network that paints them."""
        return self._network

    def fitting(self, size: FrameSize) -> FrameSize | None:
        """Return the size of the compiled windows to use for ``size``, or None: not worth it.

        Args:
            size: A size that the stride divides.
        """
        with self._lock:
            self._windows += 1
            if self._windows % FORGOTTEN_AFTER == 0:
                self._asked.clear()  # what was asked for once an hour ago is no habit
            used = self._choose(size)
            if used is not None:
                self._last_use[used] = self._windows
            return used

    def _choose(self, size: FrameSize) -> FrameSize | None:
        if size in self._compiled:
            return size
        self._asked[size] += 1
        if self._asked[size] > self._patience and self._has_room():
            self._compiled[size] = self._compile(size)
            return size
        holding = [
            known for known in self._compiled
            if known.width >= size.width and known.height >= size.height
        ]  # fmt: skip
        return min(holding, key=lambda known: known.area, default=None)

    def _has_room(self) -> bool:
        """Tell whether another size may be compiled; forgets one that is of no use any more."""
        if len(self._compiled) < MOST_SIZES:
            return True
        oldest = min(self._compiled, key=self._last_use.__getitem__)
        if self._windows - self._last_use[oldest] <= FORGOTTEN_AFTER:
            return False
        del self._compiled[oldest], self._last_use[oldest]
        self._asked.pop(oldest, None)
        self.forgotten += 1
        return True

    def core(self, size: FrameSize) -> OpenVinoCore:
        """Return a request of its own for windows of a size that is compiled."""
        from videotoon.engine.openvino_backend import OpenVinoCore

        phase = self._network.phase
        shape = (1, size.height // phase, size.width // phase, phases.phase_channels(phase))
        with self._lock:
            compiled = self._compiled[size]
        return OpenVinoCore(compiled, shape, np.dtype(np.uint8))

    def _compile(self, size: FrameSize) -> CompiledModel:
        from videotoon.engine.planes_graph import phases_graph

        network, colour, phase = self._network, self._spec.colour, self._network.phase
        rows, columns = size.height // phase, size.width // phase
        graph = phases_graph(self._backend.read(network), phase, colour, 1, rows, columns)
        return self._backend.compile_graph(graph, self._spec)


class _OpenVinoWindowSession:
    """Inference requests of one worker, one for each size of window."""

    def __init__(self, windows: FixedWindows) -> None:
        self._windows = windows
        self._phase, self._stride = windows.network.phase, windows.network.stride
        self._cores: dict[FrameSize, OpenVinoCore] = {}
        self._forgotten = 0

    def paint_window(self, planes: Planes, read: Box) -> PaintedWindow | None:
        """Paint a window; see :class:`~videotoon.engine.changes.WindowSession`."""
        size = self._windows.fitting(padded_size(read.size, self._stride))
        if size is None:
            return None
        if self._forgotten != self._windows.forgotten:  # lets go of what is compiled no more
            self._forgotten = self._windows.forgotten
            self._cores.clear()
        if size not in self._cores:
            self._cores[size] = self._windows.core(size)
        left, right = placed(read.left, size.width, planes.size.width, self._stride)
        top, bottom = placed(read.top, size.height, planes.size.height, self._stride)
        box = Box(left, top, right, bottom)
        core = self._cores[size]
        phases.gather(crop(planes, box), self._phase, core.inputs[0])
        return PaintedWindow(box, phases.scatter(core.run()[0], self._phase, box.size))


class WindowPainter:
    """Compiles a style once for pictures of any size.

    A graph without a fixed size rounds differently: one pixel in millions comes out one code off.
    That does for pictures; windows of frames, which must fit their surroundings, have
    :class:`FixedWindows`.

    Args:
        style: An opened style for which :func:`can_paint_windows` holds.
    """

    def __init__(self, style: OpenedStyle) -> None:
        from videotoon.engine.openvino_backend import OpenVinoBackend
        from videotoon.engine.planes_graph import phases_graph

        backend = OpenVinoBackend()
        spec, network = style.compiled.spec, style.network
        graph = phases_graph(backend.read(network), network.phase, spec.colour, 1, -1, -1)
        self._network = network
        self._compiled = backend.compile_graph(graph, spec)

    def session(self) -> AnySizeSession:
        """Return a new session; sessions may run in parallel."""
        return AnySizeSession(self._compiled, self._network.phase, self._network.stride)


class AnySizeSession:
    """One inference request that takes pictures of any size."""

    def __init__(self, compiled: CompiledModel, phase: int, stride: int) -> None:
        self._request = compiled.create_infer_request()
        self._phase = phase
        self._stride = stride

    def paint_window(self, planes: Planes) -> Planes:
        """Paint a picture."""
        import openvino

        size = planes.size
        whole = padded_size(size, self._stride)
        rows, columns = whole.height // self._phase, whole.width // self._phase
        cells = np.empty((1, rows, columns, phases.phase_channels(self._phase)), np.uint8)
        phases.gather(planes, self._phase, cells[0])
        self._request.set_input_tensor(openvino.Tensor(cells, shared_memory=True))
        self._request.start_async()
        self._request.wait()
        painted = self._request.get_output_tensor().data
        return phases.scatter(painted[0], self._phase, FrameSize(size.width, size.height))
