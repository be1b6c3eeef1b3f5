"""How fast videotoon is beside what people use today, and beside the limit, in one run.

    python -m benchmarks.speed --out docs/speed                   everything, many minutes
    python -m benchmarks.speed --quick                            every measure once, in 3 minutes
    python -m benchmarks.speed --scenes "720p,still camera"       some of it
    python -m benchmarks.speed --engines "hayao:openvino:bf16"    chosen styles, engines, precisions
    python -m benchmarks.speed --clip my.mp4                      the main comparison on a clip

Before anything is timed, each of our contenders paints a short piece, which is decoded and looked
at. All contenders of a clip run in turn, round after round, so that a machine whose speed drifts
drifts for all. Figures are medians over the rounds; ratios are medians of the ratios within a
round. An output counts only after it was decoded and its frames were counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.clips import base_clip, scaled_clip
from benchmarks.contenders import Contender, Run, run_child, transcode
from benchmarks.machine_facts import machine_facts
from benchmarks.speed_goals import outcomes
from benchmarks.speed_report import Row, write_report
from benchmarks.speed_scenes import (
    ENGINES_START,
    FULL,
    QUICK,
    Extent,
    Scene,
    all_scenes,
    every_engine,
    plain_scene,
)
from benchmarks.traced import Trace
from videotoon.system.machine import CACHE_VARIABLE, usable_cores

TRACED = ("720p", "540x960", "1080p")
"""Scenes whose main job is run once more and looked into; the quick run stops after the first."""


def main() -> None:
    """Measure and write the report."""
    options = _options()
    extent = QUICK if options.quick else FULL
    extent = replace(extent, rounds=options.rounds or extent.rounds)
    options.out.mkdir(parents=True, exist_ok=True)
    options.clips.mkdir(parents=True, exist_ok=True)
    machine = machine_facts() | {"rounds": str(extent.rounds)}
    # A cache of its own: int8 forms and calibrations of earlier work would make it another race.
    os.environ[CACHE_VARIABLE] = str(options.clips.resolve() / "cache")
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        scenes = _chosen(options, extent)
        rows: list[Row] = []
        failed = []
        for scene in scenes:
            print(f"{scene.name}: {scene.clip.name}", flush=True)
            try:
                rows += measure(scene, extent.rounds, Path(folder))
            except RuntimeError as error:  # one scene must not cost the figures of the others
                failed.append(f"{scene.name}: {error}")
                print(f"  not measured: {error}", flush=True)
        traces = _traces(scenes, options.style, options.quick, Path(folder))
    machine["seconds in all"] = f"{time.perf_counter() - begun:.0f}"
    machine["CPU seconds in all"] = f"{_cpu_seconds():.0f}"
    write_report(options.out, rows, outcomes(rows), traces, machine)
    print((options.out / "report.md").read_text(encoding="utf-8"))
    if options.quick:
        print(
            "Clips of a second or two, once each: starting weighs more than in whole clips, "
            "which the goals are for. Leave --quick out for figures that count."
        )
    if failed:
        raise SystemExit("not measured: " + "; ".join(failed))


def _cpu_seconds() -> float:
    """Return the CPU seconds of this process and of everything it ran."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("out/speed"))
    parser.add_argument("--quick", action="store_true", help="short clips, one round")
    parser.add_argument("--rounds", type=int, default=0, help="rounds; default 5, quick 1")
    parser.add_argument("--clip", type=Path, help="measure on this clip only")
    parser.add_argument("--scenes", help="only these, separated by commas")
    parser.add_argument("--engines", help="only these STYLE:BACKEND:PRECISION, or 'all', at 720p")
    parser.add_argument("--clips", type=Path, default=Path("out/clips"), help="folder for clips")
    parser.add_argument("--style", default="cel")
    return parser.parse_args()


def _chosen(options: argparse.Namespace, extent: Extent) -> list[Scene]:
    if options.clip is not None:
        return [plain_scene(options.clip.stem, options.clip, options.style, extent)]
    if options.engines is not None:
        return [_engines_scene(options.engines, options.clips)]
    scenes = all_scenes(options.clips, options.style, extent)
    if options.scenes is None:
        return scenes
    names = [name.strip() for name in options.scenes.split(",")]
    unknown = set(names) - {scene.name for scene in scenes}
    if unknown:
        known = ", ".join(scene.name for scene in scenes)
        sys.exit(f"no such scene: {', '.join(sorted(unknown))}; there are {known}")
    return [scene for scene in scenes if scene.name in names]


def _engines_scene(wanted: str, clips: Path) -> Scene:
    engines = every_engine()
    if wanted != "all":
        keys = [key.strip() for key in wanted.split(",")]
        unknown = set(keys) - {contender.key for contender in engines}
        if unknown:
            known = ", ".join(contender.key for contender in engines)
            sys.exit(f"no such engine: {', '.join(sorted(unknown))}; there are {known}")
        engines = tuple(contender for contender in engines if contender.key in keys)
    clip = scaled_clip(base_clip("bbb.webm"), 1280, 720, clips, 2.0, ENGINES_START)
    return Scene("720p engines", clip, (transcode(), *engines), "transcode")


def measure(scene: Scene, rounds: int, folder: Path) -> list[Row]:
    """Run all contenders of a scene in turn and return their medians.

    Raises:
        RuntimeError: An output is not what it should be; nothing of the scene counts then.
    """
    outputs = {
        contender.key: folder / f"{_file_name(scene.name)}_{_file_name(contender.key)}.mp4"
        for contender in scene.contenders
    }
    for contender in scene.contenders:
        contender.prove(scene.clip, outputs[contender.key])
    runs: dict[str, list[Run]] = {contender.key: [] for contender in scene.contenders}
    for _ in range(rounds):
        for contender in scene.contenders:
            run = contender.run(scene.clip, outputs[contender.key])
            contender.check(run, outputs[contender.key])
            runs[contender.key].append(run)
            print(f"  {contender.key:22s} {run.fps:8.2f} fps", flush=True)
    _check_pixels(scene, runs)
    return [_row(scene, contender, runs) for contender in scene.contenders]


def _file_name(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in text)


def _check_pixels(scene: Scene, runs: dict[str, list[Run]]) -> None:
    """Check that what must be painted alike was, before it was encoded."""
    for key, own in runs.items():
        digests = {run.digest for run in own}
        if len(digests) > 1:
            raise RuntimeError(f"{scene.name}, {key}: painted differently from round to round")
    alike = {runs[key][0].digest for key in scene.same_pixels}
    if len(alike) > 1:
        raise RuntimeError(f"{scene.name}: {' and '.join(scene.same_pixels)} painted differently")


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
        to_base=_ratio(own, runs.get(scene.bases.get(contender.key, scene.base))),
        to_transcode=_ratio(own, runs.get("transcode")),
        to_bound=_to_bound(own, runs, scene.repeats) if contender.key == "on" else None,
        cpu_per_frame=statistics.median(run.cpu_seconds / run.frames for run in own),
        busy=statistics.median(run.cpu_seconds / (usable_cores() * run.seconds) for run in own),
        peak_bytes=max(run.peak_bytes for run in own),
        first_frame_seconds=report.get("first_frame_seconds"),
        engine=json.dumps(report.get("engine", {})),
        stages=report.get("stage_wall_seconds", {}),
        digest=own[-1].digest,
    )


def _ratio(own: Sequence[Run], base: Sequence[Run] | None) -> float | None:
    if not base:
        return None
    return statistics.median(a.fps / b.fps for a, b in zip(own, base, strict=True))


def _to_bound(own: Sequence[Run], runs: dict[str, list[Run]], repeats: float) -> float | None:
    """Return the speed divided by what sparing all repeats would give.

    A repeated frame can spare its painting, but not its decoding and encoding: what a transcode of
    the same clip takes.
    """
    if repeats == 0.0:
        return None
    found = []
    for run, off, limit in zip(own, runs["off"], runs["transcode"], strict=True):
        painting = max(0.0, 1 / off.fps - 1 / limit.fps)
        bound = 1 / (1 / limit.fps + (1 - repeats) * painting)
        found.append(run.fps / bound)
    return statistics.median(found)


def _traces(scenes: Sequence[Scene], style: str, quick: bool, folder: Path) -> dict[str, Trace]:
    """Run the main jobs once more, looking into them; where threads can be told apart."""
    if not Path("/proc/self/task").is_dir():
        return {}
    clips = {scene.name: scene.clip for scene in scenes if scene.name in TRACED}
    names = [name for name in TRACED if name in clips][: 1 if quick else None]
    traces: dict[str, Trace] = {}
    for name in names:
        print(f"{name}: looking into one job", flush=True)
        file = folder / "trace.json"
        run_child(
            [
                sys.executable, "-m", "benchmarks.traced", str(clips[name]),
                str(folder / "traced.mp4"), str(file), "--style", style,
            ]
        )  # fmt: skip
        traces[name] = Trace.read(file)
    return traces


if __name__ == "__main__":
    main()
