"""Detectors: the converted network against torch, the cascade, and what is said without weights."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from videotoon.engine.colour import PICTURE_TAGS
from videotoon.engine.pictures import rgb_to_planes
from videotoon.errors import WeightsError
from videotoon.faces.base import box_overlap
from videotoon.faces.cascade import CascadeDetector
from videotoon.faces.facexlib_compat import SCHEMAS, non_maximum_suppression
from videotoon.faces.opening import open_detector
from videotoon.faces.reduced import Reduction
from videotoon.faces.retinaface import decode, prior_boxes
from videotoon.frame import BT709, FrameSize


@pytest.fixture
def astronaut() -> np.ndarray:
    data = pytest.importorskip("skimage.data")
    return np.asarray(data.astronaut())


@pytest.fixture
def retinaface(shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory) -> Path:
    missing = [n for n in ("torch", "torchvision", "facexlib") if not find_spec(n)]
    if missing:
        pytest.skip(f"{missing} not installed")
    if not (shared / "weights" / "detection_mobilenet0.25_Final.pth").is_file():
        pytest.skip("the weights of RetinaFace are not there")
    monkeypatch.setenv("VIDEOTOON_WEIGHTS", str(shared / "weights"))
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path_factory.getbasetemp() / "faces_cache"))
    return shared


def test_openvino_finds_what_torch_finds(retinaface: Path) -> None:
    import torch

    from videotoon.faces.retinaface import RetinaFaceDetector, torch_network

    network = torch_network(retinaface / "weights" / "detection_mobilenet0.25_Final.pth")
    for name in ("portrait_3.jpg", "couple.jpg", "selfie_many_people.jpg"):
        picture = cv2.imread(str(retinaface / "faces" / name))
        height, width = (round(side * 480 / max(picture.shape[:2])) for side in picture.shape[:2])
        picture = cv2.resize(picture, (width & ~7, height & ~7), interpolation=cv2.INTER_AREA)
        size = FrameSize(picture.shape[1], picture.shape[0])
        detector = RetinaFaceDetector(size, PICTURE_TAGS, long_side=960)
        assert detector.reduction.reduced == size
        ours = detector.detect_bgr(picture)
        with torch.no_grad():
            theirs = network.detect_faces(picture, conf_threshold=0.4)
        assert len(ours) == len(theirs) > 0
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one.box, other[:4], atol=0.05)
            np.testing.assert_allclose(one.landmarks.ravel(), other[5:], atol=0.05)
            assert one.score == pytest.approx(other[4], abs=1e-3)


def test_after_conversion_no_torch_is_needed(retinaface: Path, astronaut: np.ndarray) -> None:
    from videotoon.faces.retinaface import RetinaFaceDetector

    RetinaFaceDetector(FrameSize(64, 64), BT709)
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['facexlib'] = None\n"
        "from videotoon.faces.opening import open_detector\n"
        "from videotoon.frame import BT709, FrameSize\n"
        "detector, sentence = open_detector('auto', FrameSize(320, 180), BT709)\n"
        "assert detector.name == 'retinaface' and sentence is None"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_a_window_finds_the_same_face_as_the_picture(
    retinaface: Path, astronaut: np.ndarray
) -> None:
    from videotoon.faces.retinaface import RetinaFaceDetector

    planes = rgb_to_planes(astronaut, PICTURE_TAGS)
    detector = RetinaFaceDetector(planes.size, PICTURE_TAGS)
    (face,) = detector.detect(planes)
    near = detector.search(planes, face.box)[0]
    assert face.score > 0.99
    assert box_overlap(face.box, near.box) > 0.85
    eyes = np.linalg.norm(face.landmarks[0] - face.landmarks[1])
    assert np.linalg.norm(face.landmarks - near.landmarks, axis=1).mean() / eyes < 0.12


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "detection_mobilenet0.25_Final.pth").write_bytes(b"something else")
    monkeypatch.setenv("VIDEOTOON_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path / "cache"))
    with pytest.raises(WeightsError):
        open_detector("retinaface", FrameSize(320, 180), BT709)


def test_without_weights_the_cascade_steps_in_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, astronaut: np.ndarray
) -> None:
    monkeypatch.delenv("VIDEOTOON_WEIGHTS", raising=False)
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path))
    planes = rgb_to_planes(astronaut, PICTURE_TAGS)
    detector, sentence = open_detector("auto", planes.size, PICTURE_TAGS)
    assert detector.name == "cascade"
    assert sentence is not None
    assert "\n" not in sentence
    assert "cascade" in sentence
    faces = detector.detect(planes)
    assert faces
    assert faces[0].landmarks is None
    assert box_overlap(faces[0].box, (175, 70, 270, 195)) > 0.5
    near = detector.search(planes, faces[0].box)
    assert near
    assert box_overlap(near[0].box, faces[0].box) > 0.5
    with pytest.raises(WeightsError):
        open_detector("retinaface", planes.size, PICTURE_TAGS)


def test_the_cascade_can_be_asked_for() -> None:
    detector, sentence = open_detector("cascade", FrameSize(320, 180), BT709)
    assert isinstance(detector, CascadeDetector)
    assert sentence is None


def test_suppression_keeps_the_surest() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30], [0, 0, 9, 11]], float)
    kept = non_maximum_suppression(boxes, np.array([0.5, 0.9, 0.7, 0.6]), 0.4)
    assert kept.tolist() == [1, 2]
    assert non_maximum_suppression(boxes[:0], np.zeros(0), 0.4).tolist() == []


def test_missing_operators_are_declared_once_and_real_ones_left_alone() -> None:
    pytest.importorskip("torch")
    code = (
        "import torch\n"
        "library = torch.library.Library('torchvision', 'FRAGMENT')\n"
        f"for schema in {list(SCHEMAS.values())!r}: library.define(schema)\n"
        "import sys, types\n"
        "package, ops = types.ModuleType('torchvision'), types.ModuleType('torchvision.ops')\n"
        "package.ops = ops; package.__path__ = []\n"
        "sys.modules['torchvision'] = package; sys.modules['torchvision.ops'] = ops\n"
        "from videotoon.faces.facexlib_compat import declare_missing_operators\n"
        "assert declare_missing_operators() == ()\n"
        "assert sys.modules['torchvision'] is package"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_priors_and_decoding() -> None:
    priors = prior_boxes(FrameSize(64, 32))
    assert priors.shape == ((8 * 4 + 4 * 2 + 2 * 1) * 2, 4)
    np.testing.assert_allclose(priors[0], [4, 4, 16, 16])
    np.testing.assert_allclose(priors[1], [4, 4, 32, 32])
    nothing = np.zeros((len(priors), 4), np.float32)
    scores = np.zeros(len(priors), np.float32)
    scores[5] = 0.9
    ((box, score, points),) = decode(
        nothing, scores, np.zeros((len(priors), 10), np.float32), priors, 0.4
    )
    x, y, width, height = priors[5]
    np.testing.assert_allclose(box, [x - width / 2, y - height / 2, x + width / 2, y + height / 2])
    np.testing.assert_allclose(points, [[x, y]] * 5)
    assert score == pytest.approx(0.9)


def test_reduced_positions_come_back() -> None:
    reduction = Reduction.to_long_side(FrameSize(1280, 720), 640)
    assert reduction.reduced == FrameSize(640, 360)
    points = np.array([[0.0, 0.0], [639.0, 359.0], [12.5, 100.25]])
    np.testing.assert_allclose(reduction.to_reduced(reduction.to_frame(points)), points)
    np.testing.assert_allclose(reduction.to_frame(np.array([[0.0, 0.0]])), [[0.5, 0.5]])
