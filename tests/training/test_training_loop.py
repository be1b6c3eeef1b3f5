"""The loop learns, and an interrupted run ends exactly where an uninterrupted one does."""

# ruff: noqa: E402 - without torch the file is skipped before it imports anything else
import csv
import signal
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("skimage", reason="training needs scikit-image")

from training.dataset import PreparedPart
from training.journal import Journal
from training.losses import LossWeights
from training.settings import TrainSettings, from_dict, to_dict
from training.trainer import (
    RunPlan,
    Trainer,
    learning_rate,
    load_checkpoint,
    run,
    starting_weights,
)
from videotoon.engine.networks.student import StudentConfig, StudentNetwork

SMALL = TrainSettings(
    network=StudentConfig(stem=16, body=16, dilations=(1, 2), refinements=1),
    steps=12,
    batch=3,
    side=48,
    warm_up=2,
    weights=LossWeights(fidelity=0.02),
    adversarial_crops=2,
    adversarial_side=32,
    steady_crops=1,
    int8_start=0.25,
    threads=1,
)


def test_settings_survive_a_checkpoint() -> None:
    assert from_dict(to_dict(SMALL)) == SMALL


def test_rate_warms_up_and_decays() -> None:
    rates = [learning_rate(step, TrainSettings(steps=1000)) for step in range(1000)]
    assert rates[0] < rates[199] == pytest.approx(2e-3, rel=1e-3)
    assert rates[-1] < 0.02 * max(rates)


def test_resumed_run_equals_an_uninterrupted_one(prepared: Path, tmp_path: Path) -> None:
    whole = run(SMALL, RunPlan(prepared, tmp_path / "whole"))
    run(SMALL, RunPlan(prepared, tmp_path / "parts", stop_after=6))
    parts = run(SMALL, RunPlan(prepared, tmp_path / "parts", resume=True))
    one, other = load_checkpoint(whole), load_checkpoint(parts)
    assert one["step"] == other["step"] == SMALL.steps
    for name in ("student", "average", "judge"):
        for key, value in one[name].items():
            assert torch.equal(value, other[name][key]), f"{name}.{key} differs"


def test_ctrl_c_saves_the_step_and_the_rest_equals_an_uninterrupted_run(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(SMALL, RunPlan(prepared, tmp_path / "whole"))
    advance = Trainer.advance

    def interrupted(trainer: Trainer) -> dict[str, float]:
        if trainer.step == 4:  # in the middle of the fifth step
            # Not a real signal: on a processor with AMX its frame is larger than the stack that
            # pytest's fault handler sets aside for signals, which ends the process.
            note = signal.getsignal(signal.SIGINT)
            assert callable(note)
            note(signal.SIGINT, None)
        return advance(trainer)

    monkeypatch.setattr(Trainer, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(SMALL, RunPlan(prepared, tmp_path / "parts"))
    assert load_checkpoint(tmp_path / "parts" / "checkpoint.pt")["step"] == 5
    monkeypatch.setattr(Trainer, "advance", advance)
    parts = run(SMALL, RunPlan(prepared, tmp_path / "parts", resume=True))
    one, other = load_checkpoint(whole)["average"], load_checkpoint(parts)["average"]
    assert all(torch.equal(value, other[key]) for key, value in one.items())


def test_rows_after_the_checkpoint_are_written_once(tmp_path: Path) -> None:
    for first in (0, 100):  # interrupted at step 150, gone on with from step 100
        with Journal(tmp_path, first=first) as journal:
            for step in range(first, 150):
                journal.add(step, {"pixel": 1.0 + first})
    with (tmp_path / "losses.csv").open() as stream:
        rows = [(int(row["step"]), float(row["pixel"])) for row in csv.DictReader(stream)]
    assert rows == [(50, 1.0), (100, 1.0), (150, 101.0)]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_steadiness_sees_lossy_coding(prepared: Path, share: float) -> None:
    """Coding delivers whole codes; noise and gain alone do not."""
    settings = replace(SMALL, steady_compression=share, side=64)
    trainer = Trainer(settings, PreparedPart.load(prepared, "train"), torch.device("cpu"))
    ramp = torch.linspace(-0.5, 0.5, 64).expand(1, 1, 64, 64).contiguous()
    half = torch.zeros(1, 1, 32, 32)
    codes = []
    for trainer.step in range(4):
        _, (luma, _, _) = trainer._disturbed((ramp, half, half), 1)
        codes.append(luma * 128)
    rounded = all(torch.equal(plane, plane.round()) for plane in codes)
    assert rounded == (share == 1.0)


def test_a_run_begins_with_the_weights_that_fit(prepared: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    narrow = StudentNetwork(replace(SMALL.network, body=8))
    with torch.no_grad():
        narrow.stem.weight.fill_(0.125)
    save_file(narrow.state_dict(), tmp_path / "start.safetensors")
    train = PreparedPart.load(prepared, "train")
    trainer = Trainer(SMALL, train, torch.device("cpu"))
    fresh = trainer.student.state_dict()["down.weight"].clone()
    trainer.begin_with(starting_weights(tmp_path / "start.safetensors"))
    for network in (trainer.student, trainer.average):
        assert (network.stem.weight == 0.125).all()
        assert torch.equal(network.down.weight, fresh)  # another shape: left as it was


@pytest.mark.slow
def test_overfitting_lowers_the_loss(prepared: Path, tmp_path: Path) -> None:
    settings = replace(SMALL, steps=400, augment=replace(SMALL.augment, noise=0.0))
    run(settings, RunPlan(prepared, tmp_path))
    with (tmp_path / "losses.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    first, last = float(rows[0]["pixel"]), float(rows[-1]["pixel"])
    assert last < 0.35 * first
    assert (tmp_path / "progress.png").exists()
