"""``python -m training``: prepare, train, export, card, evaluate, ablate."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.painters import STYLES
from training.settings import TrainSettings
from videotoon.engine.networks.student import StudentConfig

SCALES = {
    "sd": TrainSettings(),
    "hd": TrainSettings(
        network=StudentConfig(
            stem=32, body=64, dilations=(1, 2, 4, 2), refinements=0, coarse_gate=True
        ),
        batch=4,
        side=256,
        adversarial_crops=3,
        adversarial_side=160,
        steady_crops=1,
    ),
}
"""Shape and training settings of each scale to begin with; the cards name those of each style."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(
        prog="python -m training",
        description="Makes targets, trains, exports and measures the networks of the styles.",
    )
    root.add_argument("--data", type=Path, default=Path("../shared"), help="photos and teachers")
    root.add_argument("--work", type=Path, default=Path("runs"), help="prepared data, checkpoints")
    root.add_argument("--weights", type=Path, default=Path("weights"), help="shipped networks")
    commands = root.add_subparsers(dest="command", required=True)
    _add(commands, "prepare", "cut squares and paint their targets").add_argument(
        "--squares", type=int, default=900, help="number of training squares"
    )
    _add_train(_add(commands, "train", "train a network; Ctrl-C and --resume at any time"))
    export = _add(commands, "export", "write safetensors, fp16 and int8 IR and the manifest")
    export.add_argument("--name", help="the run's name, as for train")
    _add_card(commands)
    evaluate = _add(commands, "evaluate", "print the figures of an exported network")
    evaluate.add_argument("--sheet", type=Path, help="also write a contact sheet to this file")
    evaluate.add_argument("--count", type=int, default=6, help="pictures on the sheet")
    ablate = _add(commands, "ablate", "short equal runs with one loss term switched off each")
    ablate.add_argument("--steps", type=int, default=3000, help="steps of each run")
    return root


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("--style", choices=sorted(STYLES), required=True)
    command.add_argument("--scale", choices=("sd", "hd"), default="sd")
    return command


def _add_card(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "write the model card of a style from measured figures"
    command = commands.add_parser("card", help=text, description=text)
    command.add_argument("--style", choices=sorted(STYLES), required=True)
    figures = Path("out/quality/figures.json")
    command.add_argument("--figures", type=Path, default=figures, help="of benchmarks.quality")


def _add_train(command: argparse.ArgumentParser) -> None:
    command.add_argument("--name", help="the run's name; default STYLE_SCALE")
    for name, kind, text in (
        ("steps", int, "optimiser steps"),
        ("batch", int, "crops of a step"),
        ("side", int, "side of a crop in luma pixels"),
        ("rate", float, "highest learning rate"),
        ("seed", int, "seed of weights, data order and augmentation"),
        ("threads", int, "CPU threads of torch"),
    ):
        command.add_argument(f"--{name}", type=kind, help=f"{text}; default by scale")
    command.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    command.add_argument(
        "--start-from",
        metavar="RUN",
        help="begin with the weights of another run or of a .safetensors file, where they fit",
    )
    command.add_argument(
        "--adversarial-start",
        type=float,
        help="share of the run after which the judge joins in; default by scale",
    )
    command.add_argument(
        "--int8-start",
        type=float,
        help="share of the run after which int8 arithmetic is simulated; default: never",
    )
    command.add_argument(
        "--network",
        type=json.loads,
        default={},
        help='changes to the shape of the scale, such as {"refinements": 1}',
    )
    command.add_argument(
        "--redrawn",
        type=float,
        default=0.0,
        help="share of crops laid on what the target draws anew in faces, such as larger eyes",
    )
    command.add_argument("--stop-after", type=int, help="end early, at this step")
    command.add_argument(
        "--loss", type=json.loads, default={}, help='weights to change, such as {"edge": 0}'
    )


def train_settings(options: argparse.Namespace) -> TrainSettings:
    """Settings of a run from the command line."""
    names = ("steps", "batch", "side", "rate", "seed", "threads", "adversarial_start", "int8_start")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    settings = replace(SCALES[options.scale], **given)
    judged = min(settings.adversarial_side, settings.side)
    settings = replace(
        settings, adversarial_side=judged, network=replace(settings.network, **options.network)
    )
    return replace(
        settings,
        weights=replace(settings.weights, **options.loss),
        augment=replace(settings.augment, redrawn=options.redrawn),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the process's exit status."""
    options = parser().parse_args(arguments)
    if options.command == "card":
        from training.cards import write_card

        print(write_card(options.style, options.weights, options.figures))
        return 0
    prepared = options.work / "data" / f"{options.style}_{options.scale}"
    command: dict[str, Any] = {
        "prepare": _prepare,
        "train": _train,
        "export": _export,
        "evaluate": _evaluate,
        "ablate": _ablate,
    }
    try:
        command[options.command](options, prepared)
    except KeyboardInterrupt:
        print("stopped; `train` goes on with --resume", file=sys.stderr)
        return 130
    return 0


def _prepare(options: argparse.Namespace, prepared: Path) -> None:
    from training.prepare import PrepareSettings, prepare

    prepare(PrepareSettings(options.style, options.scale, options.data, prepared, options.squares))


def _run_folder(options: argparse.Namespace) -> Path:
    folder: Path = options.work / (options.name or f"{options.style}_{options.scale}")
    return folder


def _starting_file(options: argparse.Namespace) -> Path:
    given = Path(options.start_from)
    file: Path = options.work / given / "checkpoint.pt"
    if given.suffix in (".safetensors", ".pt"):
        file = given
    if not file.is_file():
        raise SystemExit(
            f"--start-from {options.start_from!r}: there is no {file}; give the name of a run, "
            "or a .safetensors or .pt file"
        )
    return file


def _train(options: argparse.Namespace, prepared: Path) -> None:
    from training.trainer import RunPlan, run

    start = _starting_file(options) if options.start_from else None
    plan = RunPlan(
        prepared,
        _run_folder(options),
        resume=options.resume,
        start_from=start,
        stop_after=options.stop_after,
    )
    print(run(train_settings(options), plan))


def _export(options: argparse.Namespace, prepared: Path) -> None:
    from training.export import ExportSettings, export

    checkpoint = _run_folder(options) / "checkpoint.pt"
    export(ExportSettings(checkpoint, prepared, options.style, options.scale, options.weights))


def _evaluate(options: argparse.Namespace, prepared: Path) -> None:
    from training.evaluate import evaluate, sheet

    figures = evaluate(options.weights, options.style, options.scale, prepared)
    for name, value in figures.items():
        print(f"{name:24s} {value:.4f}")
    if options.sheet:
        sheet(options.weights, options.style, options.scale, prepared, options.sheet, options.count)


def _ablate(options: argparse.Namespace, prepared: Path) -> None:
    from training.ablate import ablate

    settings = replace(SCALES[options.scale], steps=options.steps)
    clip = options.data / "media/sakura_walk_540x960.mp4"
    print(ablate(settings, prepared, options.work / "ablation", clip))
