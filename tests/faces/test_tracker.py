"""Faces keep their identity, are bridged over gaps and never pop."""

from __future__ import annotations

import numpy as np
import pytest

from tests.faces.made import SIZE, ScriptedDetector, detection_at, frames_of, textured, with_faces
from videotoon.faces.base import Detection
from videotoon.faces.tracker import BRIDGE_SECONDS, FaceTracker

SIDE = 60.0


def clip(paths: list[list[tuple[float, float]]], seeds: tuple[int, ...] = (11, 12, 13)):
    background = textured(seed=5)
    return frames_of(
        [
            with_faces(background, [(x, y, SIDE, seed) for (x, y), seed in zip(p, seeds)])  # noqa: B905
            for p in zip(*paths, strict=True)
        ]
    )


def test_a_face_is_followed_between_detections() -> None:
    path = [(100 + 2.5 * n, 130 + 0.5 * n) for n in range(40)]
    frames = clip([path])
    detector = ScriptedDetector(frames, lambda n: [detection_at(*path[n], SIDE)])
    tracker = FaceTracker(detector, SIZE)
    for frame, (x, y) in zip(frames, path, strict=True):
        (face,) = tracker.follow(frame)
        assert face.opacity == 1.0
        left, top, right, bottom = face.box
        assert abs((left + right) / 2 - x) < 1.5
        assert abs((top + bottom) / 2 - y) < 1.5
    assert len(detector.asked) <= 4
    assert tracker.counts.tracks == 1
    assert tracker.counts.faces == 40


@pytest.mark.parametrize("first", [6, 13, 17])
def test_five_dropped_detections_are_bridged(first: int) -> None:
    path = [(100 + 2.0 * n, 130.0) for n in range(40)]
    frames = clip([path])

    def script(n: int) -> list[Detection]:
        return [] if first <= n < first + 5 else [detection_at(*path[n], SIDE)]

    faces = [FaceTracker(ScriptedDetector(frames, script), SIZE)]
    states = [faces[0].follow(frame) for frame in frames]
    assert all(len(found) == 1 for found in states)
    assert len({found[0].identity for found in states}) == 1
    assert min(found[0].opacity for found in states) > 0.9


def test_a_face_that_is_gone_fades_within_half_a_second() -> None:
    path = [(100.0, 130.0)] * 40
    frames = clip([path])
    script = lambda n: [] if n >= 10 else [detection_at(*path[n], SIDE)]  # noqa: E731
    tracker = FaceTracker(ScriptedDetector(frames, script), SIZE)
    opacity = [sum(face.opacity for face in tracker.follow(frame)) for frame in frames]
    assert opacity[10] == 1.0
    steps = -np.diff(opacity)
    assert steps.max() < 0.4
    gone = opacity.index(0.0)
    assert (gone - 10) / 25 <= BRIDGE_SECONDS + 5 / 25


def test_a_new_face_fades_in_but_stands_at_once_where_all_begins_afresh() -> None:
    path = [(100.0, 130.0)] * 60
    frames = clip([path])
    script = lambda n: [detection_at(*path[n], SIDE)] if n >= 5 else []  # noqa: E731
    tracker = FaceTracker(ScriptedDetector(frames, script), SIZE)
    opacity = []
    for frame in frames:
        if frame.index == 40:
            tracker.forget()
        opacity.append(sum(face.opacity for face in tracker.follow(frame)))
    rising = np.diff(opacity[:40])
    assert opacity[39] == 1.0
    assert 0 < rising.max() < 0.3
    assert opacity[40:] == [1.0] * 20


def test_a_segment_start_does_not_depend_on_what_came_before() -> None:
    path = [(100 + 1.5 * n, 130.0) for n in range(30)]
    frames = clip([path])
    script = lambda n: [detection_at(*path[n], SIDE)]  # noqa: E731
    whole, resumed = (FaceTracker(ScriptedDetector(frames, script), SIZE) for _ in range(2))
    states = []
    for frame in frames:
        if frame.index == 15:
            whole.forget()
        states.append(whole.follow(frame))
    for frame, expected in zip(frames[15:], states[15:], strict=True):
        (face,), (other,) = resumed.follow(frame), expected
        assert face.box == other.box
        assert face.opacity == other.opacity
        np.testing.assert_array_equal(face.landmarks, other.landmarks)


def test_identities_survive_a_crossing() -> None:
    right = [(80 + 5.0 * n, 130.0) for n in range(60)]
    left = [(400 - 5.0 * n, 136.0) for n in range(60)]
    frames = clip([right, left])

    def script(n: int) -> list[Detection]:
        front = detection_at(*left[n], SIDE)
        hidden = abs(right[n][0] - left[n][0]) < 0.6 * SIDE
        return [front] if hidden else [front, detection_at(*right[n], SIDE)]

    tracker = FaceTracker(ScriptedDetector(frames, script), SIZE)
    states = [tracker.follow(frame) for frame in frames]
    begin = {min((80, 400), key=lambda x: abs(x - s.box[0])): s.identity for s in states[0]}
    end = {s.identity: (s.box[0] + s.box[2]) / 2 for s in states[-1]}
    assert len(begin) == 2
    assert abs(end[begin[80]] - right[-1][0]) < 10
    assert abs(end[begin[400]] - left[-1][0]) < 10


def test_a_cut_drops_the_old_faces_and_shows_the_new_ones_at_once() -> None:
    first = with_faces(textured(seed=5), [(100, 130, SIDE, 11)])
    second = with_faces(255 - textured(seed=77), [(350, 120, SIDE, 12)])
    frames = frames_of([first] * 10 + [second] * 5)
    frames = frames_of([with_copy(frame.planes) for frame in frames])
    script = lambda n: [detection_at(100, 130, SIDE) if n < 10 else detection_at(350, 120, SIDE)]  # noqa: E731
    tracker = FaceTracker(ScriptedDetector(frames, script), SIZE)
    states = [tracker.follow(frame) for frame in frames]
    (face,) = states[10]
    assert face.opacity == 1.0
    assert face.box[0] > 300
    assert tracker.counts.cuts == 1


def with_copy(planes):
    return type(planes)(planes.y.copy(), planes.u.copy(), planes.v.copy())


def test_unsure_and_small_faces_are_not_begun() -> None:
    frames = clip([[(100.0, 130.0)] * 20])
    script = lambda n: [detection_at(100, 130, SIDE, 0.6), detection_at(300, 60, 9)]  # noqa: E731
    tracker = FaceTracker(ScriptedDetector(frames, script), SIZE, smallest=12.0)
    assert all(tracker.follow(frame) == () for frame in frames)
