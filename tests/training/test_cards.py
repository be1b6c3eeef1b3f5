"""Cards say what the shipped files are, and refuse to be written without figures."""

import json
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch")

from training.cards import card, read_texts
from training.export import network_config
from training.painters import STYLES
from videotoon.engine.networks.student import parameter_count, receptive_field

WEIGHTS = Path(__file__).parents[2] / "weights"
SHIPPED = sorted(file.parent.name for file in WEIGHTS.glob("*/sd_int8.xml"))


def figures_of(style: str, scales: tuple[str, ...], folder: Path) -> Path:
    row = {
        "style": style,
        "ssim_to_target": 0.8765,
        "psnr_to_target": 27.5,
        "ssim_to_photo": 0.7,
        "target_to_photo": 0.65,
        "int8_to_fp32": 48.25,
        "warping": None,
        "bytes": 1,
        "milliseconds": {"720p": 9.87},
    }
    file = folder / "figures.json"
    networks = [{**row, "scale": scale} for scale in scales]
    file.write_text(json.dumps({"processor": "a processor", "networks": networks}))
    return file


@pytest.mark.parametrize("style", SHIPPED)
def test_a_card_states_licence_shape_and_figures(style: str, tmp_path: Path) -> None:
    text = card(style, WEIGHTS, figures_of(style, ("sd", "hd"), tmp_path))
    config = network_config(WEIGHTS / style / "sd.safetensors")
    assert f"{parameter_count(config):,}" in text
    assert f"| {receptive_field(config)} |" in text
    assert "0.876" in text or "0.877" in text
    assert ("non-commercial" in text) == STYLES[style].distilled
    assert "a processor" in text


def test_a_card_without_figures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no figures of cel"):
        card("cel", WEIGHTS, figures_of("hayao", ("sd",), tmp_path))


@pytest.mark.parametrize("style", SHIPPED)
def test_every_shipped_style_has_a_text_and_a_card(style: str) -> None:
    assert read_texts()[style].seen
    shown = (WEIGHTS / style / "README.md").read_text(encoding="utf-8")
    assert shown.startswith(f"# {style}\n")
    assert (WEIGHTS / style / "sample.jpg").exists()


def test_the_manifest_states_the_true_receptive_fields() -> None:
    manifest = tomllib.loads((WEIGHTS / "manifest.toml").read_text(encoding="utf-8"))
    for network in manifest["network"]:
        config = network_config(WEIGHTS / network["style"] / f"{network['scale']}.safetensors")
        assert network["receptive_field"] == receptive_field(config)
