"""Every option of a job, defined once.

The command line, the Python API and the batch runner all use :class:`Settings`. The text below each
field is its help text. Values are validated when the object is made, before any work starts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any, Literal, get_args, get_type_hints

from videotoon.errors import SettingsError
from videotoon.kinds import fits, in_words
from videotoon.mixture import parse_mix

BackendChoice = Literal["auto", "openvino", "torch"]
PrecisionChoice = Literal["auto", "fp32", "fp16", "bf16", "int8"]
DetailChoice = Literal["auto", "sd", "hd"]
EncoderChoice = Literal["auto", "x264", "x265", "svtav1", "vp9", "prores"]
DetectorChoice = Literal["auto", "retinaface", "cascade"]
FaceBlendChoice = Literal["soft", "poisson"]
ProgressChoice = Literal["bar", "json", "none"]

MAX_WORKERS = 64
MAX_CACHE_FRAMES = 4096
MIN_PAINTING_SIDE = 64
MOST_RATE_DENOMINATOR = 1001


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Options of one job; frozen, validated on creation.

    Raises:
        SettingsError: A value is out of range; the message names the option, value and range.
    """

    style: str = "cel"
    """Name of a bundled style (see `videotoon styles`) or path to a network
    (.onnx, .xml, .pb, .tflite, .pt, .pth, .safetensors)."""

    mix: str | None = None
    """Mix two to four styles instead of taking one, e.g. `hayao:0.6,shinkai:0.4`."""

    strength: float = 1.0
    """How much of the style is applied: 0 gives the input back, 1 the full style."""

    edge_preserve: float = 1.0
    """Strength of lines and flattening, 0.5 (soft) to 1.5 (bold)."""

    color_shift: float = 1.0
    """How much of the style's colour change is taken: 0 keeps the clip's own hues."""

    detail: DetailChoice = "auto"
    """Scale of the drawing: `sd` fine lines, `hd` lines for 720p and above; auto picks by size."""

    max_side: int | None = None
    """Longest side in pixels at which frames are painted; the output keeps the input's size."""

    face: bool = False
    """Paint every face on its own, at the scale at which faces are drawn well."""

    face_style: str | None = None
    """Style for the faces, as for --style; the scene's own by default."""

    face_strength: float = 1.0
    """Opacity of the painted faces: 0 keeps the scene's painting."""

    face_detector: DetectorChoice = "auto"
    """What finds faces: `retinaface` (its weights are pulled once) or OpenCV's `cascade`."""

    min_face: float = 16.0
    """Faces smaller than this (root of width times height, in pixels) keep the scene's painting."""

    face_likeness: float = 0.3
    """How much of the photo's eyes, nose and mouth small faces keep, 0 to 1."""

    face_skin: float = 0.4
    """How much blotches of skin are evened, 0 to 1."""

    face_eyes: float = 0.5
    """How much eyes are brightened and drawn crisply, 0 to 1."""

    face_lips: float = 0.3
    """How much lips are coloured, 0 to 1."""

    face_blend: FaceBlendChoice = "soft"
    """How faces are laid in: a soft mask with matched colours, or Poisson blending."""

    hair_color: str | None = None
    """Dye hair, e.g. `#a05028`; needs the weights `bisenet`."""

    cloth_color: str | None = None
    """Dye clothes, e.g. `#284a90`; needs the weights `bisenet`."""

    realtime: bool = False
    """Paint smaller, then with coarser detail, until painting holds the clip's own frame rate."""

    start: str | None = None
    """Begin here: seconds (`12.5`, `12.5s`) or `h:mm:ss.fff`."""

    end: str | None = None
    """Stop here, same notation as --start."""

    fps: str | None = None
    """Make the frame rate constant, e.g. `30` or `30000/1001`; without it all times are kept."""

    encoder: EncoderChoice = "auto"
    """Video encoder; auto picks by the output's container."""

    preset: str = "veryfast"
    """Speed preset in x264's words, ultrafast ... veryslow; mapped for VP9, not for ProRes."""

    quality: float = 18.0
    """Constant quality on x264's CRF scale, 0 (lossless; few devices play that) to 51; mapped for
    VP9, not for ProRes."""

    backend: BackendChoice = "auto"
    """Inference engine."""

    device: str = "auto"
    """`cpu`, `cuda`, `cuda:1`, or an OpenVINO device such as `GPU`."""

    precision: PrecisionChoice = "auto"
    """Arithmetic of the network; auto takes the fastest that keeps the picture."""

    workers: int | None = None
    """Frames painted at the same time; default by number of cores."""

    cache_frames: int = 8
    """Painted frames kept for reuse when a frame comes again; 0 paints and codes every frame."""

    duplicate_threshold: float = 16.0
    """A frame is a repeat if it differs by coding noise alone and no 4x4 block by more than this
    (mean of 0..255 codes); 0 takes only equal frames."""

    change_only: bool = True
    """Paint only what changed since the frame before, where that gives the very same pixels."""

    change_tolerance: int = 0
    """Codes by which a pixel may differ and still count as unchanged; for noisy still cameras."""

    commercial_ok: bool = False
    """Refuse styles whose licence forbids commercial use."""

    overwrite: bool = False
    """Replace an existing output."""

    resume: bool = True
    """Go on where an interrupted run of the same job stopped."""

    keep_work: bool = False
    """Keep the work folder with the finished segments after success."""

    allow_truncated: bool = False
    """Accept a result that is shorter than the input says it is."""

    def __post_init__(self) -> None:
        for name, kind in _kinds().items():
            value = getattr(self, name)
            if name not in _CHOICES and not fits(value, kind):
                raise SettingsError(
                    f"--{name.replace('_', '-')} {value!r} is not {in_words(kind)}",
                    "see `videotoon --help`",
                )
        for name, allowed in _CHOICES.items():
            _check_choice(f"--{name.replace('_', '-')}", getattr(self, name), allowed)
        _check_range("--strength", self.strength, 0.0, 1.0)
        _check_range("--edge-preserve", self.edge_preserve, 0.5, 1.5)
        _check_range("--color-shift", self.color_shift, 0.0, 1.0)
        _check_range("--quality", self.quality, 0.0, 51.0)
        _check_range("--duplicate-threshold", self.duplicate_threshold, 0.0, 255.0)
        _check_range("--cache-frames", self.cache_frames, 0, MAX_CACHE_FRAMES)
        for name in ("face_strength", "face_likeness", "face_skin", "face_eyes", "face_lips"):
            _check_range(f"--{name.replace('_', '-')}", getattr(self, name), 0.0, 1.0)
        _check_range("--min-face", self.min_face, 8.0, 4096.0)
        for option, colour in (
            ("--hair-color", self.hair_color),
            ("--cloth-color", self.cloth_color),
        ):
            if colour is not None and not _COLOUR.fullmatch(colour):
                raise SettingsError(f"{option} {colour!r} is not a colour", "write it as #rrggbb")
        _check_range("--change-tolerance", self.change_tolerance, 0, 64)
        if self.workers is not None:
            _check_range("--workers", self.workers, 1, MAX_WORKERS)
        if self.max_side is not None:
            _check_range("--max-side", self.max_side, MIN_PAINTING_SIDE, 16384)
        if not self.style.strip():
            raise SettingsError("--style is empty", "name one of `videotoon styles` or a file")
        if self.mix is not None:
            parse_mix(self.mix)
        if self.preset not in X264_PRESETS:
            raise SettingsError(
                f"--preset {self.preset!r} is not a preset", f"use one of {', '.join(X264_PRESETS)}"
            )
        start, end = self.start_seconds, self.end_seconds
        if end is not None and end <= (start or 0):
            raise SettingsError(f"--end {self.end} is not after the start", "give a later --end")
        _ = self.frame_rate

    @property
    def start_seconds(self) -> Fraction | None:
        """Start of the wanted part in seconds, exact, or None for the beginning."""
        return None if self.start is None else parse_time("--start", self.start)

    @property
    def end_seconds(self) -> Fraction | None:
        """End of the wanted part in seconds, exact, or None for the end."""
        return None if self.end is None else parse_time("--end", self.end)

    @property
    def frame_rate(self) -> Fraction | None:
        """Constant frame rate asked for, exact, or None to keep every timestamp."""
        if self.fps is None:
            return None
        try:
            # 29.97002997 is 30000/1001; containers cannot hold what takes many more digits.
            rate = Fraction(self.fps).limit_denominator(MOST_RATE_DENOMINATOR)
        except (ValueError, ZeroDivisionError):
            rate = Fraction(0)
        if not 0 < rate <= 1000:
            raise SettingsError(
                f"--fps {self.fps!r} is not a frame rate", "give a number such as 25 or 30000/1001"
            )
        return rate

    @property
    def look(self) -> str:
        """The mixture or the style that paints, as it was written."""
        return self.mix or self.style

    @property
    def paints_faces(self) -> bool:
        """True where faces are to be painted on their own and would show."""
        return self.face and self.strength * self.face_strength > 0

    def with_style(self, style: str) -> Settings:
        """Return the same options for one style, whatever style or mixture was chosen before."""
        return replace(self, style=style, mix=None)

    def result_key(self) -> dict[str, object]:
        """Return the options that the result depends on, for telling whether work can go on."""
        return {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name not in _WITHOUT_INFLUENCE
        }


_WITHOUT_INFLUENCE = frozenset(
    {"commercial_ok", "overwrite", "resume", "keep_work", "allow_truncated", "workers"}
)

X264_PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
)

_CHOICES = {
    "backend": get_args(BackendChoice),
    "precision": get_args(PrecisionChoice),
    "detail": get_args(DetailChoice),
    "encoder": get_args(EncoderChoice),
    "face_detector": get_args(DetectorChoice),
    "face_blend": get_args(FaceBlendChoice),
}

_COLOUR = re.compile(r"#?[0-9a-fA-F]{6}")
_TIME = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)s?")


OF_VIDEO_FILES = ("start", "end", "fps", "encoder", "preset", "quality")
"""Options for reading and writing video files."""

OF_FACES = (
    "face_style", "face_strength", "face_detector", "min_face", "face_likeness", "face_skin",
    "face_eyes", "face_lips", "face_blend", "hair_color", "cloth_color",
)  # fmt: skip
"""Options that need ``face``."""


def without_effect(settings: Settings, names: Sequence[str], why: str) -> list[str]:
    """Name the options that were given and mean nothing here.

    Args:
        settings: Options.
        names: Those that mean nothing.
        why: E.g. ``without --face``.

    Returns:
        One sentence, or none.
    """
    usual = {item.name: item.default for item in fields(settings)}
    given = [
        f"--{name.replace('_', '-')}" for name in names if getattr(settings, name) != usual[name]
    ]
    return [f"{why}, {', '.join(given)} had no effect"] if given else []


def face_options_without_effect(settings: Settings) -> list[str]:
    """Name the options of faces that were given without ``face``; one sentence, or none."""
    return [] if settings.face else without_effect(settings, OF_FACES, "without --face")


def parse_time(option: str, text: str) -> Fraction:
    """Read ``12.5``, ``12.5s``, ``1:02`` or ``1:02:03.5`` as exact seconds.

    Raises:
        SettingsError: The text is not a time.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise SettingsError(
            f"{option} {text!r} is not a time", "write seconds (12.5) or h:mm:ss (0:01:30)"
        )
    hours, minutes, seconds = match.groups()
    if (hours and int(minutes) > 59) or (minutes and Fraction(seconds) >= 60):
        raise SettingsError(
            f"{option} {text!r} has more than 59 minutes or seconds", "write h:mm:ss, e.g. 0:01:30"
        )
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds)


@functools.cache
def _kinds() -> dict[str, Any]:
    return get_type_hints(Settings)


def _check_range(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also catches NaN
        raise SettingsError(
            f"{option} {value} is out of range", f"give a value from {low:g} to {high:g}"
        )


def _check_choice(option: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(
            f"{option} {value!r} is not one of its values", f"use {', '.join(allowed)}"
        )
