"""What travels through the pipeline: planes of pixels that carry their own time.

A frame stays planar YUV 4:2:0 with 8 bits from the decoder to the encoder. Converting to RGB and
back costs more than our networks do, so only styles that need RGB convert, in their sessions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Self

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, order=True)
class FrameSize:
    """Width and height in luma pixels."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"frame size must be at least 1x1, not {self}")

    @property
    def short_side(self) -> int:
        """The smaller of width and height."""
        return min(self.width, self.height)

    @property
    def long_side(self) -> int:
        """The larger of width and height."""
        return max(self.width, self.height)

    @property
    def area(self) -> int:
        """Luma pixels."""
        return self.width * self.height

    @property
    def chroma(self) -> FrameSize:
        """Size of the U and V planes (4:2:0: halves, rounded up)."""
        return FrameSize((self.width + 1) // 2, (self.height + 1) // 2)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class ColourTags:
    """How the codes of a YUV frame map to light, as numbers of ITU-T H.273.

    Attributes:
        matrix: Matrix coefficients (1 = BT.709, 5/6 = BT.601, 9 = BT.2020; never 2 = unknown).
        full_range: True for codes 0..255, False for 16..235 (luma) and 16..240 (chroma).
        primaries: Colour primaries, 2 where the input did not say.
        transfer: Transfer characteristics, 2 where the input did not say.
    """

    matrix: int = 1
    full_range: bool = False
    primaries: int = 2
    transfer: int = 2

    @property
    def native(self) -> bool:
        """True for BT.709 limited range, the space our networks were trained in."""
        return self.matrix == 1 and not self.full_range


BT709 = ColourTags(matrix=1, full_range=False, primaries=1, transfer=1)


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """One picture as planar YUV 4:2:0.

    Attributes:
        y: Luma, shape (height, width), uint8.
        u: Blue difference, shape (ceil(height / 2), ceil(width / 2)), uint8.
        v: Red difference, same shape as ``u``, uint8.
        alpha: Opacity, same shape as ``y``, or None for opaque pictures. Styles never touch it.
    """

    y: Plane
    u: Plane
    v: Plane
    alpha: Plane | None = None

    def __post_init__(self) -> None:
        height, width = self.y.shape
        expected = ((height + 1) // 2, (width + 1) // 2)
        if self.u.shape != expected or self.v.shape != expected:
            raise ValueError(
                f"chroma planes of a {width}x{height} picture must have shape {expected}, "
                f"not {self.u.shape} and {self.v.shape}"
            )

    @property
    def size(self) -> FrameSize:
        """Width and height of the luma plane."""
        return FrameSize(self.y.shape[1], self.y.shape[0])

    @property
    def colour_planes(self) -> tuple[Plane, Plane, Plane]:
        """Luma, U and V, without alpha."""
        return self.y, self.u, self.v

    @classmethod
    def empty(cls, size: FrameSize) -> Planes:
        """Return a picture without content whose planes lie one after the other in memory."""
        chroma = size.chroma
        luma_bytes, chroma_bytes = size.width * size.height, chroma.width * chroma.height
        memory = np.empty(luma_bytes + 2 * chroma_bytes, np.uint8)
        u, v = memory[luma_bytes:].reshape(2, chroma.height, chroma.width)
        return cls(memory[:luma_bytes].reshape(size.height, size.width), u, v)

    def copied(self, alpha: Plane | None) -> Planes:
        """Return the same colours in fresh memory, with another alpha plane."""
        copy = Planes.empty(self.size)
        for target, source in zip(copy.colour_planes, self.colour_planes, strict=True):
            target[...] = source
        return copy if alpha is None else Planes(*copy.colour_planes, alpha)

    def content_hash(self) -> bytes:
        """Return a 128-bit hash of all pixels (xxh3; fast, not cryptographic)."""
        import xxhash

        digest = xxhash.xxh3_128()
        for plane in (*self.colour_planes, self.alpha):
            if plane is not None:
                digest.update(plane.data if plane.flags.c_contiguous else plane.tobytes())
        digest.update(repr(self.size).encode())
        return digest.digest()

    def with_alpha(self, alpha: Plane | None) -> Planes:
        """Return the same colours, in the same memory, with another alpha plane."""
        return self if alpha is self.alpha else Planes(*self.colour_planes, alpha)

    @property
    def joined(self) -> Plane | None:
        """Y, U and V as one array of shape (height * 3 / 2, width) without a copy.

        None where they do not lie one after the other or a side is odd.
        """
        height, width = self.y.shape
        if height % 2 or width % 2 or not all(p.flags.c_contiguous for p in self.colour_planes):
            return None
        start = self.y.ctypes.data
        follows = self.u.ctypes.data == start + self.y.size
        follows &= self.v.ctypes.data == start + self.y.size + self.u.size
        memory = self.y.base
        if not follows or not isinstance(memory, np.ndarray):
            return None
        if memory.ndim != 1 or memory.ctypes.data != start or memory.size < self.y.size * 3 // 2:
            return None
        return memory[: self.y.size * 3 // 2].reshape(height * 3 // 2, width)

    def __repr__(self) -> str:
        alpha = "" if self.alpha is None else ", alpha"
        return f"Planes({self.size}{alpha})"


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture at a moment.

    Attributes:
        index: Position in presentation order, from 0, without gaps.
        pts: Presentation time in units of ``time_base``; strictly rising with ``index``.
        time_base: Seconds per unit of ``pts``, exact.
        planes: The pixels.
        duration: Length in units of ``time_base``; 0 where unknown.
        repaired: True where the picture or its time had to be made up (damaged input).
    """

    index: int
    pts: int
    time_base: Fraction
    planes: Planes = field(repr=False)
    duration: int = 0
    repaired: bool = False

    @property
    def seconds(self) -> Fraction:
        """Presentation time in seconds, exact."""
        return self.pts * self.time_base

    def with_planes(self, planes: Planes) -> Self:
        """Return the same moment with other pixels."""
        return replace(self, planes=planes)
