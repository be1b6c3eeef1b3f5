"""Sessions for networks that paint RGB: conversion, reflection, windows and their blending."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from videotoon.engine.base import Core, PaintSpec
from videotoon.engine.painting import PlanesSession
from videotoon.engine.pictures import Picture, planes_to_rgb, resize_picture, rgb_to_planes
from videotoon.engine.tiling import Arrangement, feather, rgb_arrangement
from videotoon.engine.weights import StyleNetwork
from videotoon.frame import Planes


class RgbSession(PlanesSession):
    """Paints with a network of kind ``rgb``."""

    def __init__(self, network: StyleNetwork, spec: PaintSpec, core: Core) -> None:
        super().__init__(network, spec, core)
        assert network.rgb is not None
        self._arrangement = rgb_arrangement(network.rgb, spec.painting_size)

    def _paint_all(self, pictures: Sequence[Planes]) -> list[Planes]:
        spec, arrangement = self._spec, self._arrangement
        canvases = [
            reflect_pad(
                resize_picture(planes_to_rgb(planes, spec.colour), arrangement.canvas), arrangement
            )
            for planes in pictures
        ]
        painted = (
            self._paint_single(canvases)
            if arrangement.single
            else [self._paint_windows(canvas) for canvas in canvases]
        )
        return [
            rgb_to_planes(
                resize_picture(crop_centre(picture, arrangement), spec.painting_size), spec.colour
            )
            for picture in painted
        ]

    def _paint_single(self, canvases: Sequence[Picture]) -> list[Picture]:
        for index, canvas in enumerate(canvases):
            self._core.inputs[index] = canvas
        painted = self._core.run()
        return [np.clip(painted[index], 0.0, 255.0) for index in range(len(canvases))]

    def _paint_windows(self, canvas: Picture) -> Picture:
        """Paint in windows that fade into each other."""
        arrangement = self._arrangement
        height, width = arrangement.window.height, arrangement.window.width
        total = np.zeros_like(canvas)
        weight = np.zeros((*canvas.shape[:2], 1), np.float32)
        for row, vertical in enumerate(arrangement.rows):
            for column, horizontal in enumerate(arrangement.columns):
                part = np.s_[
                    vertical.start : vertical.start + height,
                    horizontal.start : horizontal.start + width,
                ]
                self._core.inputs[0] = canvas[part]
                painted = np.clip(self._core.run()[0], 0.0, 255.0)
                shares = np.outer(
                    feather(arrangement.rows, row, height),
                    feather(arrangement.columns, column, width),
                )[..., None]
                total[part] += painted * shares
                weight[part] += shares
        total /= weight
        return total


def reflect_pad(picture: Picture, arrangement: Arrangement) -> Picture:
    """Grow a picture evenly on all sides by reflection, even if the border is the larger."""
    top, left = _offsets(arrangement)
    bottom = arrangement.padded.height - arrangement.canvas.height - top
    right = arrangement.padded.width - arrangement.canvas.width - left
    if top == bottom == left == right == 0:
        return picture
    padded = cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_REFLECT)
    return np.asarray(padded, np.float32)


def crop_centre(picture: Picture, arrangement: Arrangement) -> Picture:
    """Undo :func:`reflect_pad`."""
    top, left = _offsets(arrangement)
    return picture[top : top + arrangement.canvas.height, left : left + arrangement.canvas.width]


def _offsets(arrangement: Arrangement) -> tuple[int, int]:
    missing_rows = arrangement.padded.height - arrangement.canvas.height
    missing_columns = arrangement.padded.width - arrangement.canvas.width
    return missing_rows // 2, missing_columns // 2
