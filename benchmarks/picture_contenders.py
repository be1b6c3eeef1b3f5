"""Pictures in the speed benchmark: a folder of small ones, and one large photo again and again."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.contenders import Contender, Run, run_child
from videotoon.report import peak_memory

SHARED = Path(__file__).resolve().parents[2] / "shared"
SAMPLE = Path(__file__).resolve().parents[1] / "sample_media" / "photo.jpg"
LIKENESS_CODES = 2.0
"""Mean difference below which a picture painted in a batch counts as the one painted alone."""


def photos() -> list[Path]:
    """Return real photos beside the checkout, or the sample photo."""
    found = sorted((SHARED / "photos").rglob("*.jpg")) + sorted((SHARED / "faces").glob("*.jpg"))
    return found or [SAMPLE]


def small_pictures(folder: Path, count: int) -> Path:
    """Make a folder of pictures of mixed sizes below 512 pixels; reused when it is there."""
    target = folder / f"small_pictures_{count}"
    if target.is_dir():
        return target
    part = folder / "small_pictures.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    sources, chance = photos(), np.random.default_rng(0)
    for number in range(count):
        picture = cv2.imread(str(sources[number % len(sources)]))
        assert picture is not None
        long_side = int(chance.integers(280, 505))
        scale = long_side / max(picture.shape[:2])
        size = (max(64, round(picture.shape[1] * scale)), max(64, round(picture.shape[0] * scale)))
        resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(part / f"{number:03d}.png"), resized)
    part.replace(target)
    return target


def command_each(style: str, count: int) -> Contender:
    """Our command once for every picture, for the first few; the others would take as long each."""

    def run(pictures: Path, output: Path) -> Run:
        target, seconds, cpu = _emptied(output), 0.0, 0.0
        some = sorted(pictures.iterdir())[:count]
        for picture in some:
            command = [
                sys.executable, "-m", "videotoon", str(picture), str(target / picture.name),
                "--style", style, "--quiet", "--no-face",
            ]  # fmt: skip
            wall, used = run_child(command)
            seconds, cpu = seconds + wall, cpu + used
        return Run(len(some), seconds, cpu)

    return Contender("each", f"videotoon, {style}, a command each", run, check=_check_folder)


def one_by_one(style: str) -> Contender:
    """A loop in one process: read, paint, write, next."""

    def run(pictures: Path, output: Path) -> Run:
        return _loop("--folder", pictures, _emptied(output), style)

    return Contender("one", f"videotoon, {style}, in turn in one process", run, check=_check_folder)


def in_batch(style: str) -> Contender:
    """Our batch command on the folder."""

    def run(pictures: Path, output: Path) -> Run:
        command = [
            sys.executable, "-m", "videotoon", "batch", str(pictures), "--output",
            str(_emptied(output)), "--style", style, "--quiet", "--no-face",
        ]  # fmt: skip
        seconds, cpu = run_child(command)
        return Run(len(list(pictures.iterdir())), seconds, cpu)

    def check(run: Run, output: Path) -> None:
        _check_folder(run, output)
        _same_as_alone(output, output.with_name(output.name.replace("batch", "one")))

    return Contender("batch", f"videotoon batch, {style}", run, check=check)


def warm_photo(style: str, precision: str, paintings: int) -> Contender:
    """One photo painted some times by a compiled network, array in, array out."""

    def run(photo: Path, output: Path) -> Run:
        picture = output.with_suffix(".png")
        return _loop("--photo", photo, picture, style, precision, paintings)

    def check(_run: Run, output: Path) -> None:
        painted = cv2.imread(str(output.with_suffix(".png")))
        if painted is None or painted.std() < 1.0:
            raise RuntimeError("the painted photo shows nothing")

    return Contender(
        precision, f"videotoon, 8 MB architecture, {precision}, warm", run, check=check
    )


def square_photo(folder: Path, side: int) -> Path:
    """Make a square photo of a size; reused when it is there."""
    target = folder / f"photo_{side}.png"
    folder.mkdir(parents=True, exist_ok=True)
    if not target.is_file():
        picture = cv2.imread(str(photos()[0]))
        assert picture is not None
        short = min(picture.shape[:2])
        square = cv2.resize(picture[:short, :short], (side, side), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(target), square)
    return target


def _emptied(folder: Path) -> Path:
    target = folder.with_suffix("")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    return target


def _check_folder(run: Run, output: Path) -> None:
    painted = [cv2.imread(str(path)) for path in sorted(output.with_suffix("").glob("*.png"))]
    if len(painted) != run.frames or any(p is None or p.std() < 1.0 for p in painted):
        raise RuntimeError(f"{len(painted)} of {run.frames} pictures, or empty ones")


def _same_as_alone(batch: Path, alone: Path) -> None:
    """Check that pictures look the same whether they were painted in a batch or alone."""
    for path in sorted(batch.with_suffix("").glob("*.png")):
        one, other = cv2.imread(str(path)), cv2.imread(str(alone.with_suffix("") / path.name))
        if one is None or other is None or one.shape != other.shape:
            raise RuntimeError(f"{path.name} is missing or of another size")
        if cv2.absdiff(one, other).mean() > LIKENESS_CODES:
            raise RuntimeError(f"{path.name} differs between batch and alone")


def _loop(
    mode: str, source: Path, output: Path, style: str, precision: str = "auto", paintings: int = 1
) -> Run:
    facts = output.parent / f"{output.stem}_facts.json"
    command = [
        sys.executable, "-m", "benchmarks.picture_contenders", mode, str(source), str(output),
        "--style", style, "--precision", precision, "--paintings", str(paintings), "--facts",
        str(facts),
    ]  # fmt: skip
    seconds, cpu = run_child(command)
    found = json.loads(facts.read_text(encoding="utf-8"))
    seconds, cpu = found["seconds"] or seconds, found["cpu_seconds"] or cpu
    return Run(found["pictures"], seconds, cpu, found["peak_bytes"])


def main() -> None:
    """Paint pictures in a process of its own and write down what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--style", required=True)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--paintings", type=int, default=1)
    parser.add_argument("--facts", type=Path, required=True)
    options = parser.parse_args()
    from videotoon.engine.styliser import Styliser
    from videotoon.picture import read_picture, write_picture

    styliser = Styliser(style=options.style, precision=options.precision)
    seconds, cpu_seconds, pictures = None, None, 1
    if options.folder is not None:
        sources = sorted(options.folder.iterdir())
        for source in sources:
            picture, alpha, _ = read_picture(source)
            write_picture(options.output / source.name, styliser(picture), alpha)
        pictures = len(sources)
    else:
        picture, alpha, _ = read_picture(options.photo)
        write_picture(options.output, styliser(picture), alpha)  # compiles
        times, cpu = [], time.process_time()
        for _ in range(options.paintings):
            begun = time.perf_counter()
            styliser(picture)
            times.append(time.perf_counter() - begun)
        seconds = statistics.median(times)
        cpu_seconds = (time.process_time() - cpu) / options.paintings
    content = {
        "seconds": seconds, "cpu_seconds": cpu_seconds, "pictures": pictures,
        "peak_bytes": peak_memory(),
    }  # fmt: skip
    options.facts.write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main()
