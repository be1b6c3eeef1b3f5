"""One contract for every engine, precision and kind of network."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.engine.conftest import random_planes
from videotoon.engine.colour import codes_to_native
from videotoon.engine.open import OpenedStyle, open_style
from videotoon.engine.styles import Catalogue
from videotoon.errors import BackendError
from videotoon.frame import BT709, ColourTags, FrameSize, Planes
from videotoon.settings import Settings


def has_cuda() -> bool:
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


ON_CPU = [
    ("openvino", "fp32", "cpu"),
    ("openvino", "bf16", "cpu"),
    ("torch", "fp32", "cpu"),
    ("torch", "bf16", "cpu"),
]
ON_GPU = [("torch", precision, "cuda") for precision in ("fp32", "fp16", "bf16")]
WITH_GPU = pytest.mark.skipif(not has_cuda(), reason="no CUDA device")
ENGINES = [*ON_CPU, *(pytest.param(engine, marks=WITH_GPU) for engine in ON_GPU)]
SIZES = [
    FrameSize(64, 48),
    FrameSize(67, 35),
    FrameSize(1, 1),
    FrameSize(16, 16),
    FrameSize(3, 90),
    FrameSize(400, 18),
]
STYLES = ["p2", "p4", "animegan2"]
# The published architecture is heavy; two sizes show its reflection and its cropping.
STYLES_AND_SIZES = [(style, size) for style in ("p2", "p4") for size in SIZES]
STYLES_AND_SIZES += [("animegan2", FrameSize(67, 35)), ("animegan2", FrameSize(1, 1))]
TAGS = [
    BT709,
    ColourTags(matrix=6),
    ColourTags(matrix=1, full_range=True),
    ColourTags(matrix=9, full_range=True),
]
ADJUSTMENTS = [{}, {"strength": 0.4}, {"edge_preserve": 1.4}, {"color_shift": 0.0}]


@pytest.fixture(params=ENGINES, ids="-".join)
def engine(request: pytest.FixtureRequest) -> dict[str, str]:
    return dict(zip(("backend", "precision", "device"), request.param, strict=True))


@pytest.fixture(params=STYLES)
def style(request: pytest.FixtureRequest, animegan2_file: Path) -> str:
    return str(animegan2_file) if request.param == "animegan2" else request.param


@pytest.fixture
def opened(catalogue: Catalogue):
    """Open a style, skipping precisions that this machine does not have."""

    def open_it(size: FrameSize, tags: ColourTags = BT709, **options) -> OpenedStyle:
        streams, batch = options.pop("streams", 1), options.pop("batch", 1)
        try:
            return open_style(
                Settings(**options), size, tags, streams=streams, batch=batch, catalogue=catalogue
            )
        except BackendError as error:
            if str(options.get("precision")) in str(error):
                pytest.skip(str(error))
            raise

    return open_it


def difference(one: Planes, other: Planes) -> int:
    pairs = zip(one.colour_planes, other.colour_planes, strict=True)
    return max(int(np.abs(a.astype(int) - b).max()) for a, b in pairs)


@pytest.mark.parametrize(("style", "size"), STYLES_AND_SIZES, indirect=["style"], ids=str)
def test_size_memory_and_alpha(opened, engine, style, size):
    planes = random_planes(size, alpha=True)
    assert planes.alpha is not None
    given = (*planes.colour_planes, planes.alpha)
    before = [plane.copy() for plane in given]
    session = opened(size, style=style, **engine).session()
    painted = session.paint(planes)
    again = session.paint(random_planes(size, seed=1))
    assert painted.size == size
    assert painted.alpha is not None
    assert np.array_equal(painted.alpha, planes.alpha)
    assert all(plane.flags.c_contiguous for plane in painted.colour_planes)
    for plane, copy in zip(given, before, strict=True):
        assert np.array_equal(plane, copy), "the input was written to"
    for one, other in zip(painted.colour_planes, again.colour_planes, strict=True):
        assert not np.shares_memory(one, other)
    assert difference(session.paint(planes), painted) == 0, "not deterministic"


@pytest.mark.parametrize("max_side", [None, 64])
@pytest.mark.parametrize("tags", TAGS[:3], ids=repr)
def test_no_strength_gives_the_input_back(opened, engine, style, tags, max_side):
    size = FrameSize(81, 46)
    planes = random_planes(size)
    session = opened(
        size, tags, style=style, strength=0.0, edge_preserve=1.3, max_side=max_side, **engine
    ).session()
    painted = session.paint(planes)
    assert difference(painted, planes) == 0
    assert not np.shares_memory(painted.y, planes.y)


@pytest.mark.parametrize("tags", TAGS, ids=repr)
@pytest.mark.parametrize("adjustments", ADJUSTMENTS, ids=repr)
@pytest.mark.parametrize("style_name", ["p2", "p4"])
def test_engines_agree(opened, style_name, tags, adjustments):
    size = FrameSize(70, 50)
    planes = random_planes(size)
    options = {"style": style_name, "precision": "fp32", **adjustments}
    first = opened(size, tags, backend="openvino", **options).session().paint(planes)
    second = opened(size, tags, backend="torch", **options).session().paint(planes)
    # An edge_preserve above 1 enlarges the one code by which the engines may differ.
    assert difference(first, second) <= (2 if "edge_preserve" in adjustments else 1)
    assert difference(first, planes) > 5, "the network must do something for this to mean anything"


def test_engines_agree_on_animegan2(opened, animegan2_file):
    size = FrameSize(70, 50)
    planes = random_planes(size)
    options = {"style": str(animegan2_file), "precision": "fp32"}
    first = opened(size, backend="openvino", **options).session().paint(planes)
    second = opened(size, backend="torch", **options).session().paint(planes)
    assert difference(first, second) <= 1


@WITH_GPU
@pytest.mark.parametrize("max_side", [None, 64])
@pytest.mark.parametrize(("precision", "most"), [("fp32", 2), ("fp16", 3), ("bf16", 8)])
def test_a_gpu_paints_what_the_processor_paints(opened, style, precision, most, max_side):
    size = FrameSize(71, 50)
    options = {"style": style, "backend": "torch", "max_side": max_side}
    planes = random_planes(size)
    exact = opened(size, precision="fp32", **options).session().paint(planes)
    painted = opened(size, precision=precision, device="cuda", **options).session().paint(planes)
    assert difference(exact, painted) <= most
    assert difference(painted, planes) > 5


@WITH_GPU
def test_more_sessions_on_a_gpu_than_it_has_streams(opened):
    """Torch has some 32 streams per device; sessions are made while others paint."""
    planes = random_planes(FrameSize(64, 48))
    compiled = opened(planes.size, style="p4", backend="torch", precision="fp16", device="cuda")
    first = compiled.session()
    exact = first.paint(planes)
    done = threading.Event()

    def paint() -> list[int]:
        found = []
        while not done.is_set():
            found.append(difference(first.paint(planes), exact))
        return found

    with ThreadPoolExecutor(1) as thread:
        painting = thread.submit(paint)
        try:
            others = [compiled.session() for _ in range(40)]
        finally:
            done.set()
        assert max(painting.result()) == 0
    assert all(difference(one.paint(planes), exact) <= 1 for one in others)


@pytest.mark.parametrize("style_name", ["p2", "p4"])
@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_reduced_precision_stays_close(opened, backend, style_name):
    size = FrameSize(96, 64)
    planes = random_planes(size)
    options = {"style": style_name, "backend": backend}
    exact = opened(size, precision="fp32", **options).session().paint(planes)
    reduced = opened(size, precision="bf16", **options).session().paint(planes)
    assert difference(exact, reduced) <= 6


def test_parallel_sessions_equal_serial_ones(opened, engine, style):
    size = FrameSize(48, 32)
    pictures = [random_planes(size, seed=seed) for seed in range(4)]
    compiled = opened(size, style=style, streams=2, **engine)
    session = compiled.session()
    serial = [session.paint(planes) for planes in pictures]

    def work(share: list[Planes]) -> list[Planes]:
        own = compiled.session()
        return [own.paint(planes) for planes in share]

    with ThreadPoolExecutor(2) as threads:
        halves = list(threads.map(work, (pictures[:2], pictures[2:])))
    for one, other in zip(serial, halves[0] + halves[1], strict=True):
        assert difference(one, other) == 0


def test_batch_equals_single_pictures(opened, engine, style):
    size = FrameSize(40, 34)
    pictures = [random_planes(size, seed=seed) for seed in range(3)]
    single = opened(size, style=style, **engine).session()
    batched = opened(size, style=style, batch=4, **engine).session()
    limit = 0 if engine["precision"] == "fp32" else 6
    for one, other in zip(
        [single.paint(planes) for planes in pictures], batched.paint_batch(pictures), strict=True
    ):
        assert difference(one, other) <= limit + 1
    with pytest.raises(ValueError, match="5 pictures"):
        batched.paint_batch(pictures + pictures[:2])


@pytest.mark.parametrize("tags", TAGS[1:], ids=repr)
@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_colour_tags_agree_with_explicit_conversion(opened, backend, tags):
    """Painting tagged codes = converting to BT.709 by hand, painting, and converting the change."""
    size = FrameSize(64, 48)
    # Medium contrast: codes that are clipped half-way would not compare.
    planes = Planes(*(plane // 2 + 64 for plane in random_planes(size).colour_planes))
    options = {"style": "p4", "backend": backend, "precision": "fp32"}
    painted = opened(size, tags, **options).session().paint(planes)
    matrix, offset = codes_to_native(tags)
    whole = np.stack([planes.y, _double(planes.u), _double(planes.v)], axis=-1).astype(float)
    native = whole @ matrix.T + offset
    given = _to_planes(native)
    change = _whole(opened(size, **options).session().paint(given)) - _whole(given)
    expected = _to_planes(whole + change @ np.linalg.inv(matrix).T)
    # The explicit way rounds native codes twice; the graph never does.
    assert difference(painted, expected) <= 3
    errors = np.abs(painted.y.astype(float) - expected.y)
    assert errors.mean() < 0.6


def _double(plane: np.ndarray) -> np.ndarray:
    return plane.repeat(2, axis=0).repeat(2, axis=1)


def _whole(planes: Planes) -> np.ndarray:
    return np.stack([planes.y, _double(planes.u), _double(planes.v)], axis=-1).astype(float)


def _to_planes(whole: np.ndarray) -> Planes:
    codes = np.clip(np.rint(whole), 0, 255).astype(np.uint8)
    return Planes(codes[..., 0].copy(), codes[::2, ::2, 1].copy(), codes[::2, ::2, 2].copy())


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_adjustments(opened, backend):
    size = FrameSize(64, 48)
    planes = random_planes(size)
    options = {"style": "p4", "backend": backend, "precision": "fp32"}

    def paint(**more) -> Planes:
        return opened(size, **options, **more).session().paint(planes)

    full = paint()
    half = paint(strength=0.5)
    middle = (planes.y.astype(float) + full.y) / 2
    assert np.abs(half.y - middle).max() <= 1
    hues = paint(color_shift=0.0)
    assert np.array_equal(hues.u, planes.u)
    assert np.array_equal(hues.v, planes.v)
    assert np.array_equal(hues.y, full.y)
    change = full.y.astype(float) - planes.y
    bold = paint(edge_preserve=1.5).y.astype(float) - planes.y
    soft = paint(edge_preserve=0.5).y.astype(float) - planes.y
    assert soft.std() < change.std() < bold.std()


@pytest.mark.parametrize("max_side", [64, 100])
def test_smaller_painting_size(opened, engine, style, max_side):
    size = FrameSize(161, 90)
    compiled = opened(size, style=style, max_side=max_side, **engine)
    painting = compiled.painting_size
    assert painting.long_side <= max_side
    assert painting.width % 2 == painting.height % 2 == 0
    assert abs(painting.width / painting.height - 161 / 90) < 0.1
    assert compiled.session().paint(random_planes(size)).size == size


def test_wrong_size_is_refused(opened):
    session = opened(FrameSize(32, 32), style="p4", backend="openvino", precision="fp32").session()
    with pytest.raises(ValueError, match="16x16"):
        session.paint(random_planes(FrameSize(16, 16)))


def test_non_contiguous_planes(opened, engine):
    size = FrameSize(48, 32)
    planes = random_planes(size)
    wide = [np.repeat(plane, 2, axis=1)[:, ::2] for plane in planes.colour_planes]
    session = opened(size, style="p4", **engine).session()
    assert difference(session.paint(Planes(*wide)), session.paint(planes)) == 0


def test_settings_decide_adjustments(opened):
    spec = opened(FrameSize(32, 32), style="p4", strength=0.3, color_shift=0.2).compiled.spec
    assert (spec.adjustments.strength, spec.adjustments.color_shift) == (0.3, 0.2)
    assert not spec.adjustments.neutral
    assert replace(spec.adjustments, strength=1.0, color_shift=1.0).neutral
