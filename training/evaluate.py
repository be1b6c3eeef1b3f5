"""Figures and contact sheets of an exported network, on held-out pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.colour import Image8, planes_to_rgb
from training.dataset import PreparedPart
from training.export import load_student
from training.measure import paint_planes, psnr, ssim
from training.runtime import PlaneRunner


@dataclass(frozen=True, slots=True)
class Painted:
    """One held-out square in all its forms, RGB."""

    photo: Image8
    target: Image8
    single: Image8  # painted by the fp32 network
    int8: Image8
    int8_to_single: float  # PSNR of the planes themselves, dB


def paint_held_out(
    weights: Path, style: str, scale: str, prepared: Path, indices: list[int] | None = None
) -> Iterator[Painted]:
    """Paints held-out squares with the fp32 and the int8 network of a style."""
    network = load_student(weights / style / f"{scale}.safetensors")
    held_out = PreparedPart.load(prepared, "held_out")
    side = held_out.photo_luma.shape[1]
    file = weights / style / f"{scale}_int8.xml"
    runner = PlaneRunner.load(file, network.config.phase, side, side)
    for index in range(len(held_out)) if indices is None else indices:
        photo = held_out.photo_luma[index], held_out.photo_chroma[index]
        single, quantised = paint_planes(network, *photo), runner.paint(*photo)
        flat = [np.concatenate([y.ravel(), c.ravel()]) for y, c in (single, quantised)]
        yield Painted(
            planes_to_rgb(*photo),
            planes_to_rgb(held_out.target_luma[index], held_out.target_chroma[index]),
            planes_to_rgb(*single),
            planes_to_rgb(*quantised),
            psnr(flat[0], flat[1]),
        )


def evaluate(weights: Path, style: str, scale: str, prepared: Path) -> dict[str, float]:
    """Mean figures: what is shipped, the int8 network, against target, photograph and fp32."""
    rows = [
        (
            ssim(p.int8, p.target),
            psnr(p.int8, p.target),
            ssim(p.single, p.target),
            psnr(p.single, p.target),
            ssim(p.int8, p.photo),
            ssim(p.target, p.photo),
            p.int8_to_single,
        )
        for p in paint_held_out(weights, style, scale, prepared)
    ]
    names = (
        "int8 ssim to target",
        "int8 psnr to target",
        "fp32 ssim to target",
        "fp32 psnr to target",
        "int8 ssim to photo",
        "target ssim to photo",
        "int8 psnr to fp32",
    )
    return dict(zip(names, (float(v) for v in np.mean(rows, axis=0)), strict=True))


def sheet(
    weights: Path, style: str, scale: str, prepared: Path, file: Path, count: int = 6
) -> None:
    """Writes a picture: photograph, target, fp32 and int8 side by side, one row per square."""
    total = len(PreparedPart.load(prepared, "held_out"))
    chosen = np.unique(np.linspace(0, total - 1, count).astype(int)).tolist()
    rows = [
        np.hstack([p.photo, p.target, p.single, p.int8])
        for p in paint_held_out(weights, style, scale, prepared, chosen)
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = np.ascontiguousarray(np.vstack(rows)[..., ::-1])
    if not cv2.imwrite(str(file), picture):
        raise OSError(f"could not write {file}")
