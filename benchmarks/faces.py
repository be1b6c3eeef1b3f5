"""Measures face painting and writes sheets: ``python -m benchmarks.faces --out out/faces``.

Needs the pictures and weights beside the repository (``--shared``).
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from benchmarks.face_clips import Person, astronaut_picture, crossing, moving_portrait, person_from
from benchmarks.face_measures import (
    Dropping,
    Found,
    Motion,
    find_in_pictures,
    in_motion,
    largest_pop,
    likeness,
)
from benchmarks.face_sheets import write_public_sheet, write_sheets
from videotoon.engine.open import open_style
from videotoon.faces.base import FaceState
from videotoon.faces.opening import open_detector
from videotoon.faces.stage import open_faces
from videotoon.faces.tracker import FaceTracker
from videotoon.frame import BT709, Frame, FrameSize
from videotoon.pipeline import stylise_video
from videotoon.settings import Settings

SIZE = FrameSize(1280, 720)
SIDES = (24.0, 32.0, 48.0, 64.0, 96.0)
DROPPED = range(20, 25)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    measure: str
    value: str
    target: str
    met: bool | None


def main() -> None:
    """Measure and print."""
    options = _options()
    os.environ.setdefault("VIDEOTOON_WEIGHTS", str(options.shared / "weights"))
    settings = Settings(face=True, style=options.style)
    wanted = set(options.only.split(",")) if options.only else set()
    rows: list[Row] = []
    found = functools.cache(lambda: find_in_pictures(options.shared / "faces"))
    steps: dict[str, Callable[[], Iterator[Row]]] = {
        "found": lambda: _found(found()),
        "likeness": lambda: _likeness(found().people, settings),
        "motion": lambda: _motion(found().people, settings),
        "speed": lambda: _speed(settings, options.out),
        "sheets": lambda: _sheets(options, settings),
    }
    for name, step in steps.items():
        if not wanted or name in wanted:
            for row in step():
                rows.append(row)
                print(_line(row), flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "table.md").write_text(_table(rows), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/faces"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--style", default="cel")
    parser.add_argument("--only", default="", help="found,likeness,motion,speed,sheets")
    return parser.parse_args()


def _found(found: Found) -> Iterator[Row]:
    share = found.found / found.counted
    missed = f"; missed {', '.join(found.missed)}" if found.missed else ""
    yield Row("faces found", f"{found.found} of {found.counted} ({share:.1%}){missed}",
              ">= 95 %", share >= 0.95)  # fmt: skip
    yield Row("false faces", str(found.false), "<= 2", found.false <= 2)


def _likeness(people: list[Person], settings: Settings) -> Iterator[Row]:
    style = open_style(settings, SIZE, BT709)
    stage = open_faces(settings, style, SIZE, BT709)
    result = likeness(people, SIDES, SIZE, style.session(), stage.painter())
    without, with_faces = np.mean(result.errors, axis=0)
    met = result.ratio <= 0.73 and result.change_ratio >= 0.8
    yield Row(
        "landmark error, with / without",
        f"{with_faces:.4f} / {without:.4f} = {result.ratio:.3f} "
        f"(change {result.change_ratio:.2f} x, {result.faces} faces)",
        "<= 0.73 at >= 0.8 x change", met,
    )  # fmt: skip
    yield Row("faces found again, with / without", f"{result.again[1]} / {result.again[0]}",
              "not fewer", result.again[1] >= result.again[0])  # fmt: skip


def _paint(frames: list[Frame], settings: Settings, dropped: bool = False) -> Motion:
    size = frames[0].planes.size
    style = open_style(settings, size, BT709)
    stage = open_faces(settings, style, size, BT709)
    detector, _ = open_detector(settings.face_detector, size, BT709, threads=0)
    current = {"frame": 0}

    class Followed(FaceTracker):
        def follow(self, frame: Frame) -> tuple[FaceState, ...]:
            current["frame"] = frame.index
            return super().follow(frame)

    if dropped:
        detector = Dropping(detector, lambda: current["frame"] in DROPPED)
    tracker = Followed(detector, size, 0.8 * settings.min_face)
    return in_motion(frames, style.session(), stage.painter(), tracker)


def _motion(people: list[Person], settings: Settings) -> Iterator[Row]:
    astronaut = _astronaut()
    clips = {
        "portrait": moving_portrait(astronaut, SIZE, 50),
        "crossing": crossing([astronaut, *people[2:6:3]], SIZE, 50),
    }
    results = {name: _paint(frames, settings) for name, frames in clips.items()}
    total = np.mean([result.warp_errors for result in results.values()], axis=0)
    each = ", ".join(
        f"{name} {r.warp_errors[1] / r.warp_errors[0]:.3f}" for name, r in results.items()
    )
    ratio = float(total[1] / total[0])
    yield Row("warping error, with / without",
              f"{total[1]:.2f} / {total[0]:.2f} = {ratio:.3f} ({each})",
              "<= 1.1", ratio <= 1.1)  # fmt: skip
    tracks = {name: result.tracks for name, result in results.items()}
    told = tracks == {"portrait": 1, "crossing": 3}
    yield Row("identities in the clips", str(tracks), "1 and 3", told)
    dropped = _paint(clips["portrait"], settings, dropped=True)
    pop = largest_pop(dropped.steps, range(DROPPED.start, DROPPED.stop + 5))
    yield Row("5 dropped detections, largest step", f"{pop:.2f} x", "<= 1.5 x", pop <= 1.5)
    equal = all(result.outside_equal for result in (*results.values(), dropped))
    yield Row("outside the masks", "identical" if equal else "DIFFERENT", "identical", equal)


def _astronaut() -> Person:
    return person_from(astronaut_picture(), (178, 67, 272, 200))


def _speed(settings: Settings, out: Path) -> Iterator[Row]:
    out.mkdir(parents=True, exist_ok=True)
    clip = out / "one_face_720p.mp4"
    _write_clip(clip, moving_portrait(_astronaut(), SIZE, 100))
    wall: dict[bool, list[float]] = {False: [], True: []}
    cpu: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(3):
        for face in (False, True):
            before = os.times()
            report = stylise_video(
                clip, out / "speed.mp4", replace(settings, face=face, overwrite=True, resume=False)
            )
            after = os.times()
            wall[face].append(report.fps)
            cpu[face].append(after.user + after.system - before.user - before.system)
    by_wall = statistics.median(wall[True]) / statistics.median(wall[False])
    by_cpu = min(cpu[False]) / min(cpu[True])
    yield Row(
        "speed with one face at 720p",
        f"{by_wall:.2f} x by wall ({statistics.median(wall[False]):.1f} -> "
        f"{statistics.median(wall[True]):.1f} fps), {by_cpu:.2f} x by CPU seconds",
        ">= 0.7 x", by_wall >= 0.7,
    )  # fmt: skip


def _write_clip(path: Path, frames: list[Frame]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "14"})
        size = frames[0].planes.size
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
        for frame in frames:
            planes = frame.planes
            stacked = np.concatenate([plane.ravel() for plane in planes.colour_planes])
            picture = av.VideoFrame.from_ndarray(
                stacked.reshape(size.height * 3 // 2, size.width), format="yuv420p"
            )
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _sheets(options: argparse.Namespace, settings: Settings) -> Iterator[Row]:
    written = write_sheets(options.shared / "faces", options.out, settings)
    written.append(write_public_sheet(options.out / "public.jpg", settings))
    yield Row("sheets", f"{len(written)} in {options.out}", "6", len(written) >= 6)


def _line(row: Row) -> str:
    mark = {True: "met", False: "NOT MET", None: ""}[row.met]
    return f"{row.measure:38} {row.value}   [{row.target}: {mark}]"


def _table(rows: list[Row]) -> str:
    lines = ["| measure | value | target | met |", "|---|---|---|---|"]
    for row in rows:
        met = "yes" if row.met else "no"
        lines.append(f"| {row.measure} | {row.value} | {row.target} | {met} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
