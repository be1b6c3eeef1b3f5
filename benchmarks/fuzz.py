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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from tests.media import Clicks, ClipSpec, make_clip

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutations and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first file")
    parser.add_argument("--keep", type=Path, help="keep files that show a fault in this folder")
    options = parser.parse_args(arguments)
    for module in ("av", "cv2", "openvino", "videotoon.pipeline", "videotoon.cli.stylise"):
        importlib.import_module(module)  # once here instead of in every run
    codes: Counter[int] = Counter()
    found: Counter[str] = Counter()
    largest = slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="videotoon-fuzz-") as name:
        clips, scratch = Path(name) / "clips", Path(name) / "work"
        clips.mkdir()
        bases = base_clips(clips)
        for seed in range(options.first, options.first + options.count):
            base = bases[seed % len(bases)]
            content, damage = mutated(base.read_bytes(), seed)
            source = clips / f"mutated{base.suffix}"
            source.write_bytes(content)
            scratch.mkdir()
            output = scratch / "out.mp4"
            run = run_command([str(source), str(output), "--progress", "none"], clips / "words")
            codes[run.code] += 1
            largest, slowest = max(largest, run.memory), max(slowest, run.seconds)
            for fault in faults(run, scratch, output):
                found[fault.split(" ")[0]] += 1
                print(f"seed {seed} ({base.name}, {damage}): {fault}: {run.words[-300:]!r}")
                if options.keep is not None:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, options.keep / f"{seed}{base.suffix}")
            shutil.rmtree(scratch)
            if (seed + 1) % 100 == 0:
                print(f"... {seed + 1 - options.first} files", flush=True)
    print(f"{options.count} files; exit codes {dict(sorted(codes.items()))}; "
          f"slowest {slowest:.1f} s; largest {int(largest) >> 20} MiB; "
          f"faults {dict(found) or 'none'}")  # fmt: skip
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
