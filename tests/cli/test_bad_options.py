"""Every option with values it cannot have: refused before any work, with value, cause and cure."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from tests.cli.conftest import Desk, Refused, check_refusal
from tests.conftest import CommandResult
from tests.media import ClipSpec, make_clip
from videotoon.cli.app import run
from videotoon.settings import Settings

BAD_VALUES: dict[str, list[tuple[str, list[str]]]] = {
    "--style": [("", ["empty", "videotoon styles"])],
    "--mix": [
        ("cel", ["'cel'", "no style with a weight", "hayao:0.6"]),
        ("cel:1", ["1 styles", "2 to 4", "--style cel"]),
        ("cel:0,hayao:1", ["'cel'", "0", "leave it out"]),
    ],
    "--strength": [
        ("1.01", ["1.01", "out of range", "0 to 1"]),
        ("-0.1", ["-0.1", "out of range"]),
        ("nan", ["nan", "out of range"]),
        ("much", ["'much'", "not a number"]),
    ],
    "--edge-preserve": [("0.4", ["0.4", "0.5 to 1.5"]), ("x", ["not a number"])],
    "--color-shift": [("2", ["2.0", "0 to 1"])],
    "--detail": [("4k", ["'4k'", "auto, sd, hd"])],
    "--max-side": [("63", ["63", "64 to"]), ("540.5", ["'540.5'", "whole number"])],
    "--start": [("soon", ["'soon'", "not a time", "12.5"]), ("-1", ["'-1'", "not a time"])],
    "--end": [("0", ["0", "not after the start"]), ("1:99", ["'1:99'", "59"])],
    "--fps": [("0", ["'0'", "not a frame rate"]), ("fast", ["'fast'"]), ("1/0", ["'1/0'"])],
    "--encoder": [("x263", ["'x263'", "did you mean 'x26", "prores"])],
    "--preset": [("quick", ["'quick'", "ultrafast"])],
    "--quality": [("52", ["52", "0 to 51"]), ("best", ["'best'", "not a number"])],
    "--backend": [("tpu", ["'tpu'", "openvino, torch"])],
    "--precision": [("fp8", ["'fp8'", "fp32"])],
    "--workers": [("0", ["0", "1 to 64"]), ("1.5", ["'1.5'", "whole number"])],
    "--cache-frames": [("-1", ["-1", "0 to"]), ("many", ["'many'", "whole number"])],
    "--duplicate-threshold": [("256", ["256", "0 to 255"])],
    "--change-tolerance": [("65", ["65", "0 to 64"])],
    "--progress": [("loud", ["'loud'", "bar, json, none"])],
}
"""Option to values, each with the words that the refusal must hold."""


@pytest.mark.parametrize("option", BAD_VALUES)
def test_bad_value(refused: Refused, option: str) -> None:
    value, words = BAD_VALUES[option][0]
    refused(2, ["in.mp4", "out.mp4", f"{option}={value}"], option, *words)


@pytest.mark.parametrize("option", [name for name, cases in BAD_VALUES.items() if len(cases) > 1])
def test_more_bad_values(desk: Desk, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command without a process of its own: it must stop before it looks at files."""
    for value, words in BAD_VALUES[option][1:]:
        assert run([str(desk.clip), str(desk.path / "out.mp4"), f"{option}={value}"]) == 2
        captured = capsys.readouterr()
        check_refusal(CommandResult(2, captured.out, captured.err), 2, option, *words)


def test_no_option_with_numbers_or_choices_takes_nonsense(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever options there are: this one looks at the type of each."""
    hints = get_type_hints(Settings)
    seen = 0
    for item in fields(Settings):
        kinds = [hints[item.name], *get_args(hints[item.name])]
        choice = any(get_origin(kind) is Literal for kind in kinds)
        if not (choice or int in kinds or float in kinds):
            continue
        option = f"--{item.name.replace('_', '-')}"
        assert run([str(desk.clip), str(desk.path / "out.mp4"), f"{option}=nonsense"]) == 2
        captured = capsys.readouterr()
        check_refusal(CommandResult(2, captured.out, captured.err), 2, option, "'nonsense'")
        seen += 1
    assert seen > 10


@pytest.mark.parametrize(("device", "word"), [("npu7", "npu7"), ("cuda:99", "cpu")])
def test_unknown_device(refused: Refused, device: str, word: str) -> None:
    refused(7, ["in.mp4", "out.mp4", "--device", device], word)


def test_encoder_that_does_not_fit_the_container(refused: Refused) -> None:
    refused(2, ["in.mp4", "out.webm", "--encoder", "x264"], "x264", ".webm", "vp9")


@pytest.mark.parametrize(("encoder", "least"), [("svtav1", 4), ("x265", 16)])
def test_a_size_that_an_encoder_refuses(
    refused: Refused, desk: Desk, encoder: str, least: int
) -> None:
    side = least - 2
    spec = ClipSpec(width=64, height=side, frames=2, codec="ffv1")
    make_clip(desk.path / "low.mkv", spec)
    words = ["low.mkv", "out.mp4", "--encoder", encoder]
    refused(2, words, f"64x{side} is too small", f"from {least} pixels", "leave out --encoder")


def test_start_behind_the_end_of_the_clip(refused: Refused) -> None:
    line = refused(2, ["in.mp4", "out.mp4", "--start", "99"], "99", "the clip is 0.", "s long")
    assert "None" not in line


def test_end_before_the_start(refused: Refused) -> None:
    refused(2, ["in.mp4", "out.mp4", "--start", "3", "--end", "2"], "--end", "later")


def test_value_is_missing(refused: Refused) -> None:
    refused(2, ["in.mp4", "out.mp4", "--strength"], "--strength", "no value")


@pytest.mark.parametrize("typo", ["--strenght=0.5", "--overwrit", "-x"])
def test_unknown_option(refused: Refused, typo: str) -> None:
    line = refused(2, ["in.mp4", "out.mp4", typo], "no option", "videotoon --help")
    if typo.startswith("--"):
        assert "did you mean '--" in line


def test_too_many_arguments(refused: Refused) -> None:
    refused(2, ["in.mp4", "my", "out.mp4"], "'out.mp4'", "too many", "quotes")


def test_output_is_missing(refused: Refused) -> None:
    refused(2, ["in.mp4"], "OUTPUT is missing", "videotoon INPUT OUTPUT")
    refused(2, ["-", "out.mp4"], "'-' is no file", "pipes")
    refused(2, ["in.mp4", "-"], "'-' is no file", "pipes")
    refused(2, ["preview"], "INPUT is missing", "videotoon preview --help")
    refused(2, ["batch", "in"], "--output is missing")
    refused(2, ["batch", "in", "-o"], "-o has no value")


def test_misspelt_command(refused: Refused) -> None:
    refused(2, ["stiles"], "'stiles'", "did you mean 'styles'?")


def test_missing_argument_of_a_command(refused: Refused) -> None:
    refused(2, ["export", "cel"], "OUT is missing", "videotoon export --help")
