"""What a picture file says beside its pixels: EXIF data and a colour profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITH_TAGS = (".jpg", ".jpeg", ".png", ".webp")
"""Files of these kinds are written with them."""

_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class PictureTags:
    """EXIF data and colour profile of a picture, empty where it has none.

    Attributes:
        exif: A TIFF structure (CIPA DC-008, section 4.5).
        profile: An ICC profile.
        bits: Of a value of a pixel.
    """

    exif: bytes = b""
    profile: bytes = b""
    bits: int = 8

    @classmethod
    def read(cls, kinds: Sequence[int], contents: Sequence[Any]) -> PictureTags:
        """Take them from what ``cv2.imdecodeWithMetadata`` returns."""
        import cv2

        found = dict(zip(kinds, contents, strict=True))
        exif, profile = (
            found[kind].tobytes() if kind in found else b""
            for kind in (cv2.IMAGE_METADATA_EXIF, cv2.IMAGE_METADATA_ICCP)
        )
        return cls(exif, profile)

    @property
    def orientation(self) -> int:
        """How the pixels are to be turned, 1 to 8; 1 (upright) where nothing is said."""
        for place in self._entries():
            if self._number(place, 2) == _ORIENTATION:
                value = self._number(place + 8, 2)
                return value if 1 <= value <= 8 else 1
        return 1

    def of_painting(self, suffix: str) -> PictureTags:
        """Return those that the file of an upright RGB painting has.

        It is turned no more, has no thumbnail of the photo, and its profile must be one for RGB
        (ICC.1, section 7.2).

        Args:
            suffix: The file's, in small letters.
        """
        if suffix not in WITH_TAGS:
            return PictureTags()
        exif = bytearray(self.exif)
        for place in self._entries():
            if self._number(place, 2) == _ORIENTATION:
                exif[place + 8 : place + 10] = (1).to_bytes(2, self._order)
        end = self._directory + 2 + 12 * self._count
        exif[end : end + 4] = bytes(len(exif[end : end + 4]))  # no further directory
        return replace(self, exif=bytes(exif), profile=self.profile if self._fits_rgb else b"")

    def for_encoder(self) -> tuple[list[int], list[NDArray[np.uint8]]]:
        """Return them as ``cv2.imencodeWithMetadata`` takes them."""
        import cv2

        tags = {cv2.IMAGE_METADATA_EXIF: self.exif, cv2.IMAGE_METADATA_ICCP: self.profile}
        kept = {kind: np.frombuffer(content, np.uint8) for kind, content in tags.items() if content}
        return list(kept), list(kept.values())

    @property
    def _fits_rgb(self) -> bool:
        whole = int.from_bytes(self.profile[:4]) == len(self.profile)
        return whole and self.profile[16:20] == b"RGB " and self.profile[36:40] == b"acsp"

    @property
    def _order(self) -> Literal["little", "big"]:
        return "little" if self.exif.startswith(b"II") else "big"

    @property
    def _directory(self) -> int:
        return self._number(4, 4)

    @property
    def _count(self) -> int:
        return self._number(self._directory, 2)

    def _entries(self) -> Iterator[int]:
        """Yield where the entries of the first directory begin."""
        for entry in range(self._count):
            place = self._directory + 2 + 12 * entry
            if place + 12 > len(self.exif):
                return
            yield place

    def _number(self, place: int, size: int) -> int:
        return int.from_bytes(self.exif[place : place + size], self._order)
