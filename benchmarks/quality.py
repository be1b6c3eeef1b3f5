"""Measures every bundled style: likeness, flicker, size, speed; writes contact sheets.

    python -m benchmarks.quality --out out/quality

Likeness is measured on held-out squares (512 for ``sd``, 1024 for ``hd``) against the target
picture as 4:2:0 video can hold it; flicker on a real clip; speed with 8-bit planes in and out, two
streams on two threads.  A network's picture is checked before anything is timed.
"""

import argparse
import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from benchmarks.machine_facts import machine_facts
from benchmarks.quality_figures import INT8_FLOOR, Figures, missed
from training.colour import Image8, planes_to_rgb, rgb_to_planes, through_planes
from training.export import load_student
from training.measure import paint_planes, psnr, ssim
from training.painters import painter_for
from training.prepare import SIDES, PrepareSettings, held_out_squares
from training.runtime import PlaneRunner
from training.steadiness import WarpSettings, flicker_ratio
from videotoon.engine.calibration import SECONDS_EACH, sample_picture
from videotoon.engine.open import OpenedStyle, open_style
from videotoon.engine.speed import frames_per_second
from videotoon.frame import BT709, FrameSize, Planes
from videotoon.settings import Settings

FRAMES = {
    "sd": {"540×960": FrameSize(540, 960)},
    "hd": {"720p": FrameSize(1280, 720), "1080p": FrameSize(1920, 1080)},
}
"""Sizes timed for each scale."""

ROUNDS = 5

SCALES: dict[str, Literal["sd", "hd"]] = {"sd": "sd", "hd": "hd"}

CLIPS = {"sd": "sakura_walk_540x960.mp4", "hd": "bbb.webm"}
"""Clips on which flicker is measured."""

STARTS = {"sd": (0,), "hd": (120, 240, 360, 480, 600)}
"""Where in them; the second one begins with a fade from black, which is no flicker."""

SHEET_ROWS = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """A held-out square and its pictures."""

    name: str
    photo: Image8
    target: Image8
    single: Image8
    int8: Image8
    int8_to_single: float


def samples(weights: Path, style: str, scale: str, data: Path) -> Iterator[Sample]:
    """Paints every held-out square with the target's painter, the fp32 and the int8 network."""
    network = load_student(weights / style / f"{scale}.safetensors")
    side = SIDES[scale]
    file = weights / style / f"{scale}_int8.xml"
    runner = PlaneRunner.load(file, network.config.phase, side, side)
    painter = painter_for(style, scale, data / "teachers")
    for name, square in held_out_squares(PrepareSettings(style, scale, data, Path())):
        photo = rgb_to_planes(square)
        single, quantised = paint_planes(network, *photo), runner.paint(*photo)
        flat = [np.concatenate([y.ravel(), c.ravel()]) for y, c in (single, quantised)]
        yield Sample(
            name,
            planes_to_rgb(*photo),
            through_planes(painter(square)),
            planes_to_rgb(*single),
            planes_to_rgb(*quantised),
            psnr(flat[0], flat[1]),
        )


def measure(
    weights: Path, style: str, scale: Literal["sd", "hd"], data: Path, out: Path
) -> Figures:
    """All figures of one network; its contact sheet goes to ``out``."""
    rows, strips = [], []
    for sample in samples(weights, style, scale, data):
        rows.append(
            (
                ssim(sample.int8, sample.target),
                psnr(sample.int8, sample.target),
                ssim(sample.int8, sample.photo),
                ssim(sample.target, sample.photo),
                sample.int8_to_single,
            )
        )
        strips.append(np.hstack([sample.photo, sample.target, sample.single, sample.int8]))
    chosen = np.unique(np.linspace(0, len(strips) - 1, SHEET_ROWS).astype(int))
    write(out / f"{style}_{scale}.png", np.vstack([strips[i] for i in chosen]))
    means = [float(value) for value in np.mean(rows, axis=0)]
    file = weights / style / f"{scale}_int8.xml"
    phase = load_student(weights / style / f"{scale}.safetensors").config.phase
    if means[4] < INT8_FLOOR:
        raise SystemExit(f"{style} {scale}: int8 is {means[4]:.1f} dB from fp32; quantise it again")
    size = file.stat().st_size + file.with_suffix(".bin").stat().st_size
    return Figures(
        style=style,
        scale=scale,
        ssim_to_target=means[0],
        psnr_to_target=means[1],
        ssim_to_photo=means[2],
        target_to_photo=means[3],
        int8_to_fp32=means[4],
        warping=warping(file, phase, scale, data),
        bytes=size,
        milliseconds={},
    )


def timed(figures: Sequence[Figures]) -> list[Figures]:
    """The figures with times of a frame in the engine as jobs use it, in int8, planes to planes.

    Medians over rounds in which all networks take turns, so that a busy minute of the machine does
    not fall to one of them.
    """
    turns: list[tuple[int, str, OpenedStyle, Planes, list[float]]] = [
        (number, name, open_style(settings, size, BT709), sample_picture(size), [])
        for number, one in enumerate(figures)
        for settings in [Settings(style=one.style, detail=SCALES[one.scale], precision="int8")]
        for name, size in FRAMES[one.scale].items()
    ]
    for _ in range(ROUNDS):
        for _, _, opened, picture, rates in turns:
            rates.append(frames_per_second(opened, [picture], SECONDS_EACH))
    return [
        replace(
            one,
            milliseconds={
                name: 1000.0 / statistics.median(rates)
                for owner, name, _, _, rates in turns
                if owner == number
            },
        )
        for number, one in enumerate(figures)
    ]


def warping(file: Path, phase: int, scale: str, data: Path) -> float | None:
    """Warping error of the int8 network over the source's own, on a clip of that scale."""
    clip = data / "media" / CLIPS[scale]
    if not clip.exists():
        return None
    settings = WarpSettings(starts=STARTS[scale])
    runner = PlaneRunner.load(file, phase, settings.side, settings.side)
    return flicker_ratio(clip, runner.paint, settings)


def video_sheet(weights: Path, styles: list[str], data: Path, out: Path) -> None:
    """Every tenth of some frames of the clip, one column per style, source first."""
    clip = data / "media" / CLIPS["sd"]
    if not clip.exists():
        return
    capture = cv2.VideoCapture(str(clip))
    frames = []
    for index in range(40):
        ok, bgr = capture.read()
        if ok and index % 10 == 0:
            frames.append(np.asarray(bgr[:, :536, ::-1], np.uint8))
    capture.release()
    columns = [frames]
    for style in styles:
        phase = load_student(weights / style / "sd.safetensors").config.phase
        file = weights / style / "sd_int8.xml"
        runner = PlaneRunner.load(file, phase, *frames[0].shape[:2])
        painted = [
            planes_to_rgb(*runner.paint(*rgb_to_planes(np.ascontiguousarray(frame))))
            for frame in frames
        ]
        columns.append(painted)
    rows = [np.hstack([column[i] for column in columns]) for i in range(len(frames))]
    write(out / "video.png", np.vstack(rows))


def write(file: Path, rgb: Image8) -> None:
    """Writes an RGB picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(file), np.ascontiguousarray(rgb[..., ::-1])):
        raise OSError(f"could not write {file}")


def table(figures: list[Figures]) -> str:
    """The figures as Markdown."""
    lines = [
        "| style | SSIM to target | PSNR, dB | SSIM to photo (target's) | int8 to fp32, dB "
        "| warping / source | int8 file, kB | int8 ms per frame | missed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for f in figures:
        times = ", ".join(f"{name} {ms:.1f}" for name, ms in f.milliseconds.items())
        steady = "-" if f.warping is None else f"{f.warping:.2f}"
        lines.append(
            f"| {f.style} {f.scale} | {f.ssim_to_target:.3f} | {f.psnr_to_target:.2f} "
            f"| {f.ssim_to_photo:.3f} ({f.target_to_photo:.3f}) | {f.int8_to_fp32:.1f} "
            f"| {steady} | {f.bytes / 1000:.0f} | {times} | {', '.join(missed(f)) or '-'} |"
        )
    return "\n".join(lines) + "\n"


def processor() -> str:
    """The processor in words, with what decides on int8."""
    facts = machine_facts()
    return ", ".join(facts[name] for name in ("processor", "family", "int8") if name in facts)


def main() -> None:
    """Measures what the weights folder holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/quality"))
    parser.add_argument("--data", type=Path, default=Path("../shared"))
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--style", action="append", help="only this style; may be repeated")
    options = parser.parse_args()
    if not (options.data / "photos").is_dir():
        raise SystemExit(f"no photographs at {options.data}; give their folder with --data")
    networks = sorted(options.weights.glob("*/*_int8.xml"))
    figures = []
    for file in networks:
        style, scale = file.parent.name, SCALES[file.stem.removesuffix("_int8")]
        if options.style and style not in options.style:
            continue
        figures.append(measure(options.weights, style, scale, options.data, options.out))
        print(table(figures[-1:]).splitlines()[-1], flush=True)
    figures = timed(figures)
    styles = [f.style for f in figures if f.scale == "sd"]
    if styles:
        video_sheet(options.weights, styles, options.data, options.out)
    print("\n" + table(figures))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "table.md").write_text(table(figures))
    facts = {"processor": processor(), "networks": [asdict(f) for f in figures]}
    (options.out / "figures.json").write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
