"""Cuts the training and held-out squares, paints their targets and stores both as planes.

A prepared folder holds, for ``train`` and ``held_out``, the arrays ``*_luma.npy`` [N, S, S] and
``*_chroma.npy`` [N, 2, S/2, S/2] of photographs and targets, all uint8, and ``names.json``.
S may differ between the two.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from training import sources, synthetic
from training.colour import Image8, rgb_to_planes
from training.painters import STYLES, Painter, painter_for

SIDES = {"sd": 512, "hd": 1024}
"""Side of the prepared squares in luma pixels."""

OWN_SIDE = 384
"""The same for training squares of our own algorithms, which know no fixed size: the clean pictures
are small, and enlarged to :data:`SIDES` they would be softer than any frame that comes later."""

OWN_SPREAD = {"sd": 1.6, "hd": 2.4}
"""Greatest scaling of such squares, over the least."""


def training_side(style: str, scale: str) -> int:
    """Side of the training squares of a style in luma pixels."""
    return SIDES[scale] if STYLES[style].distilled else OWN_SIDE


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """What to prepare; ``limit`` is the greatest number of training squares."""

    style: str
    scale: str
    data: Path
    out: Path
    limit: int = 1000
    seed: int = 1
    jitter_share: float = 0.4
    sharpen_share: float = 0.4  # of the clean pictures
    recolour_share: float = 0.25  # of the clean pictures
    collage_share: float = 0.25  # of the squares of our own algorithms
    chart_share: float = 0.08  # the same
    bar_share: float = 0.08  # of the clean pictures; bars as around a film


def training_squares(settings: PrepareSettings) -> Iterator[tuple[str, Image8]]:
    """Endless random squares of the pictures that the style may be trained on, in rounds."""
    rng = np.random.default_rng(settings.seed)
    side = training_side(settings.style, settings.scale)
    distilled = STYLES[settings.style].distilled
    spread = 1.6 if distilled else OWN_SPREAD[settings.scale]
    pictures = sources.all_pictures if distilled else sources.clean_pictures
    loaded = list(pictures(settings.data))
    if settings.scale == "hd":
        loaded = [p for p in loaded if not p.name.startswith("photos/bsds")]
    portraits = STYLES[settings.style].portraits
    order = [p for p in loaded for _ in range(sources.crops_of(p, portraits=portraits))]
    originals = [picture.rgb for picture in loaded]
    while order:
        for index in rng.permutation(len(order)):
            picture = order[index]
            near = portraits and picture.name.startswith("faces")
            reach = sources.PORTRAIT_SPREAD if near else spread
            square = sources.random_crop(picture.rgb, side, rng, reach)
            if not distilled:
                square = _varied(square, settings, rng)
                yield from _made(originals, side, settings, rng)
            share = settings.jitter_share * (1.0 if distilled else 1.5)
            if rng.random() < share:
                square = sources.jitter(square, rng, 1.0)
            if not distilled and rng.random() < settings.bar_share:
                square = synthetic.barred(square, rng)
            yield picture.name, square


def _varied(square: Image8, settings: PrepareSettings, rng: np.random.Generator) -> Image8:
    """A crop of a clean picture, some of them sharpened, some in other colours."""
    if rng.random() < settings.recolour_share:
        square = synthetic.recoloured(square, rng)
    if rng.random() < settings.sharpen_share:
        square = sources.sharpen(square, rng)
    return square


def _made(
    pictures: list[Image8], side: int, settings: PrepareSettings, rng: np.random.Generator
) -> Iterator[tuple[str, Image8]]:
    """Sometimes a collage or a chart, so often that they have their shares of all squares."""
    photographs = 1.0 - settings.collage_share - settings.chart_share
    if rng.random() < settings.collage_share / photographs:
        yield "collage", synthetic.collage(pictures, side, rng)
    if rng.random() < settings.chart_share / photographs:
        yield "chart", synthetic.chart(side, rng)


def held_out_squares(settings: PrepareSettings) -> Iterator[tuple[str, Image8]]:
    """The middle square of every held-out picture; for ``hd`` only of those large enough."""
    side = SIDES[settings.scale]
    for picture in sources.held_out_pictures(settings.data):
        if settings.scale == "sd" or min(picture.rgb.shape[:2]) >= 800:
            yield picture.name, sources.centre_crop(picture.rgb, side)


def prepare(settings: PrepareSettings) -> None:
    """Writes the prepared folder; an existing one is replaced."""
    settings.out.mkdir(parents=True, exist_ok=True)
    painter = painter_for(settings.style, settings.scale, settings.data / "teachers")
    held_out = list(held_out_squares(settings))
    _store(settings, "held_out", iter(held_out), (len(held_out), SIDES[settings.scale]), painter)
    size = settings.limit, training_side(settings.style, settings.scale)
    _store(settings, "train", training_squares(settings), size, painter)


def _store(
    settings: PrepareSettings,
    part: str,
    squares: Iterator[tuple[str, Image8]],
    size: tuple[int, int],
    painter: Painter,
) -> None:
    count, side = size
    arrays = {
        f"{kind}_{plane}": np.lib.format.open_memmap(
            settings.out / f"{part}_{kind}_{plane}.npy", "w+", np.uint8, (count, *shape)
        )
        for kind in ("photo", "target")
        for plane, shape in (("luma", (side, side)), ("chroma", (2, side // 2, side // 2)))
    }
    names = []
    for index in tqdm(range(count), desc=f"{settings.style} {settings.scale} {part}"):
        name, square = next(squares)
        names.append(name)
        for kind, picture in (("photo", square), ("target", painter(square))):
            arrays[f"{kind}_luma"][index], arrays[f"{kind}_chroma"][index] = rgb_to_planes(picture)
    for array in arrays.values():
        array.flush()
    (settings.out / f"{part}_names.json").write_text(json.dumps(names, indent=0))
