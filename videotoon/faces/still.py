"""Faces of a single picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.pictures import planes_to_rgb, rgb_to_planes
from videotoon.faces.stage import open_faces
from videotoon.frame import Frame
from videotoon.settings import Settings

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class StillFaces:
    """A picture with painted faces.

    Attributes:
        picture: RGB uint8 [height, width, 3].
        facts: What a report should say.
        notices: Sentences for the user.
    """

    picture: Rgb
    facts: dict[str, Any]
    notices: tuple[str, ...]


def paint_faces(original: Rgb, painted: Rgb, settings: Settings) -> StillFaces:
    """Paint the faces of a picture; pixels around them stay as they are.

    Args:
        original: RGB uint8 [height, width, 3].
        painted: The same picture in full style.
        settings: Options.

    Raises:
        VideotoonError: Something that was asked for by name is not to be had.
    """
    planes, scene = (rgb_to_planes(picture, PICTURE_TAGS) for picture in (original, painted))
    stage = open_faces(settings, None, planes.size, PICTURE_TAGS)
    faces = stage.follow(Frame(0, 0, Fraction(1), planes))
    with_faces = stage.painter().paint(planes, scene, faces)
    picture = painted
    if faces:
        # Only the change is added: what 4:2:0 would lose elsewhere stays.
        before, after = (planes_to_rgb(p, PICTURE_TAGS) for p in (scene, with_faces))
        picture = np.clip(np.rint(painted + (after - before)), 0, 255).astype(np.uint8)
    return StillFaces(picture, stage.describe(), tuple(stage.notices))
