"""Arithmetic between YUV codes and RGB, exact matrices for every tagged colour space.

Everything here is numpy on small matrices; the pictures themselves are converted in
:mod:`videotoon.engine.pictures` or inside a compiled graph.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from videotoon.errors import DecodeError
from videotoon.frame import BT709, ColourTags

Matrix = NDArray[np.float64]

RESIDUE: Final = 1e-9
"""Entries of a matrix below this are what rounding left of zero."""

LUMA_WEIGHTS: Final = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
"""Weight of red and of blue in luma, by matrix number of ITU-T H.273."""

PICTURE_TAGS: Final = ColourTags(matrix=1, full_range=True, primaries=1, transfer=13)
"""Planes made from RGB pictures: BT.709, full range so that rounding costs least."""


def codes_to_rgb(tags: ColourTags) -> tuple[Matrix, Matrix]:
    """Affine map from (Y, U, V) codes to (R, G, B) in 0..255.

    Returns:
        Matrix of shape (3, 3) and offset of shape (3,): ``rgb = matrix @ yuv + offset``.

    Raises:
        DecodeError: The tags name a matrix that is no luma and colour-difference space.
    """
    if tags.matrix not in LUMA_WEIGHTS:
        known = ", ".join(str(number) for number in LUMA_WEIGHTS)
        raise DecodeError(
            f"colour matrix {tags.matrix} cannot be mapped to RGB",
            f"re-encode the clip as BT.709 (known matrices: {known})",
        )
    red, blue = LUMA_WEIGHTS[tags.matrix]
    green = 1.0 - red - blue
    luma_gain = 1.0 if tags.full_range else 255.0 / 219.0
    chroma_gain = 1.0 if tags.full_range else 255.0 / 224.0
    blue_gain = 2.0 * (1.0 - blue) * chroma_gain
    red_gain = 2.0 * (1.0 - red) * chroma_gain
    matrix = np.array(
        [
            [luma_gain, 0.0, red_gain],
            [luma_gain, -blue_gain * blue / green, -red_gain * red / green],
            [luma_gain, blue_gain, 0.0],
        ]
    )
    black = 0.0 if tags.full_range else 16.0
    return matrix, -matrix @ np.array([black, 128.0, 128.0])


def rgb_to_codes(tags: ColourTags) -> tuple[Matrix, Matrix]:
    """Inverse of :func:`codes_to_rgb`: ``yuv = matrix @ rgb + offset``."""
    forward, offset = codes_to_rgb(tags)
    matrix = np.linalg.inv(forward).astype(np.float64)
    return matrix, -matrix @ offset


def codes_to_native(tags: ColourTags) -> tuple[Matrix, Matrix]:
    """Affine map from codes under ``tags`` to codes in BT.709 limited range.

    Neutral greys stay neutral, so luma never enters the chroma rows, and between ranges of one
    matrix nothing mixes; tiny residues of the matrix inversion are removed to make that exact.
    """
    to_rgb, rgb_offset = codes_to_rgb(tags)
    from_rgb, code_offset = rgb_to_codes(BT709)
    matrix = from_rgb @ to_rgb
    matrix[np.abs(matrix) < RESIDUE] = 0.0
    return matrix, from_rgb @ rgb_offset + code_offset


def phase_maps(phase: int, tags: ColourTags) -> tuple[Matrix, Matrix, Matrix]:
    """The map of :func:`codes_to_native` for phases instead of single pixels.

    Luma phase (dy, dx) uses the chroma phase (dy // 2, dx // 2) that lies under it.

    Args:
        phase: Space-to-depth factor of luma, even.
        tags: Meaning of the codes.

    Returns:
        Matrix (C, C) and offset (C,) that map codes to native codes, and the matrix (C, C) that
        maps a change of native codes back to a change of codes; C = phase² · 3 / 2.
    """
    matrix, offset = codes_to_native(tags)
    return (
        _spread(matrix, phase),
        np.concatenate(
            [
                np.full(phase * phase, offset[0]),
                np.full(phase * phase // 4, offset[1]),
                np.full(phase * phase // 4, offset[2]),
            ]
        ),
        _spread(_chroma_free_inverse(matrix), phase),
    )


def _chroma_free_inverse(matrix: Matrix) -> Matrix:
    inverse = np.linalg.inv(matrix).astype(np.float64)
    inverse[1:, 0] = 0.0
    return inverse


def _spread(matrix: Matrix, phase: int) -> Matrix:
    """Repeat a 3x3 matrix over phases; its entries [1:, 0] must be zero."""
    half = phase // 2
    luma_count, chroma_count = phase * phase, half * half
    spread = np.zeros((luma_count + 2 * chroma_count,) * 2)
    for row in range(phase):
        for column in range(phase):
            luma = row * phase + column
            chroma = luma_count + (row // 2) * half + column // 2
            spread[luma, luma] = matrix[0, 0]
            spread[luma, chroma] = matrix[0, 1]
            spread[luma, chroma + chroma_count] = matrix[0, 2]
    for index in range(chroma_count):
        u, v = luma_count + index, luma_count + chroma_count + index
        spread[u, u], spread[u, v] = matrix[1, 1], matrix[1, 2]
        spread[v, u], spread[v, v] = matrix[2, 1], matrix[2, 2]
    return spread
