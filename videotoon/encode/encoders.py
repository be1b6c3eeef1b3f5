"""One quality scale for all encoders, and which encoder goes into which container.

`--quality` is x264's CRF scale: 18 is visually close to lossless, +6 halves the bit rate. The other
encoders' scales are mapped so that the same number looks about the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from videotoon.errors import OutputError, SettingsError
from videotoon.settings import X264_PRESETS, Settings

REPEATABLE_X264: Final = "asm=avx2,fma3,bmi2,lzcnt"
"""x264's AVX-512 code for macroblock trees (`mbtree_propagate`) reads memory that nobody wrote, so
that the same frames now and then give another file: an interrupted job would not equal a whole one.
Its AVX2 code does not, and is as fast. Only for processors with AVX-512: they have all of these."""

OPEN_TO_REPEATS: Final = "weightb=0:direct=spatial:b-pyramid=none"
"""Nothing in x264's stream then depends on how far pictures are apart in time, so that repeats may
lie between them, and few pictures wait in a decoder's memory. Moving clips are 2 to 5 % larger for
it at the same PSNR."""

_AVX_512F: Final = 13  # cv::CpuFeatures; the Python module does not name it


@dataclass(frozen=True, slots=True)
class Container:
    """An output file type.

    Attributes:
        suffix: File name suffix.
        muxer: FFmpeg's name of it.
        encoders: Encoders whose video it holds; the first is the default.
        segment_muxer: Container of the work segments; exact in time for this kind of video.
        alpha_encoder: Encoder that keeps opacity here, empty where none does.
        alpha_segment_muxer: Container of work segments that keeps this encoder's opacity.
    """

    suffix: str
    muxer: str
    encoders: tuple[str, ...]
    segment_muxer: str = "mp4"
    alpha_encoder: str = ""
    alpha_segment_muxer: str = ""


_MP4_ENCODERS = ("x264", "x265", "svtav1", "vp9")
CONTAINERS = {
    container.suffix: container
    for container in (
        Container(".mp4", "mp4", _MP4_ENCODERS),
        Container(".m4v", "mp4", ("x264", "x265")),
        Container(".mov", "mov", ("x264", "x265", "prores"), "mov", "prores", "mov"),
        Container(".mkv", "matroska", (*_MP4_ENCODERS, "prores"), "mp4", "vp9", "matroska"),
        Container(".webm", "webm", ("vp9", "svtav1"), "mp4", "vp9", "matroska"),
    )
}


def work_container(container: Container, plan: EncoderPlan, keep_alpha: bool = False) -> Container:
    """Return the container with work segments that hold the video of this encoder."""
    if keep_alpha:
        return replace(container, segment_muxer=container.alpha_segment_muxer)
    if plan.name == "prores":
        return replace(container, segment_muxer="mov")  # MP4 has no tag for ProRes
    return container


def container_for(output: Path) -> Container:
    """Return the container that a file name asks for.

    Raises:
        OutputError: The suffix is not one that can be written.
    """
    container = CONTAINERS.get(output.suffix.lower())
    if container is None:
        raise OutputError(
            f"output {output.name!r} has an unknown extension {output.suffix!r}",
            f"use one of {', '.join(CONTAINERS)}, or .png/.jpg/.webp for a picture",
        )
    return container


@dataclass(frozen=True, slots=True)
class EncoderPlan:
    """An encoder with everything it is told.

    Attributes:
        name: Our name of the encoder.
        codec: FFmpeg's name.
        pixel_format: What frames are encoded as.
        options: Encoder options.
        even_sides: True where width and height must be even.
        full_range: False where decoders take all codes for limited range.
        min_side: Smallest width and height in pixels that the encoder takes.
        says_pixel_shape: The video itself says the shape of its pixels, in any container.
        predicts_repeats: A frame that equals the one before it is best predicted from that one
            alone; left to itself, the encoder tries to predict it from a later one, too.
        spares_repeats: Its stream is one that repeats can be woven into without coding them.
    """

    name: str
    codec: str
    pixel_format: str
    options: dict[str, str] = field(default_factory=dict)
    even_sides: bool = True
    full_range: bool = True
    min_side: int = 1
    says_pixel_shape: bool = False
    predicts_repeats: bool = False
    spares_repeats: bool = False


def plan_encoder(settings: Settings, container: Container, keep_alpha: bool = False) -> EncoderPlan:
    """Choose the encoder for a job and map preset and quality to its own options.

    Raises:
        SettingsError: The encoder does not fit the container.
    """
    name: str = settings.encoder
    if name == "auto":
        name = container.alpha_encoder if keep_alpha else container.encoders[0]
    if name not in container.encoders:
        raise SettingsError(
            f"--encoder {name} does not go into {container.suffix}",
            f"use {' or '.join(container.encoders)}, or another extension",
        )
    preset = X264_PRESETS.index(settings.preset)
    plan = _PLANNERS[name](settings.quality, preset, keep_alpha)
    return _sparing(plan) if name == "x264" and settings.cache_frames else plan


def _x264(quality: float, preset: int, keep_alpha: bool) -> EncoderPlan:
    options = {"crf": f"{quality:g}", "preset": X264_PRESETS[preset]}
    if _has_avx512():
        options["x264-params"] = REPEATABLE_X264
    return EncoderPlan(
        "x264", "libx264", "yuv420p", options, says_pixel_shape=True, predicts_repeats=True
    )


def _sparing(plan: EncoderPlan) -> EncoderPlan:
    """Return x264's plan with streams that repeats can be woven into."""
    known = plan.options.get("x264-params")
    params = OPEN_TO_REPEATS if known is None else f"{known}:{OPEN_TO_REPEATS}"
    return replace(plan, options={**plan.options, "x264-params": params}, spares_repeats=True)


def _has_avx512() -> bool:
    import cv2

    return bool(cv2.checkHardwareSupport(_AVX_512F))


def _x265(quality: float, preset: int, keep_alpha: bool) -> EncoderPlan:
    options = {
        "crf": f"{min(51.0, quality + 2):g}",
        "preset": X264_PRESETS[preset],
        "x265-params": "log-level=none",
    }
    return EncoderPlan("x265", "libx265", "yuv420p", options, min_side=16, says_pixel_shape=True)


def _svtav1(quality: float, preset: int, keep_alpha: bool) -> EncoderPlan:
    crf = round(min(63.0, 10 + quality))
    speed = 12 - preset  # ultrafast 12 ... veryslow 4
    options = {"crf": str(crf), "preset": str(speed)}
    return EncoderPlan("svtav1", "libsvtav1", "yuv420p", options, min_side=4)


def _vp9(quality: float, preset: int, keep_alpha: bool) -> EncoderPlan:
    options = {
        "crf": str(round(min(63.0, 9 + quality))),
        "b": "0",
        "deadline": "good" if preset >= X264_PRESETS.index("slow") else "realtime",
        "cpu-used": str(max(0, 8 - preset)),
        "row-mt": "1",
    }
    if keep_alpha:
        options["auto-alt-ref"] = "0"  # libvpx refuses hidden frames with alpha
    pixel_format = "yuva420p" if keep_alpha else "yuv420p"
    return EncoderPlan("vp9", "libvpx-vp9", pixel_format, options, even_sides=False)


def _prores(quality: float, preset: int, keep_alpha: bool) -> EncoderPlan:
    profile, pixel_format = ("4444", "yuva444p10le") if keep_alpha else ("hq", "yuv422p10le")
    options = {"profile": profile}
    return EncoderPlan("prores", "prores_ks", pixel_format, options, full_range=False)


_PLANNERS = {
    "x264": _x264,
    "x265": _x265,
    "svtav1": _svtav1,
    "vp9": _vp9,
    "prores": _prores,
}
