"""Phases, planes, and what a student network promises."""

# ruff: noqa: E402 - without torch the file is skipped before it imports anything else
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from videotoon.engine.networks.student import (
    Planes,
    StudentConfig,
    StudentNetwork,
    phases_to_planes,
    planes_to_phases,
    receptive_field,
    smoothing_kernel,
)


def random_planes(height: int, width: int) -> Planes:
    generator = torch.Generator().manual_seed(3)
    luma = torch.rand(1, 1, height, width, generator=generator)
    u = torch.rand(1, 1, height // 2, width // 2, generator=generator)
    return luma, u, 1.0 - u


@pytest.mark.parametrize("phase", [2, 4])
def test_phases_and_back(phase: int) -> None:
    planes = random_planes(16, 24)
    phases = planes_to_phases(planes, phase)
    assert phases.shape == (1, StudentConfig(phase=phase).phase_channels, 16 // phase, 24 // phase)
    for plane, again in zip(planes, phases_to_planes(phases, phase), strict=True):
        assert torch.equal(plane, again)


def test_phases_are_row_major() -> None:
    planes = random_planes(8, 8)
    phases = planes_to_phases(planes, 4)
    assert phases[0, 4 * 2 + 3, 1, 0] == planes[0][0, 0, 4 + 2, 3]
    assert phases[0, 16 + 2 * 1 + 0, 0, 1] == planes[1][0, 0, 1, 2]
    assert phases[0, 20 + 3, 1, 1] == planes[2][0, 0, 3, 3]


@pytest.mark.parametrize("phase", [2, 4])
def test_smoothing_keeps_flat_pictures(phase: int) -> None:
    phases = torch.full((1, StudentConfig(phase=phase).phase_channels, 5, 5), 0.7)
    change = torch.nn.functional.conv2d(phases, smoothing_kernel(phase))
    assert change.abs().max() < 1e-5


@pytest.mark.parametrize("coarse_gate", [False, True])
def test_receptive_field_bounds_the_influence(coarse_gate: bool) -> None:
    config = StudentConfig(stem=8, body=8, dilations=(1, 2), refinements=1, coarse_gate=coarse_gate)
    network = StudentNetwork(config).double()
    side = 4 * receptive_field(config) // config.stride * config.stride
    planes = tuple(p.double().requires_grad_() for p in random_planes(side, side))
    phases = planes_to_phases(planes, config.phase)
    luma = phases_to_planes(phases + network(phases), config.phase)[0]
    luma[0, 0, side // 2, side // 2].backward()
    gradient = planes[0].grad
    assert gradient is not None
    rows = gradient[0, 0].abs().sum(dim=1).nonzero().flatten()
    reached = int(rows.max() - rows.min()) + 1
    assert reached <= receptive_field(config)


@pytest.mark.parametrize("coarse_gate", [False, True])
def test_an_untrained_network_keeps_sizes_and_is_close_to_the_identity(coarse_gate: bool) -> None:
    network = StudentNetwork(StudentConfig(coarse_gate=coarse_gate))
    phases = torch.rand(2, 24, 6, 10, generator=torch.Generator().manual_seed(1)) - 0.5
    delta = network(phases)
    assert delta.shape == phases.shape
    assert delta.abs().mean() < 0.3


def test_a_coarse_gate_lies_between_0_and_1_and_comes_from_the_body() -> None:
    network = StudentNetwork(StudentConfig(coarse_gate=True))
    with torch.no_grad():
        network.head.weight.zero_()  # paints nothing; the gate must not depend on it
    phases = torch.rand(1, 24, 8, 8, generator=torch.Generator().manual_seed(1)) - 0.5
    paint, gate = network.paint_and_gate(phases)
    assert paint.abs().max() == 0.0
    assert 0.0 < gate.min() < gate.max() < 1.0
