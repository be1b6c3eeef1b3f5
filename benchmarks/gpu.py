"""How fast a CUDA device paints: by precision, and by how its kernels are started.

    python -m benchmarks.gpu --out docs/speed/gpu              everything, some minutes
    python -m benchmarks.gpu --only paint                      the networks alone
    python -m benchmarks.gpu --only jobs                       whole jobs on clips

A network is called from Python for every picture, or recorded once and replayed as a CUDA graph
(what `--device cuda` does), or compiled by ``torch.compile`` and then recorded. Ways of one row run
in turn, and figures are medians over the rounds. Whole jobs run in turn, too, beside the default on
this machine's processor and beside a plain transcode; their outputs are decoded and counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.clips import base_clip, scaled_clip
from benchmarks.contenders import Contender, transcode, videotoon
from benchmarks.gpu_report import Figures, Job, Painting, write_report
from benchmarks.machine_facts import machine_facts
from benchmarks.random_generator import random_checkpoint
from videotoon.engine.base import Core, Precision, Session
from videotoon.engine.calibration import peak_signal_to_noise, sample_picture
from videotoon.engine.open import OpenedStyle, open_style
from videotoon.engine.painting import PaintingStyle
from videotoon.engine.speed import frames_per_second
from videotoon.engine.tiling import exact_arrangement, rgb_arrangement
from videotoon.frame import BT709, FrameSize, Planes
from videotoon.settings import Settings
from videotoon.system.machine import CACHE_VARIABLE

SIZES = (FrameSize(960, 540), FrameSize(1280, 720), FrameSize(1920, 1080), FrameSize(3840, 2160))
SECONDS_EACH = 0.25
SECONDS_TOGETHER = 0.5
SESSIONS = (1, 2, 3, 4, 8)
CLIP_START = 5.0
"""The clip fades in from black."""

PUBLISHED = "8 MB architecture"


@dataclass(frozen=True, slots=True)
class Way:
    """How a network is run.

    Attributes:
        precision: Arithmetic.
        start: ``called``, ``recorded`` or ``compiled`` (and recorded).
    """

    precision: Precision
    start: str

    def __str__(self) -> str:
        return f"{self.precision}, {self.start}"


WAYS = (
    Way("fp32", "called"), Way("fp16", "called"), Way("fp32", "recorded"), Way("bf16", "recorded"),
    Way("fp16", "recorded"),
)  # fmt: skip
COMPILED = Way("fp16", "compiled")


def main() -> None:
    """Measure and write the report."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    os.environ[CACHE_VARIABLE] = str(options.clips.resolve() / "cache")
    import torch

    if not torch.cuda.is_available():
        sys.exit("no CUDA device here")
    figures = Figures(
        machine_facts()
        | {
            "device": torch.cuda.get_device_name(),
            "torch": torch.__version__,
            "rounds": str(options.rounds),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        published = str(random_checkpoint(Path(folder) / f"{PUBLISHED}.safetensors"))
        styles = [options.style, published]
        if options.only != "jobs":
            figures.paintings += paintings(styles, options.rounds, options.compiled)
            figures.sessions += sessions(styles)
        if options.only != "paint":
            figures.jobs += jobs(styles, options, Path(folder))
    write_report(options.out, figures)
    print((options.out / "report.md").read_text(encoding="utf-8"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("out/gpu"))
    parser.add_argument("--clips", type=Path, default=Path("out/clips"), help="folder for clips")
    parser.add_argument("--only", choices=("paint", "jobs"))
    parser.add_argument("--compiled", action="store_true", help="torch.compile, too; minutes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the clips")
    parser.add_argument("--style", default="cel")
    return parser.parse_args()


def paintings(styles: Sequence[str], rounds: int, compiled: bool) -> list[Painting]:
    """Measure every way of running every network at every size."""
    import torch

    rows = []
    for style in styles:
        for size in SIZES:
            try:
                rows += _paintings_of(style, size, rounds, compiled)
            except torch.cuda.OutOfMemoryError as error:  # not the end of the others
                print(f"{Path(style).name} {size}: {error}", flush=True)
    return rows


def _paintings_of(style: str, size: FrameSize, rounds: int, compiled: bool) -> list[Painting]:
    import torch

    picture = sample_picture(size)
    _opened(style, size, "fp32").session().paint(picture)  # CUDA itself starts here
    ready: list[tuple[Way, OpenedStyle, Core, float, float]] = []
    ways = [*WAYS, COMPILED] if compiled else WAYS
    for way in ways:
        opened = _opened(style, size, way.precision)
        torch.cuda.reset_peak_memory_stats()
        began, before = time.perf_counter(), torch.cuda.memory_allocated()
        core = _core(opened, way)
        taken = (torch.cuda.max_memory_allocated() - before) / 1e6
        ready.append((way, opened, core, time.perf_counter() - began, taken))
    exact: Planes | None = None
    likeness = []
    for _, opened, core, _, _ in ready:
        painted = _session(opened, core).paint(picture)
        exact = exact or painted
        likeness.append(peak_signal_to_noise(painted, exact))
    times: list[list[float]] = [[] for _ in ready]
    for _ in range(rounds):
        for own, (_, _, core, _, _) in zip(times, ready, strict=True):
            own.append(_milliseconds(core.run))
    rows = []
    for own, decibels, (way, opened, _, preparing, taken) in zip(
        times, likeness, ready, strict=True
    ):
        name = f"{_name(opened)} {opened.network.scale or ''}".strip()
        rows.append(
            Painting(
                name, _at_once(opened), str(way), statistics.median(own), decibels, preparing, taken
            )
        )
        print(rows[-1], flush=True)
    return rows


def _opened(style: str, size: FrameSize, precision: Precision, streams: int = 1) -> OpenedStyle:
    settings = Settings(style=style, backend="torch", device="cuda", precision=precision)
    return open_style(settings, size, BT709, streams=streams)


def _core(opened: OpenedStyle, way: Way) -> Core:
    import torch

    from videotoon.engine.torch_backend import buffer_shape, painting_module
    from videotoon.engine.torch_cores import CalledCore, RecordedCore

    spec = replace(opened.compiled.spec, precision=way.precision)
    device = torch.device(spec.device)
    module = painting_module(opened.network, spec, device)
    shape, dtype = buffer_shape(opened.network, spec)
    if way.start == "compiled":
        module.compile(dynamic=False)
    core = (CalledCore if way.start == "called" else RecordedCore)(module, device, shape, dtype)
    core.run()
    return core


def _session(opened: OpenedStyle, core: Core) -> Session:
    from videotoon.engine.torch_backend import paints_whole

    network, spec = opened.network, opened.compiled.spec
    return PaintingStyle(network, spec, lambda: core, (), paints_whole(network, spec)).session()


def _at_once(opened: OpenedStyle) -> str:
    """Size of what one call paints: large pictures go through in windows."""
    network, size = opened.network, opened.painting_size
    if network.rgb is None:
        window = exact_arrangement(network, size).window
    else:
        window = rgb_arrangement(network.rgb, size).window
    return str(size) if window.area >= size.area else f"{window} of {size}"


def _name(opened: OpenedStyle) -> str:
    return Path(opened.style.info.name).stem


def _milliseconds(run: Callable[[], object]) -> float:
    times: list[float] = []
    end = time.perf_counter() + SECONDS_EACH
    while time.perf_counter() < end or len(times) < 3:
        began = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def sessions(styles: Sequence[str]) -> list[Job]:
    """Measure planes to planes with several sessions at once."""
    rows = []
    for style in styles:
        for size in SIZES[1:3]:
            for count in SESSIONS:
                opened = _opened(style, size, "fp16", count)
                fps = frames_per_second(opened, [sample_picture(size)], SECONDS_TOGETHER)
                rows.append(Job(str(size), f"{_name(opened)}, {count} sessions", fps))
                print(rows[-1], flush=True)
    return rows


def jobs(styles: Sequence[str], options: argparse.Namespace, folder: Path) -> list[Job]:
    """Measure whole commands."""
    size = SIZES[1]
    clip = scaled_clip(
        base_clip("bbb.webm"), size.width, size.height, options.clips, options.seconds,
        start=CLIP_START,
    )  # fmt: skip
    return _jobs_on(clip, _contenders(*styles), options.rounds, folder)


def _contenders(style: str, published: str) -> list[Contender]:
    plain = ("--style", style, "--cache-frames", "0", "--no-face")
    gpu = ("--cache-frames", "0", "--no-face", "--device", "cuda", "--style")
    return [
        transcode(),
        videotoon("cpu", f"{style}, this machine's processor", *plain),
        videotoon("cuda", f"{style}, CUDA", *gpu, style),
        videotoon("cuda8", f"{style}, CUDA, 8 sessions", *gpu, style, "--workers", "8"),
        videotoon("big", f"{PUBLISHED}, CUDA", *gpu, published, random=True),
        videotoon(
            "big8", f"{PUBLISHED}, CUDA, 8 sessions", *gpu, published, "--workers", "8",
            random=True,
        ),
    ]  # fmt: skip


def _jobs_on(clip: Path, contenders: Sequence[Contender], rounds: int, folder: Path) -> list[Job]:
    runs: dict[str, list[tuple[float, float]]] = {one.key: [] for one in contenders}
    for one in contenders:
        one.prove(clip, folder / f"{one.key}.mp4")
    for _ in range(rounds):
        for one in contenders:
            output = folder / f"{one.key}.mp4"
            run = one.run(clip, output)
            one.check(run, output)
            runs[one.key].append((run.fps, 1000 * run.cpu_seconds / run.frames))
            print(f"{one.title}: {run.fps:.1f} fps", flush=True)
    rows = []
    for one in contenders:
        fps, cpu = (statistics.median(values) for values in zip(*runs[one.key], strict=True))
        rows.append(Job(clip.name, one.title, fps, cpu))
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    main()
