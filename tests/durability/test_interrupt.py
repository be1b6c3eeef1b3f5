"""Ctrl-C: out within two seconds, what is finished is kept, the next run goes on."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.durability import jobs


def test_interrupted_then_continued(tmp_path: Path, command_environment: dict[str, str]) -> None:
    clip, output = jobs.long_clip(tmp_path), tmp_path / "out.mp4"
    job = jobs.start(clip, output, command_environment)
    seconds = job.stop_when(jobs.after(1, 0.1), signal.SIGINT)
    words = Path(job.log.name).read_text()
    assert job.process.returncode == 130, words
    assert seconds < 4, "2 s on a machine that does nothing else"
    kept = sum(r["frames"] for r in jobs.journal(jobs.work_folder(output))["segments"])
    assert f"{kept} frames are kept" in words
    assert "run the same command again" in words
    again = jobs.run(clip, output, command_environment)
    words = Path(again.log.name).read_text()
    assert again.process.returncode == 0, words
    assert f"going on at frame {kept}" in words
    whole = tmp_path / "whole.mp4"
    assert jobs.run(clip, whole, command_environment).process.returncode == 0
    assert jobs.fingerprint(output) == jobs.fingerprint(whole)
