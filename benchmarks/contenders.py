"""What the speed benchmark compares: other ways to do the same job, the limit, and ourselves.

Every contender turns a clip into a file and says how many frames it did and how long it took. The
peers are written in our own words from how their users run them; none of their code is here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.proofs import count_frames, prove_frames, prove_nothing, prove_painting
from videotoon.system.ffmpeg_binary import ffmpeg_binary

PROOF_SECONDS = "1"
"""Length of what is painted and looked at before anything is timed; the clips fade in."""


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run.

    Attributes:
        frames: Frames done.
        seconds: Wall seconds they took.
        cpu_seconds: CPU seconds of the process or child.
        peak_bytes: Peak resident size, 0 where it was not measured.
        report: Our own report, empty for others.
    """

    frames: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int = 0
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds

    @property
    def digest(self) -> str:
        """Hash over the painted pixels before encoding; empty for others."""
        return str(self.report.get("painted_digest", ""))


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to do the job.

    Attributes:
        key: Short name in tables.
        title: What it is.
        run: Does the job once on a clip, writing to a path.
        prove: Before anything is timed: does a short job and looks at its pictures.
        check: After each timed run: raises where the output does not hold what was claimed.
    """

    key: str
    title: str
    run: Callable[[Path, Path], Run]
    prove: Callable[[Path, Path], None] = prove_nothing
    check: Callable[[Run, Path], None] = lambda run, output: prove_frames(output, run.frames)


def upstream_loop(frames: int, size: tuple[int, int] | None = None) -> Contender:
    """The loop that users of the published PyTorch generator run: one frame after the other."""

    def run(clip: Path, output: Path) -> Run:
        import torch

        from videotoon.engine.networks.animegan2 import AnimeGan2Generator

        torch.manual_seed(0)
        generator = AnimeGan2Generator().eval()
        reader = cv2.VideoCapture(str(clip))
        writer: cv2.VideoWriter | None = None
        done, wall, cpu = 0, time.perf_counter(), time.process_time()
        with torch.no_grad():
            while done < frames:
                there, picture = reader.read()
                if not there:
                    break
                if size is not None:
                    picture = cv2.resize(picture, size)
                height, width = picture.shape[:2]
                rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)[
                    : height // 32 * 32, : width // 32 * 32
                ]
                values = torch.from_numpy(rgb).permute(2, 0, 1).unsqueeze(0).float() / 127.5 - 1.0
                painted = generator(values)[0].clamp(-1, 1).permute(1, 2, 0)
                codes = ((painted + 1.0) * 127.5).to(torch.uint8).numpy()
                if writer is None:
                    shape = (codes.shape[1], codes.shape[0])
                    writer = cv2.VideoWriter(
                        str(output), cv2.VideoWriter.fourcc(*"mp4v"), 30, shape
                    )
                writer.write(cv2.cvtColor(np.ascontiguousarray(codes), cv2.COLOR_RGB2BGR))
                done += 1
        seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
        reader.release()
        if writer is not None:
            writer.release()
        return Run(done, seconds, cpu)

    return Contender("upstream", "published generator, torch fp32, frame by frame", run)


def teacher_loop(network: Path, frames: int) -> Contender:
    """A published AnimeGANv3 file in OpenVINO, frame by frame in one thread of Python."""

    def run(clip: Path, output: Path) -> Run:
        import openvino

        core = openvino.Core()
        model = core.read_model(str(network))
        reader = cv2.VideoCapture(str(clip))
        there, picture = reader.read()
        height, width = (side // 32 * 32 for side in picture.shape[:2])
        model.reshape([1, height, width, 3])
        compiled = core.compile_model(model, "CPU")
        request = compiled.create_infer_request()
        shape = (width, height)
        writer = cv2.VideoWriter(str(output), cv2.VideoWriter.fourcc(*"mp4v"), 30, shape)
        done, wall, cpu = 0, time.perf_counter(), time.process_time()
        while there and done < frames:
            rgb = cv2.cvtColor(picture[:height, :width], cv2.COLOR_BGR2RGB)
            values = rgb[None].astype(np.float32) / 127.5 - 1.0
            painted = request.infer({0: values})[compiled.output(0)][0]
            codes = np.clip((painted + 1.0) * 127.5, 0, 255).astype(np.uint8)
            writer.write(cv2.cvtColor(codes, cv2.COLOR_RGB2BGR))
            done += 1
            there, picture = reader.read()
        seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
        reader.release()
        writer.release()
        return Run(done, seconds, cpu)

    return Contender("animegan3", "AnimeGANv3 file, OpenVINO, frame by frame", run)


def transcode(preset: str = "veryfast", quality: str = "18") -> Contender:
    """The limit: FFmpeg decodes and encodes with the same settings and paints nothing."""

    def run(clip: Path, output: Path) -> Run:
        command = [
            ffmpeg_binary(), "-y", "-nostdin", "-loglevel", "error", "-i", str(clip), "-c:v",
            "libx264", "-preset", preset, "-crf", quality, "-c:a", "copy", str(output),
        ]  # fmt: skip
        seconds, cpu = run_child(command)
        return Run(count_frames(output), seconds, cpu)

    return Contender("transcode", f"FFmpeg, x264 {preset} CRF {quality}, nothing painted", run)


def videotoon(key: str, title: str, *options: str, random: bool = False) -> Contender:
    """Our own command in a process of its own, start-up included.

    Args:
        key: Short name in tables.
        title: What it is.
        options: Options of the command.
        random: The network has random weights, so that its pictures show nothing.
    """

    def run(clip: Path, output: Path) -> Run:
        report, seconds, cpu = run_command(clip, output, *options)
        return Run(report["frames_out"], seconds, cpu, report["peak_rss_bytes"], report)

    def prove(clip: Path, output: Path) -> None:
        report, _, _ = run_command(
            clip, output, "--end", "0.1" if random else PROOF_SECONDS, *options
        )
        prove_painting(clip, output, report["frames_out"], shows_the_clip=not random)

    return Contender(key, title, run, prove)


def cold_start(style: str) -> Contender:
    """The command for a single frame, from its start to its end, models compiled before."""

    def run(clip: Path, output: Path) -> Run:
        options = ("--style", style, "--end", "0.01", "--no-face")
        report, seconds, cpu = run_command(clip, output, *options)
        if report["frames_out"] != 1:
            raise RuntimeError(f"{report['frames_out']} frames instead of one")
        return Run(1, seconds, cpu, report["peak_rss_bytes"], report)

    def prove(clip: Path, output: Path) -> None:
        run(clip, output)  # compiles the network

    return Contender("cold", f"videotoon, {style}, one frame, whole command", run, prove)


def run_command(clip: Path, output: Path, *options: str) -> tuple[dict[str, Any], float, float]:
    """Run our command once; return its report, wall and CPU seconds of the whole process."""
    report_file = output.with_suffix(".json")
    command = [
        sys.executable, "-m", "videotoon", str(clip), str(output), "--overwrite", "--no-resume",
        "--quiet", "--report", str(report_file), *options,
    ]  # fmt: skip
    seconds, cpu = run_child(command)
    return json.loads(report_file.read_text(encoding="utf-8")), seconds, cpu


def run_child(command: list[str]) -> tuple[float, float]:
    """Run a command; return wall seconds and CPU seconds of the child.

    Bytecode may be kept, as in every installation, whatever this process was told.
    """
    environment: Mapping[str, str] = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    wall = time.perf_counter()
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(command, cwd=root, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - wall
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"exit code {process.returncode} from {' '.join(command)}")
    return seconds, usage.ru_utime + usage.ru_stime
