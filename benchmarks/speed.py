"""How fast videotoon is beside what people use today, and beside the limit, in one run.

    python -m benchmarks.speed --out docs/speed            the full table
    python -m benchmarks.speed --quick --out out/speed     the main rows, under three minutes

All contenders of a clip run in turn, round after round, so that a machine whose speed drifts drifts
for all. Figures are medians over the rounds; ratios are medians of the ratios within a round. An
output counts only after it was decoded and its frames were counted.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clips import base_clip, repeated_clip, scaled_clip, static_clip
from benchmarks.contenders import (
    Contender,
    Run,
    count_frames,
    teacher_loop,
    transcode,
    upstream_loop,
    videotoon,
)
from benchmarks.random_generator import random_checkpoint
from benchmarks.speed_report import Row, write_report
from videotoon.engine.machine import processor_name, usable_cores

TEACHERS = Path(__file__).resolve().parents[2] / "shared" / "teachers"
PLAIN = ("--cache-frames", "0", "--no-change-only", "--no-face")


@dataclass(frozen=True, slots=True)
class Scene:
    """Contenders that are compared on one clip.

    Attributes:
        name: Short name in the table.
        clip: The clip.
        contenders: Run in turn, in this order.
        base: Key of the contender that the others are divided by, besides ``transcode``.
    """

    name: str
    clip: Path
    contenders: Sequence[Contender]
    base: str = "upstream"


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/speed"))
    parser.add_argument("--quick", action="store_true", help="the main rows only, fewer rounds")
    parser.add_argument("--rounds", type=int, default=0, help="rounds; default 5, quick 2")
    parser.add_argument("--clip", type=Path, help="measure on this clip only")
    parser.add_argument("--clips", type=Path, default=Path("out/clips"), help="folder for clips")
    parser.add_argument("--style", default="cel")
    options = parser.parse_args()
    rounds = options.rounds or (2 if options.quick else 5)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        if options.clip is not None:
            scenes = [_plain_scene(options.clip.stem, options.clip, options.style)]
        else:
            scenes = _scenes(options.clips, Path(folder), options.style, options.quick)
        rows: list[Row] = []
        for scene in scenes:
            print(f"{scene.name}: {scene.clip.name}", flush=True)
            rows += measure(scene, rounds, Path(folder))
    machine = {
        "processor": processor_name(),
        "cores": usable_cores(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "rounds": rounds,
    }
    write_report(options.out, rows, machine)
    print((options.out / "report.md").read_text(encoding="utf-8"))


def measure(scene: Scene, rounds: int, folder: Path) -> list[Row]:
    """Run all contenders of a scene in turn and return their medians."""
    runs: dict[str, list[Run]] = {contender.key: [] for contender in scene.contenders}
    for _ in range(rounds):
        for contender in scene.contenders:
            output = folder / f"{scene.name}_{contender.key}.mp4"
            run = contender.run(scene.clip, output)
            _check(contender, run, output)
            runs[contender.key].append(run)
            print(f"  {contender.key:22s} {run.fps:8.2f} fps", flush=True)
    return [_row(scene, contender, runs) for contender in scene.contenders]


def _check(contender: Contender, run: Run, output: Path) -> None:
    found = count_frames(output)
    if found != run.frames or found == 0:
        raise RuntimeError(f"{contender.key} claims {run.frames} frames, its file holds {found}")


def _row(scene: Scene, contender: Contender, runs: dict[str, list[Run]]) -> Row:
    own = runs[contender.key]
    report = own[-1].report
    return Row(
        scene=scene.name,
        key=contender.key,
        title=contender.title,
        fps=statistics.median(run.fps for run in own),
        lowest_fps=min(run.fps for run in own),
        highest_fps=max(run.fps for run in own),
        to_base=_ratio(own, runs.get(scene.base)),
        to_transcode=_ratio(own, runs.get("transcode")),
        cpu_per_frame=statistics.median(run.cpu_seconds / run.frames for run in own),
        busy=statistics.median(run.cpu_seconds / (usable_cores() * run.seconds) for run in own),
        peak_bytes=max(run.peak_bytes for run in own),
        first_frame_seconds=report.get("first_frame_seconds"),
        engine=json.dumps(report.get("engine", {})),
        stages=report.get("stage_wall_seconds", {}),
    )


def _ratio(own: list[Run], base: list[Run] | None) -> float | None:
    if not base:
        return None
    return statistics.median(a.fps / b.fps for a, b in zip(own, base, strict=True))


def _plain_scene(name: str, clip: Path, style: str) -> Scene:
    ours = videotoon("videotoon", f"videotoon, {style}", "--style", style, *PLAIN)
    return Scene(name, clip, (upstream_loop(6), transcode(), ours))


def _scenes(clips: Path, folder: Path, style: str, quick: bool) -> list[Scene]:
    small = base_clip("sakura_walk_540x960.mp4")
    seconds = 10.0 if quick else 20.0
    hd = scaled_clip(base_clip("bbb.webm"), 1280, 720, clips, seconds)
    full_hd = scaled_clip(base_clip("bbb.webm"), 1920, 1080, clips, seconds / 2)
    checkpoint = random_checkpoint(folder / "animegan2_random.safetensors")
    limit = transcode()
    scenes = [
        Scene("540x960", small, _small_contenders(style, quick)),
        Scene("720p", hd, (limit, *_precisions(style, quick))),
        Scene("1080p", full_hd, (limit, *_precisions(style, True))),
    ]
    scenes += _animegan2_scenes(small, clips, checkpoint)
    if not quick:
        scenes += _reuse_scenes(hd, clips, checkpoint, style)
    return scenes


def _small_contenders(style: str, quick: bool) -> tuple[Contender, ...]:
    teacher = TEACHERS / "AnimeGANv3_tiny_Cute.onnx"
    peers: tuple[Contender, ...] = (upstream_loop(6), transcode())
    if teacher.is_file():
        peers += (teacher_loop(teacher, 12),)
    return (*peers, *_precisions(style, quick))


def _precisions(style: str, quick: bool) -> tuple[Contender, ...]:
    found = [videotoon("videotoon", f"videotoon, {style}", "--style", style, *PLAIN)]
    for precision in () if quick else ("int8", "bf16", "fp32"):
        title = f"videotoon, {style}, {precision}"
        options = ("--style", style, "--precision", precision, *PLAIN)
        found.append(videotoon(f"videotoon-{precision}", title, *options))
    return tuple(found)


def _animegan2_scenes(small: Path, clips: Path, checkpoint: Path) -> list[Scene]:
    square = scaled_clip(small, 512, 512, clips, 2.0)
    title = "videotoon, AnimeGANv2's 8 MB architecture (random weights)"
    ours = videotoon("animegan2", title, "--style", str(checkpoint), *PLAIN)
    return [Scene("512x512 8 MB", square, (upstream_loop(6), transcode(), ours))]


def _reuse_scenes(hd: Path, clips: Path, checkpoint: Path, style: str) -> list[Scene]:
    held = repeated_clip(scaled_clip(hd, 512, 512, clips, 3.0), 4, 48, clips)
    held_hd = repeated_clip(hd, 4, 240, clips)
    static = static_clip(hd, 240, clips)
    reuse = ("--no-change-only", "--no-face", "--cache-frames", "8")
    change = ("--cache-frames", "0", "--no-face", "--change-only")
    both = ("--style", style)
    big = ("--style", str(checkpoint))
    return [
        Scene(
            "75 % repeats, 8 MB",
            held,
            (videotoon("off", "reuse off", *big, *PLAIN), videotoon("on", "on", *big, *reuse)),
            "off",
        ),
        Scene(
            "75 % repeats",
            held_hd,
            (
                transcode(),
                videotoon("off", "reuse off", *both, *PLAIN),
                videotoon("on", "reuse on", *both, *reuse),
            ),
            "off",
        ),
        Scene(
            "still camera",
            static,
            (
                transcode(),
                videotoon("off", "change-only off", *both, *PLAIN),
                videotoon("on", "change-only on", *both, *change),
            ),
            "off",
        ),
    ]


if __name__ == "__main__":
    main()
