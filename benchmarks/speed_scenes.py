"""What the speed benchmark runs: clips, and who is compared on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.clips import base_clip, repeated_clip, scaled_clip, static_clip
from benchmarks.contenders import (
    Contender,
    cold_start,
    teacher_loop,
    transcode,
    upstream_loop,
    videotoon,
)
from benchmarks.picture_contenders import (
    command_each,
    in_batch,
    one_by_one,
    small_pictures,
    square_photo,
    warm_photo,
)
from benchmarks.random_generator import int8_form_made, random_checkpoint
from videotoon.engine.base import Backend
from videotoon.frame import FrameSize

TEACHERS: Final = Path(__file__).resolve().parents[2] / "shared" / "teachers"
PLAIN: Final = ("--cache-frames", "0", "--no-change-only", "--no-face")
CHANGES: Final = ("--cache-frames", "0", "--no-face", "--change-only")
REPEATS: Final = ("--cache-frames", "8", "--no-face", "--no-change-only")
ENGINES_START: Final = 4.0
"""Seconds into the clip at which every engine begins: after its fade from black."""

HELD: Final = 4
"""How often each frame of the clip with repeats is shown: three of four are repeats."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Contenders that are compared on one clip.

    Attributes:
        name: Short name in the table.
        clip: The clip, picture or folder of pictures.
        contenders: Run in turn, in this order.
        base: Key of the contender that the others are divided by, besides ``transcode``.
        repeats: Share of frames that repeat the one before; bounds what ``on`` can win.
        same_pixels: Keys of contenders whose painted frames must be identical.
        bases: Bases of those, by key, that are divided by another one.
    """

    name: str
    clip: Path
    contenders: Sequence[Contender]
    base: str = "upstream"
    repeats: float = 0.0
    same_pixels: tuple[str, ...] = ()
    bases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        rounds: Rounds of every scene.
        seconds: Length of the 720p clip; others follow from it.
        upstream_frames: Frames of the slow loop per round.
        pictures: Pictures in the folder.
        commands: Of these, so many are painted by a command each.
        paintings: How often the large photo is painted while the clock runs.
        held_frames: Frames of the clip with repeats that the large network paints.
        engines: Measure every style, backend and precision.
    """

    rounds: int
    seconds: float
    upstream_frames: int
    pictures: int
    commands: int
    paintings: int
    held_frames: int
    engines: bool


FULL: Final = Extent(
    rounds=5, seconds=20.0, upstream_frames=6, pictures=40, commands=6, paintings=3,
    held_frames=192, engines=True,
)  # fmt: skip
QUICK: Final = Extent(
    rounds=1, seconds=4.0, upstream_frames=2, pictures=16, commands=2, paintings=1,
    held_frames=12, engines=False,
)  # fmt: skip


def all_scenes(clips: Path, style: str, extent: Extent) -> list[Scene]:
    """Return everything that the benchmark knows how to measure; makes the clips it needs.

    Args:
        clips: Folder in which clips are made and kept.
        style: The bundled style that is measured.
        extent: How much.
    """
    small = base_clip("sakura_walk_540x960.mp4")
    if extent.seconds < FULL.seconds:
        small = scaled_clip(small, 540, 960, clips, extent.seconds)
    bunny, seconds = base_clip("bbb.webm"), extent.seconds
    hd = scaled_clip(bunny, 1280, 720, clips, seconds)
    full_hd = scaled_clip(bunny, 1920, 1080, clips, seconds / 2)
    limit, ours = transcode(), ("--style", style)
    plain = videotoon("videotoon", f"videotoon, {style}", *ours, *PLAIN)
    teacher = TEACHERS / "AnimeGANv3_tiny_Cute.onnx"
    others = (teacher_loop(teacher, 2 * extent.upstream_frames),) if teacher.is_file() else ()
    upstream = upstream_loop(extent.upstream_frames)
    changes = videotoon("change-only", f"videotoon, {style}, change-only", *ours, *CHANGES)
    scenes = [
        Scene("540x960", small, (upstream, limit, *others, plain)),
        Scene(
            "720p", hd, (limit, plain, changes), "videotoon",
            same_pixels=("videotoon", "change-only"),
        ),
        Scene("1080p", full_hd, (limit, plain)),
        *_large_network(small, clips, extent, upstream),
        *_reuse(hd, clips, ours, seconds),
        Scene(
            "small pictures",
            small_pictures(clips, extent.pictures),
            (command_each(style, extent.commands), one_by_one(style), in_batch(style)),
            "each",
        ),
        Scene("cold start", hd, (cold_start(style),)),
    ]  # fmt: skip
    if extent.engines:
        short = scaled_clip(bunny, 1280, 720, clips, 2.0, ENGINES_START)
        scenes.append(Scene("720p engines", short, (limit, *every_engine()), "transcode"))
    return scenes


def plain_scene(name: str, clip: Path, style: str, extent: Extent) -> Scene:
    """Return the main comparison on a clip of one's own."""
    ours = videotoon("videotoon", f"videotoon, {style}", "--style", style, *PLAIN)
    return Scene(name, clip, (upstream_loop(extent.upstream_frames), transcode(), ours))


def _large_network(small: Path, clips: Path, extent: Extent, upstream: Contender) -> list[Scene]:
    """AnimeGANv2's published architecture: a square clip, one with repeats, and a photo."""
    checkpoint = str(random_checkpoint(clips / "animegan2_random.safetensors"))
    precisions = ("bf16", "int8") if int8_form_made(checkpoint) else ("bf16",)
    square = scaled_clip(small, 512, 512, clips, 0.3 if extent.seconds < FULL.seconds else 2.0)
    held = repeated_clip(square, HELD, extent.held_frames, clips)
    plain, reuse, photo = [], [], []
    for precision in precisions:
        options = ("--style", checkpoint, "--precision", precision)
        name = f"videotoon, 8 MB architecture, {precision}"
        plain.append(
            videotoon(precision, f"{name} (random weights)", *options, *PLAIN, random=True)
        )
        reuse += [
            videotoon(f"{precision} off", f"{name}, reuse off", *options, *PLAIN, random=True),
            videotoon(f"{precision} on", f"{name}, reuse on", *options, *REPEATS, random=True),
        ]
        photo.append(warm_photo(checkpoint, precision, extent.paintings))
    return [
        Scene("512x512 8 MB", square, (upstream, transcode(), *plain)),
        Scene("75 % repeats 8 MB", held, reuse, bases={f"{p} on": f"{p} off" for p in precisions}),
        Scene("photo", square_photo(clips, 1024), photo, "bf16"),
    ]


def _reuse(hd: Path, clips: Path, ours: tuple[str, ...], seconds: float) -> list[Scene]:
    """Repeated frames and still cameras, with and without what spares painting them.

    The clips, of 30 frames per second, last twice as long as the 720p clip: so little is painted
    that starting would otherwise be a seventh of the job.
    """
    frames = round(2 * 30 * seconds)
    held, still = repeated_clip(hd, HELD, frames, clips), static_clip(hd, frames, clips)
    reuse = (
        videotoon("off", "reuse off", *ours, *PLAIN),
        videotoon("on", "reuse on", *ours, *REPEATS),
    )
    changes = (
        videotoon("off", "change-only off", *ours, *PLAIN),
        videotoon("on", "change-only on", *ours, *CHANGES),
    )
    return [
        Scene("75 % repeats", held, (transcode(), *reuse), "off", repeats=1 - 1 / HELD),
        Scene("still camera", still, (transcode(), *changes), "off", same_pixels=("off", "on")),
    ]


def every_engine() -> tuple[Contender, ...]:
    """Return a contender for every bundled style, engine and precision this machine can run."""
    from videotoon.engine.openvino_backend import OpenVinoBackend
    from videotoon.engine.styles import load_catalogue

    engines: list[Backend] = [OpenVinoBackend(), *_torch()]
    found: dict[str, Contender] = {}
    for name, style in load_catalogue().styles.items():
        for engine in engines:
            device = engine.resolve_device("auto")
            for stored in style.precisions(engine.name):
                network = style.network(FrameSize(1280, 720), "auto", engine.name, stored)
                for precision in engine.precisions(network, device):
                    key = f"{name}:{engine.name}:{precision}"
                    options = (
                        "--style", name, "--backend", engine.name, "--precision", precision,
                    )  # fmt: skip
                    title = f"videotoon, {name}, {engine.name}, {precision}"
                    found[key] = videotoon(key, title, *options, *PLAIN)
    return tuple(found.values())


def _torch() -> list[Backend]:
    try:
        from videotoon.engine.torch_backend import TorchBackend
    except ImportError:
        return []
    return [TorchBackend()]
