"""Writes the model card of a style, ``weights/<style>/README.md``, from measured figures.

Nothing in a card is typed twice: sizes and receptive fields come from the manifest and the network
files, figures from ``figures.json`` of ``python -m benchmarks.quality``, and what only a person can
say (data, what one sees at 100 %, how it was trained) from ``cards.toml`` beside this file.
"""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.export import network_config
from training.painters import STYLES, TEACHER_FILES
from training.prepare import SIDES
from training.sources import CLEAN_CLIPS
from videotoon.engine.networks.student import parameter_count, receptive_field
from videotoon.engine.styles import SMALL_SIDE

TEXTS = Path(__file__).with_name("cards.toml")
SCALE_USES = {"sd": f"short sides up to {SMALL_SIDE} px", "hd": "larger frames (720p, 1080p)"}


@dataclass(frozen=True, slots=True)
class CardText:
    """What a person says about a style.

    Attributes:
        data: Pictures it was trained on, with their licences.
        seen: What one sees at 100 %.
        commands: Commands that train it, in order.
        history: How the shipped files came about, where that differs from the commands.
    """

    data: str
    seen: str
    commands: tuple[str, ...]
    history: str = ""


def read_texts(file: Path = TEXTS) -> dict[str, CardText]:
    """The texts of all styles."""
    values = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        name: CardText(**{**entry, "commands": tuple(entry["commands"])})
        for name, entry in values.items()
    }


def card(style: str, weights: Path, figures: Path) -> str:
    """The text of a style's card, Markdown."""
    measured = json.loads(figures.read_text(encoding="utf-8"))
    rows = {row["scale"]: row for row in measured["networks"] if row["style"] == style}
    scales = [scale for scale in ("sd", "hd") if (weights / style / f"{scale}_int8.xml").exists()]
    missing = [scale for scale in scales if scale not in rows]
    if missing:
        raise ValueError(f"{figures} has no figures of {style} {missing[0]}: measure it first")
    text = read_texts()[style]
    parts = [
        _heading(style, text),
        _networks(style, weights, scales),
        _figures(style, [rows[scale] for scale in scales], measured["processor"]),
        f"## What you see at 100 %\n\n{text.seen.strip()}\n",
        _training(text),
    ]
    return "\n".join(parts)


def write_card(style: str, weights: Path, figures: Path) -> Path:
    """Writes a style's card and returns its path."""
    file = weights / style / "README.md"
    file.write_text(card(style, weights, figures), encoding="utf-8")
    return file


def _heading(style: str, text: CardText) -> str:
    facts = STYLES[style]
    if facts.distilled:
        teacher = f"`{TEACHER_FILES[style]}` of AnimeGANv3 ({facts.source}), non-commercial."
        licence = "non-commercial, as its teacher. Do not use this style in paid work."
    else:
        teacher = f"none. The targets come from our own algorithm, `training/targets/{style}.py`."
        licence = f"{facts.licence}; commercial use is fine."
    return (
        f"# {style}\n\n{facts.title}.\n\n![Photograph and painting](sample.jpg)\n\n"
        f"- **Teacher**: {teacher}\n- **Licence**: {licence}\n- **Data**: {text.data.strip()}\n"
    )


def _networks(style: str, weights: Path, scales: list[str]) -> str:
    lines = [
        "## Networks\n",
        "| scale | for | parameters | receptive field, luma px | gate | fp32 file | int8 files |",
        "|---|---|---|---|---|---|---|",
    ]
    for scale in scales:
        stored = weights / style / f"{scale}.safetensors"
        config = network_config(stored)
        quantised = sum(
            (weights / style / f"{scale}_int8{end}").stat().st_size for end in (".xml", ".bin")
        )
        lines.append(
            f"| {scale} | {SCALE_USES[scale]} | {parameter_count(config):,} "
            f"| {receptive_field(config)} | {'coarse' if config.coarse_gate else 'fine'} "
            f"| {stored.stat().st_size / 1000:.0f} kB | {quantised / 1000:.0f} kB |"
        )
    lines.append(
        "\nInput and output are BT.709 limited-range YUV 4:2:0 planes as 24 phase channels at 1/4 "
        "resolution; the\nbody works at 1/8. There is no normalisation layer, so a pixel depends "
        "on its receptive field only.\n"
    )
    if "hd" in scales:
        lines[-1] += (
            "`hd` learnt targets painted at half size and enlarged, so its lines are twice as "
            "thick.\n"
        )
    return "\n".join(lines)


def _figures(style: str, rows: list[dict[str, Any]], processor: str) -> str:
    squares = ", ".join(f"`{row['scale']}`: {SIDES[row['scale']]} px" for row in rows)
    lines = [
        "## Figures\n",
        f"On the held-out squares that no network has trained on ({squares}), "
        "against the\ntarget as 4:2:0 video can hold it, as int8 paints them. SSIM: RGB, 7×7 "
        "windows. int8 took the ranges of its\nvalues from those photographs, but learnt nothing "
        "from them. Warping: "
        "warping error of a painted clip over its source's\n"
        f"({_clips(style, [row['scale'] for row in rows])}).\nMilliseconds: int8, 8-bit planes "
        f"in and out, two streams on two cores ({processor}).\n",
        "| scale | SSIM to target | PSNR, dB | SSIM to photo (the target's) | int8 to fp32, dB "
        "| warping / source | int8 ms per frame |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        times = ", ".join(f"{name} {ms:.1f}" for name, ms in row["milliseconds"].items())
        warping = "–" if row["warping"] is None else f"{row['warping']:.2f}"
        lines.append(
            f"| {row['scale']} | {row['ssim_to_target']:.3f} | {row['psnr_to_target']:.2f} "
            f"| {row['ssim_to_photo']:.3f} ({row['target_to_photo']:.3f}) "
            f"| {row['int8_to_fp32']:.1f} | {warping} | {times} |"
        )
    lines.append("\n`python -m benchmarks.quality` prints them again and writes contact sheets.\n")
    return "\n".join(lines)


def _clips(style: str, scales: list[str]) -> str:
    """The clips of the warping error, and whether the style has seen them."""
    frames = CLEAN_CLIPS["media/bbb.webm"]
    known = "" if STYLES[style].distilled else f", of which {frames} frames were training pictures"
    named = {
        "sd": "a walk under cherry trees at 540×960",
        "hd": f"a second each at 5, 10, 15, 20 and 25 s of Big Buck Bunny{known}",
    }
    return "; ".join(f"`{scale}`: {named[scale]}" for scale in scales)


def _training(text: CardText) -> str:
    commands = "\n".join(text.commands)
    history = f"\n{text.history.strip()}\n" if text.history else ""
    return f"## Training\n\n```console\n{commands}\n```\n{history}"
