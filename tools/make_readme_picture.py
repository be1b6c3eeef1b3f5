"""Paint the picture at the top of the README from the sample clips and photographs.

Run as ``python -m tools.make_readme_picture docs/images/before_after.jpg``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from videotoon import Styliser
from videotoon.picture import write_picture

Picture = NDArray[np.uint8]

SAMPLES = Path(__file__).resolve().parents[1] / "sample_media"
HEIGHT = 480
GAP = 6
MOMENTS = (("portrait.mp4", 1.6, (0, 120, 540, 600)), ("walk.mp4", 5.5, (0, 0, 840, 540)))
"""Clip, second, and the part shown: left, top, right, bottom."""


def frame_at(clip: Path, seconds: float) -> Picture:
    """Decode the first frame at or after a time, RGB."""
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= seconds:
                return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    raise ValueError(f"{clip} is shorter than {seconds} s")


def row(style: Styliser) -> Picture:
    """Return all moments side by side: photo, painting, photo, painting."""
    import cv2

    cells: list[Picture] = []
    for name, seconds, (left, top, right, bottom) in MOMENTS:
        photo = frame_at(SAMPLES / name, seconds)
        for picture in (photo, style(photo)):
            part = picture[top:bottom, left:right]
            width = round(part.shape[1] * HEIGHT / part.shape[0])
            scaled = cv2.resize(part, (width, HEIGHT), interpolation=cv2.INTER_AREA)
            cells += [np.asarray(scaled, np.uint8), np.full((HEIGHT, GAP, 3), 255, np.uint8)]
    return np.hstack(cells[:-1])


def main() -> None:
    """Write the picture."""
    write_picture(Path(sys.argv[1]), row(Styliser(style="cel")))


if __name__ == "__main__":
    main()
