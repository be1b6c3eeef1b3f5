"""Choosing a detector."""

from __future__ import annotations

from videotoon.errors import VideotoonError
from videotoon.faces.base import Detector
from videotoon.frame import ColourTags, FrameSize
from videotoon.settings import DetectorChoice


def open_detector(
    choice: DetectorChoice, size: FrameSize, colour: ColourTags, *, threads: int = 1
) -> tuple[Detector, str | None]:
    """Open the wanted detector, or what there is.

    Args:
        choice: ``auto`` takes RetinaFace where its weights are, else OpenCV's cascade.
        size: Size of the frames.
        colour: Meaning of their codes.
        threads: Threads of the network; 0 for all.

    Returns:
        The detector, and a sentence for the user if it is not the better one.

    Raises:
        VideotoonError: What was asked for by name is not to be had.
    """
    from videotoon.faces.cascade import CascadeDetector

    if choice == "cascade":
        return CascadeDetector(size), None
    try:
        from videotoon.faces.retinaface import RetinaFaceDetector

        side = detection_side(size)
        return RetinaFaceDetector(size, colour, long_side=side, threads=threads), None
    except VideotoonError as error:
        if choice == "retinaface":
            raise
        sentence = (
            f"faces are found with OpenCV's cascade, which misses turned and small ones: "
            f"{error.problem}"
        )
        return CascadeDetector(size), sentence


def detection_side(size: FrameSize) -> int:
    """Longer side at which RetinaFace sees frames: small faces need pixels, large frames cost."""
    return min(size.long_side, max(960, min(1600, round(0.6 * size.long_side))))
