"""Following every face through a clip, in order, one thread.

The whole picture is searched on the first frame, at cuts and a few times a second; known faces are
looked for in their own small windows far more often, and follow their pixels in between. A face
that is not found again is bridged for at most half a second and fades; a new one is believed when
it is found twice, and fades in. Only where everything begins afresh - the first frame of a half
segment, a cut - faces stand at full strength at once, so that nothing pops at the places where work
can be resumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np

from videotoon.faces.alignment import transform
from videotoon.faces.association import Candidate, Look, assign, look_of
from videotoon.faces.base import Box, Detection, Detector, FaceState, Points, box_overlap, side_of
from videotoon.faces.flow import follow
from videotoon.faces.reduced import Reduction
from videotoon.faces.smoothing import SteadyPoints
from videotoon.frame import Frame, FrameSize, Plane, Planes

DETECT_EVERY: Final = 15
"""Frames between detections in the whole picture."""

SEARCH_EVERY: Final = 4
"""Frames between searches for known faces while everything is clear."""

RECHECK_AFTER: Final = 2
"""Frames until the next search while a face is new or was not found."""

SAME: Final = 0.5
"""Overlap from which two detections are one face."""

NEW_SCORE: Final = 0.8
"""Confidence from which a new face is believed; a known one is kept at the detector's limit."""

FADE_SECONDS: Final = 0.24
HOLD_SECONDS: Final = 0.2
BRIDGE_SECONDS: Final = 0.5
CUT_CHANGE: Final = 8.0
"""Mean change of a thumbnail, without its change of brightness, in codes, that may be a cut."""

CUT_LIKENESS: Final = 0.6
"""Correlation of two thumbnails below which it is one. A fast pan may pass for a cut; nothing is
lost, as faces that are found at their places keep their identity."""

TRACKING_SIDE: Final = 640
FLOW_LIMIT: Final = 0.15
"""Overlap of two faces from which the pixels of one may be those of the other."""

CROWDED_ASTRAY: Final = 0.02
"""Change of speed, in sides of the face per frame, that is not believed then."""


@dataclass(slots=True)
class TrackCounts:
    """What the tracker did."""

    faces: int = 0
    tracks: int = 0
    detections: int = 0
    searches: int = 0
    frames: int = 0
    cuts: int = 0


@dataclass(slots=True)
class Track:
    """One face that is being followed; points are the box's corners and then the landmarks."""

    identity: int
    steady: SteadyPoints
    opacity: float
    confirmed: bool
    look: Look | None = None
    unseen: float | None = None
    hidden: bool = field(default=False)

    def state(self) -> FaceState:
        """The face as it stands now."""
        points = self.steady.points
        corners = points[:2].ravel()
        box: Box = (float(corners[0]), float(corners[1]), float(corners[2]), float(corners[3]))
        certain = 1.0 - (self.unseen or 0.0) / BRIDGE_SECONDS
        landmarks = points[2:] if len(points) > 2 else None
        return FaceState(self.identity, box, landmarks, self.opacity, max(certain, 0.0))


class FaceTracker:
    """Follows the faces of one clip; see the module.

    Args:
        detector: Finds faces.
        size: Size of the frames.
        smallest: Faces of a smaller side (see :attr:`FaceState.side`) are not followed.
    """

    def __init__(self, detector: Detector, size: FrameSize, smallest: float = 0.0) -> None:
        self._detector = detector
        self._smallest = smallest
        self._reduction = Reduction.to_long_side(size, TRACKING_SIDE)
        self._tracks: list[Track] = []
        self._luma: Plane | None = None
        self._seconds = 0.0
        self._since_detection = 0
        self._since_search = 0
        self._left_over: list[tuple[Detection, Look]] = []
        self._next_identity = 1
        self.counts = TrackCounts()

    def forget(self) -> None:
        """Drop everything, so that what follows does not depend on what came before."""
        self._tracks = []
        self._luma = None

    @property
    def restless(self) -> bool:
        """True while a face fades or is unclear, so that a painting may not be used again."""
        return any(t.unseen is not None or not t.confirmed or t.opacity < 1 for t in self._tracks)

    def follow(self, frame: Frame) -> tuple[FaceState, ...]:
        """Return the faces of the next frame; frames come in order, repeats may be left out."""
        luma = self._reduction.luma(frame.planes).copy()
        seconds = float(frame.seconds)
        elapsed = min(max(seconds - self._seconds, 0.0), 0.2)
        first = self._luma is None
        cut = first or _is_cut(self._luma, luma)
        if not cut:
            self._advance(luma)
        self._luma, self._seconds = luma, seconds
        self._since_detection += 1
        self._since_search += 1
        if cut or self._since_detection >= DETECT_EVERY:
            self._take_in(self._detected(frame.planes), luma, cut)
            self._begin_new(cut)
        elif self._tracks and self._since_search >= self._patience():
            self._take_in(self._searched(frame.planes), luma, cut)
        self._fade(elapsed, cut)
        self.counts.frames += 1
        self.counts.cuts += cut and not first
        faces = tuple(t.state() for t in self._tracks if t.confirmed and t.opacity > 0)
        self.counts.faces += len(faces)
        return faces

    def _patience(self) -> int:
        unclear = any(t.unseen is not None or not t.confirmed for t in self._tracks)
        return RECHECK_AFTER if unclear else SEARCH_EVERY

    def _detected(self, planes: Planes) -> list[Detection]:
        """Faces of the whole picture, each looked at again from near."""
        self.counts.detections += 1
        self._since_detection = self._since_search = 0
        found = []
        for coarse in self._detector.detect(planes):
            near = self._detector.search(planes, coarse.box)
            same = [d for d in near if box_overlap(d.box, coarse.box) >= SAME]
            # What looks less like a face from near is judged by that.
            found.append(same[0] if same else replace(coarse, score=0.5 * coarse.score))
        return self._large_enough(found)

    def _searched(self, planes: Planes) -> list[Detection]:
        """Faces around the known ones."""
        self.counts.searches += 1
        self._since_search = 0
        found: list[Detection] = []
        for track in self._tracks:
            found += self._detector.search(planes, track.state().box)
        found.sort(key=lambda detection: -detection.score)
        return self._large_enough(found)

    def _large_enough(self, found: list[Detection]) -> list[Detection]:
        """Leave out what is too small, and what was found twice."""
        kept: list[Detection] = []
        for detection in found:
            if side_of(detection.box) < self._smallest:
                continue
            if all(box_overlap(detection.box, other.box) < SAME for other in kept):
                kept.append(detection)
        return kept

    def _advance(self, luma: Plane) -> None:
        """Move all faces along with their pixels."""
        assert self._luma is not None
        states = [track.state() for track in self._tracks]
        motions = follow(self._luma, luma, states, self._reduction)
        for number, (track, motion) in enumerate(zip(self._tracks, motions, strict=True)):
            state = states[number]
            moved = None if motion is None else transform(motion, track.steady.points)
            crowded = any(
                box_overlap(other.box, state.box) > FLOW_LIMIT
                for index, other in enumerate(states)
                if index != number
            )
            if crowded and moved is not None:
                # Its pixels may be those of the face in front: believe them only if they go on
                # as the face did so far.
                shift = (moved - track.steady.points).mean(axis=0)
                astray = float(np.hypot(*(shift - track.steady.velocity)))
                if astray > CROWDED_ASTRAY * state.side + 0.5:
                    moved = None
            track.hidden = moved is None
            track.steady.advance(moved)

    def _take_in(self, detections: list[Detection], luma: Plane, cut: bool) -> None:
        """Pair what was found with the known faces; what is left over may be new."""
        states = [FaceState(0, d.box, d.landmarks, 1.0) for d in detections]
        looks = [look_of(state, luma, self._reduction) for state in states]
        candidates = [Candidate(track.state().box, track.look) for track in self._tracks]
        pairs = assign(candidates, detections, looks)
        for number, track in enumerate(self._tracks):
            if number in pairs:
                self._found(track, detections[pairs[number]], looks[pairs[number]], cut)
            elif track.unseen is None:
                track.unseen = 0.0
        self._tracks = [
            track
            for number, track in enumerate(self._tracks)
            if number in pairs or (track.confirmed and not cut)
        ]
        left = [index for index in range(len(detections)) if index not in pairs.values()]
        self._left_over = [(detections[index], looks[index]) for index in left]

    def _begin_new(self, full: bool) -> None:
        known = [track.state().box for track in self._tracks]
        for detection, look in self._left_over:
            clear = all(box_overlap(detection.box, box) < SAME for box in known)
            if detection.score >= NEW_SCORE and clear:
                self._begin(detection, look, full)

    def _found(self, track: Track, detection: Detection, look: Look, cut: bool) -> None:
        measured = points_of(detection)
        side = max(track.state().side, 1.0)
        if cut or len(measured) != len(track.steady.points):
            track.steady = SteadyPoints.start(measured)
        elif track.unseen is not None and track.hidden:
            # It comes back from behind something: be there at once, but keep its velocity.
            track.steady.points = measured
        else:
            track.steady.correct(measured, side, sees_motion=not track.hidden)
        track.unseen = None
        track.confirmed = True
        track.look = look if track.look is None else _mixed(track.look, look)

    def _begin(self, detection: Detection, look: Look, full: bool) -> None:
        steady = SteadyPoints.start(points_of(detection))
        track = Track(self._next_identity, steady, 1.0 if full else 0.0, confirmed=full, look=look)
        self._tracks.append(track)
        self._next_identity += 1
        self.counts.tracks += 1

    def _fade(self, elapsed: float, cut: bool) -> None:
        """Let faces fade in while they are seen and out while they are not."""
        for track in self._tracks:
            if track.unseen is None:
                if track.confirmed and not cut:
                    track.opacity = min(1.0, track.opacity + elapsed / FADE_SECONDS)
                continue
            track.unseen += elapsed
            if track.unseen > HOLD_SECONDS:
                left = 1.0 - (track.unseen - HOLD_SECONDS) / (BRIDGE_SECONDS - HOLD_SECONDS)
                track.opacity = min(track.opacity, max(0.0, left))
        self._tracks = [t for t in self._tracks if t.unseen is None or t.opacity > 0]


def points_of(detection: Detection) -> Points:
    """Corners of the box and then the landmarks, shape (2 or 7, 2)."""
    corners = np.array(detection.box, np.float64).reshape(2, 2)
    if detection.landmarks is None:
        return corners
    return np.concatenate([corners, np.asarray(detection.landmarks, np.float64)])


def _mixed(old: Look, new: Look) -> Look:
    mixed = 0.7 * old + 0.3 * new
    length = float(np.linalg.norm(mixed))
    return np.asarray(mixed / length if length > 1e-3 else mixed, np.float32)


def _is_cut(before: Plane | None, now: Plane) -> bool:
    assert before is not None
    size = (48, 27)
    thumbnails = [
        cv2.resize(p, size, interpolation=cv2.INTER_AREA).astype(np.float32) for p in (before, now)
    ]
    one, other = (thumbnail - thumbnail.mean() for thumbnail in thumbnails)
    if float(np.abs(other - one).mean()) < CUT_CHANGE:
        return False
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float((one * other).sum()) < CUT_LIKENESS * lengths
