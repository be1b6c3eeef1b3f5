"""``videotoon bench``: how fast this machine paints, for every precision and common frame size."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from videotoon.cli.tables import table
from videotoon.engine.open import open_style
from videotoon.engine.speed import frames_per_second
from videotoon.errors import BackendError, SettingsError, StyleError
from videotoon.frame import BT709, FrameSize, Planes
from videotoon.settings import PrecisionChoice, Settings
from videotoon.system.machine import usable_cores

if TYPE_CHECKING:
    from videotoon.engine.open import OpenedStyle

MAX_SECONDS = 600.0
MAX_SIDE = 8192
MIN_SIDE = 16


@dataclass(frozen=True, slots=True)
class Speed:
    """A measured speed.

    Attributes:
        size: Frame size.
        style: What was measured.
        fps: Frames per second of wall time, all streams together.
    """

    size: FrameSize
    style: OpenedStyle
    fps: float

    def row(self) -> list[str]:
        """Cells of the table."""
        style = self.style
        return [
            str(self.size),
            style.network.name,
            style.precision,
            str(style.streams),
            f"{1000 / self.fps:.2f}",
            f"{self.fps:.1f}",
        ]


HEADER = ("size", "network", "precision", "streams", "ms per frame", "fps")


def run_calibration(settings: Settings) -> None:
    """Measure every precision of a style once, store the best and print what was found.

    Raises:
        VideotoonError: The style or backend cannot be used.
    """
    from videotoon.engine.calibration import SIZE, best_of, calibrate

    begun = time.perf_counter()
    found = calibrate(settings)
    rows = [
        [one.precision, str(one.streams), f"{one.fps:.1f}", f"{one.decibels:.1f}"] for one in found
    ]
    print(table(("precision", "streams", f"fps at {SIZE}", "dB to fp32"), rows))
    best, seconds = best_of(found), time.perf_counter() - begun
    print(
        f"{settings.style}: {best.precision}, {best.streams} streams from now on, on this machine "
        f"(measured in {seconds:.1f} s)"
    )


def run_bench(settings: Settings, sizes: str, seconds: float) -> None:
    """Measure and print a table; painting only, without decoding and encoding.

    Raises:
        SettingsError: A size or the time is unusable.
        StyleError: The style is unknown.
        BackendError: No precision is possible.
    """
    if not 0.05 <= seconds <= MAX_SECONDS:
        raise SettingsError(
            f"--seconds {seconds} is out of range", f"give a value from 0.05 to {MAX_SECONDS:g}"
        )
    frame_sizes = parse_sizes(sizes)
    rows: list[list[str]] = []
    for size in frame_sizes:
        for style in possible_styles(settings, size):
            fps = frames_per_second(style, synthetic_pictures(size), seconds)
            rows.append(Speed(size, style, fps).row())
    first = rows[0]
    name = settings.look
    print(f"{usable_cores()} cores, style {name}, {len(rows)} x {seconds:g} s, paint only")
    print()
    print(table(HEADER, rows))
    best = min((row for row in rows if row[0] == first[0]), key=lambda row: float(row[4]))
    print()
    print(f"fastest at {best[0]}: {best[2]} with {best[5]} fps")


def parse_sizes(text: str) -> list[FrameSize]:
    """Read ``540x960,1280x720``.

    Raises:
        SettingsError: It is no list of sizes.
    """
    sizes = []
    for word in text.split(","):
        match = re.fullmatch(r"\s*(\d+)x(\d+)\s*", word)
        sides = [int(side) for side in match.groups()] if match else [0]
        if not all(MIN_SIDE <= side <= MAX_SIDE for side in sides):
            raise SettingsError(
                f"--sizes {word.strip()!r} is not a frame size",
                f"write WIDTHxHEIGHT, e.g. 1280x720, sides from {MIN_SIDE} to {MAX_SIDE}",
            )
        sizes.append(FrameSize(sides[0], sides[1]))
    return sizes


def possible_styles(settings: Settings, size: FrameSize) -> Iterator[OpenedStyle]:
    """Compile the style in every precision that is possible (or in the one asked for).

    Raises:
        StyleError: The style is unknown.
        BackendError: The precision asked for, or every one, is impossible.
    """
    if settings.precision != "auto":
        yield open_style(settings, size, BT709)
        return
    found = False
    refusal: BackendError | StyleError | None = None
    for precision in get_args(PrecisionChoice):
        if precision == "auto":
            continue
        try:
            style = open_style(replace(settings, precision=precision), size, BT709)
        except (BackendError, StyleError) as error:
            refusal = error
            continue
        found = True
        yield style
    if not found and refusal is not None:
        raise refusal


def synthetic_pictures(size: FrameSize, count: int = 4) -> list[Planes]:
    """Pictures with edges, gradients and noise, each different, always the same ones."""
    rng = np.random.default_rng(0)
    chroma = size.chroma
    x, y = np.arange(size.width)[None, :], np.arange(size.height)[:, None]
    pictures = []
    for number in range(count):
        shade = 120 + 60 * np.sin(x / 37 + number) + 40 * np.sign(np.sin(y / 53 - number))
        luma = shade + rng.normal(0, 6, (size.height, size.width))
        u, v = (
            np.broadcast_to(128 + 40 * np.sin(phase + chroma_x / 61), (chroma.height, chroma.width))
            for chroma_x, phase in ((x[:, : chroma.width], number), (x[:, : chroma.width], 2.0))
        )
        pictures.append(
            Planes(np.clip(luma, 0, 255).astype(np.uint8), u.astype(np.uint8), v.astype(np.uint8))
        )
    return pictures
