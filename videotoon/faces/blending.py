"""Laying a painted face into a painted scene so that no border shows and nothing flickers.

The face's coarse colours and brightness are taken from the scene's own painting, its drawing from
the face's: what differs over long distances never meets at the mask's border. That is what Poisson
blending (``cv2.seamlessClone``) does as well, but a fixed smooth mask instead of a solved boundary
keeps the result as steady as its inputs; `docs/faces.md` has the comparison.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.faces.masks import Mask
from videotoon.frame import Plane

COARSE: Final = 0.22
"""Standard deviation of what counts as coarse, in units of the face's side."""

Values = NDArray[np.float32]


def match_coarse(face: Values, scene: Values, deviation: float) -> Values:
    """Give a face the coarse values of the scene.

    Args:
        face: One plane of the painted face, warped back.
        scene: The same part of the painted scene.
        deviation: Standard deviation in pixels of what counts as coarse.

    Returns:
        ``face`` plus the blurred difference.
    """
    difference = scene - face
    step = max(1, int(deviation / 3))
    height, width = difference.shape
    small = cv2.resize(
        difference,
        (max(2, round(width / step)), max(2, round(height / step))),
        interpolation=cv2.INTER_AREA,
    )
    blurred = cv2.GaussianBlur(
        small, (0, 0), max(deviation / step, 0.3), borderType=cv2.BORDER_REFLECT_101
    )
    coarse = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(face + coarse, np.float32)


def blend(scene: Plane, face: Values, mask: Mask, out: Plane) -> None:
    """Write ``scene`` with ``face`` laid over it to ``out``; where the mask is 0 nothing changes.

    Args:
        scene: Painted scene, uint8.
        face: Painted face on the same grid.
        mask: Weights.
        out: Where to write, same shape as ``scene``; may be ``scene``.
    """
    base = scene.astype(np.float32)
    mixed = base + mask * (face - base)
    out[...] = np.clip(np.rint(mixed), 0.0, 255.0).astype(np.uint8)


def blend_poisson(
    scene: tuple[Values, Values, Values], face: tuple[Values, Values, Values], mask: Mask
) -> tuple[Values, Values, Values]:
    """Poisson blending (Perez et al. 2003) of a face into a scene, by ``cv2.seamlessClone``.

    Codes are affine in colour and the equation is linear, so Y, U and V stand for B, G and R.

    Args:
        scene: Y, U, V of a part of the painted scene, U and V at half size.
        face: The same of the painted face.
        mask: On the luma grid; the face is solved for where it is above 0.

    Returns:
        Y, U and V of the face with colours that continue the scene's.
    """
    height, width = mask.shape
    solid = (mask > 0).astype(np.uint8) * 255
    solid[0], solid[-1], solid[:, 0], solid[:, -1] = 0, 0, 0, 0
    if not solid.any():
        return face
    target, source = (_interleaved(values, (width, height)) for values in (scene, face))
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    centre = (int(columns[0] + columns[-1] + 1) // 2, int(rows[0] + rows[-1] + 1) // 2)
    solved = cv2.seamlessClone(source, target, solid, centre, cv2.NORMAL_CLONE)
    chroma = (face[1].shape[1], face[1].shape[0])
    u, v = (
        cv2.resize(solved[..., channel], chroma, interpolation=cv2.INTER_AREA).astype(np.float32)
        for channel in (1, 2)
    )
    return solved[..., 0].astype(np.float32), u, v


def _interleaved(values: tuple[Values, Values, Values], size: tuple[int, int]) -> Plane:
    y, u, v = values
    full = [y, *(cv2.resize(p, size, interpolation=cv2.INTER_LINEAR) for p in (u, v))]
    return np.asarray(np.clip(np.rint(cv2.merge(full)), 0, 255), np.uint8)
