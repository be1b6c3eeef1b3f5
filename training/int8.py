"""Int8 arithmetic simulated in training, so that a network learns to bear its rounding.

After "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"
(Jacob et al. 2018): weights are rounded to 255 symmetric steps for each output channel, features
to 256 steps of their tensor's usual range, and gradients pass as if nothing had been rounded.  What
is rounded here is what :func:`training.export.quantise` rounds: every weight but the centre taps of
the detail filter, residual convolutions with the identity among their weights; and feature maps.
"""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from videotoon.engine.networks.student import ResidualConvolution, StudentNetwork

RANGE_DECAY = 0.98
"""Weight of the past in the running mean of a feature map's greatest value."""


def straight_through(value: Tensor, rounded: Tensor) -> Tensor:
    """``rounded``, with the gradient of ``value`` (Bengio et al. 2013)."""
    return value + (rounded - value).detach()


def rounded_weight(weight: Tensor, channel: int) -> Tensor:
    """A weight on the 255 symmetric steps of each slice along dimension ``channel``."""
    others = [dimension for dimension in range(weight.dim()) if dimension != channel]
    step = weight.detach().abs().amax(dim=others, keepdim=True).clamp_min(1e-8) / 127.0
    return straight_through(weight, torch.round(weight / step) * step)


class Int8Simulation:
    """Paints with a student as its int8 form would, for training.

    Attributes:
        ranges: Greatest value of every feature map, a running mean; part of a checkpoint.
    """

    def __init__(self, student: StudentNetwork) -> None:
        self.student = student
        self.ranges: dict[str, float] = {}
        self._active = False
        for name, module in student.named_modules():
            if name in ("stem", "down") or isinstance(module, ResidualConvolution):
                module.register_forward_hook(self._after(name))
        first = "refine.0" if student.config.refinements else "head"
        student.get_submodule(first).register_forward_pre_hook(self._before(first))

    def __call__(self, phases: Tensor) -> Tensor:
        """Delta [N, C, h, w] for phases of the same shape, like the student's own."""
        weights = {
            name: self._rounded(name, value) for name, value in self.student.named_parameters()
        }
        self._active = True
        try:
            return cast(Tensor, functional_call(self.student, weights, (phases,)))
        finally:
            self._active = False

    def _rounded(self, name: str, value: Tensor) -> Tensor:
        if value.dim() != 4:
            return value  # a bias
        owner = self.student.get_submodule(name.removesuffix(".weight"))
        if name == "detail.weight":
            centre = torch.diag_embed(value[:, :, 1, 1].diagonal())
        elif name.startswith(("body.", "refine.")):
            centre = -torch.eye(len(value), device=value.device)
        else:
            return rounded_weight(value, 1 if isinstance(owner, nn.ConvTranspose2d) else 0)
        apart = functional.pad(centre[:, :, None, None], (1, 1, 1, 1))
        return rounded_weight(value - apart, 0) + apart

    def _after(self, name: str) -> Callable[..., Any]:
        def hook(_module: nn.Module, _inputs: Any, features: Tensor) -> Tensor:
            return self._round(name, features)

        return hook

    def _before(self, name: str) -> Callable[..., Any]:
        def hook(_module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
            return (self._round(f"before {name}", inputs[0]),)

        return hook

    def _round(self, name: str, features: Tensor) -> Tensor:
        """Features on 256 steps from 0; those before a rectifier may be negative and stay so."""
        if not self._active:
            return features
        largest = max(float(features.detach().amax()), 1e-6)
        usual = self.ranges.get(name, largest)
        self.ranges[name] = usual = RANGE_DECAY * usual + (1.0 - RANGE_DECAY) * largest
        step = usual / 255.0
        exact = features.float()
        return straight_through(exact, torch.round(exact / step).clamp(-255.0, 255.0) * step)
