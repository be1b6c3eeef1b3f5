"""The speed benchmark's own arithmetic: goals, bounds, proofs, whose thread is whose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import speed
from benchmarks.contenders import Contender, Run
from benchmarks.machine_facts import machine_facts
from benchmarks.proofs import prove_frames, prove_painting
from benchmarks.speed_goals import GOALS, Goal, outcomes
from benchmarks.speed_report import Row, write_report
from benchmarks.speed_scenes import Scene
from benchmarks.traced import Span, Trace, part_of

ROW = Row(
    scene="720p", key="videotoon", title="videotoon, cel", fps=40.0, lowest_fps=39.0,
    highest_fps=41.0, to_base=None, to_transcode=0.4, to_bound=None, cpu_per_frame=0.05,
    busy=0.95, peak_bytes=400_000_000, first_frame_seconds=1.0, engine="{}", stages={}, digest="ab",
)  # fmt: skip


def run_of(fps: float, digest: str = "") -> Run:
    return Run(100, 100 / fps, 1.0, report={"painted_digest": digest})


@pytest.mark.parametrize(
    ("least", "found", "verdict"),
    [
        (True, 2.0, "target reached"),
        (True, 1.9, "floor reached"),
        (True, 1.4, "missed"),
        (False, 1.4, "target reached"),
        (False, 1.9, "floor reached"),
        (False, 2.1, "missed"),
    ],
)
def test_a_goal_is_reached_missed_or_half_reached(least, found, verdict):
    target, floor = (2.0, 1.5) if least else (1.5, 2.0)
    goal = Goal("x", target, floor, lambda rows: found, least=least)
    assert goal.verdict(found) == verdict


def test_goals_ask_for_no_less_at_the_floor_than_at_the_target():
    for goal in GOALS:
        sign = 1 if goal.least else -1
        assert sign * goal.floor <= sign * goal.target, goal.name


def test_only_what_was_measured_is_compared_with_its_goal():
    found = {outcome.name: outcome for outcome in outcomes([ROW])}
    assert set(found) == {
        "720p: fps",
        "720p: fps / transcode",
        "720p: cores busy",
        "720p: peak RSS",
    }
    assert found["720p: fps"].found == 40.0
    assert found["720p: fps"].verdict == "floor reached"
    assert found["720p: peak RSS"].found == 400.0


def test_the_faster_precision_is_judged_and_named():
    def large(scene: str, key: str, fps: float, to_base: float | None = None) -> Row:
        return replace(ROW, scene=scene, key=key, fps=fps, to_base=to_base)

    rows = [
        large("512x512 8 MB", "bf16", 2.0, 4.0),
        large("512x512 8 MB", "int8", 3.5, 7.0),
        large("photo", "bf16", 0.5),
        large("75 % repeats 8 MB", "bf16 on", 6.0, 3.4),
        large("75 % repeats 8 MB", "int8 on", 9.0, 3.2),
        large("small pictures", "batch", 20.0, 12.0),
        large("small pictures", "one", 10.0, 6.0),
    ]
    found = {outcome.name: (outcome.found, outcome.note) for outcome in outcomes(rows)}
    assert found["8 MB, 512x512: fps"] == (3.5, "int8")
    assert found["8 MB, 512x512: fps / upstream loop"] == (7.0, "int8")
    assert found["8 MB, 1024x1024 photo, warm"] == (2.0, "bf16")
    assert found["75 % repeats 8 MB: on / off"] == (3.2, "int8")
    assert found["small pictures: batch / one by one"] == (
        12.0, "a command each; 2.00 to one process in turn",
    )  # fmt: skip


def scene(runs: dict[str, list[Run]], repeats: float = 0.0) -> Scene:
    def contender(key: str) -> Contender:
        turns = iter(runs[key])
        return Contender(key, key, lambda clip, output: next(turns), check=lambda run, output: None)

    contenders = tuple(contender(key) for key in runs)
    return Scene("s", Path("clip.mp4"), contenders, "off", repeats, ("off", "on"))


def test_the_bound_spares_painting_but_neither_decoding_nor_encoding(tmp_path):
    # 10 ms of transcoding and 30 ms of painting; a quarter is painted: 17.5 ms at best.
    runs = {
        "transcode": [run_of(100.0)],
        "off": [run_of(25.0, "same")],
        "on": [run_of(1000 / 17.5, "same")],
    }
    rows = {row.key: row for row in speed.measure(scene(runs, 0.75), 1, tmp_path)}
    assert rows["on"].to_bound == pytest.approx(1.0)
    assert rows["on"].to_base == pytest.approx(40 / 17.5)
    assert rows["on"].to_transcode == pytest.approx(10 / 17.5)
    assert rows["off"].to_bound is None


def test_ratios_are_taken_within_a_round(tmp_path):
    fast, slow = ([run_of(fps, "same") for fps in row] for row in ((20, 10, 6), (10, 5, 3)))
    rows = {row.key: row for row in speed.measure(scene({"off": slow, "on": fast}), 3, tmp_path)}
    assert rows["on"].to_base == pytest.approx(2.0)
    assert (rows["on"].lowest_fps, rows["on"].fps, rows["on"].highest_fps) == (6, 10, 20)


@pytest.mark.parametrize(
    "runs",
    [
        {"off": [run_of(9, "a")], "on": [run_of(9, "b")]},
        {"off": [run_of(9, "a"), run_of(9, "b")], "on": [run_of(9, "a"), run_of(9, "a")]},
    ],
)
def test_differently_painted_frames_stop_the_benchmark(tmp_path, runs):
    with pytest.raises(RuntimeError, match="painted differently"):
        speed.measure(scene(runs), len(runs["off"]), tmp_path)


def test_a_wrong_number_of_frames_is_noticed(clip_of_noise):
    prove_frames(clip_of_noise, 6)
    with pytest.raises(RuntimeError, match="5 frames are claimed"):
        prove_frames(clip_of_noise, 5)


def test_an_untouched_or_foreign_picture_is_no_painting(clip_of_noise, grey_clip):
    with pytest.raises(RuntimeError, match="no painting"):
        prove_painting(clip_of_noise, clip_of_noise, 6, shows_the_clip=True)
    prove_painting(clip_of_noise, clip_of_noise, 6, shows_the_clip=False)
    with pytest.raises(RuntimeError, match="shows nothing"):
        prove_painting(clip_of_noise, grey_clip, 6, shows_the_clip=False)


@pytest.fixture
def clip_of_noise(tmp_path):
    return write(tmp_path / "noise.mp4", np.random.default_rng(0).integers(0, 256, (48, 64)))


@pytest.fixture
def grey_clip(tmp_path):
    return write(tmp_path / "grey.mp4", np.full((48, 64), 90))


def write(path: Path, luma: np.ndarray) -> Path:
    from benchmarks.clips import write_clip

    picture = np.concatenate([luma, np.full((24, 64), 128)]).astype(np.uint8)
    write_clip([picture] * 6, path, lossless=True)
    return path


@pytest.mark.parametrize(
    ("system", "python", "part"),
    [
        ("av:h264:df0", None, "decoder"),
        ("encode-0", None, "x264"),
        ("encode-0", "encode-0", "frames to the encoder"),
        ("main", "main", "start, end, hand-over"),
        ("main", None, "network"),
        ("paint-1", "paint-1", "planes to cells and back"),
        ("decode", "decode", "frames from the decoder"),
        ("x", "something", "other"),
    ],
)
def test_threads_are_put_down_to_their_part(system, python, part):
    assert part_of(system, python) == part


CPU = """processor : 0
vendor_id : {vendor}
cpu family : {family}
model : {model}
model name : Some CPU
flags : fpu {flags}
"""


@pytest.mark.parametrize(
    ("vendor", "family", "model", "flags", "generation", "int8"),
    [
        ("AuthenticAMD", 25, 17, "avx512_vnni avx512_bf16", "25 model 17 (Zen 4)", "half rate"),
        ("AuthenticAMD", 26, 2, "avx512_vnni", "26 model 2 (Zen 5)", "512-bit VNNI"),
        ("AuthenticAMD", 25, 1, "avx2", "25 model 1 (Zen 3)", "no VNNI"),
        ("GenuineIntel", 6, 143, "avx512_vnni amx_int8", "6 model 143", "512-bit VNNI"),
        ("GenuineIntel", 6, 154, "avx_vnni", "6 model 154", "256-bit VNNI"),
    ],
)
def test_the_machine_is_described(tmp_path, vendor, family, model, flags, generation, int8):
    file = tmp_path / "cpuinfo"
    file.write_text(CPU.format(vendor=vendor, family=family, model=model, flags=flags))
    facts = machine_facts(file)
    assert facts["family"] == generation
    assert int8 in facts["int8"]
    assert ("half rate" in facts["int8"]) == (int8 == "half rate")
    assert facts["amx"] == ("yes" if "amx_int8" in flags else "no")


def test_the_report_holds_goals_rows_parts_and_pictures(tmp_path):
    trace = Trace("clip.mp4", 10, 1.0, {"network": 0.3, "x264": 0.2}, [Span("t", "paint", 0, 1)])
    still = replace(ROW, scene="still camera", key="on", to_base=2.5)
    rows = [ROW, still]
    write_report(tmp_path, rows, outcomes(rows), {"720p": trace}, {"cores": "2"})
    text = (tmp_path / "report.md").read_text()
    assert "| 720p: fps | 40.00 | 48 | 30 | floor reached |  |" in text
    assert "| still camera: change-only on / off | 2.50 | 2 | 1.5 | target reached |  |" in text
    assert "- still camera, videotoon, cel: `ab`" in text
    assert "| network | 30.00 |" in text
    assert "| all | 50.00 |" in text
    for name in ("fps.png", "timeline.png", "parts.png", "report.json"):
        assert (tmp_path / name).stat().st_size > 500
