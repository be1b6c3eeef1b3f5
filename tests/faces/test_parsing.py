"""Regions from parsing classes, with made masks, and the real network with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.faces.made import SIZE, Lighter, face_at, face_options, textured
from videotoon.engine.pictures import planes_to_rgb, rgb_to_planes
from videotoon.faces.masks import outline, region_around
from videotoon.faces.painter import FacePainter
from videotoon.faces.parsing import CLASSES, SIDE, FaceParser, open_parser, regions_from_labels
from videotoon.frame import BT709, FrameSize


def made_labels() -> np.ndarray:
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[60:460, 100:412] = 17  # hair
    labels[150:430, 150:362] = 1  # skin
    labels[230:260, 180:230], labels[230:260, 282:332] = 4, 5
    labels[360:390, 220:292] = 12
    labels[460:] = 16  # clothes
    return labels


def logits_of(labels: np.ndarray) -> np.ndarray:
    return (np.arange(CLASSES)[:, None, None] == labels[None]).astype(np.float32)[None] * 9


def test_regions_follow_their_classes_and_stay_inside_them() -> None:
    labels = made_labels()
    regions = regions_from_labels(labels, np.eye(3)[:2], FrameSize(SIDE, SIDE))
    for mask, classes in (
        (regions.eyes, (4, 5)),
        (regions.lips, (12, 13)),
        (regions.skin, (1, 10)),
        (regions.hair, (17,)),
        (regions.cloth, (16,)),
    ):
        assert mask.max() > 0.9
        assert mask[~np.isin(labels, classes)].max() == 0.0


@pytest.mark.parametrize("hair", [(200, 40, 40), (30, 60, 220)])
def test_dyed_hair_takes_the_colour_and_nothing_else_does(hair: tuple[int, int, int]) -> None:
    original = rgb_to_planes(np.full((270, 480, 3), 120, np.uint8), BT709)
    face = face_at(240, 150, 80)
    parser = FaceParser(lambda _: logits_of(made_labels()), BT709)
    options = face_options(skin=0, eyes=0, lips=0, hair_colour=hair)
    painter = FacePainter(Lighter(1.0, 0.0), BT709, options, regions=parser)
    result = painter.paint(original, original, [face])
    changed = np.abs(planes_to_rgb(result, BT709) - 120).max(axis=-1) > 12
    rows, columns = np.nonzero(changed)
    assert changed.any()
    # The made hair lies around the face, so the face itself keeps its colour.
    assert not changed[150:160, 235:245].any()
    dyed = planes_to_rgb(result, BT709)[rows, columns].mean(axis=0)
    assert int(np.argmax(dyed)) == int(np.argmax(hair))
    region = region_around(outline(face), 0.9 * face.side, SIZE)
    outside = np.ones(original.y.shape, bool)
    outside[region.luma] = False
    np.testing.assert_array_equal(result.y[outside], original.y[outside])


def test_the_real_network_runs_with_random_weights() -> None:
    torch = pytest.importorskip("torch")
    from videotoon.errors import BackendError
    from videotoon.faces.parsing import torch_network

    try:
        network = torch_network(None)
    except BackendError as error:
        pytest.skip(str(error))

    def run(pictures: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(pictures))[0].numpy()

    parser = FaceParser(run, BT709)
    planes = rgb_to_planes(textured(FrameSize(SIDE, SIDE)), BT709)
    labels = parser.labels(planes_to_rgb(planes, BT709))
    assert labels.shape == (SIDE, SIDE)
    assert labels.max() < CLASSES


def test_saved_random_weights_are_loaded(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from videotoon.errors import BackendError, WeightsError
    from videotoon.faces.parsing import torch_network

    try:
        network = torch_network(None)
    except BackendError as error:
        pytest.skip(str(error))
    torch.save({f"module.{k}": v for k, v in network.state_dict().items()}, tmp_path / "w.pth")
    loaded = torch_network(tmp_path / "w.pth")
    for one, other in zip(loaded.parameters(), network.parameters(), strict=True):
        assert torch.equal(one, other)
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError):
        torch_network(tmp_path / "other.pth")


def test_without_weights_there_is_no_parser(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIDEOTOON_WEIGHTS", raising=False)
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path))
    assert open_parser(BT709) is None
