"""The network behind the bundled styles: small, without normalisation, YUV 4:2:0 in and out.

A frame enters as *phases*: its Y, U and V planes as ``(code - 128) / 128``, split by
space-to-depth so that every plane has the same size.  All work is done at 1/4 and 1/8 of the luma
resolution, in few large convolutions, which is what int8 arithmetic on a CPU likes best.  There is
no normalisation layer, so a pixel depends on a bounded neighbourhood only: tiles are exact and
global statistics cannot make the picture flicker.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

GATE_START = -2.0
"""Bias of the gate before training; sigmoid(-2) is 0.12."""

Planes = tuple[Tensor, Tensor, Tensor]
"""Luma [N, 1, H, W] and the two chroma planes [N, 1, H/2, W/2]."""


@dataclass(frozen=True, slots=True)
class StudentConfig:
    """Shape of a student network.

    ``phase`` is the space-to-depth factor of luma (4: 24 channels at 1/4 resolution; 2: 6 channels
    at 1/2).  ``stem`` is the channel count at that resolution, ``body`` the one at half of it,
    ``dilations`` has one residual convolution of the body per entry and ``refinements`` counts the
    residual convolutions after the two resolutions have been joined.  With ``coarse_gate`` the gate
    of the detail filter comes straight from the body, which saves a tenth of the time; without,
    from the refined features.
    """

    phase: int = 4
    stem: int = 48
    body: int = 64
    dilations: tuple[int, ...] = (1, 2, 4, 2, 1)
    refinements: int = 2
    coarse_gate: bool = False

    @property
    def phase_channels(self) -> int:
        """Channels of the network's input and output: p*p of luma and twice (p/2)^2 of chroma."""
        return self.phase**2 + 2 * (self.phase // 2) ** 2

    @property
    def stride(self) -> int:
        """Width and height of a frame must be multiples of this many luma pixels."""
        return 2 * self.phase


def receptive_field(config: StudentConfig) -> int:
    """Width in luma pixels of the square that can influence one output pixel."""
    phase = config.phase
    coarse = 2 * phase * sum(2 * dilation for dilation in config.dilations)
    stem, down, refinements, head = 2 * phase, 2 * phase, 2 * phase * config.refinements, 2 * phase
    return coarse + stem + down + refinements + head + 3 * phase


def planes_to_phases(planes: Planes, phase: int) -> Tensor:
    """Phases [N, C, H/p, W/p] of planes (same units); rows of a cell come before columns."""
    luma, u, v = planes
    parts = [functional.pixel_unshuffle(luma, phase)]
    chroma_phase = phase // 2
    for plane in (u, v):
        parts.append(functional.pixel_unshuffle(plane, chroma_phase) if chroma_phase > 1 else plane)
    return torch.cat(parts, dim=1)


def phases_to_planes(phases: Tensor, phase: int) -> Planes:
    """Inverse of :func:`planes_to_phases`."""
    chroma_phase = phase // 2
    luma, u, v = torch.split(phases, [phase**2, chroma_phase**2, chroma_phase**2], dim=1)
    if chroma_phase > 1:
        u = functional.pixel_shuffle(u, chroma_phase)
        v = functional.pixel_shuffle(v, chroma_phase)
    return functional.pixel_shuffle(luma, phase), u, v


def smoothing_kernel(phase: int) -> Tensor:
    """Weights [C, C, 3, 3] of the filter "Gaussian blur minus identity" acting on phases.

    The blur has a standard deviation of 2 luma pixels; the filter is where training begins.
    """
    channels = StudentConfig(phase=phase).phase_channels
    kernel = torch.zeros(channels, channels, 3, 3)
    start = 0
    for cell in (phase, phase // 2, phase // 2):
        places = torch.arange(3 * cell).float()
        for row in range(cell):
            for column in range(cell):
                spread = cell / 2.0
                down = torch.exp(-0.5 * ((places - cell - row) / spread).square())
                across = torch.exp(-0.5 * ((places - cell - column) / spread).square())
                blur = torch.outer(down / down.sum(), across / across.sum())
                blur[cell + row, cell + column] -= 1.0
                cells = blur.view(3, cell, 3, cell).permute(1, 3, 0, 2).reshape(-1, 3, 3)
                kernel[start + row * cell + column, start : start + cell * cell] = cells
        start += cell * cell
    return kernel


class ResidualConvolution(nn.Module):
    """``relu(x + conv3x3(x))`` with a dilation; channels and size stay as they are."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)

    def forward(self, features: Tensor) -> Tensor:
        """Features [N, channels, h, w] to the same shape, >= 0."""
        result: Tensor = functional.relu(features + self.convolution(features))
        return result


class StudentNetwork(nn.Module):
    """Phases to the change of the phases: painted = phases + network(phases).

    The change has two parts: paint, and a linear filter of the input that takes texture away,
    weighted in every place by a gate between 0 and 1.  Without the latter, all detail that is to
    vanish would have to pass through the features first, to be subtracted exactly.

    Input and output are [N, C, h, w] in units of ``(code - 128) / 128``; h and w must be even,
    which a frame whose sides are multiples of :attr:`StudentConfig.stride` guarantees.
    """

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.phase_channels
        self.stem = nn.Conv2d(channels, config.stem, 3, padding=1)
        self.down = nn.Conv2d(config.stem, config.body, 3, stride=2, padding=1)
        self.body = nn.Sequential(*(ResidualConvolution(config.body, d) for d in config.dilations))
        self.up = nn.ConvTranspose2d(config.body, config.stem, 2, stride=2)
        self.refine = nn.Sequential(
            *(ResidualConvolution(config.stem) for _ in range(config.refinements))
        )
        if config.coarse_gate:
            self.head = nn.Conv2d(config.stem, channels, 3, padding=1)
            self.gate = nn.ConvTranspose2d(config.body, channels, 2, stride=2)
        else:
            self.head = nn.Conv2d(config.stem, 2 * channels, 3, padding=1)
        self.detail = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self._initialise()

    def _initialise(self) -> None:
        """Start near the identity: small residual branches and a small output."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, ResidualConvolution):
                    module.convolution.weight.mul_(0.3)
            self.head.weight.mul_(0.1)
            if self.config.coarse_gate:
                self.gate.weight.mul_(0.1)
                self.gate.bias.fill_(GATE_START)  # type: ignore[union-attr]
            else:
                self.head.bias[self.config.phase_channels :] = GATE_START  # type: ignore[index]
            self.detail.weight.copy_(smoothing_kernel(self.config.phase))

    def forward(self, phases: Tensor) -> Tensor:
        """Delta [N, C, h, w] for phases of the same shape."""
        paint, gate = self.paint_and_gate(phases)
        delta: Tensor = paint + gate * self.detail(phases)
        return delta

    def paint_and_gate(self, phases: Tensor) -> tuple[Tensor, Tensor]:
        """What is added everywhere, and where (0..1) the detail filter acts."""
        refined, coarse = self.features(phases)
        if self.config.coarse_gate:
            return self.head(refined), torch.sigmoid(self.gate(coarse))
        paint, gate = self.head(refined).chunk(2, dim=1)
        return paint, torch.sigmoid(gate)

    def features(self, phases: Tensor) -> tuple[Tensor, Tensor]:
        """What the head sees, [N, stem, h, w], and the body's result, [N, body, h/2, w/2]."""
        fine = functional.relu(self.stem(phases))
        coarse = self.body(functional.relu(self.down(fine)))
        return self.refine(functional.relu(fine + self.up(coarse))), coarse


def parameter_count(config: StudentConfig) -> int:
    """Number of trainable values."""
    return sum(value.numel() for value in StudentNetwork(config).parameters())
