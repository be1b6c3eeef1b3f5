"""How the command is called and what it says: names, order of options, reports, progress."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path

import pytest

from tests import measure
from tests.cli.conftest import Desk
from tests.conftest import RunVideotoon
from videotoon import __version__
from videotoon.settings import Settings

COPY = ("--strength", 0)
"""The whole pipeline at the least cost."""


def test_without_arguments_it_shows_the_help(run_videotoon: RunVideotoon) -> None:
    result = run_videotoon()
    assert result.code == 0
    assert result.stdout.startswith("Usage: videotoon")
    assert result.stderr == ""


def test_help_names_every_option_and_command(run_videotoon: RunVideotoon) -> None:
    text = run_videotoon("--help").stdout
    for item in fields(Settings):
        assert f"--{item.name.replace('_', '-')}" in text
    for word in ("styles", "doctor", "bench", "preview", "export", "--progress", "--report"):
        assert word in text


def test_version(run_videotoon: RunVideotoon) -> None:
    assert run_videotoon("--version").stdout.strip() == __version__


def test_styles(run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("styles")
    assert result.code == 0
    assert "(default)" in result.stdout
    assert "licence" in result.stdout.splitlines()[0]


NAMES = {
    "dash": "-clip-.mp4",
    "marks": "a:b 100%d 'one' \"two\" [x]*?\\.mp4",
    "newline": "two\nlines .mp4",
    "latin-1": os.fsdecode(b"\xff\xe9t\xe9.mp4"),
    "unicode": "日本の動画 🎬.mp4",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_strange_names(desk: Desk, run_videotoon: RunVideotoon, name: str) -> None:
    source, output = desk.path / name, desk.path / f"{name[:-4]}_out.mp4"
    try:
        desk.clip.rename(source)
    except OSError:
        pytest.skip("the file system refuses this name")
    result = run_videotoon(source.name, output.name, *COPY, "--report", "r.json")
    assert result.code == 0, result
    assert len(measure.frame_times(output)) == 12
    assert {entry.name for entry in desk.path.iterdir()} == {source.name, output.name, "r.json"}
    assert json.loads((desk.path / "r.json").read_text())["input"] == name


def test_dash_behind_a_double_dash(desk: Desk, run_videotoon: RunVideotoon) -> None:
    desk.clip.rename(desk.path / "--in")
    result = run_videotoon(*COPY, "--", "--in", "-o.mp4")
    assert result.code == 0, result
    assert (desk.path / "-o.mp4").is_file()


def test_options_stand_before_between_and_behind(desk: Desk, run_videotoon: RunVideotoon) -> None:
    result = run_videotoon(
        "--strength", "0", "in.mp4", "--end=0.2", "out.mp4", "--workers", 1, "-q"
    )
    assert result.code == 0, result
    assert len(measure.frame_times(desk.path / "out.mp4")) == 5
    assert result.stdout == result.stderr == ""


def test_one_line_says_what_was_done(desk: Desk, run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("in.mp4", "out.mp4", *COPY)
    assert result.code == 0, result
    assert result.stdout == ""
    (line,) = result.error_lines  # no terminal, so no bar either
    assert line.startswith("out.mp4: 12 frames")
    assert "fps" in line
    assert "\r" not in result.stderr


def test_verbose_shows_stages_engine_and_tracks(desk: Desk, run_videotoon: RunVideotoon) -> None:
    text = run_videotoon("in.mp4", "out.mp4", "--verbose").stderr
    for word in ("stage", "decode", "paint", "encode", "remux", "(bottleneck)", "per frame"):
        assert word in text
    for word in ("precision", "network", "encoder", "x264", "memory", "audio track 1", "copied"):
        assert word in text


def test_json_progress_is_all_that_is_on_stdout(desk: Desk, run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("in.mp4", "out.mkv", *COPY, "--progress", "json")
    assert result.code == 0, result
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events][-2:] == ["end", "result"]
    first, end, done = events[0], events[-2], events[-1]
    assert first == {**first, "event": "progress", "frame": 0, "total": 12}
    assert (end["frame"], end["total"]) == (12, 12)
    assert {"fps", "eta_seconds", "bottleneck"} <= end.keys()
    assert (done["output"], done["frames"]) == ("out.mkv", 12)
    assert result.stderr == ""


def test_json_progress_of_a_failure(desk: Desk, run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("in.mp4", "out.mp4", "--style", "gone.onnx", "--progress", "json")
    assert result.code == 6
    assert result.stdout == ""


def test_report(desk: Desk, run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("in.mp4", "out.mp4", "--report", "r.json", "-q")
    assert result.code == 0, result
    report = json.loads((desk.path / "r.json").read_text())
    assert report["frames_in"] == report["frames_out"] == 12
    assert report["frames_painted"] + report["frames_reused"] == 12
    assert {"decode", "cache", "paint", "encode", "remux"} <= report["stage_wall_seconds"].keys()
    assert report["engine"]["backend"] in ("openvino", "torch")
    assert all(len(digest) == 64 for digest in report["engine"]["sha256"].values())
    assert report["encoder"]["name"] == "x264"
    assert report["peak_rss_bytes"] > 1e7
    assert report["fps"] == pytest.approx(12 / report["wall_seconds"])
    assert report["dropped"] == report["warnings"] == []


def test_what_is_dropped_is_said(desk: Desk, run_videotoon: RunVideotoon) -> None:
    (desk.path / "in.mp4").rename(desk.path / "in.mov")
    result = run_videotoon("in.mov", "out.webm", *COPY, "--report", "r.json")
    assert result.code == 0, result
    assert "converted to libopus" in result.stderr
    assert "converted" in json.loads((desk.path / "r.json").read_text())["tracks"][0]


def test_picture(desk: Desk, run_videotoon: RunVideotoon, small_picture: Path) -> None:
    import cv2

    result = run_videotoon(small_picture, "out.jpg", "--report", "r.json")
    assert result.code == 0, result
    assert result.error_lines[0].startswith("out.jpg: 1 picture")
    painted = cv2.imread(str(desk.path / "out.jpg"))
    assert painted is not None
    assert painted.shape == (64, 96, 3)
    assert json.loads((desk.path / "r.json").read_text())["engine"]["style"]


def test_overwrite_replaces_the_output(desk: Desk, run_videotoon: RunVideotoon) -> None:
    (desk.path / "out.mp4").write_bytes(b"old")
    assert run_videotoon("in.mp4", "out.mp4", *COPY, "--overwrite").code == 0
    assert len(measure.frame_times(desk.path / "out.mp4")) == 12


def test_closed_pipe_is_no_traceback(run_videotoon: RunVideotoon, desk: Desk) -> None:
    import subprocess
    import sys

    command = f"{sys.executable} -m videotoon --help | head -c 1"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, env=environment, check=False, timeout=60
    )
    assert b"Traceback" not in done.stderr
