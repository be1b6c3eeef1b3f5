"""How fast pictures are painted: one large photo warm, and a folder of small ones.

    python -m benchmarks.still_pictures [--photos FOLDER] [--rounds 3]

The photo is painted by AnimeGANv2's published architecture with random weights, in bf16 and in the
int8 form that ``videotoon weights quantise`` makes. The folder is painted by the default style in
three ways: a command per picture, one process that paints them in turn, and ``videotoon batch``.
Everything that is compared runs in turn, round after round; figures are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.random_generator import random_checkpoint
from videotoon.cli.tables import table
from videotoon.engine.calibration_pictures import drawn_picture
from videotoon.frame import FrameSize

SIDE = 1024
SMALL = (160, 512)
PICTURES = 40
ALONE = 6
"""So many of the folder are painted by a command each; the rest would take as long each."""

WARM = """
import json, sys, time, cv2
from videotoon import Settings, Styliser
from videotoon.report import peak_memory
picture = cv2.cvtColor(cv2.imread(sys.argv[2]), cv2.COLOR_BGR2RGB)
paint = Styliser(Settings(style=sys.argv[1], precision=sys.argv[3]))
paint(picture)
wall, cpu = time.perf_counter(), time.process_time()
painted = paint(picture)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
assert painted.shape == picture.shape and (painted != picture).any()
print(json.dumps([wall, cpu, peak_memory()]))
"""

IN_TURN = """
import sys
from pathlib import Path
from videotoon import Settings, Styliser
from videotoon.picture import stylise_picture
settings = Settings(overwrite=True)
styliser = Styliser(settings)
for source in sorted(Path(sys.argv[1]).iterdir()):
    stylise_picture(source, Path(sys.argv[2]) / source.name, settings, styliser)
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to paint the folder.

    Attributes:
        seconds: Wall seconds per picture, one for each round.
        cpu_seconds: CPU seconds per picture, one for each round.
    """

    seconds: list[float]
    cpu_seconds: list[float]


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder with photos; drawn ones if not given")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["VIDEOTOON_CACHE"] = str(place / "cache")
        rows = measure_photo(place, options.photos, options.rounds)
        print(table(("1024x1024, warm", "s", "CPU s", "peak MB", "dB to fp32"), rows))
        print()
        rows = measure_folder(place, options.photos, options.rounds)
        print(table(("folder of small pictures", "ms each", "CPU ms each", "x batch"), rows))


def measure_photo(place: Path, photos: Path | None, rounds: int) -> list[list[str]]:
    """Return rows for one photo in bf16 and int8."""
    from videotoon.engine.quantise import quantise_style
    from videotoon.engine.styles import resolve_style

    checkpoint = random_checkpoint(place / "animegan2.safetensors")
    _, quality = quantise_style(resolve_style(str(checkpoint)))
    photo = place / "photo.png"
    cv2.imwrite(str(photo), _pictures(photos, 1, (SIDE, SIDE))[0])
    found: dict[str, list[list[float]]] = {"bf16": [], "int8": []}
    for _ in range(rounds):
        for precision, runs in found.items():
            command = [sys.executable, "-c", WARM, str(checkpoint), str(photo), precision]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append(json.loads(done.stdout))
    decibels = {"bf16": "", "int8": f"{quality.mean:.1f} (worst {quality.worst:.1f})"}
    return [
        [p, f"{wall:.2f}", f"{cpu:.2f}", f"{peak / 1e6:.0f}", decibels[p]]
        for p, runs in found.items()
        for wall, cpu, peak in [[statistics.median(values) for values in zip(*runs, strict=True)]]
    ]


def measure_folder(place: Path, photos: Path | None, rounds: int) -> list[list[str]]:
    """Return rows for a folder of small pictures of many sizes."""
    inputs = place / "in"
    inputs.mkdir()
    sizes = np.random.default_rng(3).integers(*SMALL, (PICTURES, 2))
    for number, size in enumerate(sizes.tolist()):
        (picture,) = _pictures(photos, 1, (size[0], size[1]), number)
        cv2.imwrite(str(inputs / f"{number:03d}.jpg"), picture)
    command = [sys.executable, "-m", "videotoon"]
    ways = {name: Way([], []) for name in ("a command each", "one process in turn", "batch")}
    for _ in range(rounds + 1):  # the first fills the caches
        out = place / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        some = sorted(inputs.iterdir())[:ALONE]
        each = [[*command, str(one), str(out / one.name), "--overwrite"] for one in some]
        turn = [sys.executable, "-c", IN_TURN, str(inputs), str(out)]
        batch = [*command, "batch", str(inputs), "-o", str(place / "batch"), "--overwrite"]
        _add(ways["a command each"], ALONE, each)
        _add(ways["one process in turn"], PICTURES, [turn])
        _add(ways["batch"], PICTURES, [batch])
        assert len(list((place / "batch").glob("*.jpg"))) == PICTURES
    fastest = ways["batch"].seconds[1:]
    return [
        [
            name,
            f"{1000 * statistics.median(way.seconds[1:]):.0f}",
            f"{1000 * statistics.median(way.cpu_seconds[1:]):.0f}",
            f"{statistics.median(np.divide(way.seconds[1:], fastest).tolist()):.1f}",
        ]
        for name, way in ways.items()
    ]


def _add(way: Way, pictures: int, commands: Sequence[Sequence[str]]) -> None:
    wall, before = time.perf_counter(), os.times()
    for command in commands:
        subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    way.seconds.append((time.perf_counter() - wall) / pictures)
    cpu = sum(after[2:4]) - sum(before[2:4])
    way.cpu_seconds.append(cpu / pictures)


def _pictures(
    photos: Path | None, count: int, size: tuple[int, int], first: int = 0
) -> list[np.ndarray]:
    """Return pictures of a size, BGR."""
    if photos is None:
        drawn = [drawn_picture(first + n, FrameSize(*size)) for n in range(count)]
        return [picture[..., ::-1].astype(np.uint8) for picture in drawn]
    files = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".png"))
    read = [cv2.imread(str(files[(first + n) % len(files)])) for n in range(count)]
    return [
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        for picture in read
        if picture is not None
    ]


if __name__ == "__main__":
    main()
