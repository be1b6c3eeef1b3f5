"""Painting windows of a frame with the same network that paints whole frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from videotoon.engine import phases
from videotoon.engine.changes import ChangeFinder, WindowSession
from videotoon.engine.painting import PaintingStyle
from videotoon.engine.pool import ChangeOnly
from videotoon.frame import FrameSize, Planes
from videotoon.settings import Settings

if TYPE_CHECKING:
    from openvino import CompiledModel

    from videotoon.engine.open import OpenedStyle

EXACT_PAIRS = frozenset({("openvino", "int8"), ("openvino", "fp32")})
"""Engines and precisions whose arithmetic does not depend on the size of the picture. Proven by
property tests on random clips; others round differently by shape and always paint whole frames."""


def can_paint_windows(style: OpenedStyle) -> bool:
    """Tell whether windows of this style come out exactly as inside whole frames."""
    # Without a fixed size, OpenVINO folds the colour map of other spaces into int8 wrongly.
    native = style.compiled.spec.colour.native or style.precision != "int8"
    return native and can_paint_any_size(style)


def can_paint_any_size(style: OpenedStyle) -> bool:
    """Tell whether one network without a fixed size may paint whole pictures of this style exactly.

    Whether it really does depends on their colour space; callers try it out.
    """
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
    """Return how far in luma pixels a pixel's change can show: half the receptive field."""
    return style.network.receptive_field // 2 + style.network.stride


def change_only(style: OpenedStyle, settings: Settings) -> ChangeOnly | None:
    """Return what painting only changes needs, or None where whole frames must be painted."""
    if not settings.change_only or not can_paint_windows(style):
        return None
    finder = ChangeFinder(reach(style), style.network.stride, settings.change_tolerance)
    return ChangeOnly(finder, WindowPainter(style).session)


class WindowPainter:
    """Compiles a style once for windows of any size.

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

    def session(self) -> WindowSession:
        """Return a new session; sessions may run in parallel."""
        return _OpenVinoWindowSession(self._compiled, self._network.phase, self._network.stride)


class _OpenVinoWindowSession:
    """One inference request that takes windows of any size."""

    def __init__(self, compiled: CompiledModel, phase: int, stride: int) -> None:
        self._request = compiled.create_infer_request()
        self._phase = phase
        self._stride = stride

    def paint_window(self, planes: Planes) -> Planes:
        """Paint a window; see :class:`~videotoon.engine.changes.WindowSession`."""
        import openvino

        size = planes.size
        rows, columns = (
            -(-side // self._stride) * self._stride // self._phase
            for side in (size.height, size.width)
        )
        cells = np.empty((1, rows, columns, phases.phase_channels(self._phase)), np.uint8)
        phases.gather(planes, self._phase, cells[0])
        self._request.set_input_tensor(openvino.Tensor(cells, shared_memory=True))
        self._request.start_async()
        self._request.wait()
        painted = self._request.get_output_tensor().data
        return phases.scatter(painted[0], self._phase, FrameSize(size.width, size.height))
