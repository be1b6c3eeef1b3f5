"""The form that is quantised computes what the trained network does."""

# ruff: noqa: E402 - without torch the file is skipped before it imports anything else
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
openvino = pytest.importorskip("openvino")

from training.export import joining_operations, to_openvino
from videotoon.engine.networks.student import StudentConfig, StudentNetwork


@pytest.fixture(scope="module", autouse=True)
def _converter_is_warm() -> None:
    """The converter's first call starts a pool of threads that stays."""
    to_openvino(StudentNetwork(StudentConfig(stem=8, body=8, dilations=(1,))))


@pytest.mark.parametrize("coarse_gate", [False, True])
@pytest.mark.parametrize("refinements", [0, 2])
def test_the_openvino_form_equals_the_network(coarse_gate: bool, refinements: int) -> None:
    torch.manual_seed(5)
    config = StudentConfig(
        stem=8, body=8, dilations=(1, 2), refinements=refinements, coarse_gate=coarse_gate
    )
    network = StudentNetwork(config).eval()
    with torch.no_grad():
        network.head.weight.mul_(5.0)
    phases = torch.rand(1, 24, 10, 14) - 0.5
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(to_openvino(network), "CPU", settings)
    delta = compiled(phases.numpy())[0]
    with torch.inference_mode():
        expected = network(phases).numpy()
    assert np.abs(expected).mean() > 1e-3
    np.testing.assert_allclose(delta, expected, atol=2e-5)


def test_the_joins_behind_the_last_convolutions_stay_exact() -> None:
    model = to_openvino(StudentNetwork(StudentConfig(stem=8, body=8, dilations=(1,))))
    kinds = {node.get_friendly_name(): node.get_type_name() for node in model.get_ops()}
    found = [kinds[name] for name in joining_operations(model)]
    assert found.count("Sigmoid") == 1
    assert {"Add", "Multiply"} <= set(found)
    assert "VariadicSplit" not in kinds.values()  # runs on a reference kernel
