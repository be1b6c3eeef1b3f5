"""A picture in, a picture out."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from videotoon.decode.opening import check_readable
from videotoon.errors import DecodeError, OutputError
from videotoon.job import check_output
from videotoon.picture_tags import PictureTags
from videotoon.report import Report, peak_memory
from videotoon.settings import (
    OF_VIDEO_FILES,
    Settings,
    face_options_without_effect,
    without_effect,
)
from videotoon.system.disk import writing_error
from videotoon.timing import StageClock

if TYPE_CHECKING:
    from numpy.typing import NDArray


PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
WITH_OPACITY = (".png", ".webp", ".tif", ".tiff")
MAX_PICTURE_PIXELS = 1 << 27
QUALITY = 95
"""Of JPEG and WebP, in their encoders' percent."""

MOST_OF_A_NAME = 50
"""Characters of a file's name that its unfinished form has; file systems end at 255 bytes."""

SEVERAL_PICTURES = (".png", ".webp", ".tif", ".tiff")
"""Files of these kinds may hold an animation or several pages."""

JPEG = b"\xff\xd8"
"""What JPEG files begin with."""

TRAILING_BYTES = 1 << 20
"""Some cameras append data to a picture; its end mark is looked for in this many last bytes."""


def is_picture(path: Path) -> bool:
    """Tell by its name whether a file is a still picture."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def stylise_picture(source: Path, output: Path, settings: Settings) -> Report:
    """Paint a picture of any size; large ones are painted in tiles without seams.

    Args:
        source: Input picture.
        output: Output picture.
        settings: Options.

    Raises:
        VideotoonError: As one line with value, cause and cure; nothing is written then.
    """
    from videotoon.engine.styliser import Styliser

    clock = StageClock()
    check_readable(source)
    if not is_picture(output):
        raise OutputError(
            f"output {output.name!r} is not a picture but the input is",
            f"use one of {', '.join(PICTURE_SUFFIXES)}",
        )
    check_output(source, output, settings.overwrite)
    with clock.busy("decode"):
        rgb, alpha, tags = read_picture(source)
    styliser = Styliser(settings)
    with clock.busy("paint"):
        painted = styliser(rgb)
    report = Report(str(source), str(output), frames_in=1, frames_out=1, frames_painted=1)
    if settings.paints_faces:
        from videotoon.faces.still import paint_faces

        with clock.busy("paint faces"):
            faces = paint_faces(rgb, painted, settings)
        painted, report.faces = faces.picture, faces.facts
        report.warnings += faces.notices
    with clock.busy("encode"):
        write_picture(output, painted, alpha, tags)
    report.warnings += what_is_lost(source, output, alpha, tags)
    report.warnings += without_effect(settings, OF_VIDEO_FILES, "a picture is no video")
    report.warnings += face_options_without_effect(settings)
    report.engine = styliser.describe()
    report.wall_seconds = clock.elapsed()
    report.fps = 1 / report.wall_seconds
    report.stage_wall_seconds = clock.wall_seconds()
    report.peak_rss_bytes = peak_memory()
    return report


class Picture(NamedTuple):
    """A picture, upright.

    Attributes:
        rgb: uint8 RGB, shape (height, width, 3).
        alpha: Opacity, uint8, shape (height, width), or None.
        tags: What its file says of it.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    tags: PictureTags


def read_picture(path: Path) -> Picture:
    """Read a picture file.

    Raises:
        DecodeError: It is not a picture that can be read, or too large.
    """
    import cv2

    data = np.fromfile(path, dtype=np.uint8)
    try:
        picture, tags = _decoded(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise _too_large(path) from error
    if picture is None or _breaks_off(data):
        problem = "is not a picture that can be read" if picture is None else "breaks off"
        raise DecodeError(f"input {path.name!r} {problem}", "give a whole .png, .jpg or .webp")
    if picture.shape[0] * picture.shape[1] > MAX_PICTURE_PIXELS:  # OpenCV was loaded before us
        raise _too_large(path)
    alpha = None
    if data[:2].tobytes() != JPEG:  # which has no opacity; decoding it once more would cost time
        raw, tags = _decoded(data, cv2.IMREAD_UNCHANGED)  # not turned upright
        if raw is not None:
            tags = replace(tags, bits=8 * raw.dtype.itemsize)
        if raw is not None and raw.ndim == 3 and raw.shape[2] == 4:
            alpha = raw[:, :, 3] if raw.dtype == np.uint8 else (raw[:, :, 3] >> 8).astype(np.uint8)
            alpha = turned_upright(alpha, tags.orientation)
            if alpha.shape != picture.shape[:2]:
                alpha = None  # the decoder took the tag for something else
    return Picture(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8), alpha, tags)


def _too_large(path: Path) -> DecodeError:
    pixels = f"{MAX_PICTURE_PIXELS:,}"
    return DecodeError(f"input {path.name!r} has more than {pixels} pixels", "scale it down first")


def _breaks_off(data: NDArray[np.uint8]) -> bool:
    """True for a JPEG, PNG or WebP without its end, of which OpenCV returns a part as if whole."""
    head, tail = data[:8].tobytes(), data[-TRAILING_BYTES:].tobytes()
    if head.startswith(b"RIFF"):
        return len(data) < 8 + int.from_bytes(head[4:], "little")
    marks = ((b"\xff\xd8", b"\xff\xd9"), (b"\x89PNG", b"IEND"))
    return any(head.startswith(first) and last not in tail for first, last in marks)


def _decoded(data: NDArray[np.uint8], mode: int) -> tuple[NDArray[np.uint8] | None, PictureTags]:
    """Return the decoded picture, None if it cannot be decoded, and its tags.

    Raises:
        cv2.error: It is too large.
    """
    import cv2

    try:
        picture, kinds, contents = cv2.imdecodeWithMetadata(data, flags=mode)
    except cv2.error as error:
        if "MAX_IMAGE" in str(error.err):
            raise
        return None, PictureTags()
    return picture, PictureTags.read(kinds, contents)  # type: ignore[return-value]


def turned_upright(plane: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn a plane, shape (height, width), as its EXIF orientation asks."""
    if orientation >= 5:
        plane = plane.T
    if orientation in (2, 3, 6, 7):
        plane = plane[:, ::-1]
    if orientation in (3, 4, 7, 8):
        plane = plane[::-1]
    return np.ascontiguousarray(plane)


def what_is_lost(
    source: Path, output: Path, alpha: NDArray[np.uint8] | None, tags: PictureTags
) -> list[str]:
    """Say what of a picture file is not in its painting."""
    import cv2

    lost = []
    if _hides(alpha) and output.suffix.lower() not in WITH_OPACITY:
        lost.append(
            "the input has transparency, which the output cannot keep; it is laid onto black"
        )
    if tags.bits > 8:
        lost.append(f"the input has {tags.bits} bits a value; it is painted with 8")
    kept = tags.of_painting(output.suffix.lower())
    if tags.exif and not kept.exif:
        lost.append(f"EXIF data dropped: {output.suffix} is written without them")
    if tags.profile and not kept.profile:
        lost.append("colour profile dropped: colours may look different; .png and .jpg keep RGB's")
    if source.suffix.lower() in SEVERAL_PICTURES:
        pictures = cv2.imcount(os.fspath(source))
        if pictures > 1:
            lost.append(f"the input holds {pictures} pictures; only the first is painted")
    return lost


def _hides(alpha: NDArray[np.uint8] | None) -> bool:
    return alpha is not None and bool(alpha.min() < 255)


def write_picture(
    path: Path,
    rgb: NDArray[np.uint8],
    alpha: NDArray[np.uint8] | None = None,
    tags: PictureTags | None = None,
) -> None:
    """Write a picture atomically and read it back.

    Args:
        path: Where.
        rgb: uint8 RGB, shape (height, width, 3), upright.
        alpha: Opacity, uint8, shape (height, width), or None.
        tags: Those of the picture that was painted, or None.

    Raises:
        OutputError: It cannot be written or read back.
        DiskFullError: No space is left.
    """
    content = _encoded(path, rgb, alpha, tags or PictureTags())
    part = path.with_name(f".{path.stem[:MOST_OF_A_NAME]}.{os.getpid()}.part{path.suffix}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if read_picture(part).rgb.shape != rgb.shape:
            raise OutputError(f"output {path.name!r} could not be read back", "try .png")
        part.replace(path)
    except OSError as error:
        raise writing_error(
            f"output {str(path)!r}", error, "choose another name or folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _encoded(
    path: Path, rgb: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, tags: PictureTags
) -> bytes:
    """Return the bytes of a picture file of the kind that the name's suffix says."""
    import cv2

    suffix = path.suffix.lower()
    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    if alpha is not None and suffix in WITH_OPACITY:
        picture = np.dstack([picture, alpha])
    elif alpha is not None and _hides(alpha):
        picture = ((picture.astype(np.uint16) * alpha[:, :, None] + 127) // 255).astype(np.uint8)
    options = {
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, QUALITY],
        ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, QUALITY],
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, QUALITY],
    }
    try:
        written, data = cv2.imencodeWithMetadata(
            suffix, picture, *tags.of_painting(suffix).for_encoder(), options.get(suffix, [])
        )
    except cv2.error:
        written = False
    if not written:
        height, width, _ = rgb.shape
        raise OutputError(f"a {suffix} file cannot hold {width}x{height} pixels", "try .png")
    return data.tobytes()
