"""What a user may choose about faces, in the form the parts take it."""

from __future__ import annotations

from dataclasses import dataclass

from videotoon.settings import FaceBlendChoice


@dataclass(frozen=True, slots=True)
class FaceOptions:
    """How faces are painted; every strength is 0 (not at all) to 1.

    Attributes:
        strength: Opacity of the painted faces and of all corrections.
        smallest: Faces of a smaller side in pixels keep the scene's painting.
        likeness: How much of the photo's eyes, nose and mouth small faces keep.
        skin: How much blotches of skin are evened.
        eyes: How much eyes are brightened and drawn crisply.
        lips: How much lips are coloured.
        blend: ``soft`` mask with matched colours, or ``poisson``.
        hair_colour: RGB to dye hair with, or None; needs the parsing network.
        cloth_colour: The same for clothes.
    """

    strength: float
    smallest: float
    likeness: float
    skin: float
    eyes: float
    lips: float
    blend: FaceBlendChoice
    hair_colour: tuple[int, int, int] | None = None
    cloth_colour: tuple[int, int, int] | None = None

    @property
    def dyes(self) -> bool:
        """True where hair or clothes get another colour."""
        return self.hair_colour is not None or self.cloth_colour is not None


def parse_colour(text: str | None) -> tuple[int, int, int] | None:
    """Read ``#a05028`` (checked before) as red, green and blue; None stays None."""
    if text is None:
        return None
    red, green, blue = bytes.fromhex(text.lstrip("#"))
    return red, green, blue
