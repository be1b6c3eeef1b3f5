"""Sessions: everything around a compiled network that does not depend on the engine.

A session scales a picture to the painting size, hands it to its
:class:`~videotoon.engine.base.Core` and applies the adjustments to what comes back. Engines only
supply the core.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from videotoon.engine import phases
from videotoon.engine.base import Core, PaintSpec, Session
from videotoon.engine.tiling import exact_arrangement, rgb_arrangement
from videotoon.engine.weights import StyleNetwork
from videotoon.frame import Plane, Planes


@dataclass(frozen=True, slots=True)
class PaintingStyle:
    """A style compiled for one frame size, by whichever engine.

    Attributes:
        network: What was compiled.
        spec: For which job.
        make_core: Creates the buffers and requests of one session.
        devices: Where it really runs, in the engine's words.
        whole: The core takes whole pictures as bytes of planes, although its network paints RGB.
    """

    network: StyleNetwork
    spec: PaintSpec
    make_core: Callable[[], Core]
    devices: tuple[str, ...]
    whole: bool = False

    def session(self) -> Session:
        """Return a new session; sessions may run in parallel."""
        if self.network.kind == "phases":
            return PhasesSession(self.network, self.spec, self.make_core())
        if self.whole:
            return WholeSession(self.network, self.spec, self.make_core())
        from videotoon.engine.rgb_painting import RgbSession

        return RgbSession(self.network, self.spec, self.make_core())


class PlanesSession(ABC):
    """Common part of all sessions.

    Args:
        network: The network that ``core`` runs.
        spec: The job.
        core: Compiled for it; owned by this session.
    """

    def __init__(self, network: StyleNetwork, spec: PaintSpec, core: Core) -> None:
        self._network = network
        self._spec = spec
        self._core = core

    def paint(self, planes: Planes) -> Planes:
        """Paint one picture of ``spec.size``; see :class:`~videotoon.engine.base.Session`."""
        return self.paint_batch((planes,))[0]

    def paint_batch(self, pictures: Sequence[Planes]) -> list[Planes]:
        """Paint up to ``spec.batch`` pictures of ``spec.size`` in one call of the network.

        Raises:
            ValueError: Too many pictures, or one of another size.
        """
        spec = self._spec
        if len(pictures) > spec.batch:
            raise ValueError(f"{len(pictures)} pictures for a session of batch {spec.batch}")
        for planes in pictures:
            if planes.size != spec.size:
                raise ValueError(f"picture of {planes.size} for a session of {spec.size}")
        if spec.adjustments.strength == 0.0:
            return [_copy(planes) for planes in pictures]
        painted = self._paint_all([self._shrink(planes) for planes in pictures])
        return [self._finish(*pair) for pair in zip(pictures, painted, strict=True)]

    @abstractmethod
    def _paint_all(self, pictures: Sequence[Planes]) -> list[Planes]:
        """Paint pictures of the painting size, in full style."""

    def _shrink(self, planes: Planes) -> Planes:
        if self._spec.painting_size == self._spec.size:
            return planes
        from videotoon.engine.adjust import scale

        return scale(planes, self._spec.painting_size)

    def _finish(self, original: Planes, painted: Planes) -> Planes:
        spec = self._spec
        if spec.painting_size != spec.size or not spec.adjustments.neutral:
            from videotoon.engine.adjust import adjust, scale

            painted = adjust(original, scale(painted, spec.size), spec.adjustments)
        if original.alpha is None:
            return painted
        return Planes(painted.y, painted.u, painted.v, original.alpha.copy())


class PhasesSession(PlanesSession):
    """Paints with a network of kind ``phases``; very large pictures in exact windows."""

    def __init__(self, network: StyleNetwork, spec: PaintSpec, core: Core) -> None:
        super().__init__(network, spec, core)
        self._arrangement = exact_arrangement(network, spec.painting_size)

    def _paint_all(self, pictures: Sequence[Planes]) -> list[Planes]:
        if not self._arrangement.single:
            return [self._paint_windows(planes) for planes in pictures]
        phase, size = self._network.phase, self._spec.painting_size
        cells = self._core.inputs
        for index, planes in enumerate(pictures):
            phases.gather(planes, phase, cells[index])
        painted = self._core.run()
        return [phases.scatter(painted[index], phase, size) for index in range(len(pictures))]

    def _paint_windows(self, planes: Planes) -> Planes:
        phase, arrangement = self._network.phase, self._arrangement
        padded, window = arrangement.padded, arrangement.window
        channels = phases.phase_channels(phase)
        cells = np.empty((padded.height // phase, padded.width // phase, channels), np.uint8)
        phases.gather(planes, phase, cells)
        painted = np.empty_like(cells)
        height, width = window.height // phase, window.width // phase
        for row in arrangement.rows:
            for column in arrangement.columns:
                top, left = row.start // phase, column.start // phase
                self._core.inputs[0] = cells[top : top + height, left : left + width]
                result = self._core.run()[0]
                first, last = row.keep_start // phase, row.keep_stop // phase
                begin, end = column.keep_start // phase, column.keep_stop // phase
                painted[first:last, begin:end] = result[
                    first - top : last - top, begin - left : end - left
                ]
        return phases.scatter(painted, phase, self._spec.painting_size)


class WholeSession(PlanesSession):
    """Paints with a core that takes and returns the bytes of planes."""

    def _paint_all(self, pictures: Sequence[Planes]) -> list[Planes]:
        given = self._core.inputs
        for index, planes in enumerate(pictures):
            np.concatenate([plane.reshape(-1) for plane in planes.colour_planes], out=given[index])
        painted = self._core.run()
        return [self._unpacked(painted[index]) for index in range(len(pictures))]

    def _unpacked(self, codes: Plane) -> Planes:
        """Planes of fresh memory from bytes in a row."""
        planes, start = Planes.empty(self._spec.painting_size), 0
        for plane in planes.colour_planes:
            plane[...] = codes[start : start + plane.size].reshape(plane.shape)
            start += plane.size
        return planes


def _copy(planes: Planes) -> Planes:
    alpha = None if planes.alpha is None else planes.alpha.copy()
    return Planes(planes.y.copy(), planes.u.copy(), planes.v.copy(), alpha)


def core_shape(network: StyleNetwork, spec: PaintSpec) -> tuple[int, int]:
    """Rows and columns of the core's buffers: cells for ``phases``, pixels for ``rgb``."""
    if network.kind == "phases":
        window = exact_arrangement(network, spec.painting_size).window
        return window.height // network.phase, window.width // network.phase
    assert network.rgb is not None, "foreign networks are inspected before they are compiled"
    window = rgb_arrangement(network.rgb, spec.painting_size).window
    return window.height, window.width
