"""A job that is killed goes on where it stopped, and nobody can tell from the result."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest

from tests.durability import jobs
from tests.durability.watched import SAVES_NOTHING


def redone(job: jobs.RunningJob) -> int:
    """Frames whose painting had at least begun when the job was killed, and that are not saved."""
    kept = sum(record["frames"] for record in jobs.journal(job.folder).get("segments", []))
    return len([frame for frame in job.painted if frame >= kept])


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return jobs.long_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def whole(
    clip: Path, tmp_path_factory: pytest.TempPathFactory, command_environment: dict[str, str]
) -> Path:
    """The result of a run that nothing disturbed."""
    output = tmp_path_factory.mktemp("whole") / "out.mp4"
    job = jobs.run(clip, output, command_environment)
    assert job.process.returncode == 0, Path(job.log.name).read_text()
    assert not jobs.work_folder(output).exists()
    return output


def test_killed_twice(
    clip: Path, whole: Path, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    output, report = tmp_path / "out.mp4", tmp_path / "report.json"
    for halves in (1, 2):  # well before the end, which a fast machine reaches in half a second
        job = jobs.start(clip, output, command_environment)
        jobs.kill(job, jobs.after(halves))
        assert not output.exists()
        assert redone(job) <= jobs.SEGMENT
    done = jobs.journal(jobs.work_folder(output))["segments"]
    assert len(done) >= 2
    job = jobs.run(clip, output, command_environment, "--report", str(report))
    assert job.process.returncode == 0, Path(job.log.name).read_text()
    assert jobs.fingerprint(output) == jobs.fingerprint(whole)
    facts = json.loads(report.read_text())
    assert facts["encoder"]["redone_at_most"] == jobs.SEGMENT
    assert facts["frames_resumed"] == sum(record["frames"] for record in done)
    assert facts["frames_resumed"] + facts["frames_painted"] + facts["frames_reused"] >= jobs.FRAMES
    assert not jobs.work_folder(output).exists()


def test_a_kill_while_nothing_can_be_saved_loses_one_segment(
    clip: Path, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    """The worst moment: the encoder hangs, the painters have gone on as far as they may."""
    environment = {**command_environment, SAVES_NOTHING: "1"}
    job = jobs.start(clip, tmp_path / "out.mp4", environment, "--preset", "ultrafast")
    quiet = 0
    while quiet < 40:  # two seconds without a further frame
        before = len(job.painted)
        time.sleep(0.05)
        quiet = quiet + 1 if before == len(job.painted) >= jobs.HALF else 0
    jobs.kill(job, lambda _: True)
    assert redone(job) == jobs.SEGMENT


@pytest.mark.long
def test_killed_at_twenty_random_moments(
    clip: Path, whole: Path, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    output = tmp_path / "out.mp4"
    chance = random.Random(20)
    lost: list[int] = []
    while len(lost) < 20:
        before = len(jobs.journal(jobs.work_folder(output)).get("segments", []))
        if before >= jobs.HALVES - 1:  # nothing left that a kill could hit: compare, start again
            _complete(clip, whole, output, command_environment)
            before = 0
        # A third of the kills fall into starting up, the others into the painting.
        reached = before + (0 if chance.random() < 0.3 else 1)
        moment = jobs.after(reached, chance.uniform(0.0, 1.0))
        job = jobs.start(clip, output, command_environment)
        jobs.kill(job, moment)
        if output.exists():
            assert jobs.fingerprint(output) == jobs.fingerprint(whole)
            output.unlink()
            continue
        lost.append(redone(job))
    _complete(clip, whole, output, command_environment)
    print(f"frames redone after each kill, of {jobs.SEGMENT} allowed:", lost)
    assert max(lost) <= jobs.SEGMENT


def _complete(clip: Path, whole: Path, output: Path, environment: dict[str, str]) -> None:
    job = jobs.run(clip, output, environment)
    assert job.process.returncode == 0, Path(job.log.name).read_text()
    assert jobs.fingerprint(output) == jobs.fingerprint(whole)
    output.unlink()


def test_another_setting_starts_over(
    clip: Path, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    output = tmp_path / "out.mp4"
    jobs.kill(jobs.start(clip, output, command_environment), jobs.after(1))
    job = jobs.run(clip, output, command_environment, "--strength", "0", "--quality", "30")
    words = Path(job.log.name).read_text()
    assert job.process.returncode == 0, words
    assert "starting over" in words
    assert "strength" in words
    assert "quality" in words


def test_another_input_starts_over(
    clip: Path, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    source, output = tmp_path / "in.mp4", tmp_path / "out.mp4"
    source.write_bytes(clip.read_bytes())
    jobs.kill(jobs.start(source, output, command_environment), jobs.after(1))
    time.sleep(0.01)
    source.write_bytes(clip.read_bytes())
    job = jobs.run(source, output, command_environment, "--strength", "0")
    words = Path(job.log.name).read_text()
    assert job.process.returncode == 0, words
    assert "starting over" in words
    assert "input" in words


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 2}', "", "\x00" * 99])
def test_a_broken_journal_starts_over(
    clip: Path, tmp_path: Path, command_environment: dict[str, str], damage: str
) -> None:
    output = tmp_path / "out.mp4"
    folder = jobs.work_folder(output)
    folder.mkdir()
    (folder / "journal.json").write_text(damage)
    (folder / "segment-00000.mp4").write_bytes(b"not a segment")
    job = jobs.run(clip, output, command_environment, "--strength", "0")
    words = Path(job.log.name).read_text()
    assert job.process.returncode == 0, words
    assert "starting over" in words


def test_without_resume(clip: Path, tmp_path: Path, command_environment: dict[str, str]) -> None:
    output, report = tmp_path / "out.mp4", tmp_path / "report.json"
    options = ("--strength", "0", "--report", str(report))
    jobs.kill(jobs.start(clip, output, command_environment, *options), jobs.after(1))
    job = jobs.run(clip, output, command_environment, *options, "--no-resume", "--keep-work")
    assert job.process.returncode == 0, Path(job.log.name).read_text()
    assert json.loads(report.read_text())["frames_resumed"] == 0
    assert len(jobs.journal(jobs.work_folder(output))["segments"]) == jobs.HALVES


def test_two_runs_at_once(clip: Path, tmp_path: Path, command_environment: dict[str, str]) -> None:
    output = tmp_path / "out.mp4"
    first = jobs.start(clip, output, command_environment)
    jobs.pause(first, jobs.after(1))  # a fast machine would be through with it before the second
    try:
        second = jobs.run(clip, output, command_environment, log=tmp_path / "second.log")
    finally:
        jobs.kill(first, lambda _: True)
    assert second.process.returncode == 5
    assert "another run" in Path(second.log.name).read_text()
