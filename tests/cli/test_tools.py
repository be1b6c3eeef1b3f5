"""``videotoon doctor``, ``bench`` and ``export``."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Desk, Refused, check_refusal
from tests.conftest import RunVideotoon
from videotoon.cli import checks
from videotoon.cli.bench import parse_sizes, synthetic_pictures
from videotoon.cli.checks import Finding
from videotoon.cli.doctor import run_doctor
from videotoon.errors import BackendError, SettingsError, WeightsError
from videotoon.frame import FrameSize

# --- doctor ------------------------------------------------------------------------------------


def test_doctor_on_this_machine(run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("doctor")
    assert result.code == 0, result
    for word in (
        "videotoon", "python", "av ", "openvino cpu", "opencv-python", "ffmpeg program", "zscale",
        "encoder x264", "encoder svtav1", "encoder vp9", "encoder prores", "cores", "weights cel",
        "cache folder", "default style", "fp32", "The default job works",
    ):  # fmt: skip
        assert word in result.stdout, word


def test_doctor_names_a_broken_ffmpeg_and_its_cure(run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("doctor", env={"VIDEOTOON_FFMPEG": "/no/such/ffmpeg"})
    check_refusal(result, 7, "ffmpeg program", "cannot work here")
    assert re.search(r"^!!  ffmpeg program .*'/no/such/ffmpeg'", result.stdout, re.MULTILINE)
    assert "ffmpeg program: correct it, or unset it" in result.stdout
    assert "ok  encoder x264" in result.stdout, "the other checks go on"


def test_doctor_notices_a_program_that_is_no_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("VIDEOTOON_FFMPEG", str(fake))
    last = list(checks.ffmpeg())[-1]
    assert last.stops
    assert "does not run" in last.fact


def test_a_cache_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path / "file" / "cache"))
    (finding,) = checks.cache()
    assert finding.cure
    assert not finding.stops


def test_altered_weights_stop_the_default_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered(_: object) -> None:
        raise WeightsError("x.bin has sha256 0, expected 1", "install videotoon again")

    monkeypatch.setattr("videotoon.engine.styles.StyleNetwork.verify", altered)
    findings = list(checks.weights())
    assert findings
    assert any(finding.stops and "sha256" in finding.fact for finding in findings)


def test_an_encoder_that_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    from videotoon.encode import encoders

    broken = encoders.EncoderPlan("x264", "libx264_gone", "yuv420p")
    monkeypatch.setitem(encoders._PLANNERS, "x264", lambda *_: broken)
    found = {finding.subject: finding for finding in checks.encoders()}
    assert found["encoder x264"].stops
    assert "works" in found["encoder x265"].fact


def test_doctor_survives_its_own_checks(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("never", str(1 // len("")))

    def fine() -> Iterator[Finding]:
        yield Finding("rest", "fine")

    with pytest.raises(BackendError, match="broken"):
        run_doctor([broken, fine])
    out = capsys.readouterr().out
    assert "ZeroDivisionError" in out
    assert "ok  rest" in out


# --- bench -------------------------------------------------------------------------------------


def test_bench(run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("bench", "--sizes", "64x48,96x64", "--seconds", 0.05)
    assert result.code == 0, result
    rows = re.findall(
        r"^(\d+x\d+) +\S+ +(\S+) +\d+ +([\d.]+) +([\d.]+)$", result.stdout, re.MULTILINE
    )
    assert {row[0] for row in rows} == {"64x48", "96x64"}
    assert "fp32" in {row[1] for row in rows}
    for _, _, milliseconds, fps in rows:
        assert float(milliseconds) * float(fps) == pytest.approx(1000, rel=0.1)
    assert "fastest at 64x48" in result.stdout


@pytest.mark.parametrize("text", ["", "12", "0x10", "64x", "64x48,", "99999x64", "x", "-1x5"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(SettingsError, match="--sizes"):
        parse_sizes(text)


def test_sizes() -> None:
    assert parse_sizes("540x960, 1280x720") == [FrameSize(540, 960), FrameSize(1280, 720)]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--seconds", "0"], 2, "--seconds"),
        (["--sizes", "big"], 2, "'big'"),
        (["--style", "cell"], 6, "did you mean"),
    ],
)
def test_bench_refusals(refused: Refused, arguments: list[object], code: int, word: str) -> None:
    refused(code, ["bench", *arguments], word)


@pytest.mark.parametrize("size", [FrameSize(64, 48), FrameSize(33, 17)])
def test_synthetic_pictures_move_and_are_the_same_each_time(size: FrameSize) -> None:
    one, other = synthetic_pictures(size), synthetic_pictures(size)
    assert all((a.y == b.y).all() for a, b in zip(one, other, strict=True))
    assert all(planes.size == size for planes in one)
    assert not (one[0].y == one[1].y).all()


# --- export ------------------------------------------------------------------------------------


def test_export_wants_an_onnx_name(refused: Refused) -> None:
    refused(5, ["export", "cel", "cel.bin"], "'cel.bin'", ".onnx")


def test_export_of_an_unknown_style(refused: Refused) -> None:
    refused(6, ["export", "cell", "x.onnx"], "did you mean 'cel'")


def test_export_does_not_replace_a_file(refused: Refused, desk: Desk) -> None:
    (desk.path / "cel.onnx").write_bytes(b"precious")
    refused(5, ["export", "cel", "cel.onnx"], "'cel.onnx'", "exists", "--overwrite")


def test_export_into_a_missing_folder(refused: Refused) -> None:
    refused(5, ["export", "cel", "no/cel.onnx"], "'no'", "does not exist")


def test_export_without_torch_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videotoon.cli.export import run_export

    real: Any = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "torch" else real(name, *a)
    )
    with pytest.raises(BackendError, match="torch") as caught:
        run_export("cel", tmp_path / "cel.onnx", "auto", False)
    assert "videotoon[export]" in caught.value.cure
    assert list(tmp_path.iterdir()) == []
