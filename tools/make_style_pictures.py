"""Paint the pictures of the styles: a sample beside every model card, and the sheets of the docs.

Run as ``python -m tools.make_style_pictures``; it writes ``weights/<style>/sample.jpg`` and
``docs/images/styles.jpg``, ``adjust.jpg`` and ``mix.jpg``, all from :mod:`sample_media`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tools.make_readme_picture import SAMPLES, Picture, frame_at
from videotoon import Settings, Styliser
from videotoon.picture import write_picture

ROOT = Path(__file__).resolve().parents[1]
HEIGHT = 360
GAP = 4
LABEL_HEIGHT = 26


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture and the words above it."""

    label: str
    picture: Picture


def scenes() -> list[Picture]:
    """The parts of the sample media that every sheet shows, RGB, at the size they are painted."""
    portrait = frame_at(SAMPLES / "portrait.mp4", 1.6)[120:600]
    walk = frame_at(SAMPLES / "walk.mp4", 5.5)[:, :720]
    launch = frame_at(SAMPLES / "launch.mp4", 1.0)  # large enough for the networks of HD frames
    return [portrait, walk, launch]


def labelled(cell: Cell) -> Picture:
    """The picture at the sheets' height below its label."""
    width = round(cell.picture.shape[1] * HEIGHT / cell.picture.shape[0])
    scaled = cv2.resize(cell.picture, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    bar = np.full((LABEL_HEIGHT, width, 3), 255, np.uint8)
    face, ink = cv2.FONT_HERSHEY_SIMPLEX, (30, 30, 30)
    cv2.putText(bar, cell.label, (4, 18), face, 0.55, ink, 1, cv2.LINE_AA)
    return np.vstack([bar, np.asarray(scaled, np.uint8)])


def row(cells: list[Cell]) -> Picture:
    """Cells side by side with small gaps."""
    parts: list[Picture] = []
    for cell in cells:
        picture = labelled(cell)
        parts += [picture, np.full((len(picture), GAP, 3), 255, np.uint8)]
    return np.hstack(parts[:-1])


def paint(picture: Picture, settings: Settings) -> Picture:
    """The picture painted with some settings."""
    return Styliser(settings)(picture)


def styles_here() -> list[str]:
    """Names of the bundled styles, the default first."""
    names = sorted(file.parent.name for file in (ROOT / "weights").glob("*/sd_int8.xml"))
    return ["cel", *(name for name in names if name != "cel")]


def sample(style: str) -> Picture:
    """Two scenes and what the style makes of them."""
    styliser = Styliser(style=style)
    cells = []
    for scene in scenes()[:2]:
        cells += [Cell("photograph", scene), Cell(style, styliser(scene))]
    return row(cells)


def styles_sheet() -> Picture:
    """Every scene in every style."""
    pictures = scenes()
    painters = [(name, Styliser(style=name)) for name in styles_here()]
    columns = [("source", pictures)]
    columns += [(name, [styliser(p) for p in pictures]) for name, styliser in painters]
    return np.hstack(
        [np.vstack([labelled(Cell(name, square(p))) for p in column]) for name, column in columns]
    )


def square(picture: Picture) -> Picture:
    """The middle square."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def adjustments_sheet() -> Picture:
    """The three dials, a row each."""
    portrait = square(scenes()[0])
    dials = {
        "strength": [Settings(strength=v) for v in (0.0, 0.35, 0.7, 1.0)],
        "edge-preserve": [Settings(edge_preserve=v) for v in (0.5, 0.8, 1.0, 1.5)],
        "color-shift": [Settings(color_shift=v) for v in (0.0, 0.35, 0.7, 1.0)],
    }
    rows = []
    for name, settings in dials.items():
        attribute = name.replace("-", "_")
        cells = [Cell(f"--{name} {getattr(s, attribute):g}", paint(portrait, s)) for s in settings]
        rows.append(row(cells))
    return np.vstack(rows)


def mix_sheet() -> Picture:
    """From one style to another in steps."""
    cells = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        one = {0.0: "hayao", 1.0: "cel"}.get(share)
        mix = None if one else f"cel:{share:g},hayao:{1 - share:g}"
        settings = Settings(style=one) if one else Settings(mix=mix)
        cells.append(Cell(one or f"--mix {mix}", paint(square(scenes()[1]), settings)))
    return row(cells)


def main() -> None:
    """Write all pictures."""
    for style in styles_here():
        write_picture(ROOT / "weights" / style / "sample.jpg", sample(style))
    images = ROOT / "docs" / "images"
    write_picture(images / "styles.jpg", styles_sheet())
    write_picture(images / "adjust.jpg", adjustments_sheet())
    write_picture(images / "mix.jpg", mix_sheet())


if __name__ == "__main__":
    main()
