"""Batches of crops from a prepared folder.

Every batch is a function of (seed, step) alone, so a resumed run sees exactly the data that an
uninterrupted one would have seen.
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.colour import Image8
from videotoon.engine.networks.student import Planes


@dataclass(frozen=True, slots=True)
class AugmentSettings:
    """Share of crops disturbed in each way; the target stays that of the clean photograph."""

    noise: float = 0.35
    noise_codes: float = 5.0  # greatest standard deviation, in 8-bit codes
    compression: float = 0.2
    blur: float = 0.08
    redrawn: float = 0.0  # share of crops laid on what the target draws anew in faces


REDRAWN_CELL = 32
"""Side in luma pixels of the cells in which redrawing is measured."""


@dataclass(frozen=True, slots=True)
class PreparedPart:
    """The arrays of one part, ``train`` or ``held_out``, of a prepared folder."""

    photo_luma: Image8
    photo_chroma: Image8
    target_luma: Image8
    target_chroma: Image8
    of_faces: tuple[bool, ...] = ()  # per square: cut from a picture of faces

    @classmethod
    def load(cls, folder: Path, part: str) -> "PreparedPart":
        """Maps the arrays of a prepared folder into memory."""
        names = ("photo_luma", "photo_chroma", "target_luma", "target_chroma")
        one, two, three, four = (
            np.load(folder / f"{part}_{name}.npy", mmap_mode="r") for name in names
        )
        pictures = json.loads((folder / f"{part}_names.json").read_text())
        of_faces = tuple(name.startswith("faces/") for name in pictures)
        return cls(one, two, three, four, of_faces)

    def __len__(self) -> int:
        return len(self.photo_luma)

    def redrawn(self) -> NDArray[np.float64]:
        """How much the target draws anew in every cell of faces' squares, running sum of shares.

        A cell counts by its squared change in luma without the change of its surroundings, to the
        power of 1.5: neither another tone of the whole nor texture is a new drawing; larger eyes
        are.  Indices run over
        squares, rows and columns.
        """
        energies = []
        for photo, target, face in zip(
            self.photo_luma, self.target_luma, self.of_faces, strict=True
        ):
            small = (photo.shape[1] // 8, photo.shape[0] // 8)  # texture is no drawing
            change = cv2.subtract(
                cv2.resize(target, small, interpolation=cv2.INTER_AREA),
                cv2.resize(photo, small, interpolation=cv2.INTER_AREA),
                dtype=cv2.CV_32F,
            )
            drawn = (change - cv2.GaussianBlur(change, (0, 0), 5.0)) ** 2
            cells = (photo.shape[1] // REDRAWN_CELL, photo.shape[0] // REDRAWN_CELL)
            cell = cv2.resize(drawn, cells, interpolation=cv2.INTER_AREA).ravel()
            energies.append(face * cell**1.5)  # the strongest changes are what matters
        total = np.cumsum(np.concatenate(energies), dtype=np.float64)
        return np.asarray(total / max(float(total[-1]), 1e-9))


def to_planes(luma: NDArray[np.uint8], chroma: NDArray[np.uint8]) -> Planes:
    """Float planes, ``(code - 128) / 128``, of luma [N, H, W] and chroma [N, 2, H/2, W/2]."""
    y = (torch.from_numpy(luma.astype(np.float32)) - 128.0) / 128.0
    uv = (torch.from_numpy(chroma.astype(np.float32)) - 128.0) / 128.0
    return y.unsqueeze(1), uv[:, :1], uv[:, 1:]


def to_codes(planes: Planes) -> tuple[Image8, Image8]:
    """Luma [N, H, W] and chroma [N, 2, H/2, W/2] as 8-bit codes, clamped and rounded."""
    y, u, v = planes

    def codes(x: Tensor) -> Image8:
        rounded = (x.detach().float().cpu() * 128.0 + 128.0).round().clamp(0, 255)
        return np.asarray(rounded.to(torch.uint8).numpy())

    return codes(y[:, 0]), codes(torch.cat([u, v], dim=1))


def recompress(luma: Image8, chroma: Image8, rng: np.random.Generator) -> tuple[Image8, Image8]:
    """Blocks and ringing of lossy coding, by JPEG on each plane or by H.264.

    Args:
        luma: [H, W]; even sides.
        chroma: [2, H/2, W/2].
        rng: Chooses the coder and its quality.
    """
    if rng.random() < 0.5:
        return _by_h264(luma, chroma, int(rng.integers(20, 37)))
    settings = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 90))]

    def once(plane: Image8) -> Image8:
        _, data = cv2.imencode(".jpg", plane, settings)
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

    return once(luma), np.stack([once(plane) for plane in chroma])


def _by_h264(luma: Image8, chroma: Image8, quantiser: int) -> tuple[Image8, Image8]:
    """The picture as a decoder of H.264 would deliver it, with its deblocking."""
    height, width = luma.shape
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.options = {"preset": "veryfast", "qp": str(quantiser), "tune": "zerolatency"}
    planar = np.concatenate([luma.ravel(), chroma.ravel()]).reshape(height * 3 // 2, width)
    packets = encoder.encode(av.VideoFrame.from_ndarray(planar, format="yuv420p"))
    packets += encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    decoded = frames[0].to_ndarray(format="yuv420p").ravel()
    return (
        decoded[: luma.size].reshape(luma.shape).astype(np.uint8),
        decoded[luma.size :].reshape(chroma.shape).astype(np.uint8),
    )


def recompressed(planes: Planes, rng: np.random.Generator) -> Planes:
    """Crops after lossy coding, each with a quality of its own; no gradient passes."""
    coded = [recompress(*crop, rng) for crop in zip(*to_codes(planes), strict=True)]
    return to_planes(np.stack([one for one, _ in coded]), np.stack([two for _, two in coded]))


def disturb(
    luma: Image8, chroma: Image8, settings: AugmentSettings, rng: np.random.Generator
) -> tuple[Image8, Image8]:
    """One crop as a worse camera or a stronger compression would have delivered it."""
    if rng.random() < settings.blur:
        luma = np.asarray(cv2.GaussianBlur(luma, (0, 0), rng.uniform(0.4, 0.9)), np.uint8)
    if rng.random() < settings.noise:
        spread = rng.uniform(0.5, settings.noise_codes)
        grain = rng.standard_normal(luma.shape, np.float32) * spread
        luma = np.clip(np.rint(luma + grain), 0, 255).astype(np.uint8)
        grain = rng.standard_normal(chroma.shape, np.float32) * (spread * 0.5)
        chroma = np.clip(np.rint(chroma + grain), 0, 255).astype(np.uint8)
    if rng.random() < settings.compression:
        luma, chroma = recompress(luma, chroma, rng)
    return luma, chroma


def _places(
    part: PreparedPart,
    size: int,
    side: int,
    settings: AugmentSettings,
    redrawn: NDArray[np.float64] | None,
    rng: np.random.Generator,
) -> list[tuple[int, int, int]]:
    """Square, top and left of ``size`` crops; the latter are even."""
    full = part.photo_luma.shape[1]
    most = full - side
    places = []
    for index in rng.integers(0, len(part), size):
        top, left = 2 * rng.integers(0, most // 2 + 1, 2)
        if settings.redrawn > 0 and rng.random() < settings.redrawn:
            assert redrawn is not None
            across = full // REDRAWN_CELL
            cell = int(np.searchsorted(redrawn, rng.random()))
            index, cell = divmod(min(cell, len(redrawn) - 1), across * across)
            row, column = divmod(cell, across)
            middle = np.array([row, column]) * REDRAWN_CELL + REDRAWN_CELL // 2
            corner = middle - side // 2 + rng.integers(-side // 4, side // 4 + 1, 2)
            top, left = np.clip(corner // 2 * 2, 0, most // 2 * 2)
        places.append((int(index), int(top), int(left)))
    return places


def training_batch(
    part: PreparedPart,
    size: int,
    side: int,
    seed: int,
    step: int,
    settings: AugmentSettings,
    redrawn: NDArray[np.float64] | None = None,
) -> tuple[Planes, Planes]:
    """Photograph and target planes of ``size`` random crops of ``side`` luma pixels.

    ``redrawn`` is what :meth:`PreparedPart.redrawn` gave; needed where the settings ask for it.
    """
    rng = np.random.default_rng([seed, step])
    luma = np.empty((2, size, side, side), np.uint8)
    chroma = np.empty((2, size, 2, side // 2, side // 2), np.uint8)
    for slot, (index, top, left) in enumerate(_places(part, size, side, settings, redrawn, rng)):
        mirrored = -1 if rng.random() < 0.5 else 1
        rows, columns = slice(top, top + side), slice(left, left + side)
        half_rows = slice(top // 2, (top + side) // 2)
        half_columns = slice(left // 2, (left + side) // 2)
        photo = part.photo_luma[index, rows, columns][:, ::mirrored]
        photo_chroma = part.photo_chroma[index, :, half_rows, half_columns][:, :, ::mirrored]
        luma[0, slot], chroma[0, slot] = disturb(
            np.ascontiguousarray(photo), np.ascontiguousarray(photo_chroma), settings, rng
        )
        luma[1, slot] = part.target_luma[index, rows, columns][:, ::mirrored]
        chroma[1, slot] = part.target_chroma[index, :, half_rows, half_columns][:, :, ::mirrored]
    return to_planes(luma[0], chroma[0]), to_planes(luma[1], chroma[1])
