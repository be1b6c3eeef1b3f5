"""The AnimeGANv2 generator under the parameter names of its published PyTorch checkpoints.

Chen, Liu and Chen, "AnimeGAN: a novel lightweight GAN for photo animation" (2020), second version:
an encoder to a quarter of the resolution, four inverted residual blocks, and a decoder that
interpolates instead of transposing convolutions. Every normalisation is over the whole picture
(one group), so a pixel depends on all others.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2
MULTIPLE = 4
"""Sides must be multiples of this: the encoder halves twice."""

LEAST_SIDE = 16
"""Shortest side: a quarter of it must still be longer than the reflected border."""


class WholeNorm(nn.GroupNorm):
    """Normalisation over the whole picture: one group.

    Torch's CUDA kernel gives each group to one block of threads, so that one group keeps a single
    multiprocessor busy: 420 of 440 ms for a picture of 1280x720 on a large GPU.

    Args:
        channels: Channels in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(1, channels)

    def forward(self, input: Tensor) -> Tensor:
        """Features [N, channels, h, w] to the same shape."""
        if not input.is_cuda:
            return super().forward(input)
        return normalised(input, self.weight, self.bias, self.eps)


def normalised(features: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> Tensor:
    """Do the same as ``functional.group_norm(features, 1, weight, bias, epsilon)``.

    Sums are kept in float32 whatever the features' type; layout in memory stays as it is.
    """
    axes = (1, 2, 3)
    mean = features.mean(axes, keepdim=True, dtype=torch.float32)
    length = torch.linalg.vector_norm(features, dim=axes, keepdim=True, dtype=torch.float32)
    variance = (length.square() / features[0].numel() - mean.square()).clamp(min=0.0)
    scale = torch.rsqrt(variance + epsilon) * weight.float()[:, None, None]
    shift = bias.float()[:, None, None] - mean * scale
    return torch.addcmul(shift.to(features.dtype), features, scale.to(features.dtype))


class ReflectedBorder(nn.ReflectionPad2d):
    """Grows features by reflection; on CUDA without leaving the layout "channels last"."""

    def forward(self, input: Tensor) -> Tensor:
        """Features [N, C, h, w] to larger ones."""
        return grown(input, self.padding) if input.is_cuda else super().forward(input)


def grown(features: Tensor, borders: tuple[int, int, int, int]) -> Tensor:
    """Do the same as ``functional.pad(features, borders, "reflect")``, channels last.

    Torch's CUDA kernel turns the layout round before and convolutions turn it back afterwards.
    """
    if not any(borders):
        return features
    left, right, top, bottom = borders
    count, channels, height, width = features.shape
    larger = torch.empty(
        (count, channels, height + top + bottom, width + left + right),
        dtype=features.dtype, device=features.device, memory_format=torch.channels_last,
    )  # fmt: skip
    rows = larger[:, :, top : top + height]
    rows[..., left : left + width] = features
    for side in range(left):
        rows[..., left - 1 - side] = features[..., 1 + side]
    for side in range(right):
        rows[..., left + width + side] = features[..., width - 2 - side]
    for side in range(top):
        larger[:, :, top - 1 - side] = rows[:, :, 1 + side]
    for side in range(bottom):
        larger[:, :, top + height + side] = rows[:, :, height - 2 - side]
    return larger


class PaddedConvolution(nn.Sequential):
    """Reflected border, convolution, normalisation over the whole picture, leaky ReLU.

    The positions 0..3 of these four are part of the published parameter names.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        kernel: Side of the kernel.
        stride: 1, or 2 to halve the resolution.
        groups: Groups of the convolution.
        bias: Whether the convolution has one.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> None:
        border = kernel // 2
        # Halving convolutions see their border on the right and bottom only, as TensorFlow's
        # "same" padding does for even sizes.
        borders = (border,) * 4 if stride == 1 else (0, border, 0, border)
        super().__init__(
            ReflectedBorder(borders),
            nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=bias),
            WholeNorm(outputs),
            nn.LeakyReLU(SLOPE, inplace=True),
        )


class InvertedResidual(nn.Module):
    """Widen with 1x1, filter each channel, narrow with 1x1; added to the input if sizes match.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        expansion: How much wider the middle is than the input.
    """

    def __init__(self, inputs: int, outputs: int, expansion: int) -> None:
        super().__init__()
        middle = inputs * expansion
        self.residual = inputs == outputs
        self.layers = nn.Sequential(
            PaddedConvolution(inputs, middle, kernel=1),
            PaddedConvolution(middle, middle, groups=middle, bias=True),
            nn.Conv2d(middle, outputs, 1, bias=False),
            WholeNorm(outputs),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Features [N, inputs, h, w] to [N, outputs, h, w]."""
        changed: Tensor = self.layers(features)
        return features + changed if self.residual else changed


class AnimeGan2Generator(nn.Module):
    """RGB [N, 3, H, W] in -1..1 to RGB of the same shape in -1..1.

    Args:
        align_corners: How the decoder interpolates; published checkpoints were converted with
            True, which is also what reproduces their authors' pictures.
    """

    def __init__(self, align_corners: bool = True) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.block_a = nn.Sequential(
            PaddedConvolution(3, 32, kernel=7),
            PaddedConvolution(32, 64, stride=2),
            PaddedConvolution(64, 64),
        )
        self.block_b = nn.Sequential(
            PaddedConvolution(64, 128, stride=2),
            PaddedConvolution(128, 128),
        )
        self.block_c = nn.Sequential(
            PaddedConvolution(128, 128),
            InvertedResidual(128, 256, expansion=2),
            InvertedResidual(256, 256, expansion=2),
            InvertedResidual(256, 256, expansion=2),
            InvertedResidual(256, 256, expansion=2),
            PaddedConvolution(256, 128),
        )
        self.block_d = nn.Sequential(PaddedConvolution(128, 128), PaddedConvolution(128, 128))
        self.block_e = nn.Sequential(
            PaddedConvolution(128, 64),
            PaddedConvolution(64, 64),
            PaddedConvolution(64, 32, kernel=7),
        )
        self.out_layer = nn.Sequential(nn.Conv2d(32, 3, 1, bias=False), nn.Tanh())

    def forward(self, picture: Tensor) -> Tensor:
        """Paint; height and width must be multiples of :data:`MULTIPLE`, >= :data:`LEAST_SIDE`."""
        half = self.block_a(picture)
        quarter = self.block_c(self.block_b(half))
        half = self.block_d(self._double(quarter))
        painted: Tensor = self.out_layer(self.block_e(self._double(half)))
        return painted

    def _double(self, features: Tensor) -> Tensor:
        doubled: Tensor = functional.interpolate(
            features, scale_factor=2.0, mode="bilinear", align_corners=self.align_corners
        )
        return doubled


def expected_shapes() -> dict[str, tuple[int, ...]]:
    """Parameter names and shapes of a checkpoint, without allocating them."""
    with torch.device("meta"):
        generator = AnimeGan2Generator()
    return {name: tuple(value.shape) for name, value in generator.state_dict().items()}
