"""Painting the faces of one frame; runs inside a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import cv2
import numpy as np

from videotoon.faces import correction
from videotoon.faces.alignment import Alignment, align, warp_planes
from videotoon.faces.base import FaceState
from videotoon.faces.blending import COARSE, Values, blend, blend_poisson, match_coarse
from videotoon.faces.masks import (
    Ellipse,
    Region,
    chroma_grid,
    luma_grid,
    outline,
    region_around,
    soft_mask,
)
from videotoon.faces.options import FaceOptions
from videotoon.faces.regions import LandmarkRegions, Regions, RegionSource, on_chroma
from videotoon.frame import ColourTags, FrameSize, Planes

DRAWN_SIDE: Final = 150.0
"""Side in pixels at which a network draws a face well; smaller ones are enlarged to it."""

LARGEST_SCALE: Final = 4.0
"""Nothing is gained by enlarging a face further: it has no detail for it."""

CROP_SIDES: Final = (256, 384)
"""Sides of crops; a face takes the smallest in which it fits with its surroundings."""

FILL: Final = 0.66
"""Largest part of a crop's side that a face takes."""

SHARPEN: Final = 0.4
"""Unsharp mask on enlarged faces, against the softness of warping there and back."""

SURROUNDINGS: Final = 0.9
"""Margin, in units of the face's side, in which hair and clothes are dyed."""

LIKENESS_COARSE: Final = 0.18
"""Standard deviation, in sides, from which on light and colour are the painting's."""

LARGE_SIDES: Final = (110.0, 180.0)
"""Sides in pixels between which a face becomes large enough for drawn features."""

LARGE_SHARE: Final = 0.65
"""Part of the photo's drawing that large faces give up."""

Triple = tuple[Values, Values, Values]


class CropPainter(Protocol):
    """Paints square crops."""

    def paint(self, side: int, crops: Sequence[Planes]) -> list[Planes]:
        """Return painted crops of ``side`` pixels."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PlacedFace:
    """A face, where it lies and how it is painted.

    Attributes:
        face: The face.
        ellipse: Its outline.
        region: The part of the frame that is looked at.
        alignment: Where it goes in its crop; None: the scene's own painting is kept.
        opacity: 0..1.
        drawn: 0..1, weight of the face's own painting against the scene's.
    """

    face: FaceState
    ellipse: Ellipse
    region: Region
    alignment: Alignment | None
    opacity: float
    drawn: float


class FacePainter:
    """Paints faces into frames; used by one thread.

    Args:
        crops: Paints crops.
        colour: Meaning of the codes.
        options: What the user chose.
        same_network: True where crops are painted by the very network that paints the scene, so
            that nothing is gained by painting at the same scale again.
        regions: Tells eyes, lips and skin apart; by the landmarks by default.
    """

    def __init__(
        self,
        crops: CropPainter,
        colour: ColourTags,
        options: FaceOptions,
        *,
        same_network: bool = False,
        regions: RegionSource | None = None,
    ) -> None:
        self._crops = crops
        self._colour = colour
        self._options = options
        self._same_network = same_network
        self._regions = regions or LandmarkRegions()

    def paint(self, original: Planes, painted: Planes, faces: Sequence[FaceState]) -> Planes:
        """Return the painted scene with its faces painted on their own.

        Args:
            original: The frame as it was.
            painted: The scene's painting; outside the faces' masks it comes back unchanged.
            faces: The faces of this frame.
        """
        placed = [p for face in faces if (p := self.place(face, painted.size)) is not None]
        if not placed:
            return painted
        result = replace(painted, y=painted.y.copy(), u=painted.u.copy(), v=painted.v.copy())
        crops = self._paint_crops(original, placed)
        # The larger a face, the nearer it is: it comes last and covers the others.
        for index in sorted(range(len(placed)), key=lambda i: placed[i].face.side):
            self._lay(placed[index], crops.get(index), original, result)
        return result

    def place(self, face: FaceState, frame: FrameSize) -> PlacedFace | None:
        """Decide whether and how a face is painted; None: it keeps the scene's painting."""
        options = self._options
        # Rises with the size, so that a face that comes nearer does not change at once.
        large = ramp(face.side, options.smallest, 1.2 * options.smallest)
        opacity = options.strength * face.opacity * large
        if opacity <= 0.0:
            return None
        ellipse = outline(face)
        margin = SURROUNDINGS if options.dyes else COARSE / 2
        region = region_around(ellipse, margin * face.side, frame)
        if region is None:
            return None
        alignment, drawn = self._align(face)
        return PlacedFace(face, ellipse, region, alignment, opacity, drawn)

    def _align(self, face: FaceState) -> tuple[Alignment | None, float]:
        scale = min(max(1.0, DRAWN_SIDE / face.side), LARGEST_SCALE)
        fitting = [side for side in CROP_SIDES if scale * face.side <= FILL * side]
        side = fitting[0] if fitting else CROP_SIDES[-1]
        largest = FILL * CROP_SIDES[-1]
        drawn = 1.0 - ramp(face.side, 0.85 * largest, 1.1 * largest)
        if self._same_network:
            drawn *= 1.0 - ramp(face.side, DRAWN_SIDE / 1.25, DRAWN_SIDE)
        if drawn <= 0.0:
            return None, 0.0
        return align(face, side, 1.0, scale), drawn

    def _paint_crops(self, original: Planes, placed: list[PlacedFace]) -> dict[int, Planes]:
        """Paint the crops of all faces, those of one size in one go; by index in ``placed``."""
        by_side: dict[int, list[tuple[int, Planes]]] = {}
        for index, item in enumerate(placed):
            if item.alignment is not None:
                side = item.alignment.side
                crop = warp_planes(original, item.alignment.matrix, FrameSize(side, side))
                by_side.setdefault(side, []).append((index, crop))
        painted: dict[int, Planes] = {}
        for side, crops in by_side.items():
            results = self._crops.paint(side, [crop for _, crop in crops])
            painted.update(zip((index for index, _ in crops), results, strict=True))
        return painted

    def _lay(
        self, placed: PlacedFace, crop: Planes | None, original: Planes, result: Planes
    ) -> None:
        """Warp a painted crop back, correct it and blend it into ``result``."""
        region = placed.region
        scene = _cut(result, region)
        values = scene if crop is None else _warped_back(placed, crop, scene)
        regions = self._regions.regions(placed.face, region, original)
        if regions is not None:
            values = self._corrected(placed, values, regions, original)
        luma_mask = placed.opacity * soft_mask(placed.ellipse, luma_grid(region))
        chroma_mask = placed.opacity * soft_mask(placed.ellipse, chroma_grid(region))
        if self._options.blend == "poisson":
            values = blend_poisson(scene, values, luma_mask)
        masks = (luma_mask, chroma_mask, chroma_mask)
        for plane, part, face, mask in zip(
            result.colour_planes, _parts(region), values, masks, strict=True
        ):
            blend(plane[part], face, mask, plane[part])
        if self._options.dyes and regions is not None:
            self._dye(placed, regions, result)

    def _corrected(
        self, placed: PlacedFace, values: Triple, regions: Regions, original: Planes
    ) -> Triple:
        options, side = self._options, placed.face.side
        # Features of a face that is only bridged may be elsewhere by now.
        sure = placed.face.certain
        y, u, v = values
        white = 255.0 if self._colour.full_range else 235.0
        photo = original.y[placed.region.luma].astype(np.float32)
        # Few pixels cannot hold drawn eyes: the smaller a face, the more of the photo's it keeps.
        small = 1.0 - LARGE_SHARE * ramp(side, *LARGE_SIDES)
        likeness, coarse = options.likeness * small * placed.drawn * sure, LIKENESS_COARSE * side
        y = correction.keep_likeness(y, photo, regions.features, coarse, likeness)
        y = correction.even_skin(y, regions.skin, side, options.skin * sure)
        y = correction.brighten_eyes(y, regions.eyes, side, white, options.eyes * sure)
        lips = on_chroma(regions.lips, placed.region)
        u, v = correction.tone_lips(u, v, lips, options.lips * sure)
        return y, u, v

    def _dye(self, placed: PlacedFace, regions: Regions, result: Planes) -> None:
        """Recolour hair and clothes; their regions may reach beyond the face."""
        options, region = self._options, placed.region
        values = _cut(result, region)
        for mask, colour in ((regions.hair, options.hair_colour),
                             (regions.cloth, options.cloth_colour)):  # fmt: skip
            if mask is not None and colour is not None:
                weights = (mask, on_chroma(mask, region))
                values = correction.dye(values, weights, colour, self._colour, placed.opacity)
        for plane, part, dyed in zip(result.colour_planes, _parts(region), values, strict=True):
            plane[part] = np.clip(np.rint(dyed), 0.0, 255.0).astype(np.uint8)


def ramp(value: float, low: float, high: float) -> float:
    """Cubic step from 0 at ``low`` to 1 at ``high``."""
    share = min(max((value - low) / max(high - low, 1e-9), 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)


def _parts(region: Region) -> tuple[tuple[slice, slice], ...]:
    return region.luma, region.chroma, region.chroma


def _cut(planes: Planes, region: Region) -> Triple:
    y, u, v = (
        plane[part].astype(np.float32)
        for plane, part in zip(planes.colour_planes, _parts(region), strict=True)
    )
    return y, u, v


def _warped_back(placed: PlacedFace, crop: Planes, scene: Triple) -> Triple:
    """The face's painting on the frame's grid, with the scene's coarse colours."""
    assert placed.alignment is not None
    inverse = placed.alignment.inverse
    inverse[:, 2] -= (placed.region.left, placed.region.top)
    back = warp_planes(crop, inverse, placed.region.size)
    deviation = COARSE * placed.face.side
    y = back.y.astype(np.float32)
    share = SHARPEN * ramp(placed.alignment.scale, 1.0, 1.5)
    y = y + share * (y - np.asarray(cv2.GaussianBlur(y, (0, 0), 1.0), np.float32))
    faces = (y, back.u.astype(np.float32), back.v.astype(np.float32))
    values = [
        match_coarse(face, below, deviation / halving)
        for face, below, halving in zip(faces, scene, (1, 2, 2), strict=True)
    ]
    y, u, v = (
        np.asarray(below + placed.drawn * (face - below), np.float32)
        for face, below in zip(values, scene, strict=True)
    )
    return y, u, v
