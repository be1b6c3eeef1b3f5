"""The photographs: which may be trained on, which are held out, and how crops are cut from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.colour import Image8

HELD_OUT_EVERY = {"photos/scenes": 5, "photos/bsds": 50, "photos/kodak": 6, "faces": 10}
"""Of the sorted files of each folder, the first and every n-th after it are held out."""

CLEAN_FOLDERS = ("photos/kodak",)
CLEAN_CLIPS = {"media/bbb.webm": 40, "media/chaplin.mp4": 3, "media/nasa_13013.mp4": 2}
"""Clips free for any use, with the number of frames taken from each."""

CLEAN_SAMPLES = ("astronaut", "coffee", "chelsea", "rocket", "camera", "grass", "gravel", "brick")
"""Public-domain or CC0 pictures that scikit-image ships; the last four are grey."""

CROPS = {"photos/scenes": 6, "photos/kodak": 4, "faces": 3, "photos/bsds": 1}
"""Crops cut from every training picture of a folder."""

PORTRAIT_CROPS = {"faces": 16, "photos/scenes": 4, "photos/kodak": 2, "photos/bsds": 1}
"""The same for a style that is made for portraits: four of ten squares show faces."""

PORTRAIT_SPREAD = 2.5
"""Greatest scaling of a picture of a face for such a style, over the least."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph (RGB, uint8) and a name for messages."""

    name: str
    rgb: Image8


def pictures_in(data: Path, folder: str, *, held_out: bool) -> list[Path]:
    """Sorted picture files of one folder, the held-out ones or all the others."""
    files = sorted(p for p in (data / folder).iterdir() if p.suffix in {".jpg", ".png"})
    every = HELD_OUT_EVERY[folder]
    return [path for index, path in enumerate(files) if (index % every == 0) == held_out]


def read(path: Path) -> Image8:
    """RGB picture of a file."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(path)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def resize(rgb: Image8, size: tuple[int, int]) -> Image8:
    """Resized to (width, height) without aliasing; enlargements are sharpened a little."""
    shrinks = size[0] < rgb.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    result = cv2.resize(rgb, size, interpolation=method)
    factor = size[0] / rgb.shape[1]
    if factor > 1.2:
        soft = cv2.GaussianBlur(result, (0, 0), 0.6 * factor)
        result = cv2.addWeighted(result, 1.6, soft, -0.6, 0)
    return np.asarray(result, np.uint8)


def centre_crop(rgb: Image8, side: int) -> Image8:
    """The picture scaled so that its short side is ``side``, and its middle square."""
    height, width = rgb.shape[:2]
    factor = side / min(height, width)
    scaled = resize(rgb, (max(side, round(width * factor)), max(side, round(height * factor))))
    top, left = (scaled.shape[0] - side) // 2, (scaled.shape[1] - side) // 2
    return np.ascontiguousarray(scaled[top : top + side, left : left + side])


def random_crop(rgb: Image8, side: int, rng: np.random.Generator, spread: float = 1.6) -> Image8:
    """A square cut at a random place after a random scaling by up to ``spread`` of the least."""
    height, width = rgb.shape[:2]
    least = side / min(height, width)
    most = max(least * spread, min(1.0, least * 3.0))
    factor = float(np.exp(rng.uniform(np.log(least), np.log(most))))
    scaled = resize(rgb, (max(side, round(width * factor)), max(side, round(height * factor))))
    top = int(rng.integers(0, scaled.shape[0] - side + 1))
    left = int(rng.integers(0, scaled.shape[1] - side + 1))
    return np.ascontiguousarray(scaled[top : top + side, left : left + side])


def jitter(rgb: Image8, rng: np.random.Generator, amount: float) -> Image8:
    """Random exposure, gamma, colour strength and white balance; ``amount`` 1 is ordinary."""
    x = rgb.astype(np.float32) / 255.0
    x = x ** float(np.exp(rng.normal(0.0, 0.18 * amount)))
    x = x * (1.0 + rng.normal(0.0, 0.03 * amount, 3).astype(np.float32))
    x = x * float(np.exp(rng.normal(0.0, 0.10 * amount)))
    grey = x.mean(axis=2, keepdims=True)
    x = grey + (x - grey) * float(np.exp(rng.normal(0.0, 0.15 * amount)))
    return np.asarray(np.clip(np.rint(x * 255.0), 0, 255), np.uint8)


def sharpen(rgb: Image8, rng: np.random.Generator) -> Image8:
    """Unsharp mask of random width and strength, as cameras apply it."""
    soft = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.6, 1.2))
    amount = rng.uniform(0.2, 1.2)
    return np.asarray(cv2.addWeighted(rgb, 1.0 + amount, soft, -amount, 0), np.uint8)


def clip_frames(path: Path, count: int) -> Iterator[Picture]:
    """Evenly spaced frames of a clip, the first and last tenth left out."""
    capture = cv2.VideoCapture(str(path))
    total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(total * 0.1, total * 0.9, count).astype(int).tolist())
    for index in range(total):
        ok, bgr = capture.read()
        if not ok:
            break
        if index in wanted:
            yield Picture(f"{path.stem}:{index}", np.asarray(bgr[..., ::-1], np.uint8).copy())
    capture.release()


def clean_pictures(data: Path) -> Iterator[Picture]:
    """Training pictures free for any use, so that the style may be used commercially."""
    for folder in CLEAN_FOLDERS:
        for path in pictures_in(data, folder, held_out=False):
            yield Picture(f"{folder}/{path.stem}", read(path))
    from skimage import data as samples

    for name in CLEAN_SAMPLES:
        picture = np.asarray(getattr(samples, name)(), np.uint8)
        colour = picture if picture.ndim == 3 else np.dstack([picture] * 3)
        yield Picture(f"skimage:{name}", np.ascontiguousarray(colour))
    for clip, count in CLEAN_CLIPS.items():
        yield from clip_frames(data / clip, count)


def all_pictures(data: Path) -> Iterator[Picture]:
    """Every training picture, most useful folders first; for non-commercial styles."""
    for folder in CROPS:
        for path in pictures_in(data, folder, held_out=False):
            yield Picture(f"{folder}/{path.stem}", read(path))


def held_out_pictures(data: Path) -> Iterator[Picture]:
    """The pictures that no network ever trains on, the same for every style."""
    for folder in HELD_OUT_EVERY:
        for path in pictures_in(data, folder, held_out=True):
            yield Picture(f"{folder}/{path.stem}", read(path))


def crops_of(picture: Picture, *, portraits: bool = False) -> int:
    """How many crops to cut from a picture in one round."""
    crops = PORTRAIT_CROPS if portraits else CROPS
    return next((n for folder, n in crops.items() if picture.name.startswith(folder)), 2)
