"""Int8 arithmetic in training rounds what the shipped form rounds, and lets gradients pass."""

# ruff: noqa: E402 - without torch the file is skipped before it imports anything else
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from training.int8 import Int8Simulation, rounded_weight
from videotoon.engine.networks.student import StudentConfig, StudentNetwork

CONFIGS = [
    StudentConfig(stem=16, body=16, dilations=(1, 2), refinements=1),
    StudentConfig(stem=16, body=16, dilations=(1, 2), refinements=0, coarse_gate=True),
]


def network_and_input(config: StudentConfig) -> tuple[StudentNetwork, Any]:
    torch.manual_seed(3)
    network = StudentNetwork(config)
    with torch.no_grad():
        network.head.weight.mul_(10.0)  # so that what the features lose shows
    return network, torch.rand(2, 24, 12, 16) - 0.5


@pytest.mark.parametrize("channel", [0, 1])
def test_weights_lie_on_the_steps_of_their_channel(channel: int) -> None:
    torch.manual_seed(1)
    weight = torch.randn(6, 5, 3, 3) * torch.logspace(-3, 1, 6 - channel).view(
        *((-1, 1, 1, 1) if channel == 0 else (1, -1, 1, 1))
    )
    rounded = rounded_weight(weight, channel).transpose(0, channel)
    for one, exact in zip(rounded, weight.transpose(0, channel), strict=True):
        step = exact.abs().max() / 127.0
        assert torch.allclose((one / step).round() * step, one, atol=1e-6 * float(step))
        assert (one - exact).abs().max() <= 0.5001 * step


@pytest.mark.parametrize("config", CONFIGS)
def test_it_is_near_the_student_but_not_equal(config: StudentConfig) -> None:
    network, phases = network_and_input(config)
    simulation = Int8Simulation(network)
    with torch.no_grad():
        exact, rounded = network(phases), simulation(phases)
        again = network(phases)
    error = (exact - rounded).abs().mean() / exact.abs().mean()
    assert 1e-4 < error < 0.05
    assert torch.equal(exact, again)  # the student itself stays exact


@pytest.mark.parametrize("config", CONFIGS)
def test_every_weight_gets_nearly_the_gradient_of_exact_arithmetic(config: StudentConfig) -> None:
    network, phases = network_and_input(config)
    simulation = Int8Simulation(network)
    gradients = []
    for paint in (network, simulation):
        network.zero_grad()
        paint(phases).square().sum().backward()
        gradients.append({name: value.grad.clone() for name, value in network.named_parameters()})
    for name, exact in gradients[0].items():
        rounded = gradients[1][name]
        likeness = torch.nn.functional.cosine_similarity(exact.ravel(), rounded.ravel(), dim=0)
        assert likeness > 0.95, name


def test_ranges_follow_the_features_slowly() -> None:
    network, phases = network_and_input(CONFIGS[0])
    simulation = Int8Simulation(network)
    with torch.no_grad():
        simulation(phases)
        first = dict(simulation.ranges)
        simulation(phases * 10.0)
    assert set(first) == {"stem", "down", "body.0", "body.1", "before refine.0", "refine.0"}
    assert first["stem"] < simulation.ranges["stem"] < 2.0 * first["stem"]
