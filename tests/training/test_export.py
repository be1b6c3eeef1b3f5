"""The form that is quantised computes what the trained network does."""

# ruff: noqa: E402 - without torch the file is skipped before it imports anything else
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
openvino = pytest.importorskip("openvino")

from openvino import opset13 as operations

from training.export import joining_operations, quantise, quantise_input_by_codes, to_openvino
from videotoon.engine.networks.student import StudentConfig, StudentNetwork
from videotoon.engine.planes_graph import phases_graph
from videotoon.frame import BT709


@pytest.fixture(scope="module", autouse=True)
def _converter_is_warm() -> None:
    """The converter's first call starts a pool of threads that stays."""
    to_openvino(StudentNetwork(StudentConfig(stem=8, body=8, dilations=(1,))))


@pytest.mark.parametrize("coarse_gate", [False, True])
@pytest.mark.parametrize(("refinements", "folded"), [(0, False), (2, False), (2, True)])
def test_the_openvino_form_equals_the_network(
    coarse_gate: bool, refinements: int, folded: bool
) -> None:
    torch.manual_seed(5)
    config = StudentConfig(
        stem=8, body=8, dilations=(1, 2), refinements=refinements, coarse_gate=coarse_gate
    )
    network = StudentNetwork(config).eval()
    with torch.no_grad():
        network.head.weight.mul_(5.0)
    phases = torch.rand(1, 24, 10, 14) - 0.5
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(to_openvino(network, folded), "CPU", settings)
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


def test_the_int8_form_sums_exactly_and_rounds_the_gate(prepared: Path) -> None:
    pytest.importorskip("nncf")
    torch.manual_seed(5)
    config = StudentConfig(stem=8, body=8, dilations=(1, 2), refinements=1, coarse_gate=True)
    network = StudentNetwork(config).eval()
    with torch.no_grad():
        network.up.bias[::2] = -300.0  # subtracts far more than there is
    quantised = quantise(network, prepared)
    kinds = [
        sorted(value.get_node().get_type_name() for value in node.input_values())
        for relu in quantised.get_ops()
        if relu.get_type_name() == "Relu" and (node := relu.input_value(0).get_node())
    ]
    sums = [kind for kind in kinds if kind.count("FakeQuantize") and len(set(kind)) == 2]
    assert len(kinds) == 6  # stem, down, two of the body, join, refine
    assert ["Add", "FakeQuantize"] in sums
    assert not any(kind.count("FakeQuantize") == 2 for kind in kinds)
    gate = next(node for node in quantised.get_ops() if node.get_type_name() == "Sigmoid")
    readers = [reader.get_node() for reader in gate.output(0).get_target_inputs()]
    assert [reader.get_type_name() for reader in readers] == ["FakeQuantize"]
    phases = np.random.default_rng(2).uniform(-0.5, 0.5, (1, 24, 16, 16)).astype(np.float32)
    result = openvino.Core().compile_model(quantised, "CPU")(phases)[0]
    with torch.inference_mode():
        exact = network(torch.from_numpy(phases)).numpy()
    assert np.abs(exact - result).mean() < 0.05 * np.abs(exact).mean()


def quantised_input(ends: tuple[float, float]) -> Any:
    """A small network whose input is quantised between two ends, as calibration would do it."""
    model = to_openvino(StudentNetwork(StudentConfig(stem=8, body=8, dilations=(1,))))
    parameter = model.get_parameters()[0]
    limits = [operations.constant(np.full((1, 1, 1, 1), end, np.float32)) for end in ends * 2]
    steps = operations.fake_quantize(parameter, *limits, 256)
    for target in parameter.output(0).get_target_inputs():
        if target.get_node().get_friendly_name() != steps.get_friendly_name():
            target.replace_source_output(steps.output(0))
    return model


def test_the_input_is_quantised_by_codes_and_loses_none_of_them() -> None:
    model = quantised_input((-0.8, 0.75))
    quantise_input_by_codes(model)
    steps = next(node for node in model.get_ops() if node.get_type_name() == "FakeQuantize")
    parameter = model.get_parameters()[0]
    alone = openvino.Model([operations.result(steps)], [parameter])
    alone.reshape([1, 24, 16, 16])
    codes = np.arange(24 * 256, dtype=np.float32).reshape(1, 24, 16, 16) % 256
    given = (codes - 128.0) / 128.0
    assert np.array_equal(openvino.Core().compile_model(alone, "CPU")(given)[0], given)


@pytest.mark.parametrize(("by_codes", "left"), [(True, 0), (False, 1)])
def test_the_engine_leaves_out_such_steps_and_no_others(by_codes: bool, left: int) -> None:
    model = quantised_input((-0.8, 0.75))
    if by_codes:
        quantise_input_by_codes(model)
    graph = phases_graph(model, 4, BT709, 1, 8, 8)
    kinds = [node.get_type_name() for node in graph.get_ops()]
    assert kinds.count("FakeQuantize") == left
