"""Sheets that show faces at 100 %: the photo, the painting without and with face painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.face_clips import Rgb, astronaut_picture, read_rgb
from benchmarks.face_measures import believed
from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.open import open_style
from videotoon.engine.pictures import planes_to_rgb, rgb_to_planes
from videotoon.faces.base import FaceState, box_overlap
from videotoon.faces.opening import open_detector
from videotoon.faces.stage import open_faces
from videotoon.settings import Settings

TILE = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on a sheet: file, longer side it is scaled to, which face is shown (by size)."""

    name: str
    long_side: int
    face: int = 0


SHEETS = {
    "frontal": (Shown("face_29.jpg", 800), Shown("portrait_7.jpg", 960), Shown("face_2.jpg", 960)),
    "turned": (Shown("portrait_5.jpg", 960), Shown("couple.jpg", 720), Shown("face_59.jpg", 960)),
    "glasses": (Shown("face_24.jpg", 480), Shown("group_facexlib_test.jpg", 520),
                Shown("selfie_many_people.jpg", 604, 3)),
    "backlit": (Shown("portrait_6.jpg", 1280), Shown("face_31.jpg", 960),
                Shown("portrait_0.jpg", 960)),
    "small": (Shown("portrait_3.jpg", 640), Shown("portrait_2.jpg", 640),
              Shown("portrait_4.jpg", 480)),
    "many": (Shown("portrait_3.jpg", 900), Shown("selfie_many_people.jpg", 604),
             Shown("portrait_4.jpg", 800)),
}  # fmt: skip


def write_sheets(pictures: Path, out: Path, settings: Settings) -> list[Path]:
    """Write one sheet per kind of face; columns: photo, without, with."""
    written = []
    for kind, shown in SHEETS.items():
        rows = []
        for item in shown:
            picture = read_rgb(pictures / item.name)
            scale = item.long_side / max(picture.shape[:2])
            small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            rows.append(_row(np.asarray(small, np.uint8), item.face, settings))
        written.append(_write(out / f"{kind}.png", np.vstack(rows)))
    return written


def write_public_sheet(path: Path, settings: Settings) -> Path:
    """The same for a picture in the public domain (astronaut Eileen Collins, NASA)."""
    rows = []
    for side, light in ((512, 1.0), (256, 1.0), (200, 0.45)):
        picture = cv2.resize(astronaut_picture(), (side, side), interpolation=cv2.INTER_AREA)
        dimmed = np.asarray(np.rint(picture * light), np.uint8)
        canvas = cv2.copyMakeBorder(dimmed, 0, 0, 0, 60, cv2.BORDER_REFLECT)
        rows.append(_row(np.asarray(canvas, np.uint8), 0, settings))
    return _write(path, np.vstack(rows))


def _row(picture: Rgb, which: int, settings: Settings) -> Rgb:
    planes = rgb_to_planes(picture, PICTURE_TAGS)
    style = open_style(settings, planes.size, PICTURE_TAGS)
    stage = open_faces(settings, style, planes.size, PICTURE_TAGS)
    detector, _ = open_detector(settings.face_detector, planes.size, PICTURE_TAGS)
    boxes = believed(detector, planes)
    faces = []
    for number, box in enumerate(boxes):
        near = next(d for d in detector.search(planes, box) if box_overlap(d.box, box) > 0.5)
        faces.append(FaceState(number, near.box, near.landmarks, 1.0))
    faces.sort(key=lambda face: -face.side)
    without = style.session().paint(planes)
    with_faces = stage.painter().paint(planes, without, faces)
    tiles = [planes_to_rgb(p, PICTURE_TAGS) for p in (planes, without, with_faces)]
    shown = faces[min(which, len(faces) - 1)].box if faces else (0.0, 0.0, 1.0, 1.0)
    return np.asarray(np.hstack([_tile(np.rint(tile), shown) for tile in tiles]), np.uint8)


def _tile(picture: np.ndarray, box: Sequence[float]) -> Rgb:
    """A square of TILE pixels around a face, at 100 %."""
    height, width = picture.shape[:2]
    x = int(np.clip((box[0] + box[2]) / 2 - TILE / 2, 0, max(0, width - TILE)))
    y = int(np.clip((box[1] + box[3]) / 2 - TILE / 2, 0, max(0, height - TILE)))
    part = picture[y : y + TILE, x : x + TILE]
    tile = np.full((TILE + 4, TILE + 4, 3), 255, np.uint8)
    tile[: part.shape[0], : part.shape[1]] = part.astype(np.uint8)
    return tile


def _write(path: Path, picture: Rgb) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = [cv2.IMWRITE_JPEG_QUALITY, 90] if path.suffix == ".jpg" else []
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    return path
