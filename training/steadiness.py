"""Warping error: how much a painted clip changes where the source, followed, does not."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.colour import Image8, planes_to_rgb, rgb_to_planes

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WarpSettings:
    """The measurement's definition: frames, middle square, and which pixels count."""

    frames: int = 24
    starts: tuple[int, ...] = (0,)  # so many frames are taken from each of these on
    side: int = 512
    flow_tolerance: float = 0.5  # px between forward and backward flow
    source_tolerance: float = 15.0 / 255.0  # source difference above which a pixel is left out


def clip_squares(clip: Path, settings: WarpSettings, start: int = 0) -> list[tuple[Image8, Image8]]:
    """Middle squares of successive frames of a clip, as planes."""
    capture = cv2.VideoCapture(str(clip))
    squares: list[tuple[Image8, Image8]] = []
    for _ in range(start):
        capture.grab()  # decodes without handing over: seeking would land on other frames
    for _ in range(settings.frames):
        ok, bgr = capture.read()
        if not ok:
            break
        top = (bgr.shape[0] - settings.side) // 2
        left = (bgr.shape[1] - settings.side) // 2
        square = bgr[top : top + settings.side, left : left + settings.side, ::-1]
        squares.append(rgb_to_planes(np.ascontiguousarray(square, np.uint8)))
    capture.release()
    return squares


def warping_errors(
    source: list[Image8], painted: list[Image8], settings: WarpSettings
) -> list[tuple[float, float]]:
    """Mean ``|x_t - warp(x_{t-1})|`` (0..1) of source and painting for every pair, DIS flow.

    Counted where forward and backward flow agree and the source itself changed little
    (Lai et al. 2018, with a flow from the source); pairs without such a pixel, as at cuts, are left
    out.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    errors: list[tuple[float, float]] = []
    for index in range(1, len(source)):
        before, now = source[index - 1], source[index]
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, now)]
        start = np.zeros((*grey[0].shape, 2), np.float32)
        backward = np.asarray(flow.calc(grey[1], grey[0], start.copy()), np.float32)
        forward = np.asarray(flow.calc(grey[0], grey[1], start.copy()), np.float32)
        round_trip = backward + _follow(forward, backward)
        agrees = np.linalg.norm(round_trip, axis=2) < settings.flow_tolerance
        change = np.abs(_unit(now) - _follow(_unit(before), backward)).mean(axis=2)
        valid = agrees & (change < settings.source_tolerance)
        ours = np.abs(_unit(painted[index]) - _follow(_unit(painted[index - 1]), backward))
        if valid.any():
            errors.append((float(change[valid].mean()), float(ours.mean(axis=2)[valid].mean())))
    return errors


def flicker_ratio(
    clip: Path,
    paint: Callable[[Image8, Image8], tuple[Image8, Image8]],
    settings: WarpSettings | None = None,
) -> float:
    """Warping error of the painted clip divided by the source's own."""
    settings = settings or WarpSettings()
    errors: list[tuple[float, float]] = []
    for start in settings.starts:
        squares = clip_squares(clip, settings, start)
        source = [planes_to_rgb(*square) for square in squares]
        painted = [planes_to_rgb(*paint(*square)) for square in squares]
        errors += warping_errors(source, painted, settings)
    own, ours = np.mean(errors, axis=0)
    return float(ours / own)


def _unit(rgb: Image8) -> Plane:
    return rgb.astype(np.float32) / 255.0


def _follow(picture: Plane, flow: Plane) -> Plane:
    """The picture sampled where the flow [H, W, 2] points."""
    height, width = flow.shape[:2]
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    across = (columns + flow[..., 0]).astype(np.float32)
    down = (rows + flow[..., 1]).astype(np.float32)
    sampled = cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, np.float32)
