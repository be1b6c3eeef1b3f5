"""What ``videotoon doctor`` looks at, one function per subject."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from videotoon import __version__
from videotoon.encode.encoders import CONTAINERS, plan_encoder
from videotoon.engine.styles import load_catalogue
from videotoon.errors import VideotoonError
from videotoon.frame import BT709, Frame, FrameSize, Planes
from videotoon.settings import Settings
from videotoon.system.machine import CACHE_VARIABLE, cache_folder, usable_cores

PROBE_SIZE = FrameSize(128, 96)
BINARY_TIMEOUT_SECONDS = 20
CORE_PACKAGES = (
    "av",
    "ffmpeg-python",
    "imageio-ffmpeg",
    "opencv-python",
    "numpy",
    "openvino",
    "tqdm",
    "cyclopts",
    "xxhash",
)
SAME_MODULE = {"opencv-python": ("opencv-python-headless", "opencv-contrib-python")}
"""Packages that bring the same module."""

OPTIONAL_PACKAGES = {
    "torch": "pip install 'videotoon[torch]' for --backend torch",
    "safetensors": "pip install 'videotoon[torch]' for .safetensors styles",
    "facexlib": "pip install 'videotoon[faces]' for face work",
    "onnx": "pip install 'videotoon[export]' for `videotoon export`",
    "nncf": "pip install 'videotoon[quantise]' for `videotoon weights quantise`",
    "pyvirtualcam": "pip install 'videotoon[live]' for `videotoon live --virtual-camera`",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        subject: What was looked at.
        fact: What was found.
        cure: What to do, empty where all is well.
        stops: True where the default job cannot work like this.
    """

    subject: str
    fact: str
    cure: str = ""
    stops: bool = False


def versions() -> Iterator[Finding]:
    """Python, the machine, and every package that is used."""
    yield Finding("videotoon", __version__)
    yield Finding("python", f"{platform.python_version()} on {platform.platform(terse=True)}")
    for name in CORE_PACKAGES:
        found = _version(name)
        if found is None:
            yield Finding(name, "not installed", f"pip install {name}", stops=True)
        elif name == "opencv-python" and int(found.split(".")[0]) >= 5:
            yield Finding(name, found, "pip install 'opencv-python<5': 5 has no face cascades")
        else:
            yield Finding(name, found)
    for name, purpose in OPTIONAL_PACKAGES.items():
        found = _version(name)
        yield Finding(f"{name} (optional)", found or f"not installed; {purpose}")


def _version(name: str) -> str | None:
    for spelling in (name, *SAME_MODULE.get(name, ())):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(spelling)
    return None


def ffmpeg() -> Iterator[Finding]:
    """The libraries inside PyAV, and the FFmpeg program that copies the other tracks."""
    import av

    libraries = {name: ".".join(map(str, v)) for name, v in av.library_versions.items()}
    wanted = ("libavcodec", "libavformat")
    yield Finding("ffmpeg libraries", ", ".join(f"{n} {libraries.get(n, '?')}" for n in wanted))
    from videotoon.system.ffmpeg_binary import ffmpeg_binary

    try:
        binary = ffmpeg_binary()
        version = _said_by(binary, "-version").split("\n")[0]
        filters = _said_by(binary, "-hide_banner", "-filters")
    except VideotoonError as error:
        yield Finding("ffmpeg program", error.problem, error.cure, stops=True)
        return
    except (OSError, subprocess.SubprocessError) as error:
        yield Finding(
            "ffmpeg program", f"does not run ({error})", "set VIDEOTOON_FFMPEG to another", True
        )
        return
    found = re.search(r"version (\S+)", version)
    yield Finding("ffmpeg program", f"{binary} ({found[1] if found else version})")
    if re.search(r"\bzscale\b", filters):
        yield Finding("ffmpeg zscale filter", "there")
    else:
        yield Finding(
            "ffmpeg zscale filter",
            "missing, so HDR clips cannot be mapped to ordinary brightness",
            "unset VIDEOTOON_FFMPEG to take the bundled FFmpeg, or install one with libzimg",
        )


def _said_by(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, timeout=BINARY_TIMEOUT_SECONDS, check=True)
    return done.stdout.decode("utf-8", "replace")


def encoders() -> Iterator[Finding]:
    """Every encoder, by really encoding a frame with it; only x264 is needed for the default."""
    from videotoon.encode.segment import SegmentEncoder, VideoFormat

    pictures = [Frame(n, n, Fraction(1, 25), _grey(), 1) for n in range(2)]
    for name in dict.fromkeys(name for c in CONTAINERS.values() for name in c.encoders):
        container = next(c for c in CONTAINERS.values() if name in c.encoders)
        plan = plan_encoder(Settings(encoder=name), container)  # type: ignore[arg-type]
        video = VideoFormat(
            plan, container, PROBE_SIZE, Fraction(1, 25), Fraction(25), Fraction(1), BT709
        )
        try:
            with tempfile.TemporaryDirectory(prefix="videotoon-") as folder:
                encoder = SegmentEncoder(video, Path(folder), 0)
                try:
                    for picture in pictures:
                        encoder.write(picture)
                    encoder.finish()
                finally:
                    encoder.abandon()
        except (VideotoonError, OSError) as error:
            cure = "reinstall it: pip install --force-reinstall av"
            yield Finding(f"encoder {name}", f"fails: {error}", cure, stops=name == "x264")
        else:
            yield Finding(f"encoder {name}", f"works ({plan.codec})")


def _grey() -> Planes:
    size = PROBE_SIZE
    chroma = np.full((size.chroma.height, size.chroma.width), 128, np.uint8)
    return Planes(np.full((size.height, size.width), 120, np.uint8), chroma, chroma.copy())


def engines() -> Iterator[Finding]:
    """Backends with their devices and the precisions these compute."""
    cores, visible = usable_cores(), os.cpu_count() or 1
    limit = "" if cores == visible else f" of {visible} (affinity or container limit)"
    yield Finding("cores", f"{cores}{limit}")
    try:
        import openvino

        from videotoon.engine.openvino_backend import OpenVinoBackend

        backend, core = OpenVinoBackend(), openvino.Core()
        for device in core.available_devices:
            name = str(core.get_property(device, "FULL_DEVICE_NAME")).strip()
            precisions = ", ".join(backend.capabilities(device))
            yield Finding(f"openvino {device.lower()}", f"{name}: {precisions}")
    except (ImportError, RuntimeError, VideotoonError) as error:
        yield Finding(
            "openvino", f"does not start ({error})", "pip install --force-reinstall openvino", True
        )
    if _version("torch") is not None:
        yield _torch()


def _torch() -> Finding:
    try:
        import torch
    except (ImportError, OSError) as error:
        return Finding("torch", f"does not start ({error})", "pip install --force-reinstall torch")
    devices = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    return Finding("torch devices", ", ".join(["cpu", *(f"cuda ({d})" for d in devices)]))


def weights() -> Iterator[Finding]:
    """Every bundled network, compared with its pinned hash."""
    try:
        catalogue = load_catalogue()
    except VideotoonError as error:
        yield Finding("weights", error.problem, error.cure, stops=True)
        return
    for style in catalogue.styles.values():
        for network in style.networks:
            subject = f"weights {network.name}"
            try:
                network.verify()
            except VideotoonError as error:
                stops = style.info.name == catalogue.default
                yield Finding(subject, error.problem, error.cure, stops)
            else:
                size = sum(file.size for file in network.files) / 1024
                yield Finding(subject, f"whole ({network.form}, {size:.0f} kB)")


def cache() -> Iterator[Finding]:
    """The folder for compiled networks; without it every start is slower, nothing else."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        cure = f"set {CACHE_VARIABLE} to a folder that can be written; starts are slower without"
        yield Finding("cache folder", f"{folder} cannot be written ({error.strerror})", cure)
    else:
        yield Finding("cache folder", f"{folder} (writable)")


def default_job() -> Iterator[Finding]:
    """Paint one small frame as the default job would."""
    from videotoon.engine.open import open_style

    try:
        style = open_style(Settings(), PROBE_SIZE, BT709)
        painted = style.session().paint(_grey())
    except VideotoonError as error:
        yield Finding("default style", error.problem, error.cure, stops=True)
        return
    except (ImportError, OSError, RuntimeError) as error:
        yield Finding("default style", f"fails ({error})", "reinstall videotoon", stops=True)
        return
    if painted.size != PROBE_SIZE:
        yield Finding("default style", f"paints {painted.size}", "reinstall videotoon", stops=True)
        return
    yield Finding(
        "default style",
        f"{style.network.name} paints with {style.backend} in {style.precision}, "
        f"{style.streams} at a time",
    )


SUBJECTS = (versions, ffmpeg, encoders, engines, weights, cache, default_job)
