"""The catalogue, files given as styles, and what is said when something is wrong with them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from videotoon.engine.styles import (
    Catalogue,
    load_catalogue,
    require_commercial_use,
    resolve_style,
    weights_folder,
)
from videotoon.engine.weights import RgbContract, StyleNetwork, WeightFile, rgb_contract
from videotoon.errors import StyleError, WeightsError
from videotoon.frame import FrameSize


def test_catalogue(catalogue: Catalogue):
    assert catalogue.default == "p4"
    assert list(catalogue.styles) == ["p2", "p4", "locked"]
    style = catalogue.styles["p4"]
    assert style.bundled
    network = style.networks[0]
    assert (network.kind, network.phase, network.stride, network.form) == (
        "phases",
        4,
        8,
        "openvino",
    )
    network.verify()


def test_bundled_weights_have_their_pinned_hashes():
    if not (weights_folder() / "manifest.toml").is_file():
        pytest.skip("no bundled weights yet")
    catalogue = load_catalogue()
    assert catalogue.default in catalogue.styles
    for style in catalogue.styles.values():
        assert style.networks
        for network in style.networks:
            network.verify()
            assert all(file.path.stat().st_size == file.size for file in network.files)


def test_unknown_name_suggests_the_nearest(catalogue):
    with pytest.raises(StyleError, match=r"no style 'lockd' - did you mean 'locked'\?"):
        resolve_style("lockd", catalogue)
    with pytest.raises(StyleError, match="Known: p2, p4, locked"):
        resolve_style("zzzzzz", catalogue)


def test_altered_weights_are_refused(weights: Path, tmp_path: Path):
    copy = tmp_path / "weights"
    shutil.copytree(weights, copy)
    data = bytearray((copy / "p2" / "sd.bin").read_bytes())
    data[100] ^= 1
    (copy / "p2" / "sd.bin").write_bytes(data)
    network = load_catalogue(copy).styles["p2"].networks[0]
    with pytest.raises(WeightsError, match=r"sd\.bin has sha256"):
        network.verify()
    (copy / "p2" / "sd.bin").unlink()
    with pytest.raises(WeightsError, match="cannot read"):
        network.verify()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "format None"),
        ("format = 7", "format 7"),
        ("format = 1\n[style", "damaged"),
        ('format = 1\ndefault = "a"\n[[network]]\nstyle = "a"\n[style]', "damaged"),
    ],
)
def test_damaged_manifest(tmp_path: Path, text: str, message: str):
    (tmp_path / "manifest.toml").write_text(text)
    with pytest.raises(WeightsError, match=message):
        load_catalogue(tmp_path)


def test_missing_manifest(tmp_path: Path):
    with pytest.raises(WeightsError, match="cannot read"):
        load_catalogue(tmp_path / "nowhere")


def test_file_as_style_is_hashed(tmp_path: Path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"anything")
    style = resolve_style(str(path))
    assert style.networks[0].files[0].sha256 == hashlib.sha256(b"anything").hexdigest()
    assert not style.bundled
    assert style.info.commercial is None


@pytest.mark.parametrize(
    ("name", "message"),
    [("gone.onnx", "does not exist"), ("a/b.txt", "not a kind"), ("folder.pt", "is a folder")],
)
def test_unusable_paths(tmp_path: Path, name: str, message: str):
    (tmp_path / "folder.pt").mkdir()
    with pytest.raises(StyleError, match=message):
        resolve_style(str(tmp_path / name))


def test_commercial_use(catalogue, tmp_path: Path):
    require_commercial_use(catalogue.styles["p4"])
    with pytest.raises(StyleError, match="CC BY-NC"):
        require_commercial_use(catalogue.styles["locked"])
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"anything")
    with pytest.raises(StyleError, match="nobody stated"):
        require_commercial_use(resolve_style(str(path)))
    (tmp_path / "mine.onnx.toml").write_text("comercial = true")
    with pytest.raises(StyleError, match="comercial, which is not known"):
        resolve_style(str(path))
    (tmp_path / "mine.onnx.toml").write_text('commercial = true\nlicence = "MIT"')
    require_commercial_use(resolve_style(str(path)))


def test_network_by_size_and_precision():
    def network(scale, precision, form="openvino"):
        return StyleNetwork(
            "s", "phases", form, (WeightFile(Path("x"), "", 1),), scale, precision, 4, 8, 9,
            bundled=True,
        )  # fmt: skip

    from videotoon.engine.styles import Style, StyleInfo

    info = StyleInfo("s", "S", "MIT", True, "")
    stored = [network(s, p) for s in ("sd", "hd") for p in ("fp16", "int8")]
    style = Style(info, (*stored, network("sd", "fp32", "safetensors")))
    small, large = FrameSize(960, 540), FrameSize(1280, 720)
    assert style.network(small, "auto", "openvino", "int8").scale == "sd"
    assert style.network(large, "auto", "openvino", "int8").scale == "hd"
    assert style.network(large, "sd", "openvino", "int8").scale == "sd"
    assert style.network(large, "auto", "openvino", "bf16").precision == "fp16"
    assert style.network(large, "auto", "torch", "fp32").scale == "sd", "the only one there is"
    with pytest.raises(StyleError, match="no int8 network for torch"):
        style.network(small, "auto", "torch", "int8")


def test_contract_from_sidecar():
    assert rgb_contract({"range": [0, 255], "layout": "nhwc"}) == RgbContract(
        "NHWC", "NHWC", input_range=(0.0, 255.0), output_range=(0.0, 255.0)
    )
    for wrong in ({"layout": "HWC"}, {"range": [1, 0]}, {"multiple": 0}, {"channels": "GRB"}):
        with pytest.raises(ValueError, match=r"must be|below"):
            rgb_contract(wrong)


@pytest.mark.parametrize(
    ("statement", "banned"),
    [
        ("import videotoon.engine.styles", ("torch", "cv2", "openvino", "onnx", "numpy.fft.x")),
        ("import videotoon.engine.open", ("torch", "cv2", "openvino", "onnx")),
        ("import videotoon.engine.styliser", ("torch", "cv2", "openvino", "onnx")),
    ],
)
def test_imports_stay_light(statement: str, banned: tuple[str, ...]):
    code = f"{statement}; import sys; print([m for m in {banned!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_openvino_path_never_imports_torch(weights: Path, repository: Path):
    code = f"""
import sys
from pathlib import Path
from videotoon.engine.open import open_style
from videotoon.engine.styles import load_catalogue
from videotoon.frame import BT709, FrameSize, Planes
from videotoon.settings import Settings
import numpy as np
opened = open_style(Settings(style="p4"), FrameSize(32, 32), BT709,
                    catalogue=load_catalogue(Path({str(weights)!r})))
half = np.zeros((16, 16), np.uint8)
opened.session().paint(Planes(np.zeros((32, 32), np.uint8), half, half))
print([name for name in ("torch", "onnx", "cv2") if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=repository
    )
    assert result.stdout.strip() == "[]"
