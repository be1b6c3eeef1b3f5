"""Looks at outputs before they count: whole, of the right size, and a painting of what went in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

LEAST_CORRELATION: Final = 0.5
"""Of a painting's luma with its clip's; less shows something else. It holds for dark styles too."""

MOST_DB: Final = 45.0
"""Likeness (PSNR of luma) above which hardly anything was painted."""

LOOKED_AT: Final = 8
"""Frames compared, the last ones of the short piece."""

EMPTY: Final = 1.0
"""Codes of spread below which a picture shows nothing."""


def count_frames(clip: Path) -> int:
    """Count the frames of a finished file by decoding it."""
    with av.open(str(clip)) as container:
        return sum(1 for _ in container.decode(video=0))


def prove_frames(output: Path, claimed: int) -> None:
    """Decode a clip and compare its frames with what was claimed.

    Raises:
        RuntimeError: It holds another number of frames, or none.
    """
    found = count_frames(output)
    if found != claimed or found == 0:
        raise RuntimeError(f"{claimed} frames are claimed, {output.name} holds {found}")


def prove_nothing(_clip: Path, _output: Path) -> None:
    """Ask for no proof; for others' programs and the plain transcode."""


def prove_painting(clip: Path, output: Path, claimed: int, shows_the_clip: bool) -> None:
    """Check that a short output is a painting of the beginning of a clip.

    Args:
        clip: What was painted.
        output: The painting.
        claimed: Frames it should hold.
        shows_the_clip: Compare the pictures; False for networks with random weights, of which only
            the size and that they are not empty is checked.

    Raises:
        RuntimeError: It is not.
    """
    prove_frames(output, claimed)
    pairs = list(zip(first_lumas(clip, claimed), first_lumas(output, claimed), strict=True))
    compared = 0
    for before, after in pairs[-LOOKED_AT:]:
        if before.shape != after.shape:
            raise RuntimeError(f"{clip.name} {before.shape} became {after.shape}")
        if before.std() < EMPTY:  # clips fade in from black
            continue
        if after.std() < EMPTY:
            raise RuntimeError(f"{output.name} shows nothing")
        compared += 1
        if shows_the_clip:
            _compare(before, after, f"{output.name} is no painting of {clip.name}")
    if compared == 0:
        raise RuntimeError(f"the beginning of {clip.name} shows nothing to compare")


def _compare(before: NDArray[np.uint8], after: NDArray[np.uint8], failure: str) -> None:
    correlation = float(np.corrcoef(before.ravel(), after.ravel())[0, 1])
    likeness = psnr(before, after)
    if correlation < LEAST_CORRELATION or likeness > MOST_DB:
        raise RuntimeError(f"{failure}: correlation {correlation:.2f}, {likeness:.1f} dB")


def first_lumas(clip: Path, count: int) -> list[NDArray[np.uint8]]:
    """Return the luma of a clip's first frames."""
    found: list[NDArray[np.uint8]] = []
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            plane = frame.reformat(format="yuv420p").planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            found.append(rows[: frame.height, : frame.width].copy())
            if len(found) == count:
                break
    return found


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the likeness of two planes in dB."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return float(10 * np.log10(255.0**2 / max(error, 1e-9)))
