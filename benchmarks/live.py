"""Measures the live preview with a stand-in camera: rate, latency, drops, memory.

    python -m benchmarks.live --seconds 60            # 640x360 at 30, the default style
    python -m benchmarks.live --seconds 60 --slow 200 # with a network that takes 200 ms
    python -m benchmarks.live --stages                # CPU time per frame of every stage

Figures count only on a machine that does nothing else; the load before the run is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from videotoon.engine.base import Adjustments
from videotoon.frame import FrameSize, Planes
from videotoon.live.run import run_live
from videotoon.live.settings import LiveSettings
from videotoon.live.sizing import ladder
from videotoon.live.studio import LivePainter, Studio
from videotoon.settings import Settings

STAGE_FRAMES = 60


class Slowed:
    """A painter that takes at least so long, whatever the size."""

    def __init__(self, inner: LivePainter, seconds: float) -> None:
        self.sizes = inner.sizes
        self._inner = inner
        self._seconds = seconds

    def paint(self, planes: Planes, step: int, wanted: Adjustments) -> tuple[Planes, FrameSize]:
        """Paint, then wait for the rest of the time."""
        end = time.monotonic() + self._seconds
        result = self._inner.paint(planes, step, wanted)
        time.sleep(max(0.0, end - time.monotonic()))
        return result


def main(arguments: list[str] | None = None) -> None:
    """Run a measurement and print it."""
    options = _options(arguments)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(f"load before: {load:.1f} on {os.cpu_count()} cores")
    if options.stages:
        _print_stages(_size(options.size), Settings(style=options.style))
        return
    live = LiveSettings(
        source=options.source,
        size=options.size,
        window=options.window,
        seconds=options.seconds,
        loop=True,
    )
    slow = options.slow / 1000

    def wrap(painter: LivePainter) -> LivePainter:
        return Slowed(painter, slow) if slow else painter

    report = run_live("0", Settings(style=options.style), live, _say, wrap=wrap)
    _print(asdict(report), slow)
    if options.json is not None:
        options.json.write_text(json.dumps(asdict(report) | {"load": load}, indent=2) + "\n")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--source", default="testsrc")
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--style", default="cel")
    parser.add_argument("--slow", type=float, default=0.0, help="least milliseconds per painting")
    parser.add_argument("--window", action="store_true", help="show it; needs a screen")
    parser.add_argument("--stages", action="store_true", help="CPU time of each stage instead")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def _size(text: str) -> FrameSize:
    width, height = text.split("x")
    return FrameSize(int(width), int(height))


def _print(report: dict[str, Any], slow: float) -> None:
    latency, memory = report["latency_ms"], report["memory_mb"]
    rows: list[tuple[str, str, str]] = [
        ("rate", f"{report['fps']:.1f} fps", "" if slow else ">= 29"),
        ("latency p50", f"{latency['p50']:.1f} ms", ""),
        ("latency p95", f"{latency['p95']:.1f} ms", "" if slow else "<= 80"),
        ("latency p99", f"{latency['p99']:.1f} ms", ""),
        ("oldest shown", f"{latency['max']:.1f} ms", f"<= {2000 * slow:.0f}" if slow else ""),
        ("captured", str(report["captured"]), ""),
        ("dropped", str(report["dropped"]), ""),
        ("shown", str(report["shown"]), ""),
        ("out of order", str(report["out_of_order"]), "0"),
        ("memory early, at the end", ", ".join(f"{m:.0f} MB" for m in memory), "flat"),
        ("network", f"{report['engine']['network']} in {report['engine']['precision']}", ""),
        ("painted at", str(report["painting_sizes"]), ""),
    ]
    width = max(len(name) for name, _, _ in rows)
    for name, value, target in rows:
        print(f"{name.ljust(width)}  {value}{f'   (target {target})' if target else ''}")


def _print_stages(size: FrameSize, settings: Settings) -> None:
    """Print CPU milliseconds per frame: what decides on a quiet machine, whatever runs beside."""
    from videotoon.live.base import Captured, Shown
    from videotoon.live.controls import Controls
    from videotoon.live.pictures import video_frame
    from videotoon.live.standin import TestPicture
    from videotoon.live.view import compose, draw_figures

    source = TestPicture("testsrc2", (size.width, size.height), Fraction(30))
    pictures = source._pictures()
    colour = source._COLOUR
    _, planes = next(pictures)
    sizes = ladder(size)
    studio = Studio(settings, size, colour, sizes)
    time.sleep(3)  # the ladder is compiled in the background
    controls = Controls(styles=["cel"], style="cel")
    shown = Shown(Captured(0, 0.0, colour, planes), planes, size)

    def show() -> None:
        draw_figures(compose(shown, controls), ["30.0 fps   p95 40 ms"], controls)

    stages: dict[str, Callable[[], object]] = {"test picture": lambda: next(pictures)}
    for step, painted in enumerate(sizes):
        stages[f"paint {painted}"] = lambda step=step: studio.paint(planes, step, Adjustments())  # type: ignore[misc]
    stages["picture for the window"] = show
    stages["picture for an encoder"] = lambda: video_frame(planes)
    for name, stage in stages.items():
        stage()
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(STAGE_FRAMES):
            stage()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        per = 1000 / STAGE_FRAMES
        print(f"{name:<24}{cpu * per:7.2f} ms of a core, {wall * per:7.2f} ms")
    studio.close()


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


if __name__ == "__main__":
    main()
