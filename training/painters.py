"""What the networks learn: a painter turns a photograph into its target picture.

A painter is either a published generator, run by OpenVINO, or one of our own algorithms in
:mod:`training.targets`.  Targets for ``hd`` are painted at half size and enlarged, so that lines
look as thick at 1080p as at 540p.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np

from training.colour import Image8

Painter = Callable[[Image8], Image8]

TEACHER_FILES = {
    "hayao": "AnimeGANv3_Hayao_36_fp16_512.tflite",
    "shinkai": "AnimeGANv3_Shinkai_37.pb",
    "cute": "AnimeGANv3_tiny_Cute.onnx",
}
"""Published AnimeGANv3 generators (TachibanaYoshino/AnimeGANv3), non-commercial."""

TEACHER_SIDE = 512
"""Teachers are run on squares of this many pixels; the file of ``hayao`` knows no other size."""


@dataclass(frozen=True, slots=True)
class Style:
    """A style's name, whether it has a published teacher, and how its data are chosen."""

    name: str
    distilled: bool
    title: str
    licence: str
    source: str
    portraits: bool = False  # made for faces, which four of ten training squares show then


STYLES = {
    "cel": Style(
        "cel",
        False,
        "Clean anime look: flat paint, soft tone steps, tapered ink lines",
        "MIT",
        "our own target algorithm, training/targets/cel.py",
    ),
    "cyberpunk": Style(
        "cyberpunk",
        False,
        "The lines of cel under a neon night grade",
        "MIT",
        "our own target algorithm, training/targets/cyberpunk.py",
    ),
    "hayao": Style(
        "hayao",
        True,
        "Painted backgrounds with fine dark lines, after AnimeGANv3 Hayao",
        "non-commercial (distilled from AnimeGANv3 Hayao)",
        "https://github.com/TachibanaYoshino/AnimeGANv3",
    ),
    "shinkai": Style(
        "shinkai",
        True,
        "Bright, crisp and colourful, after AnimeGANv3 Shinkai",
        "non-commercial (distilled from AnimeGANv3 Shinkai)",
        "https://github.com/TachibanaYoshino/AnimeGANv3",
    ),
    "cute": Style(
        "cute",
        True,
        "Portraits as of an animated film: smooth skin, large eyes; after AnimeGANv3 tiny Cute",
        "non-commercial (distilled from AnimeGANv3 tiny Cute)",
        "https://github.com/TachibanaYoshino/AnimeGANv3",
        portraits=True,
    ),
}


def teacher(file: Path, threads: int = 2) -> Painter:
    """A published generator: NHWC, RGB, -1..1, on squares of :data:`TEACHER_SIDE`."""
    import openvino

    core = openvino.Core()
    model = core.read_model(file)
    model.reshape([1, TEACHER_SIDE, TEACHER_SIDE, 3])
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    compiled = core.compile_model(model, "CPU", settings)
    request = compiled.create_infer_request()

    def paint(rgb: Image8) -> Image8:
        batch = rgb[np.newaxis].astype(np.float32) / 127.5 - 1.0
        painted = np.asarray(next(iter(request.infer([batch]).values())))[0]
        return np.asarray(np.clip(np.rint((painted + 1.0) * 127.5), 0, 255), np.uint8)

    return paint


def enlarged(painter: Painter) -> Painter:
    """The same painter at half size, its picture enlarged twice (bicubic)."""

    def paint(rgb: Image8) -> Image8:
        height, width = rgb.shape[:2]
        half = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        painted = painter(np.asarray(half, np.uint8))
        large = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.asarray(large, np.uint8)

    return paint


def painter_for(style: str, scale: str, teachers: Path) -> Painter:
    """The painter of a style at scale ``sd`` (squares of 512) or ``hd`` (squares of 1024)."""
    if style in TEACHER_FILES:
        paint = teacher(teachers / TEACHER_FILES[style])
        return enlarged(paint) if scale == "hd" else paint
    own: Callable[[Image8, float], Image8]
    own = getattr(import_module(f"training.targets.{style}"), style)
    factor = 2.0 if scale == "hd" else 1.0
    return lambda rgb: own(rgb, factor)
