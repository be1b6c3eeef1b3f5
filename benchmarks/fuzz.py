"""Runs the command on damaged files and counts hangs, crashes, half outputs and large memory.

    python -m benchmarks.fuzz --count 1000

Each file is a small clip with bits flipped, parts cut out, boxes swapped or sizes blown up, by a
random generator whose seed is the file's number, so that `--first 417 --count 1` repeats one case.
Every run is the real command in a process of its own, forked from this one to save start-up time.
Exits with 1 if anything is found.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.random import Generator
from tqdm import tqdm

from tests.media import Clicks, ClipSpec, make_clip
from videotoon.errors import exit_code_table

HANG_SECONDS = 30.0
MEMORY_BYTES = 1 << 30
ADDRESS_SPACE_BYTES = 12 << 30
"""Stops a run that would exhaust the machine; what counts is the memory in use."""

Mutation = Callable[[bytearray, Generator], None]


@dataclass(frozen=True, slots=True)
class Run:
    """How one run of the command ended."""

    code: int
    seconds: float
    memory: int
    words: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A damaged file: its seed, what it was, how the command ended, what is wrong with that."""

    seed: int
    clip: str
    run: Run
    faults: tuple[str, ...]


FAULTS = {
    "hang": f"hangs (over {HANG_SECONDS:.0f} s)",
    "crash": "crashes",
    "traceback": "tracebacks",
    "half": "half outputs",
    "left": "files left behind",
    "memory": f"over {MEMORY_BYTES >> 20} MiB",
}
"""What must not happen, by the first word of its finding."""

HEAD = """# Damaged files

Written by `python -m benchmarks.fuzz`: small clips of twelve kinds with bits flipped, parts cut
out, boxes swapped or sizes blown up, each given to the real command. Seeds are fixed.

"""


def base_clips(folder: Path) -> list[Path]:
    """Write small healthy clips of many kinds, in a process of its own.

    Encoders start threads; a process that had some is not a clean one to fork from.
    """
    child = os.fork()
    if child == 0:
        try:
            _write_clips(folder)
            os._exit(0)
        except BaseException as error:
            print(f"cannot write the healthy clips: {error!r}", file=sys.stderr)
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
    return sorted(folder.iterdir())


def _write_clips(folder: Path) -> None:
    kinds = {
        "a.mp4": ("libx264", "yuv420p", "aac"),
        "b.mkv": ("libx264", "yuv420p", "flac"),
        "c.webm": ("libvpx-vp9", "yuv420p", "libopus"),
        "d.avi": ("mpeg4", "yuv420p", "libmp3lame"),
        "e.ts": ("mpeg2video", "yuv420p", "mp2"),
        "f.mov": ("prores_ks", "yuv422p10le", "pcm_s16le"),
        "g.flv": ("flv1", "yuv420p", ""),
        "h.mp4": ("libx265", "yuv420p10le", "aac"),
        "i.mkv": ("libsvtav1", "yuv420p", ""),
        "j.gif": ("gif", "rgb8", ""),
        "k.webm": ("libvpx", "yuv420p", "libopus"),
        "l.avi": ("mjpeg", "yuvj420p", "pcm_s16le"),
    }
    for name, (codec, pix_fmt, sound) in kinds.items():
        spec = ClipSpec(
            width=96, height=64, frames=12, codec=codec, pix_fmt=pix_fmt,
            colour=None if codec == "gif" else "bt709",
            sound=(Clicks(codec=sound, rate=44100 if "mp3" in sound else 48000),) if sound else (),
        )  # fmt: skip
        make_clip(folder / name, spec)


def _flip_bits(data: bytearray, random: Generator) -> None:
    for place in random.integers(0, len(data), int(random.integers(1, 65))):
        data[place] ^= 1 << int(random.integers(8))


def _flip_header(data: bytearray, random: Generator) -> None:
    reach = min(len(data), 2048)
    start = 0 if random.integers(2) else len(data) - reach
    for place in random.integers(start, start + reach, int(random.integers(1, 9))):
        data[place] = int(random.integers(256))


def _blow_up(data: bytearray, random: Generator) -> None:
    values = (0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0, 0x00FFFFFF, 0x40000000)
    reach = min(len(data) - 4, 4096)
    for _ in range(int(random.integers(1, 5))):
        start = 0 if random.integers(2) else len(data) - reach - 4
        place = start + int(random.integers(0, reach))
        data[place : place + 4] = struct.pack(">I", values[int(random.integers(len(values)))])


def _cut_tail(data: bytearray, random: Generator) -> None:
    del data[int(random.integers(1, len(data))) :]


def _cut_out(data: bytearray, random: Generator) -> None:
    start = int(random.integers(0, len(data)))
    del data[start : start + int(random.integers(1, len(data) // 4))]


def _swap(data: bytearray, random: Generator) -> None:
    boxes = list(_boxes(data))
    if len(boxes) > 1:
        (a, b), (c, d) = sorted(boxes[int(i)] for i in random.choice(len(boxes), 2, replace=False))
        if b <= c:
            data[:] = data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]
            return
    size = int(random.integers(1, max(2, len(data) // 8)))
    one, other = (int(random.integers(0, len(data) - size)) for _ in range(2))
    saved = data[one : one + size]
    data[one : one + size] = data[other : other + size]
    data[other : other + size] = saved


def _boxes(data: bytearray) -> Iterator[tuple[int, int]]:
    """Boxes of an MP4, the outer ones and those in ``moov``; nothing for other files."""
    pending = [(0, len(data))]
    while pending:
        place, end = pending.pop()
        while place + 8 <= end:
            (size,) = struct.unpack_from(">I", data, place)
            name = bytes(data[place + 4 : place + 8])
            if size < 8 or place + size > end or not name.isalnum():
                break
            yield place, place + size
            if name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
                pending.append((place + 8, place + size))
            place += size


def _repeat(data: bytearray, random: Generator) -> None:
    start = int(random.integers(0, len(data)))
    part = data[start : start + int(random.integers(1, 4096))]
    data[start:start] = part * int(random.integers(1, 9))


def _blank(data: bytearray, random: Generator) -> None:
    start = int(random.integers(0, len(data)))
    size = min(len(data) - start, int(random.integers(1, 2048)))
    data[start : start + size] = bytes(size)


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bits, _flip_header, _blow_up, _cut_tail, _cut_out, _swap, _repeat, _blank,
)  # fmt: skip


def mutated(base: bytes, seed: int) -> tuple[bytes, str]:
    """Return damaged content and the name of the damage."""
    random = np.random.default_rng(seed)
    data = bytearray(base)
    names = []
    for _ in range(int(random.integers(1, 3))):
        mutation = MUTATIONS[int(random.integers(len(MUTATIONS)))]
        if len(data) > 64:
            mutation(data, random)
            names.append(mutation.__name__.strip("_"))
    return bytes(data), "+".join(names)


def run_command(arguments: Sequence[str], words: Path) -> Run:
    """Run ``videotoon`` in a forked process, with limits."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _become_command(arguments, words)
    deadline = started + HANG_SECONDS
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            break
        time.sleep(0.02)
    seconds = time.monotonic() - started
    text = words.read_text(errors="replace")
    return Run(os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss * 1024, text)


def _become_command(arguments: Sequence[str], words: Path) -> None:
    """Never returns: this process is the command from here on."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
        handle = os.open(words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        from videotoon.cli.app import run

        code = run(list(arguments))
    except BaseException as error:
        os.write(2, f"Traceback: {error!r}".encode())
    finally:
        os._exit(code)


def faults(run: Run, folder: Path, output: Path) -> Iterator[str]:
    """Name what must not happen."""
    if run.seconds >= HANG_SECONDS:
        yield "hang"
    if "Traceback" in run.words or "internal error" in run.words or run.code in (1, 255):
        yield "traceback"
    if run.code < 0 and run.seconds < HANG_SECONDS:
        yield f"crash (signal {-run.code})"
    if (run.code == 0) != output.exists():
        yield "half output"
    left = [p.name for p in folder.iterdir() if p != output and p.name not in run.words]
    if left:
        yield f"left behind: {', '.join(left)}"
    if run.memory > MEMORY_BYTES:
        yield f"memory {run.memory >> 20} MiB"


def try_seed(seed: int, bases: Sequence[Path], keep: Path | None) -> Outcome:
    """Damage a clip, run the command on it and look at what came out."""
    base = bases[seed % len(bases)]
    content, damage = mutated(base.read_bytes(), seed)
    with tempfile.TemporaryDirectory(prefix=f"seed-{seed}-", dir=base.parent.parent) as name:
        source, scratch = Path(name) / f"mutated{base.suffix}", Path(name) / "work"
        source.write_bytes(content)
        scratch.mkdir()
        output = scratch / "out.mp4"
        run = run_command([str(source), str(output), "--progress", "none"], Path(name) / "words")
        found = tuple(faults(run, scratch, output))
        if found and keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, keep / f"{seed}{base.suffix}")
    return Outcome(seed, f"{base.name}, {damage}", run, found)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Say what was run and what was found, in Markdown."""
    runs = [outcome.run for outcome in outcomes]
    codes = Counter(run.code for run in runs)
    found = Counter(fault.split(" ")[0] for outcome in outcomes for fault in outcome.faults)
    kinds = ("hang", "crash", "traceback", "half", "left", "memory")
    meanings = dict(exit_code_table())
    lines = [
        f"{len(outcomes)} damaged files (seeds {outcomes[0].seed} to {outcomes[-1].seed}): "
        + ", ".join(f"{found[kind]} {FAULTS[kind]}" for kind in kinds)
        + f"; slowest {max(run.seconds for run in runs):.1f} s, "
        + f"largest memory {max(run.memory for run in runs) >> 20} MiB.",
        "",
        "| exit code | files | meaning |",
        "|---:|---:|---|",
        *(f"| {code} | {codes[code]} | {meanings.get(code, 'not one of ours')} |"
          for code in sorted(codes)),
    ]  # fmt: skip
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutations and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first file")
    parser.add_argument("--jobs", type=int, default=1, help="files at the same time")
    parser.add_argument("--keep", type=Path, help="keep files that show a fault in this folder")
    parser.add_argument("--write", type=Path, help="write the summary to this file, as Markdown")
    options = parser.parse_args(arguments)
    for module in ("av", "cv2", "openvino", "videotoon.pipeline", "videotoon.cli.stylise"):
        importlib.import_module(module)  # once here instead of in every run
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="videotoon-fuzz-") as name:
        clips = Path(name) / "clips"
        clips.mkdir()
        attempt = partial(try_seed, bases=base_clips(clips), keep=options.keep)
        seeds = range(options.first, options.first + options.count)
        # Each worker is forked before there is any thread, and itself forks every run.
        with ProcessPoolExecutor(options.jobs, get_context("fork")) as workers:
            for outcome in tqdm(workers.map(attempt, seeds), total=len(seeds), unit=" files"):
                outcomes.append(outcome)
                for fault in outcome.faults:
                    words = outcome.run.words[-300:]
                    tqdm.write(f"seed {outcome.seed} ({outcome.clip}): {fault}: {words!r}")
    print(summary(outcomes))
    if options.write is not None:
        options.write.write_text(f"{HEAD}{summary(outcomes)}\n", encoding="utf-8")
    return 1 if any(outcome.faults for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
