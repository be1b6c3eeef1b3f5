"""Options: ranges, times, rates, and what the result depends on."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from videotoon.errors import SettingsError
from videotoon.settings import (
    OF_FACES,
    OF_VIDEO_FILES,
    Settings,
    parse_time,
    without_effect,
)


def test_defaults_are_valid_and_frozen() -> None:
    settings = Settings()
    with pytest.raises(FrozenInstanceError):
        settings.style = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("strength", [0.0, 1.0, 1], [-0.001, 1.001, float("nan"), float("inf"), "1", None, True]),
        ("edge_preserve", [0.5, 1.5], [0.49, 1.51]),
        ("color_shift", [0, 1], [-1, 2]),
        ("quality", [0, 51], [-1, 52]),
        ("duplicate_threshold", [0, 255], [-1, 256]),
        ("cache_frames", [0, 4096], [-1, 4097, 2.5, None]),
        ("face", [True, False], [None, 1, "yes"]),
        ("mix", [None, "cel:0.5,hayao:0.5"], [3, "cel"]),
        ("hair_color", [None, "#a05028"], [0xA05028, "brown"]),
        ("workers", [None, 1, 64], [0, 65, 1.5, True, "2"]),
        ("max_side", [None, 64, 16384], [63, 16385]),
        ("style", ["cel", "./x.onnx"], ["", "  ", None, Path("x.onnx")]),
        ("preset", ["ultrafast", "veryslow"], ["", "quick"]),
        ("backend", ["auto", "openvino", "torch"], ["tpu", "", None]),
        ("precision", ["auto", "fp32", "int8"], ["fp8", "FP32"]),
        ("encoder", ["auto", "x264", "prores"], ["h264"]),
        ("detail", ["auto", "sd", "hd"], ["4k"]),
        ("start", [None, "0", "12.5"], ["", "x", "-1", "1:60", "1:2:3:4", 12.5]),
        ("end", ["0.1", "0:01"], ["0", "now"]),
        (
            "fps",
            [None, "25", "30000/1001", "23.976"],
            ["0", "-1", "x", "1/0", "1001", "", "1e-9", 29.97],
        ),
    ],
)
def test_ranges(option: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert getattr(Settings(**{option: value}), option) == value
    for value in bad:
        with pytest.raises(SettingsError) as caught:
            Settings(**{option: value})
        assert f"--{option.replace('_', '-')}" in caught.value.problem, value
        assert caught.value.cure


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", Fraction(0)),
        ("12.5", Fraction(25, 2)),
        ("12.5s", Fraction(25, 2)),
        ("0.1", Fraction(1, 10)),
        (" 3 ", Fraction(3)),
        ("90", Fraction(90)),
        ("1:02", Fraction(62)),
        ("59:59.999", Fraction(3599999, 1000)),
        ("1:02:03.25", Fraction(14893, 4)),
        ("100:00:00", Fraction(360000)),
    ],
)
def test_times_are_exact(text: str, seconds: Fraction) -> None:
    assert parse_time("--start", text) == seconds


@pytest.mark.parametrize("text", ["", "s", "1.", ".5", "1e3", "1:5:", "1:60", "1:60:00", "1,5"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(SettingsError, match="--at"):
        parse_time("--at", text)


def test_rate_is_exact() -> None:
    assert Settings(fps="30000/1001").frame_rate == Fraction(30000, 1001)
    assert Settings(fps="29.97").frame_rate == Fraction(2997, 100)
    for written in ("29.97002997", "29.970029970029970029970029970029970029970"):
        assert Settings(fps=written).frame_rate == Fraction(30000, 1001)
    assert Settings(fps="23.976023976").frame_rate == Fraction(24000, 1001)
    assert Settings().frame_rate is None


def test_end_must_be_behind_the_start() -> None:
    with pytest.raises(SettingsError, match="not after the start"):
        Settings(start="5", end="5")
    assert Settings(start="0:04", end="5s").end_seconds == 5


def test_options_that_mean_nothing_are_named() -> None:
    given = Settings(encoder="x265", start="1", hair_color="#ff0000")
    assert without_effect(given, OF_VIDEO_FILES, "live") == [
        "live, --start, --encoder had no effect"
    ]
    assert without_effect(given, OF_FACES, "without --face") == [
        "without --face, --hair-color had no effect"
    ]
    assert without_effect(Settings(), (*OF_VIDEO_FILES, *OF_FACES), "here") == []
    assert {*OF_VIDEO_FILES, *OF_FACES} <= {item.name for item in fields(Settings)}


UNIMPORTANT = {"commercial_ok", "overwrite", "resume", "keep_work", "allow_truncated", "workers"}


def test_result_key_holds_what_the_result_depends_on() -> None:
    names = {item.name for item in fields(Settings)}
    assert names - Settings().result_key().keys() >= UNIMPORTANT
    assert names >= Settings().result_key().keys()
    important = {"style", "strength", "start", "fps", "encoder", "quality", "precision", "max_side"}
    assert important <= Settings().result_key().keys()


def test_result_key_tells_settings_apart() -> None:
    base = Settings()
    assert replace(base, strength=0.5).result_key() != base.result_key()
    assert replace(base, workers=2, overwrite=True).result_key() == base.result_key()
