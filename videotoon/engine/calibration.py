"""Measuring once per machine which arithmetic paints fastest without spoiling the picture.

``videotoon bench --calibrate`` measures every precision of a style for a second each and stores the
winner. A reduced precision is taken only where it is faster *and* within 40 dB of fp32 (35 dB for
int8 forms made on this machine, which were judged on many pictures when they were made).
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from videotoon.engine.machine import cache_folder, processor_name, usable_cores
from videotoon.frame import BT709, FrameSize, Planes
from videotoon.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from videotoon.engine.open import OpenedStyle
    from videotoon.engine.styles import Style

LEAST_DECIBELS = 40.0
"""Peak signal-to-noise ratio to fp32 that a reduced precision must reach."""

SIZE = FrameSize(640, 360)
SECONDS_EACH = 0.6
CalibratedPrecision = Literal["int8", "bf16", "fp32"]
PRECISIONS: tuple[CalibratedPrecision, ...] = ("int8", "bf16", "fp32")


@dataclass(frozen=True, slots=True)
class Measured:
    """One precision of a style on this machine.

    Attributes:
        precision: Arithmetic.
        fps: Frames of 640x360 per second, all cores.
        decibels: Peak signal-to-noise ratio to fp32; infinite for fp32 itself.
        least: What it must reach to be chosen.
    """

    precision: CalibratedPrecision
    fps: float
    decibels: float
    least: float = LEAST_DECIBELS

    @property
    def keeps_picture(self) -> bool:
        """True if it is near enough to fp32."""
        return self.decibels >= self.least


def calibrate(settings: Settings, folder: Path | None = None) -> list[Measured]:
    """Measure every precision of a style, store the best and return all, fastest first.

    Args:
        settings: Style, backend and device; other options do not matter.
        folder: Where to store; the cache folder by default.

    Raises:
        VideotoonError: The style or backend cannot be used at all.
    """
    from videotoon.engine import quantised
    from videotoon.engine.open import open_style
    from videotoon.engine.styles import resolve_style
    from videotoon.errors import BackendError, StyleError

    picture = sample_picture(SIZE)
    reference = None
    found: list[Measured] = []
    for precision in reversed(PRECISIONS):
        try:
            style = open_style(replace(settings, precision=precision), SIZE, BT709)
        except (BackendError, StyleError):
            if precision == "fp32":
                raise
            continue
        painted = style.session().paint(picture)
        reference = reference or painted
        least = LEAST_DECIBELS if style.network.decibels is None else quantised.LEAST_DECIBELS
        speed, decibels = frames_per_second(style, picture), _decibels(painted, reference)
        found.append(Measured(precision, speed, decibels, least))
    found.sort(key=lambda one: -one.fps)
    _store(calibration_key(resolve_style(settings.style)), best_of(found), folder)
    return found


def best_of(found: Sequence[Measured]) -> Measured:
    """Return the fastest precision that keeps the picture."""
    return max((one for one in found if one.keeps_picture), key=lambda one: one.fps)


def calibration_key(style: Style) -> str:
    """Name under which a style's result is stored: files by their content, wherever they lie."""
    return style.info.name if style.bundled else style.networks[0].files[0].sha256


def calibrated_precision(style: str, folder: Path | None = None) -> CalibratedPrecision | None:
    """Return what calibration chose on this machine, None where it never ran.

    Args:
        style: What :func:`calibration_key` calls the style.
        folder: Where it was stored; the cache folder by default.
    """
    stored = _stored(folder)
    precision = stored.get("styles", {}).get(style, {}).get("precision")
    return precision if precision in PRECISIONS else None


def sample_picture(size: FrameSize) -> Planes:
    """Return a picture with flat areas, edges and some noise, the same every time."""
    generator = np.random.default_rng(1)
    rows, columns = np.mgrid[0 : size.height, 0 : size.width]
    discs = 60 * ((rows // 40 + columns // 56) % 2) + 40 * np.sin(rows / 31) * np.cos(columns / 23)
    y = np.clip(90 + discs + generator.normal(0, 2, discs.shape), 16, 235).astype(np.uint8)
    u = np.clip(128 + 0.4 * discs[::2, ::2], 16, 240).astype(np.uint8)
    return Planes(y, u, np.ascontiguousarray(255 - u))


def frames_per_second(style: OpenedStyle, picture: Planes) -> float:
    """Paint a picture over and over, planes to planes, with all streams busy; how many a second."""
    done = [0] * style.streams
    end = time.perf_counter() + SECONDS_EACH

    def work(number: int) -> None:
        session = style.session()
        while time.perf_counter() < end:
            session.paint(picture)
            done[number] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(style.streams)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - began)


def _decibels(painted: Planes, reference: Planes) -> float:
    squares = [
        ((one.astype(np.float64) - other) ** 2).ravel()
        for one, other in zip(painted.colour_planes, reference.colour_planes, strict=True)
    ]
    error = float(np.concatenate(squares).mean())
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def _store(style: str, best: Measured, folder: Path | None) -> None:
    file, stored = _file(folder), _stored(folder)
    stored["styles"][style] = asdict(best)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(stored, indent=1), encoding="utf-8")
    part.replace(file)


def _stored(folder: Path | None) -> dict[str, Any]:
    """Return what was stored on this very machine, or an empty record."""
    empty: dict[str, Any] = {"machine": _machine(), "styles": {}}
    try:
        stored = json.loads(_file(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return empty
    if not isinstance(stored, dict) or stored.get("machine") != empty["machine"]:
        return empty
    return empty | stored


def _file(folder: Path | None) -> Path:
    return (folder or cache_folder()) / "calibration.json"


def _machine() -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    from videotoon import __version__

    try:
        engine = version("openvino")
    except PackageNotFoundError:
        engine = ""
    return {
        "processor": processor_name(),
        "cores": usable_cores(),
        "openvino": engine,
        "videotoon": __version__,
    }
