"""The loss terms.  Planes are in units of ``(code - 128) / 128``; every term is a scalar >= 0."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.colour import BLUE, GREEN, RED
from videotoon.engine.networks.student import Planes


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each term in the sum; 0 switches a term off."""

    pixel: float = 1.0
    chroma: float = 1.0
    edge: float = 0.5
    structure: float = 0.4
    adversarial: float = 0.003
    steadiness: float = 0.5
    fidelity: float = 0.02


def charbonnier(result: Tensor, target: Tensor, epsilon: float = 0.004) -> Tensor:
    """Smooth L1 (Charbonnier et al. 1994, as used by LapSRN, Lai et al. 2017)."""
    return torch.sqrt((result - target).square() + epsilon**2).mean() - epsilon


def chroma_distance(result: Planes, target: Planes) -> Tensor:
    """L1 of both chroma planes: the colour loss of AnimeGAN (Chen et al. 2019), in 4:2:0."""
    u = functional.l1_loss(result[1], target[1])
    return 0.5 * (u + functional.l1_loss(result[2], target[2]))


def sobel(luma: Tensor) -> Tensor:
    """Horizontal and vertical derivatives [N, 2, H-2, W-2] of luma [N, 1, H, W] (Sobel 1968)."""
    smooth_rows = luma[:, :, :-2] + 2.0 * luma[:, :, 1:-1] + luma[:, :, 2:]
    smooth_columns = luma[..., :-2] + 2.0 * luma[..., 1:-1] + luma[..., 2:]
    across = smooth_rows[..., 2:] - smooth_rows[..., :-2]
    down = smooth_columns[:, :, 2:] - smooth_columns[:, :, :-2]
    return torch.cat([across, down], dim=1) / 4.0


def edge_distance(result: Tensor, target: Tensor) -> Tensor:
    """L1 of the Sobel derivatives of luma; keeps lines where the target has them."""
    return functional.l1_loss(sobel(result), sobel(target))


def rgb(planes: Planes) -> Tensor:
    """Red, green and blue [N, 3, H, W], 0..1 and clamped, of BT.709 limited-range planes."""
    luma, u, v = planes
    y = (luma * 128.0 + 112.0) / 219.0
    chroma = functional.interpolate(torch.cat([u, v], dim=1), scale_factor=2.0, mode="bilinear")
    u, v = (chroma * (128.0 / 224.0)).chunk(2, dim=1)
    red, blue = y + 2.0 * (1.0 - RED) * v, y + 2.0 * (1.0 - BLUE) * u
    green = (y - RED * red - BLUE * blue) / GREEN
    return torch.cat([red, green, blue], dim=1).clamp(0.0, 1.0)


def structural_dissimilarity(result: Tensor, target: Tensor, window: int = 7) -> Tensor:
    """1 - SSIM of pictures [N, C, H, W], 0..1, over every fourth window (Wang et al. 2004)."""
    stable_mean, stable_variance = 0.01**2, 0.03**2
    stacked = torch.cat([result, target, result**2, target**2, result * target], dim=1)
    means = functional.avg_pool2d(stacked, window, stride=4)
    mean_r, mean_t, square_r, square_t, product = means.chunk(5, dim=1)
    variance = square_r - mean_r**2 + square_t - mean_t**2
    covariance = product - mean_r * mean_t
    similarity = (2.0 * mean_r * mean_t + stable_mean) * (2.0 * covariance + stable_variance)
    similarity = similarity / ((mean_r**2 + mean_t**2 + stable_mean) * (variance + stable_variance))
    return 1.0 - similarity.mean()


def multi_scale_structure(result: Planes, target: Planes, scales: int = 2) -> Tensor:
    """Mean structural dissimilarity of the three colours over scales, each half as large.

    After Wang et al. 2003.  Luma alone leaves colours blurred where the target has them crisp.
    """
    one, other = rgb(result), rgb(target)
    total = structural_dissimilarity(one, other)
    for _ in range(scales - 1):
        one, other = functional.avg_pool2d(one, 2), functional.avg_pool2d(other, 2)
        total = total + structural_dissimilarity(one, other)
    return total / scales


def fidelity(result: Planes, target: Planes, floor: float = 1e-4) -> Tensor:
    """ln(1 + e / floor) of every picture's mean squared error e of red, green and blue, averaged.

    In effect the mean PSNR itself.  Large errors, such as an eye that the target draws twice as
    large, count by their square, and a picture that is nearly right counts as much as a poor one.
    """
    errors = (rgb(result) - rgb(target)).square().mean(dim=(1, 2, 3))
    return torch.log1p(errors / floor).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Relativistic average least squares (Jolicoeur-Martineau 2018, AnimeGANv2)."""
    real_side = (real - fake.mean() - 1.0).square().mean()
    return 0.5 * (real_side + (fake - real.mean() + 1.0).square().mean())


def generator_adversarial_loss(real: Tensor, fake: Tensor) -> Tensor:
    """The generator's side of :func:`discriminator_loss`: the labels change places."""
    real_side = (real - fake.mean() + 1.0).square().mean()
    return 0.5 * (real_side + (fake - real.mean() - 1.0).square().mean())


def shifted(planes: Planes, down: int, right: int) -> Planes:
    """Planes moved by -1..1 luma pixels, wrapped around; chroma moves by half, interpolated."""
    luma, u, v = planes
    moved = torch.roll(luma, (down, right), dims=(2, 3))

    def half(plane: Tensor) -> Tensor:
        for dimension, amount in ((2, down), (3, right)):
            if amount:
                plane = 0.5 * (plane + torch.roll(plane, amount, dims=dimension))
        return plane

    return moved, half(u), half(v)


def steadiness(painted: Planes, expected: Planes, border: int = 16) -> Tensor:
    """L1 between the painting of a disturbed picture and the painting expected of it.

    The single-image form of a temporal loss (Eilertsen et al. 2019): ``expected`` is the painting
    of the undisturbed picture, shifted as the input was.  ``border`` luma pixels are left out.
    """
    total = functional.l1_loss(_inner(painted[0], border), _inner(expected[0], border))
    for one, other in zip(painted[1:], expected[1:], strict=True):
        distance = functional.l1_loss(_inner(one, border // 2), _inner(other, border // 2))
        total = total + 0.5 * distance
    return total


def _inner(plane: Tensor, border: int) -> Tensor:
    return plane[:, :, border:-border, border:-border]
