"""``videotoon weights`` as users run it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import check_refusal
from tests.conftest import RunVideotoon
from tests.weights.conftest import Server
from videotoon.weights_store.catalogue import RETINAFACE


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def environment(server: Server, cache: Path) -> dict[str, str]:
    return {"VIDEOTOON_CACHE": str(cache), "VIDEOTOON_MIRROR": server.address}


@pytest.fixture
def retinaface(shared: Path, server: Server) -> bytes:
    """The real face weights, held by the server."""
    content = (shared / "weights" / RETINAFACE.file_name).read_bytes()
    server.files[RETINAFACE.file_name] = content
    return content


def test_list(run_videotoon: RunVideotoon, environment):
    result = run_videotoon("weights", "list", env=environment)
    assert result.code == 0, result
    assert result.stderr == ""
    for word in ("face_paint_512_v2", "paprika", "not fetched", "MIT", "non-commercial"):
        assert word in result.stdout
    for licence in ("bryandlee/animegan2-pytorch/blob/main/LICENSE", "AnimeGANv2#license"):
        assert licence in result.stdout


def test_pull(run_videotoon: RunVideotoon, environment, cache: Path, server, retinaface: bytes):
    result = run_videotoon("weights", "pull", "retinaface", env=environment)
    assert result.code == 0, result
    assert result.stdout == ""
    assert "MIT (biubug6/Pytorch_Retinaface)" in result.stderr
    assert "fetched and checked (sha256 38ec7bb3" in result.stderr
    assert (cache / "weights" / RETINAFACE.file_name).read_bytes() == retinaface
    again = run_videotoon("weights", "pull", "retinaface", "-q", env=environment)
    assert (again.code, again.stderr) == (0, "")
    assert len(server.seen) == 1
    state = run_videotoon("weights", "list", env=environment).stdout
    assert "here" in next(line for line in state.splitlines() if line.startswith("retinaface"))


def test_cut_connection(run_videotoon: RunVideotoon, environment, server, retinaface: bytes):
    server.cuts = [700_000]
    result = run_videotoon("weights", "pull", "retinaface", env=environment)
    assert result.code == 0, result
    assert server.seen[1][1]["Range"] == "bytes=700000-"


def test_pull_replaces_an_altered_file(
    run_videotoon: RunVideotoon, environment, cache: Path, retinaface: bytes
):
    path = cache / "weights" / RETINAFACE.file_name
    path.parent.mkdir(parents=True)
    path.write_bytes(retinaface[:-1] + b"x")
    verdict = run_videotoon("weights", "verify", env=environment)
    check_refusal(verdict, 12, "retinaface", "videotoon weights pull retinaface")
    assert "retinaface: " in verdict.stdout
    assert run_videotoon("weights", "pull", "retinaface", env=environment).code == 0
    assert path.read_bytes() == retinaface
    verdict = run_videotoon("weights", "verify", env=environment)
    assert verdict.code == 0, verdict
    assert f"retinaface: whole ({path})" in verdict.stdout
    assert "cel-" in verdict.stdout, "bundled networks are verified as well"


def test_altered_file_of_ones_own_is_not_fetched_in_vain(
    run_videotoon: RunVideotoon, environment, tmp_path: Path, server: Server
):
    (tmp_path / "paprika.pt").write_bytes(b"x")
    environment["VIDEOTOON_WEIGHTS"] = str(tmp_path)
    result = run_videotoon("weights", "pull", "paprika", env=environment)
    check_refusal(result, 12, "paprika.pt has git blob", "unset VIDEOTOON_WEIGHTS")
    assert not server.seen


def test_wrong_content(run_videotoon: RunVideotoon, environment, cache: Path, server: Server):
    server.files["paprika.pt"] = b"anything"
    result = run_videotoon("weights", "pull", "paprika", env=environment)
    check_refusal(result, 12, "paprika.pt", server.address, "git blob", "58086c9db9fc")
    assert not list((cache / "weights").glob("paprika*"))


@pytest.mark.parametrize(
    ("names", "extra", "words"),
    [
        (["paprika"], {}, ["HTTP 404", "VIDEOTOON_WEIGHTS"]),
        (["paprika"], {"VIDEOTOON_OFFLINE": "1"}, ["VIDEOTOON_OFFLINE forbids", "unset"]),
        (["paprika"], {"VIDEOTOON_MIRROR": "http://127.0.0.1:9"}, ["refused", "connection"]),
        (["paprika"], {"VIDEOTOON_MIRROR": "http://example.org"}, ["MIRROR", "only https"]),
        (["paprika", "paprica"], {}, ["'paprica'", "did you mean 'paprika'"]),
        ([], {}, ["no weights are named", "weights list"]),
    ],
)
def test_refusals(run_videotoon: RunVideotoon, environment, names, extra, words):
    result = run_videotoon("weights", "pull", *names, env=environment | extra)
    check_refusal(result, 12, *words)


def test_unknown_subcommand(run_videotoon: RunVideotoon, environment):
    check_refusal(run_videotoon("weights", "push", env=environment), 2, "push", "pull")


def test_style_that_was_not_fetched(run_videotoon: RunVideotoon, environment, sample_media: Path):
    source = sample_media / "portrait.mp4"
    result = run_videotoon(source, "out.mp4", "--style", "paprika", env=environment)
    check_refusal(result, 12, "paprika", "pull it first: videotoon weights pull paprika")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_interrupt_on_a_terminal(
    environment, command_environment, cache: Path, server: Server, retinaface: bytes
):
    """Ctrl-C ends it soon with one line; what came is kept and the next run goes on."""
    server.hold = 500_000
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "videotoon", "weights", "pull", "retinaface"]
    process = subprocess.Popen(
        command, env=command_environment | environment, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    part = cache / "weights" / f"{RETINAFACE.file_name}.part"
    _wait(lambda: (part.exists() and part.stat().st_size) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    shown = _read_all(main)
    assert "retinaface:" in shown, "a bar was shown"
    assert "Traceback" not in shown
    assert "stopped by Ctrl-C" in shown
    server.go_on.set()
    assert 0 < part.stat().st_size <= server.hold


def _wait(condition, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def _read_all(descriptor: int) -> str:
    pieces = []
    with open(descriptor, "rb", buffering=0) as stream:
        try:
            while piece := stream.read(4096):
                pieces.append(piece)
        except OSError:
            pass  # the other end is closed
    return b"".join(pieces).decode("utf-8", "replace")


def test_quantise(run_videotoon: RunVideotoon, cache: Path, tmp_path: Path):
    pytest.importorskip("nncf", reason="pip install 'videotoon[quantise]'")
    from tests.engine.test_quantised import write_network

    network = write_network(tmp_path / "my network.xml")
    environment = {"VIDEOTOON_CACHE": str(cache)}
    result = run_videotoon("weights", "quantise", str(network), env=environment)
    assert result.code == 0, result
    assert result.stdout.count("\n") == 1, result
    assert "dB to fp32 on 6 held-out pictures" in result.stdout
    assert len(list((cache / "quantised").iterdir())) == 3


def test_quantise_refuses_in_one_line(run_videotoon: RunVideotoon, tmp_path: Path):
    missing = str(tmp_path / "missing.onnx")
    environment = {"VIDEOTOON_CACHE": str(tmp_path / "cache")}
    result = run_videotoon("weights", "quantise", missing, env=environment)
    check_refusal(result, 6, "missing.onnx", "does not exist")
