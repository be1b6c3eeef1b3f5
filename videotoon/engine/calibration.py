"""Measuring once per machine which arithmetic paints fastest without spoiling the picture.

``videotoon bench --calibrate`` measures every precision of a style for a second each and stores the
winner. A reduced precision is taken only where it is faster *and* within 40 dB of fp32.
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
    from videotoon.engine.open import OpenedStyle

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
    """

    precision: CalibratedPrecision
    fps: float
    decibels: float


def calibrate(settings: Settings, folder: Path | None = None) -> list[Measured]:
    """Measure every precision of a style, store the best and return all, fastest first.

    Args:
        settings: Style, backend and device; other options do not matter.
        folder: Where to store; the cache folder by default.

    Raises:
        VideotoonError: The style or backend cannot be used at all.
    """
    from videotoon.engine.open import open_style
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
        found.append(Measured(precision, _speed(style, picture), _decibels(painted, reference)))
    found.sort(key=lambda one: -one.fps)
    best = next(one for one in found if one.decibels >= LEAST_DECIBELS)
    _store(settings.style, best, folder)
    return found


def calibrated_precision(style: str, folder: Path | None = None) -> CalibratedPrecision | None:
    """Return what calibration chose for a style on this machine, None where it never ran."""
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


def _speed(style: OpenedStyle, picture: Planes) -> float:
    """Return frames per second with all streams busy."""
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
