"""Sizes, figures, keys, drawing and options of the live preview."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.live.pictures import grey, shown
from videotoon.errors import SettingsError
from videotoon.frame import BT709, FrameSize
from videotoon.live.controls import BINDINGS, Controls, help_rows
from videotoon.live.meter import Meter
from videotoon.live.pictures import even, flat_planes, to_bgr
from videotoon.live.report import LiveReport
from videotoon.live.settings import LiveSettings
from videotoon.live.sizing import SizeControl, ladder
from videotoon.live.view import compose, draw_figures


class TestSizing:
    SIZES = ladder(FrameSize(640, 360))

    def run(self, control: SizeControl, cost: Any, seconds: float, now: float) -> float:
        """Feed a machine that needs ``cost(pixels, time)`` seconds per frame."""
        end = now + seconds
        while now < end:
            size = self.SIZES[control.step]
            took = cost(size.width * size.height, now)
            now += max(took, 1 / 30)
            control.observe(took, now)
        return now

    def test_the_ladder_has_even_sides_and_falls(self) -> None:
        for size in (FrameSize(640, 360), FrameSize(853, 479), FrameSize(72, 96)):
            sizes = ladder(size)
            assert sizes[0] == size
            assert all(s.width % 2 == s.height % 2 == 0 for s in sizes[1:])
            assert list(sizes) == sorted(set(sizes), reverse=True)
        assert ladder(FrameSize(1280, 720), 640)[0] == FrameSize(640, 360)

    def test_it_adapts_within_a_second_and_comes_back(self) -> None:
        control = SizeControl(self.SIZES, 0.028)
        now = self.run(control, lambda pixels, _: pixels * 0.05 / 230_400, 1.0, 0.0)
        assert control.step > 0
        assert self.SIZES[control.step].width * self.SIZES[control.step].height <= 0.56 * 230_400
        self.run(control, lambda pixels, _: pixels * 0.01 / 230_400, 20.0, now)
        assert control.step == 0

    def test_it_does_not_breathe(self) -> None:
        control = SizeControl(self.SIZES, 0.028)
        rng = np.random.default_rng(1)

        def cost(pixels: int, now: float) -> float:
            # Steady but noisy, and just too slow for the largest size.
            return pixels * 0.030 / 230_400 * float(rng.lognormal(0, 0.15))

        self.run(control, cost, 120.0, 0.0)
        assert control.changes <= 6

    def test_where_size_is_no_help_the_picture_stays_large(self) -> None:
        control = SizeControl(self.SIZES, 0.028)
        self.run(control, lambda pixels, now: 0.2, 8.0, 0.0)
        assert control.step == 0


class TestMeter:
    def test_percentiles_rate_and_order(self) -> None:
        meter = Meter()
        for number in range(101):
            meter.note(number, number / 30, number / 30 + number / 1000)
        assert meter.percentile(0.5) == pytest.approx(50, abs=1)
        assert meter.percentile(0.95) == pytest.approx(95, abs=1)
        assert meter.longest == pytest.approx(100)
        assert meter.out_of_order == 0
        assert 25 < meter.recent().fps < 31
        meter.note(3, 0.0, 4.0)
        assert meter.out_of_order == 1
        report = LiveReport("x")
        report.take(meter)
        assert "p95" in report.headline


class TestControls:
    def test_keys(self) -> None:
        controls = Controls(styles=["a", "b"], style="a")
        for key in "-_-n":
            assert controls.press(key)
        assert controls.strength == 0.7
        assert controls.style == "b"
        for _ in range(12):
            controls.press("-")
        assert controls.strength == 0.0
        controls.press("f")
        assert controls.faces
        assert not controls.press("x")

    def test_the_help_names_every_key(self) -> None:
        text = str(help_rows())
        assert all(binding.help in text for binding in BINDINGS.values())


class TestView:
    def test_side_and_split(self) -> None:
        controls = Controls(styles=["a"], style="a", view="side", overlay=False)
        picture = shown(code=200, original=50)
        assert compose(picture, controls).shape == (48, 128, 3)
        controls.view, controls.split = "split", 0.25
        split = compose(picture, controls)
        assert split[24, 5, 0] < 80 < 180 < split[24, 40, 0]

    def test_figures_stay_inside_small_pictures(self) -> None:
        controls = Controls(styles=["a"], style="a", help=True, record=True)
        picture = to_bgr(grey(), BT709)
        draw_figures(picture, ["a line much longer than the picture is wide"], controls)

    def test_colours(self) -> None:
        white = to_bgr(grey(code=235), BT709)
        assert white.min() >= 253
        odd = grey(65, 49)
        assert to_bgr(odd, BT709).shape == (49, 65, 3)
        assert flat_planes(odd, even(odd.size)).shape == (72, 64)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("target_fps", 0.0),
        ("latency", 1.0),
        ("size", "big"),
        ("output", "rtmp://x"),
        ("record", Path("r.mkv")),
        ("seconds", 0.0),
    ],
)
def test_unusable_options_are_refused(option: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"--{option.replace('_', '-')}"):
        LiveSettings(**{option: value})
