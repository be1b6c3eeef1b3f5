"""Figures: structural similarity and signal-to-noise ratio between pictures, on held-out data."""

from typing import Any

import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import nn

from training.colour import Image8, planes_to_rgb
from training.dataset import PreparedPart, to_codes, to_planes
from videotoon.engine.networks.student import StudentConfig, phases_to_planes, planes_to_phases


def ssim(one: Image8, other: Image8) -> float:
    """SSIM of two RGB pictures: 7x7 windows, mean of the three channels (Wang et al. 2004)."""
    measure: Any = structural_similarity
    return float(measure(one, other, channel_axis=2, data_range=255))


def psnr(one: Image8, other: Image8) -> float:
    """Peak signal-to-noise ratio of two 8-bit arrays in dB; 99 for equal ones."""
    error = float(np.mean((one.astype(np.float32) - other.astype(np.float32)) ** 2))
    return 99.0 if error == 0.0 else float(10.0 * np.log10(255.0**2 / error))


def paint_planes(network: nn.Module, luma: Image8, chroma: Image8) -> tuple[Image8, Image8]:
    """What a torch student paints of luma [H, W] and chroma [2, H/2, W/2], as 8-bit codes."""
    config = network.config
    assert isinstance(config, StudentConfig)
    device = next(network.parameters()).device
    with torch.inference_mode():
        planes = to_planes(luma[np.newaxis], chroma[np.newaxis])
        phases = planes_to_phases(planes, config.phase).to(device)
        phases = phases.contiguous(memory_format=torch.channels_last)
        painted = phases + network(phases)
        codes_luma, codes_chroma = to_codes(phases_to_planes(painted, config.phase))
    return codes_luma[0], codes_chroma[0]


def held_out_scores(
    network: nn.Module, held_out: PreparedPart, count: int | None = None
) -> dict[str, float]:
    """Mean SSIM and PSNR to the targets as 4:2:0 pictures, on (evenly chosen) held-out squares."""
    total = len(held_out)
    chosen = np.unique(np.linspace(0, total - 1, min(total, count or total)).astype(int))
    scores = []
    for index in chosen:
        luma, chroma = paint_planes(
            network, held_out.photo_luma[index], held_out.photo_chroma[index]
        )
        painted = planes_to_rgb(luma, chroma)
        target = planes_to_rgb(held_out.target_luma[index], held_out.target_chroma[index])
        scores.append((ssim(painted, target), psnr(painted, target)))
    means = np.mean(scores, axis=0)
    return {"ssim": float(means[0]), "psnr": float(means[1])}
