"""Measuring once per machine which arithmetic paints fastest without spoiling the picture.

``videotoon bench --calibrate`` measures every precision of a style for half a second each, then the
fastest with fewer streams, and stores the winner for this engine and device. A reduced precision is
taken only where it is faster *and* within 40 dB of fp32 (35 dB for int8 forms made on this machine,
which were judged on many pictures when they were made).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from videotoon.engine.base import BackendName
from videotoon.engine.speed import frames_per_second
from videotoon.errors import BackendError, SettingsError, StyleError
from videotoon.frame import BT709, FrameSize, Planes
from videotoon.settings import Settings
from videotoon.system.machine import cache_folder, processor_name, usable_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from videotoon.engine.styles import Style

LEAST_DECIBELS = 40.0
"""Peak signal-to-noise ratio to fp32 that a reduced precision must reach."""

SIZE = FrameSize(640, 360)
SECONDS_EACH = 0.5
CalibratedPrecision = Literal["int8", "fp16", "bf16", "fp32"]
PRECISIONS: tuple[CalibratedPrecision, ...] = ("int8", "fp16", "bf16", "fp32")

CLEARLY_FASTER = 1.05
"""How many times as fast fewer streams must be: each waits for all its cores at every layer."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One precision of a style on this machine.

    Attributes:
        precision: Arithmetic.
        fps: Frames of 640x360 per second, all cores.
        decibels: Peak signal-to-noise ratio to fp32; infinite for fp32 itself.
        streams: Frames painted at the same time.
        least: What it must reach to be chosen.
    """

    precision: CalibratedPrecision
    fps: float
    decibels: float
    streams: int
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
        SettingsError: A mixture was given.
        VideotoonError: The style or backend cannot be used at all.
    """
    from videotoon.engine import quantised
    from videotoon.engine.open import choose_engine, open_style
    from videotoon.engine.styles import resolve_style

    if settings.mix is not None:
        raise SettingsError(
            f"--mix {settings.mix!r} cannot be calibrated",
            "calibrate its styles one by one: --calibrate --style NAME",
        )
    style = resolve_style(settings.style)
    engine = choose_engine(settings, style)
    device = engine.resolve_device(settings.device)
    key, most = calibration_key(style, engine.name, device), engine.usual_streams(device)
    picture = sample_picture(SIZE)
    reference = None
    found: list[Measured] = []
    for precision in reversed(PRECISIONS):
        try:
            opened = open_style(replace(settings, precision=precision), SIZE, BT709, streams=most)
        except (BackendError, StyleError):
            if precision == "fp32":
                raise
            continue
        painted = opened.session().paint(picture)
        reference = reference or painted
        least = LEAST_DECIBELS if opened.network.decibels is None else quantised.LEAST_DECIBELS
        speed = frames_per_second(opened, [picture], SECONDS_EACH)
        decibels = peak_signal_to_noise(painted, reference)
        found.append(Measured(precision, speed, decibels, opened.streams, least))
    found.append(_with_fewer_streams(best_of(found), settings, picture))
    found.sort(key=lambda one: -one.fps)
    _store(key, best_of(found), folder)
    return found


def _with_fewer_streams(best: Measured, settings: Settings, picture: Planes) -> Measured:
    """Measure the best precision again with half as many streams of twice as many threads."""
    from videotoon.engine.open import open_style

    settings = replace(settings, precision=best.precision)
    opened = open_style(settings, SIZE, BT709, streams=max(1, best.streams // 2))
    return replace(
        best, fps=frames_per_second(opened, [picture], SECONDS_EACH), streams=opened.streams
    )


def best_of(found: Sequence[Measured]) -> Measured:
    """Return the fastest that keeps the picture; fewer streams only where they are clearly faster.

    Args:
        found: At least one that keeps the picture.
    """
    most = max(one.streams for one in found)

    def merit(one: Measured) -> float:
        return one.fps if one.streams == most else one.fps / CLEARLY_FASTER

    return max((one for one in found if one.keeps_picture), key=merit)


def calibration_key(style: Style, backend: BackendName, device: str) -> str:
    """Name under which a style's result is stored: by the content of its files, wherever they lie.

    Args:
        style: The style.
        backend: Engine.
        device: Device, as the engine calls it.
    """
    digests = sorted({file.sha256 for network in style.networks for file in network.files})
    content = hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
    name = style.info.name if style.bundled else "file"
    return f"{name} {content} {backend} {device}"


class Calibrated(NamedTuple):
    """What calibration chose: arithmetic, and how many frames are painted at the same time."""

    precision: CalibratedPrecision
    streams: int


def calibrated(key: str, folder: Path | None = None) -> Calibrated | None:
    """Return what calibration chose on this machine.

    Args:
        key: What :func:`calibration_key` returned.
        folder: Where it was stored; the cache folder by default.

    Returns:
        None where it never ran.
    """
    stored = _stored(folder).get("styles", {}).get(key, {})
    precision, streams = stored.get("precision"), stored.get("streams")
    if precision not in PRECISIONS or not isinstance(streams, int) or streams < 1:
        return None
    return Calibrated(precision, streams)


def sample_picture(size: FrameSize) -> Planes:
    """Return a picture with flat areas, edges and some noise, the same every time."""
    generator = np.random.default_rng(1)
    rows, columns = np.mgrid[0 : size.height, 0 : size.width]
    discs = 60 * ((rows // 40 + columns // 56) % 2) + 40 * np.sin(rows / 31) * np.cos(columns / 23)
    y = np.clip(90 + discs + generator.normal(0, 2, discs.shape), 16, 235).astype(np.uint8)
    u = np.clip(128 + 0.4 * discs[::2, ::2], 16, 240).astype(np.uint8)
    return Planes(y, u, np.ascontiguousarray(255 - u))


def peak_signal_to_noise(painted: Planes, reference: Planes) -> float:
    """Peak signal-to-noise ratio of all codes in dB; infinite where none differs."""
    squares = [
        ((one.astype(np.float64) - other) ** 2).ravel()
        for one, other in zip(painted.colour_planes, reference.colour_planes, strict=True)
    ]
    error = float(np.concatenate(squares).mean())
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def _store(key: str, best: Measured, folder: Path | None) -> None:
    file, stored = _file(folder), _stored(folder)
    stored["styles"][key] = asdict(best)
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
