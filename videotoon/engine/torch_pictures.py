"""Whole pictures of networks in RGB for torch: from bytes of planes to bytes of planes.

The same arithmetic as :mod:`videotoon.engine.pictures` does with numpy for other engines. On a GPU
it is nothing, whereas a processor takes longer for it than a GPU for the network; and bytes are an
eighth of what the floats of RGB pictures take on their way there and back.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from videotoon.engine.colour import codes_to_rgb, rgb_to_codes
from videotoon.engine.tiling import Arrangement
from videotoon.frame import ColourTags, FrameSize

Rows = list[list[float]]
"""An affine map of three values: three factors and an offset in each row."""


class WholePicture(nn.Module):
    """Planes, each picture a row of bytes (Y, U, V), to painted planes of the same form.

    Args:
        network: RGB f32 [B, rows, columns, 3] in 0..255 to the same, unclipped.
        arrangement: A single window, the picture's own size.
        colour: Meaning of the codes.
    """

    def __init__(self, network: nn.Module, arrangement: Arrangement, colour: ColourTags) -> None:
        super().__init__()
        self.network = network
        self._size, padded = arrangement.canvas, arrangement.padded
        self._to_rgb: Rows = np.column_stack(codes_to_rgb(colour)).tolist()
        self._to_codes: Rows = np.column_stack(rgb_to_codes(colour)).tolist()
        self._top, rows = _reflected(self._size.height, padded.height)
        self._left, columns = _reflected(self._size.width, padded.width)
        self.register_buffer("rows", rows)
        self.register_buffer("columns", columns)

    def forward(self, codes: Tensor) -> Tensor:
        """Codes u8 [B, bytes of a picture] to painted ones."""
        size = self._size
        y, u, v = _split(codes, size)
        rgb = _linear([y, _enlarged(u, size), _enlarged(v, size)], self._to_rgb)
        picture = torch.stack([plane.clamp(0.0, 255.0) for plane in rgb], dim=-1)
        picture = picture.index_select(1, self.get_buffer("rows"))
        painted = self.network(picture.index_select(2, self.get_buffer("columns")))
        painted = painted[
            :, self._top : self._top + size.height, self._left : self._left + size.width
        ].clamp(0.0, 255.0)
        y, u, v = _linear(list(painted.unbind(dim=-1)), self._to_codes)
        planes = [y, _shrunk(u), _shrunk(v)]
        whole = torch.cat([plane.flatten(1) for plane in planes], dim=1)
        return whole.clamp(0.0, 255.0).round().to(torch.uint8)


def picture_bytes(size: FrameSize) -> int:
    """Bytes of a picture's planes."""
    return size.area + 2 * size.chroma.area


def _split(codes: Tensor, size: FrameSize) -> list[Tensor]:
    """Planes f32 [B, height, width] of rows of bytes."""
    chroma = size.chroma
    parts = torch.split(codes, [size.area, chroma.area, chroma.area], dim=1)
    sizes = (size, chroma, chroma)
    return [
        part.float().reshape(-1, one.height, one.width)
        for part, one in zip(parts, sizes, strict=True)
    ]


def _linear(planes: list[Tensor], rows: Rows) -> list[Tensor]:
    """Return ``rows[:, :3] @ planes + rows[:, 3]``, in full precision whatever matrix units do."""
    return [
        planes[0] * first + planes[1] * second + planes[2] * third + offset
        for first, second, third, offset in rows
    ]


def _enlarged(plane: Tensor, size: FrameSize) -> Tensor:
    """See :func:`videotoon.engine.pictures.enlarge_chroma`."""
    height, width = plane.shape[1:]
    rows = functional.interpolate(plane[:, None], (2 * height, width), mode="bilinear")[:, 0]
    following = torch.cat([rows[..., 1:], rows[..., -1:]], dim=-1)
    whole = torch.stack([rows, 0.5 * (rows + following)], dim=-1).flatten(2)
    return whole[:, : size.height, : size.width]


def _shrunk(plane: Tensor) -> Tensor:
    """See :func:`videotoon.engine.pictures.shrink_chroma`."""
    if plane.shape[1] % 2:
        plane = torch.cat([plane, plane[:, -1:]], dim=1)
    rows = 0.5 * (plane[:, 0::2] + plane[:, 1::2])
    before = torch.cat([rows[..., :1], rows[..., :-1]], dim=-1)
    after = torch.cat([rows[..., 1:], rows[..., -1:]], dim=-1)
    return (0.25 * before + 0.5 * rows + 0.25 * after)[..., 0::2]


def _reflected(length: int, padded: int) -> tuple[int, Tensor]:
    """Where a centred axis begins, and which pixel lies where when its ends are reflected."""
    before = (padded - length) // 2
    places = np.pad(np.arange(length), (before, padded - length - before), mode="symmetric")
    return before, torch.from_numpy(places)
