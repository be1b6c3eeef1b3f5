"""RetinaFace (Deng et al., "RetinaFace: Single-stage Dense Face Localisation in the Wild", 2019).

The network (MobileNet 0.25, biubug6's weights as facexlib names them) is converted from torch once
and kept as an OpenVINO graph in the cache; after that no torch is needed. Priors, decoding and
non-maximum suppression are numpy and OpenCV here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.faces.alignment import invert, transform, warp_planes
from videotoon.faces.base import LANDMARKS, Box, Detection, Points
from videotoon.faces.facexlib_compat import import_facexlib, non_maximum_suppression
from videotoon.faces.graphs import cached_graph, cpu_options, load_state
from videotoon.faces.reduced import Reduction, quick_bgr, window_around
from videotoon.frame import ColourTags, FrameSize, Planes
from videotoon.weights_store.catalogue import RETINAFACE

if TYPE_CHECKING:
    from openvino import Model

ANCHOR_SIDES: Final = ((16, 32), (64, 128), (256, 512))
STRIDES: Final = (8, 16, 32)
VARIANCES: Final = (0.1, 0.2)
BGR_MEAN: Final = (104.0, 117.0, 123.0)
MAX_OVERLAP: Final = 0.4
WINDOW_SIDE: Final = 160
WINDOW_SURROUNDINGS: Final = 2.0
"""Side of the window in which a known face is searched, in units of the face's; it measures 80
pixels there."""

LEAST_SCORE: Final = 0.4
"""What is less sure is not reported; the tracker asks for more before it believes in a new face."""


class RetinaFaceDetector:
    """Detector with five landmarks; see :class:`videotoon.faces.base.Detector`.

    Args:
        size: Size of the frames.
        colour: Meaning of their codes.
        long_side: Longer side of the picture that the network sees.
        threads: Threads of the network; 0 for all.
        least_score: Less sure faces are not reported.
    """

    name = "retinaface"

    def __init__(
        self,
        size: FrameSize,
        colour: ColourTags,
        *,
        long_side: int = 960,
        threads: int = 1,
        least_score: float = LEAST_SCORE,
    ) -> None:
        self._colour = colour
        self._least_score = least_score
        self.reduction = Reduction.to_long_side(size, long_side)
        graph = cached_graph("retinaface", RETINAFACE, convert)
        self._run = _compile(graph, self.reduction.reduced, threads)
        self._priors = prior_boxes(self.reduction.reduced)
        window = FrameSize(WINDOW_SIDE, WINDOW_SIDE)
        self._run_window = _compile(graph, window, threads)
        self._window_priors = prior_boxes(window)

    def detect(self, planes: Planes) -> list[Detection]:
        """Return the faces of a picture, surest first."""
        return self.detect_bgr(self.reduction.bgr(planes, self._colour))

    def detect_bgr(self, reduced: NDArray[np.uint8]) -> list[Detection]:
        """Return the faces of a picture that was reduced already, in frame pixels."""
        found = decode(*self._run(reduced), self._priors, self._least_score)
        return [_detection(*face, self.reduction.to_frame) for face in found]

    def search(self, planes: Planes, box: Box) -> list[Detection]:
        """Return the faces around a box, surest first, seen at the size that suits the network."""
        matrix = window_around(box, WINDOW_SIDE, WINDOW_SURROUNDINGS)
        window = warp_planes(planes, matrix, FrameSize(WINDOW_SIDE, WINDOW_SIDE))
        picture = quick_bgr(window.y, window, self._colour)
        found = decode(*self._run_window(picture), self._window_priors, self._least_score)
        back = invert(matrix)
        return [_detection(*face, lambda points: transform(back, points)) for face in found]


def _detection(
    box: Points, score: float, landmarks: Points, to_frame: Callable[[Points], Points]
) -> Detection:
    left, top, right, bottom = to_frame(box.reshape(2, 2)).ravel().tolist()
    return Detection((left, top, right, bottom), score, to_frame(landmarks))


def prior_boxes(size: FrameSize) -> NDArray[np.float32]:
    """Boxes that the network's offsets refer to, in the network's order.

    Returns:
        Centre x, centre y, width, height in pixels, shape (n, 4).
    """
    priors = []
    for stride, sides in zip(STRIDES, ANCHOR_SIDES, strict=True):
        rows, columns = -(-size.height // stride), -(-size.width // stride)
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        centres = (np.stack([x, y], axis=-1) + 0.5) * stride
        cells = [np.concatenate([centres, np.full_like(centres, side)], axis=-1) for side in sides]
        priors.append(np.stack(cells, axis=2).reshape(-1, 4))
    return np.concatenate(priors)


def decode(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    priors: NDArray[np.float32],
    least_score: float,
) -> list[tuple[NDArray[np.float64], float, NDArray[np.float64]]]:
    """Turn the network's offsets into faces.

    Args:
        boxes: Offsets of centre and logarithmic size, shape (n, 4).
        scores: Probability of a face, shape (n,).
        landmarks: Offsets of five points, shape (n, 10).
        priors: Of :func:`prior_boxes`.
        least_score: Less sure faces are left out.

    Returns:
        (box (4,), score, landmarks (5, 2)) in pixels of the network's picture, surest first.
    """
    sure = np.flatnonzero(scores > least_score)
    centres, sides = priors[sure, :2].astype(np.float64), priors[sure, 2:].astype(np.float64)
    middles = centres + boxes[sure, :2] * VARIANCES[0] * sides
    halves = sides * np.exp(boxes[sure, 2:] * VARIANCES[1]) / 2
    corners = np.concatenate([middles - halves, middles + halves], axis=1)
    points = landmarks[sure].reshape(-1, LANDMARKS, 2) * VARIANCES[0] * sides[:, None]
    points = points + centres[:, None]
    kept = non_maximum_suppression(corners, scores[sure], MAX_OVERLAP)
    return [(corners[i], float(scores[sure][i]), points[i]) for i in kept]


def torch_network(weights: Path) -> Any:
    """Facexlib's RetinaFace with weights, in evaluation mode.

    Raises:
        WeightsError: The file holds something else.
        BackendError: torch or facexlib is missing.
    """
    retinaface, _ = import_facexlib()
    import torch

    network = retinaface.RetinaFace(network_name="mobile0.25", device=torch.device("cpu"))
    return load_state(network, weights, "RetinaFace")


def convert(weights: Path) -> Model:
    """Convert the torch network; pictures of any size, float32 [1, 3, H, W], BGR minus mean."""
    network = torch_network(weights)
    import openvino
    import torch

    with torch.no_grad():
        model = openvino.convert_model(network, example_input=torch.zeros(1, 3, 320, 320))
    model.reshape({0: openvino.PartialShape([1, 3, -1, -1])})
    return model


class _Runner:
    """The compiled network for one size: uint8 BGR in, offsets out."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        # Outputs are told apart by their last side: 4 box offsets, 2 classes, 10 coordinates.
        self._ports = {port.shape[-1]: port for port in compiled.outputs}

    def __call__(
        self, picture: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        self._request.infer([picture[None]])
        boxes, classes, points = (
            self._request.get_tensor(self._ports[last]).data[0] for last in (4, 2, 10)
        )
        return boxes, classes[:, 1], points


def _compile(graph: Path, size: FrameSize, threads: int) -> _Runner:
    import openvino
    from openvino import Layout, Type
    from openvino.preprocess import PrePostProcessor

    core = openvino.Core()
    model = core.read_model(graph)
    model.reshape([1, 3, size.height, size.width])
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(Type.u8).set_layout(Layout("NHWC"))
    steps.input().model().set_layout(Layout("NCHW"))
    steps.input().preprocess().convert_element_type(Type.f32).mean(list(BGR_MEAN))
    return _Runner(core.compile_model(steps.build(), "CPU", cpu_options(threads)))
