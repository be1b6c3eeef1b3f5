"""BiSeNet's 19 classes of a face (Yu et al. 2018; zllrunning's weights as facexlib names them).

Classes: 0 background, 1 skin, 2 3 brows, 4 5 eyes, 6 glasses, 7 8 ears, 9 earring, 10 nose,
11 inside of the mouth, 12 13 lips, 14 neck, 15 necklace, 16 clothes, 17 hair, 18 hat.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videotoon.engine.pictures import planes_to_rgb
from videotoon.faces.alignment import align, warp_planes
from videotoon.faces.base import FaceState
from videotoon.faces.facexlib_compat import import_facexlib
from videotoon.faces.graphs import cached_graph, cpu_options, load_state
from videotoon.faces.masks import Mask, Region
from videotoon.faces.regions import Regions
from videotoon.frame import ColourTags, FrameSize, Planes
from videotoon.weights_store.catalogue import BISENET
from videotoon.weights_store.store import find_weights

if TYPE_CHECKING:
    from openvino import Model

CLASSES: Final = 19
SIDE: Final = 512
FILL: Final = 0.42
"""Side of the face in its crop; hair and shoulders fit around it, as in the training data."""

MEAN: Final = (0.485, 0.456, 0.406)
DEVIATION: Final = (0.229, 0.224, 0.225)
SOFTNESS: Final = 3.0
"""Standard deviation in crop pixels with which classes fade into each other."""

EYES: Final = (4, 5)
LIPS: Final = (12, 13)
FEATURES: Final = (2, 3, 4, 5, 6, 10, 11, 12, 13)
SKIN: Final = (1, 10)
CLOTH: Final = (16,)
HAIR: Final = (17,)

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Pictures [1, 3, 512, 512], RGB, normalised, to logits [1, 19, 512, 512]."""

Labels = NDArray[np.uint8]


class FaceParser:
    """Regions from the parsing network; see :class:`videotoon.faces.regions.RegionSource`.

    Args:
        run: The network.
        colour: Meaning of the frames' codes.
    """

    def __init__(self, run: Run, colour: ColourTags) -> None:
        self._run = run
        self._colour = colour

    def regions(self, face: FaceState, region: Region, original: Planes) -> Regions | None:
        """Return a face's regions on the luma grid of ``region``."""
        alignment = align(face, SIDE, FILL, float("inf"))
        crop = warp_planes(original, alignment.matrix, FrameSize(SIDE, SIDE))
        labels = self.labels(planes_to_rgb(crop, self._colour))
        matrix = alignment.matrix.copy()
        # Pixel (x, y) of the region lies at (x + left, y + top) of the frame.
        matrix[:, 2] += matrix[:, :2] @ (region.left, region.top)
        return regions_from_labels(labels, matrix, region.size)

    def labels(self, rgb: NDArray[np.float32]) -> Labels:
        """Class of every pixel of a crop [512, 512, 3], RGB 0..255."""
        scaled = (rgb / 255.0 - MEAN) / DEVIATION
        logits = self._run(np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32))
        return np.asarray(logits[0].argmax(axis=0), np.uint8)


def regions_from_labels(labels: Labels, matrix: NDArray[np.float64], size: FrameSize) -> Regions:
    """Soft regions from classes.

    Args:
        labels: Class of every pixel of a crop.
        matrix: From the wanted grid to the crop, (2, 3).
        size: Size of the wanted grid.
    """

    def region(classes: tuple[int, ...]) -> Mask:
        hard = np.isin(labels, classes).astype(np.float32)
        # Shrunk by as much as it is softened, so that no weight lies outside its class.
        reach = 2 * round(2 * SOFTNESS) + 1
        core = cv2.erode(
            hard, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)),
            borderType=cv2.BORDER_CONSTANT, borderValue=0.0,
        )  # fmt: skip
        soft = cv2.GaussianBlur(core, (reach, reach), SOFTNESS) * hard
        warped = cv2.warpAffine(
            soft,
            matrix,
            (size.width, size.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0.0,
        )
        return np.asarray(warped, np.float32)

    return Regions(
        region(EYES), region(LIPS), region(FEATURES), region(SKIN), region(HAIR), region(CLOTH)
    )


def open_parser(colour: ColourTags, threads: int = 1) -> FaceParser | None:
    """The parser, or None where its weights are not there.

    Raises:
        WeightsError: They are there but altered.
    """
    if find_weights(BISENET) is None:
        return None
    graph = cached_graph("bisenet", BISENET, convert)
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(graph), "CPU", cpu_options(threads))
    request = compiled.create_infer_request()

    def run(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        request.infer([pictures])
        return np.asarray(request.get_output_tensor(0).data, np.float32)

    return FaceParser(run, colour)


def torch_network(weights: Path | None) -> Any:
    """Facexlib's BiSeNet with weights (None: as it is initialised), in evaluation mode."""
    _, bisenet = import_facexlib()
    network = bisenet.BiSeNet(num_class=CLASSES)
    return network.eval() if weights is None else load_state(network, weights, "BiSeNet")


def convert(weights: Path | None) -> Model:
    """Convert the torch network for pictures [1, 3, 512, 512]; the first output are the logits."""
    network = torch_network(weights)
    import openvino
    import torch

    example = torch.zeros(1, 3, SIDE, SIDE)
    with torch.no_grad():
        model = openvino.convert_model(network, example_input=example)
    model.reshape([1, 3, SIDE, SIDE])
    return model
