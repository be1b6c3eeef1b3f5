"""Measures of face painting; each returns plain numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.face_clips import Person, many_faces, person_from, read_rgb
from videotoon.engine.base import Session
from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.pictures import rgb_to_planes
from videotoon.faces.base import Box, Detection, Detector, FaceState, box_overlap
from videotoon.faces.masks import chroma_grid, luma_grid, outline, region_around
from videotoon.faces.opening import detection_side
from videotoon.faces.painter import FacePainter
from videotoon.faces.retinaface import RetinaFaceDetector
from videotoon.faces.tracker import NEW_SCORE, FaceTracker
from videotoon.frame import BT709, Frame, FrameSize, Planes

COUNTS = Path(__file__).with_name("face_counts.toml")


@dataclass(slots=True)
class Found:
    """Faces found in still pictures: counted, found, false."""

    counted: int = 0
    found: int = 0
    false: int = 0
    missed: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)


def find_in_pictures(folder: Path) -> Found:
    """Compare what the tracker would believe in with what an eye counted."""
    table = tomllib.loads(COUNTS.read_text())
    total = Found()
    for name, centres in table["faces"].items():
        picture = read_rgb(folder / name)
        planes = rgb_to_planes(picture, PICTURE_TAGS)
        detector = RetinaFaceDetector(
            planes.size, PICTURE_TAGS, long_side=detection_side(planes.size), threads=0
        )
        boxes = believed(detector, planes)
        wanted = [(x * planes.size.width, y * planes.size.height) for x, y in centres]
        hits = {n: box for n, point in enumerate(wanted) for box in boxes if _holds(box, point)}
        wrong = len([box for box in boxes if not any(_holds(box, point) for point in wanted)])
        total.counted += len(wanted)
        total.found += len(hits)
        total.false += max(0, wrong - table["vague"].get(name, 0))
        total.missed += [f"{name} #{n + 1}" for n in range(len(wanted)) if n not in hits]
        total.people += [person_from(picture, box) for box in hits.values()]
    return total


def believed(detector: Detector, planes: Planes) -> list[Box]:
    """Boxes that a tracker would begin to follow, confirmed from near as it does."""
    boxes = []
    for face in detector.detect(planes):
        near = [d for d in detector.search(planes, face.box) if box_overlap(d.box, face.box) > 0.5]
        if near and near[0].score >= NEW_SCORE:
            boxes.append(near[0].box)
    return boxes


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


@dataclass(slots=True)
class Likeness:
    """How well painted faces keep their features, without and with face painting.

    Attributes:
        errors: Mean landmark error per face in units of the eyes' distance (without, with).
        changes: Mean change of luma inside the face (without, with).
        again: Faces found again after painting (without, with).
        faces: Faces in all.
    """

    errors: list[tuple[float, float]] = field(default_factory=list)
    changes: list[tuple[float, float]] = field(default_factory=list)
    again: tuple[int, int] = (0, 0)
    faces: int = 0

    @property
    def ratio(self) -> float:
        """Mean error with, divided by without."""
        without, with_faces = np.mean(self.errors, axis=0)
        return float(with_faces / without)

    @property
    def change_ratio(self) -> float:
        """Mean change with, divided by without."""
        without, with_faces = np.mean(self.changes, axis=0)
        return float(with_faces / without)


def likeness(
    people: Sequence[Person],
    sides: Sequence[float],
    size: FrameSize,
    scene: Session,
    painter: FacePainter,
) -> Likeness:
    """Landmarks found in the photo against those found in both paintings, by size of face."""
    detector = RetinaFaceDetector(size, BT709, long_side=size.long_side, threads=0)
    result = Likeness()
    for side in sides:
        for photo in many_faces(people, size, side):
            faces = [d for d in detector.detect(photo) if _whole(d, side, size)]
            states = [FaceState(n, d.box, d.landmarks, 1.0) for n, d in enumerate(faces)]
            without = scene.paint(photo)
            with_faces = painter.paint(photo, without, states)
            again = [_pair(faces, detector.detect(p)) for p in (without, with_faces)]
            for state, face, one, other in zip(states, faces, *again, strict=True):
                result.faces += 1
                result.again = (
                    result.again[0] + (one is not None), result.again[1] + (other is not None)
                )  # fmt: skip
                result.changes.append(
                    (_change(photo, without, state), _change(photo, with_faces, state))
                )
                if one is not None and other is not None:
                    result.errors.append((_error(face, one), _error(face, other)))
    return result


def _whole(found: Detection, side: float, size: FrameSize) -> bool:
    """Only the face in the middle of its tile; neighbours are cut off by the tile's border."""
    cell = int(side * 2.6) & ~1
    x = (found.box[0] + found.box[2]) / 2 % cell
    y = (found.box[1] + found.box[3]) / 2 % cell
    return found.score > 0.7 and abs(x - cell / 2) < 0.2 * side and abs(y - cell / 2) < 0.2 * side


def _pair(faces: Sequence[Detection], found: Sequence[Detection]) -> list[Detection | None]:
    paired: list[Detection | None] = []
    for face in faces:
        best = max(found, key=lambda d: box_overlap(d.box, face.box), default=None)
        same = best is not None and box_overlap(best.box, face.box) > 0.4
        paired.append(best if same else None)
    return paired


def _error(one: Detection, other: Detection) -> float:
    assert one.landmarks is not None
    assert other.landmarks is not None
    eyes = np.linalg.norm(one.landmarks[0] - one.landmarks[1])
    return float(np.linalg.norm(one.landmarks - other.landmarks, axis=1).mean() / eyes)


def _change(photo: Planes, painted: Planes, face: FaceState) -> float:
    ellipse = outline(face)
    region = region_around(ellipse, 2, photo.size)
    if region is None:
        return 0.0
    inside = ellipse.radius(luma_grid(region)) < 1
    part = region.luma
    return float(np.abs(photo.y[part].astype(float) - painted.y[part])[inside].mean())


@dataclass(slots=True)
class Motion:
    """A clip painted without and with faces.

    Attributes:
        warp_errors: Warping error inside the faces (without, with).
        outside_equal: Whether nothing outside the masks ever changed.
        steps: Mean change of the face's painting from frame to frame, without its motion.
        tracks: Faces that were told apart.
    """

    warp_errors: tuple[float, float]
    outside_equal: bool
    steps: list[float]
    tracks: int


def in_motion(
    frames: Sequence[Frame], scene: Session, painter: FacePainter, tracker: FaceTracker
) -> Motion:
    """Paint a clip and measure how steady its faces are."""
    errors: list[tuple[float, float]] = []
    steps: list[float] = []
    equal = True
    before: tuple[Frame, Planes, Planes] | None = None
    for frame in frames:
        faces = tracker.follow(frame)
        without = scene.paint(frame.planes)
        with_faces = painter.paint(frame.planes, without, faces)
        inside = _inside(faces, frame.planes.size)
        equal &= _equal_outside(without, with_faces, faces)
        if before is not None and inside.any():
            old, old_without, old_with = before
            warp = _flow_warp(old.planes, frame.planes)
            known = inside & warp.certain
            if known.any():
                pair = ((old_without, without), (old_with, with_faces))
                one, other = (warp.error(*pictures, known) for pictures in pair)
                errors.append((one, other))
                steps.append(errors[-1][1])
        before = (frame, without, with_faces)
    mean = np.mean(errors, axis=0)
    return Motion((float(mean[0]), float(mean[1])), equal, steps, tracker.counts.tracks)


def _inside(faces: Sequence[FaceState], size: FrameSize) -> NDArray[np.bool_]:
    inside = np.zeros((size.height, size.width), bool)
    for face in faces:
        ellipse = outline(face)
        region = region_around(ellipse, 2, size)
        if region is not None:
            inside[region.luma] |= ellipse.radius(luma_grid(region)) < 1
    return inside


def _equal_outside(one: Planes, other: Planes, faces: Sequence[FaceState]) -> bool:
    inside = _inside(faces, one.size)
    chroma = np.zeros(one.u.shape, bool)
    for face in faces:
        region = region_around(outline(face), 2, one.size)
        if region is not None:
            chroma[region.chroma] |= outline(face).radius(chroma_grid(region)) < 1
    return all(
        bool((a[~mask] == b[~mask]).all())
        for a, b, mask in zip(
            one.colour_planes, other.colour_planes, (inside, chroma, chroma), strict=True
        )
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Warp:
    flow: NDArray[np.float32]
    certain: NDArray[np.bool_]

    def error(self, before: Planes, now: Planes, where: NDArray[np.bool_]) -> float:
        """Root mean squared difference of luma after following the motion of the photo."""
        moved = cv2.remap(
            before.y, self.flow[..., 0], self.flow[..., 1], cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        )  # fmt: skip
        return float(np.sqrt(((moved.astype(float) - now.y)[where] ** 2).mean()))


def _flow_warp(before: Planes, now: Planes) -> _Warp:
    """Where each pixel of the later photo lay in the earlier one."""
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = np.asarray(engine.calc(now.y, before.y, None), np.float32)  # type: ignore[call-overload]
    rows, columns = np.mgrid[0 : now.y.shape[0], 0 : now.y.shape[1]].astype(np.float32)
    places = np.stack([columns, rows], axis=-1) + flow
    moved = cv2.remap(before.y, places[..., 0], places[..., 1], cv2.INTER_CUBIC)
    certain = np.abs(moved.astype(float) - now.y) < 8
    return _Warp(places, np.asarray(certain, bool))


def largest_pop(steps: Sequence[float], around: range) -> float:
    """Largest step within a range of frames, divided by the mean of the steps beside it."""
    inside = [steps[n] for n in around if n < len(steps)]
    beside = [
        steps[n]
        for n in range(max(0, around.start - 8), min(len(steps), around.stop + 8))
        if n not in around
    ]
    return max(inside) / max(float(np.mean(beside)), 1e-6)


class Dropping:
    """A detector that finds nothing while it is told so."""

    name = "dropping"

    def __init__(self, detector: Detector, dropped: Callable[[], bool]) -> None:
        self._detector = detector
        self._dropped = dropped

    def detect(self, planes: Planes) -> list[Detection]:
        """Return the faces of a picture, or nothing."""
        return [] if self._dropped() else self._detector.detect(planes)

    def search(self, planes: Planes, box: Box) -> list[Detection]:
        """Return the faces around a box, or nothing."""
        return [] if self._dropped() else self._detector.search(planes, box)
