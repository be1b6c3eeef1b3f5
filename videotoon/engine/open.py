"""From settings to a compiled style: chooses engine, device, precision, network and streams."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any, Final, Protocol

from videotoon.engine.base import (
    Adjustments,
    Backend,
    BackendName,
    CompiledStyle,
    PaintSpec,
    Precision,
    Session,
)
from videotoon.engine.calibration import Calibrated, calibrated, calibration_key
from videotoon.engine.styles import Catalogue, Style, require_commercial_use, resolve_style
from videotoon.engine.weights import StyleNetwork
from videotoon.errors import BackendError, StyleError
from videotoon.frame import ColourTags, FrameSize
from videotoon.settings import Settings
from videotoon.system.machine import cache_folder

PAINTING_SCALES: Final = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3)
"""Painting sizes that are tried where a frame rate is to be held, as parts of the longer side."""


@dataclass(frozen=True, slots=True)
class OpenedStyle:
    """A style ready to paint, with everything a report should say about it.

    Attributes:
        style: What was asked for.
        network: The network chosen.
        compiled: Hands out sessions.
        backend: Engine.
        device: Device, in the engine's words.
        precision: Arithmetic.
        painting_size: Size at which frames are painted.
        streams: Sessions that may paint at the same time.
    """

    style: Style
    network: StyleNetwork
    compiled: CompiledStyle
    backend: BackendName
    device: str
    precision: Precision
    painting_size: FrameSize
    streams: int

    def session(self) -> Session:
        """Return a new session; sessions may run in parallel."""
        return self.compiled.session()

    def describe(self) -> dict[str, Any]:
        """Facts for the report: plain values only."""
        return {
            "style": self.style.info.name,
            "licence": self.style.info.licence,
            "network": self.network.name,
            "scale": self.network.scale,
            "sha256": {file.path.name: file.sha256 for file in self.network.files},
            "backend": self.backend,
            "device": self.device,
            "precision": self.precision,
            "painting_size": str(self.painting_size),
            "streams": self.streams,
        } | ({} if self.network.decibels is None else {"decibels_to_fp32": self.network.decibels})


class StyleOpener(Protocol):
    """Chooses and compiles a style for frames of one size, as :func:`open_style` does."""

    def __call__(self, settings: Settings, size: FrameSize, colour: ColourTags, /) -> OpenedStyle:
        """Return the style, ready to paint."""
        ...


def open_style(
    settings: Settings,
    size: FrameSize,
    colour: ColourTags,
    *,
    streams: int | None = None,
    threads: int = 0,
    batch: int = 1,
    catalogue: Catalogue | None = None,
) -> OpenedStyle:
    """Choose and compile everything needed to paint frames of one size.

    Args:
        settings: Style or mixture, adjustments, engine, device, precision, painting size, workers.
        size: Size of the frames.
        colour: Meaning of their codes.
        streams: Sessions that will paint at the same time; by settings.workers, else by cores.
        threads: Threads of all sessions together; 0 for one per usable core.
        batch: Pictures per call of a session.
        catalogue: Where style names are looked up; the bundled styles by default.

    Raises:
        StyleError: The style is unknown, unusable or refused.
        WeightsError: Bundled weights are missing or altered.
        BackendError: Engine, device or precision are not to be had.
    """
    if settings.mix is not None:
        from videotoon.engine.mix import open_mix

        return open_mix(
            settings, size, colour, streams=streams, threads=threads, batch=batch,
            catalogue=catalogue,
        )  # fmt: skip
    style = resolve_style(settings.style, catalogue)
    if settings.commercial_ok:
        require_commercial_use(style)
    painting_size = choose_painting_size(size, settings.max_side)
    engine = choose_engine(settings, style)
    device = engine.resolve_device(settings.device)
    found = calibrated(calibration_key(style, engine.name, device))
    precision, network = choose_precision(settings, style, painting_size, engine, device, found)
    if network.kind == "rgb" and network.rgb is None:
        from videotoon.engine.foreign import inspect

        network = inspect(network, style.sidecar, engine.name)
    usual = engine.usual_streams(device)
    fastest = found.streams if found and found.precision == precision else usual
    streams = streams or settings.workers or fastest
    spec = PaintSpec(
        size=size,
        painting_size=painting_size,
        colour=colour,
        precision=precision,
        adjustments=Adjustments(settings.strength, settings.edge_preserve, settings.color_shift),
        streams=streams,
        threads=threads,
        device=device,
        batch=batch,
        cache_folder=cache_folder() / "compiled",
    )
    compiled = engine.compile(network, spec)
    return OpenedStyle(
        style=style,
        network=network,
        compiled=compiled,
        backend=engine.name,
        device=", ".join(compiled.devices),
        precision=precision,
        painting_size=painting_size,
        streams=streams,
    )


def choose_painting_size(size: FrameSize, max_side: int | None) -> FrameSize:
    """Size at which to paint: the frame's own, or scaled so that its longer side fits."""
    if max_side is None or size.long_side <= max_side:
        return size
    scale = max_side / size.long_side
    # Even sides keep luma and chroma on the same grid.
    width, height = (max(2, round(side * scale / 2) * 2) for side in (size.width, size.height))
    return FrameSize(min(width, size.width), min(height, size.height))


def choose_engine(settings: Settings, style: Style) -> Backend:
    """Engine for a style: OpenVINO wherever it can, torch where asked for or for CUDA.

    Raises:
        BackendError: The engine cannot open this style, or is not installed.
    """
    wanted = settings.backend
    if wanted == "auto":
        wanted = "torch" if settings.device.lower().startswith("cuda") else "openvino"
    if wanted == "torch":
        if not style.precisions("torch") or style.networks[0].form in (
            "onnx",
            "tensorflow",
            "tflite",
        ):
            raise BackendError(
                f"torch cannot open {style.info.name!r}", "use --backend openvino and --device cpu"
            )
        try:
            from videotoon.engine.torch_backend import TorchBackend

            return TorchBackend()
        except ImportError as error:
            raise BackendError(
                "torch is not installed", "pip install 'videotoon[torch]', or --backend openvino"
            ) from error
    from videotoon.engine.openvino_backend import OpenVinoBackend

    return OpenVinoBackend()


def choose_precision(
    settings: Settings,
    style: Style,
    size: FrameSize,
    engine: Backend,
    device: str,
    found: Calibrated | None,
) -> tuple[Precision, StyleNetwork]:
    """Precision and the stored network that goes with it.

    ``auto`` takes ``found``, what calibration chose on this machine; where it never ran, int8 if
    such a network is shipped, then what the device computes fastest. An int8 form that was made
    here is taken only if calibration found it fastest, or on request.

    Raises:
        BackendError: The precision asked for is impossible; the message lists the possible ones.
    """
    possible: dict[Precision, StyleNetwork] = {}
    for stored in style.precisions(engine.name):
        network = style.network(size, settings.detail, engine.name, stored)
        for precision in engine.precisions(network, device):
            possible.setdefault(precision, network)
    if settings.precision == "auto":
        usual: tuple[Precision, ...] = ("int8", *possible)
        best = None if found is None else found.precision
        for precision in usual if best is None else (best, *usual):
            made_here = precision in possible and possible[precision].decibels is not None
            if precision in possible and (precision == best or not made_here):
                return precision, possible[precision]
        raise StyleError(
            f"style {style.info.name!r} has no network for {engine.name}",
            "use another --backend or --style",
        )
    if settings.precision not in possible:
        if settings.precision == "int8" and engine.name == "openvino" and not style.bundled:
            raise BackendError(
                f"style {style.info.name!r} has no accepted int8 form on this machine",
                f"make one: videotoon weights quantise {shlex.quote(settings.style)}",
            )
        raise BackendError(
            f"--precision {settings.precision} is not possible for style {style.info.name!r} "
            f"with {engine.name} on {device}",
            f"possible: {', '.join(possible) or 'none'}",
        )
    return settings.precision, possible[settings.precision]
