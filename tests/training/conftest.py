"""Small prepared folders, made on the spot, so that training can be tested anywhere."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest


def write_part(folder: Path, part: str, count: int, side: int, seed: int) -> None:
    """Smooth random pictures whose target is flatter and darker; every second of a face."""
    from training.colour import rgb_to_planes

    rng = np.random.default_rng(seed)
    planes: dict[str, list[np.ndarray]] = {}
    for _ in range(count):
        rough = rng.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
        photo = cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC)
        target = (cv2.GaussianBlur(photo, (0, 0), 3) * 0.8).astype(np.uint8)
        for kind, picture in (("photo", photo), ("target", target)):
            luma, chroma = rgb_to_planes(picture)
            planes.setdefault(f"{kind}_luma", []).append(luma)
            planes.setdefault(f"{kind}_chroma", []).append(chroma)
    for name, arrays in planes.items():
        np.save(folder / f"{part}_{name}.npy", np.stack(arrays))
    names = [f"{'faces' if number % 2 else 'photos'}/{number}" for number in range(count)]
    (folder / f"{part}_names.json").write_text(json.dumps(names))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder of 64x64 squares."""
    folder = tmp_path_factory.mktemp("prepared")
    write_part(folder, "train", 6, 64, seed=1)
    write_part(folder, "held_out", 2, 64, seed=2)
    return folder
