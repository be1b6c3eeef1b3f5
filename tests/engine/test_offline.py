"""No engine may talk to the network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WATCHED = """
import socket, sys, threading

def refuse(*arguments, **keywords):
    raise AssertionError(f"tried to reach {arguments}")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from videotoon.engine.openvino_backend import OpenVinoBackend
OpenVinoBackend().capabilities()
print(*(thread.name for thread in threading.enumerate()), sep=",")
print(sys.modules["openvino_telemetry"])
"""


def test_importing_openvino_sends_nothing(
    repository: Path, command_environment: dict[str, str]
) -> None:
    pytest.importorskip("openvino")
    done = subprocess.run(
        [sys.executable, "-c", WATCHED],
        cwd=repository,
        env=command_environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "tried to reach" not in done.stderr
    threads, telemetry = done.stdout.splitlines()
    assert threads == "MainThread"
    assert telemetry == "None"
