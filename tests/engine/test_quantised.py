"""int8 forms: made for real with NNCF, judged, kept, found again, and never believed blindly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.engine.conftest import random_planes
from videotoon.batch.styles import StyleShelf
from videotoon.cli import weights
from videotoon.engine import calibration, quantise, quantised
from videotoon.engine.calibration import Measured, calibration_key
from videotoon.engine.calibration_pictures import FEWEST, drawn_picture, picture_set
from videotoon.engine.open import open_style
from videotoon.engine.quantise import network_values, outer_convolutions, quantise_style
from videotoon.engine.styles import load_catalogue, resolve_style
from videotoon.engine.weights import RgbContract
from videotoon.errors import BackendError, SettingsError, StyleError, VideotoonError, WeightsError
from videotoon.frame import BT709, FrameSize
from videotoon.settings import Settings

SIZE = FrameSize(64, 64)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path / "cache"))


def write_network(path: Path, seed: int = 0, channels: int = 8) -> Path:
    """A residual network of four convolutions, 64 x 64 pixels, as an OpenVINO file."""
    import openvino
    from openvino import opset13 as operations

    random = np.random.default_rng(seed)

    def convolution(features, inputs: int, outputs: int):
        kernel = random.standard_normal((outputs, inputs, 3, 3)) / np.sqrt(9 * inputs)
        constant = operations.constant(kernel.astype(np.float32))
        return operations.convolution(features, constant, [1, 1], [1, 1], [1, 1], [1, 1])

    picture = operations.parameter([1, 3, SIZE.height, SIZE.width], np.float32)
    features = operations.relu(convolution(picture, 3, channels))
    features = operations.relu(convolution(features, channels, channels))
    features = operations.relu(convolution(features, channels, channels))
    painted = operations.tanh(operations.add(convolution(features, channels, 3), picture))
    openvino.save_model(openvino.Model([painted], [picture]), path, compress_to_fp16=False)
    return path


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return write_network(tmp_path / "mine.xml")


@pytest.fixture
def accepted(network: Path) -> Path:
    """A network whose int8 form is kept."""
    pytest.importorskip("nncf", reason="pip install 'videotoon[quantise]'")
    quantise_style(resolve_style(str(network)))
    return network


def test_a_good_form_is_kept_and_paints_nearly_the_same(accepted: Path) -> None:
    picture = random_planes(SIZE)
    settings = Settings(style=str(accepted), precision="int8")
    opened = open_style(settings, SIZE, BT709)
    exact = open_style(replace(settings, precision="fp32"), SIZE, BT709)
    painted, wanted = (style.session().paint(picture) for style in (opened, exact))
    error = float(((painted.y.astype(float) - wanted.y) ** 2).mean())
    assert error > 0, "int8 arithmetic leaves a trace"
    assert 10 * np.log10(255**2 / error) >= quantised.LEAST_DECIBELS
    facts = opened.describe()
    assert facts["precision"] == "int8"
    assert facts["network"] == "mine-int8"
    assert facts["decibels_to_fp32"] >= quantised.LEAST_DECIBELS
    assert not set(facts["sha256"].values()) & set(exact.describe()["sha256"].values())
    assert "decibels_to_fp32" not in exact.describe()


def test_the_graph_really_holds_int8_inside_and_exact_layers_outside(accepted: Path) -> None:
    from videotoon.engine.openvino_backend import OpenVinoBackend

    backend = OpenVinoBackend()
    original, form = resolve_style(str(accepted)).networks
    outer = set(outer_convolutions(backend.read(original)))
    assert len(outer) == 2
    inside = []
    for node in backend.read(form).get_ordered_ops():
        if node.get_type_name() == "Convolution":
            source = node.input_value(0).get_node().get_type_name()
            inside.append(source == "FakeQuantize")
            assert inside[-1] != (node.get_friendly_name() in outer)
    assert inside == [False, True, True, False]


def test_it_becomes_the_default_only_where_it_was_measured_to_be_fastest(accepted: Path) -> None:
    settings = Settings(style=str(accepted))
    assert open_style(settings, SIZE, BT709).precision != "int8"
    key = calibration_key(resolve_style(str(accepted)), "openvino", "CPU")
    calibration._store(key, Measured("int8", 9.0, 36.0, 2, 35.0), None)
    assert open_style(settings, SIZE, BT709).precision == "int8"
    calibration._store(key, Measured("fp32", 9.0, 99.0, 2, 35.0), None)
    assert open_style(settings, SIZE, BT709).precision == "fp32"


def test_calibrating_measures_it_by_its_own_limit(accepted: Path) -> None:
    found = {one.precision: one for one in calibration.calibrate(Settings(style=str(accepted)))}
    assert found["int8"].least == quantised.LEAST_DECIBELS
    assert found["fp32"].least == calibration.LEAST_DECIBELS


def test_a_result_made_with_it_is_other_work_in_the_journal(accepted: Path) -> None:
    shelf = StyleShelf(1)
    facts = [
        shelf.engine_facts(Settings(style=str(accepted), precision=precision), SIZE)
        for precision in ("fp32", "int8")
    ]
    assert facts[0]["sha256"] != facts[1]["sha256"]


@pytest.mark.parametrize("suffix", [".xml", ".bin", ".json"])
def test_a_damaged_form_is_not_used(accepted: Path, tmp_path: Path, suffix: str) -> None:
    (file,) = (tmp_path / "cache" / "quantised").glob(f"*{suffix}")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content) if suffix != ".json" else b"{")
    assert len(resolve_style(str(accepted)).networks) == 1


def test_other_weights_or_another_reading_of_them_have_no_form(accepted: Path) -> None:
    sidecar = accepted.with_name("mine.xml.toml")
    sidecar.write_text('title = "Mine"', encoding="utf-8")
    assert len(resolve_style(str(accepted)).networks) == 2, "a title changes nothing"
    sidecar.write_text("range = [0, 1]", encoding="utf-8")
    assert len(resolve_style(str(accepted)).networks) == 1
    sidecar.unlink()
    write_network(accepted, seed=1)
    assert len(resolve_style(str(accepted)).networks) == 1


def test_notes_that_admit_too_little_are_not_believed(accepted: Path, tmp_path: Path) -> None:
    (file,) = (tmp_path / "cache" / "quantised").glob("*.json")
    facts = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(facts | {"decibels": 34.9}), encoding="utf-8")
    assert len(resolve_style(str(accepted)).networks) == 1


def test_a_form_that_changes_the_picture_is_refused(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nncf", reason="pip install 'videotoon[quantise]'")
    monkeypatch.setattr(quantise, "LEAST_DECIBELS", 90.0)
    with pytest.raises(WeightsError, match=r"to \d\d\.\d dB .* 90 are needed.*--pictures"):
        quantise_style(resolve_style(str(network)))
    assert not list((tmp_path / "cache").glob("quantised/*"))


def test_int8_that_was_never_made_is_refused_with_the_command(network: Path) -> None:
    with pytest.raises(BackendError) as caught:
        open_style(Settings(style=str(network), precision="int8"), SIZE, BT709)
    assert f"videotoon weights quantise {network}" in caught.value.cure


def test_what_is_int8_already_or_bundled_is_refused(accepted: Path) -> None:
    form = resolve_style(str(accepted)).networks[1].path
    with pytest.raises(StyleError, match="quantised already"):
        quantise_style(resolve_style(str(form)))
    with pytest.raises(StyleError, match="comes with the package"):
        quantise_style(resolve_style(load_catalogue().default))


def test_a_missing_nncf_is_said_with_its_cure(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(BackendError, match=r"videotoon\[quantise\]"):
        quantise_style(resolve_style(str(network)))


def test_pictures_of_a_folder_are_split_in_two(tmp_path: Path) -> None:
    for number in range(FEWEST):
        grey = np.full((40, 50 + number, 3), 20 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), grey)
    chosen = picture_set(tmp_path, FrameSize(32, 64))
    shades = [
        {round(float(picture.mean())) for picture in part}
        for part in (chosen.calibration, chosen.held_out)
    ]
    assert shades == [{0, 20, 40, 80, 100, 120}, {60, 140}]
    assert {p.shape for p in (*chosen.calibration, *chosen.held_out)} == {(64, 32, 3)}


@pytest.mark.parametrize("name", ["nowhere", "few"])
def test_a_folder_without_enough_pictures_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(SettingsError, match=name):
        picture_set(tmp_path / name, SIZE)


def test_drawn_pictures_are_the_same_every_time_and_all_different() -> None:
    first, again = (picture_set(None, SIZE) for _ in range(2))
    pictures = [*first.calibration, *first.held_out]
    for one, other in zip(pictures, [*again.calibration, *again.held_out], strict=True):
        np.testing.assert_array_equal(one, other)
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    wide = drawn_picture(0, FrameSize(96, 32))
    assert wide.shape == (32, 96, 3)
    assert 0 <= wide.min() < wide.max() <= 255


def test_values_go_in_as_the_contract_says() -> None:
    picture = np.zeros((2, 4, 3), np.float32)
    picture[..., 0] = 255
    planar = network_values(picture, RgbContract(input_range=(0.0, 1.0), channels="BGR"))
    assert planar.shape == (1, 3, 2, 4)
    assert planar[0, :, 0, 0].tolist() == [0.0, 0.0, 1.0]
    rows = network_values(picture, RgbContract(layout="NHWC"))
    assert rows[0, 0, 0].tolist() == [1.0, -1.0, -1.0]


@pytest.mark.slow
def test_the_published_architecture_reaches_the_limit(animegan2_file: Path) -> None:
    """Random weights: 37 dB on the worst; trained networks of its family reach 45 and more."""
    pytest.importorskip("nncf", reason="pip install 'videotoon[quantise]'")
    form, quality = quantise_style(resolve_style(str(animegan2_file)))
    assert quality.worst >= quantised.LEAST_DECIBELS
    assert form.files[1].size < animegan2_file.stat().st_size / 3
    with pytest.raises(VideotoonError, match="torch"):
        open_style(
            Settings(style=str(animegan2_file), precision="int8", backend="torch"), SIZE, BT709
        )


def test_kept_forms_are_listed_and_verified(accepted: Path, capsys) -> None:
    (form,) = quantised.kept_forms()
    assert (form.made_from, form.problem) == (accepted.name, "")
    assert form.decibels >= quantised.LEAST_DECIBELS
    weights.list_weights()
    (line,) = [line for line in capsys.readouterr().out.splitlines() if accepted.name in line]
    assert f"{form.decibels:.1f}" in line
    assert "whole" in line
    weights.verify_weights()
    assert f"int8 form of {accepted.name}: whole" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("suffix", "content", "words", "cure"),
    [
        (".bin", b"x", "was altered", "weights quantise mine.xml"),
        (".xml", None, "is missing", "weights quantise mine.xml"),
        (".json", b"[", "not readable", "remove it"),
    ],
)
def test_damaged_forms_are_reported(accepted: Path, suffix, content, words, cure) -> None:
    (form,) = quantised.kept_forms()
    file = form.path.with_suffix(suffix)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with pytest.raises(WeightsError, match="altered or not readable: int8 form of") as info:
        weights.verify_weights()
    assert cure in info.value.cure
    (form,) = quantised.kept_forms()
    assert words in form.problem
