"""``--realtime`` takes the largest painting size that measures fast enough."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from videotoon import realtime
from videotoon.encode.journal import JOURNAL, JOURNAL_FORMAT, input_identity
from videotoon.encode.work import work_path
from videotoon.engine.open import PAINTING_SCALES
from videotoon.frame import FrameSize
from videotoon.realtime import HEADROOM, hold_frame_rate
from videotoon.settings import Settings


@dataclass
class Opener:
    """Opens stand-ins and remembers with which settings."""

    tried: list[Settings] = field(default_factory=list)

    def __call__(self, settings: Settings) -> Any:
        self.tried.append(settings)
        side = settings.max_side or 1280
        size = FrameSize(side, side * 9 // 16)
        return SimpleNamespace(painting_size=size, network=SimpleNamespace(scale=settings.detail))


def job(folder: Path = Path("nowhere"), **options: Any) -> Any:
    return SimpleNamespace(
        path=folder / "in.mp4",
        output=folder / "out.mp4",
        info=SimpleNamespace(size=FrameSize(1280, 720)),
        frame_rate=Fraction(30),
        settings=Settings(realtime=True, **options),
    )


def pixels_per_second(monkeypatch: pytest.MonkeyPatch, rate: float) -> None:
    """Let every size cost what its pixels cost; ``hd`` half of it."""

    def seconds(_: Any, style: Any, frames: int) -> float:
        size = style.painting_size
        cost = size.width * size.height / (2 if style.network.scale == "hd" else 1)
        return frames * cost / rate

    monkeypatch.setattr(realtime, "expected_seconds", seconds)


def test_a_fast_machine_paints_at_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels_per_second(monkeypatch, 1280 * 720 * 60)
    opener = Opener()
    choice = hold_frame_rate(job(), opener)
    assert choice.settings.max_side == 1280
    assert len(opener.tried) == 1
    assert "holds" in str(choice)


def test_a_slower_machine_paints_smaller_but_no_smaller_than_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels_per_second(monkeypatch, 1280 * 720 * 30 * HEADROOM * 0.5)
    choice = hold_frame_rate(job(), Opener())
    wide_enough = [scale for scale in PAINTING_SCALES if scale**2 <= 0.5]
    assert choice.settings.max_side == round(1280 * wide_enough[0] / 2) * 2
    assert choice.fps is not None
    assert choice.fps >= 30


def test_a_clip_that_is_too_short_to_measure_is_painted_at_full_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(realtime, "expected_seconds", lambda *_: None)
    choice = hold_frame_rate(job(), Opener())
    assert choice.settings.max_side == 1280
    assert "too few frames" in str(choice)
    assert "fps" not in str(choice)


def test_detail_is_lowered_last(monkeypatch: pytest.MonkeyPatch) -> None:
    least = PAINTING_SCALES[-1] ** 2
    pixels_per_second(monkeypatch, 1280 * 720 * 30 * HEADROOM * least * 0.6)
    opener = Opener()
    choice = hold_frame_rate(job(), opener)
    assert choice.settings.detail == "hd"
    assert [tried.detail for tried in opener.tried[:-1]] == ["auto"] * (len(opener.tried) - 1)


def test_too_slow_a_machine_gets_the_fastest_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels_per_second(monkeypatch, 1000.0)
    choice = hold_frame_rate(job(detail="sd"), Opener())
    assert choice.settings.max_side == round(1280 * PAINTING_SCALES[-1] / 2) * 2
    assert "does not hold" in str(choice)


def test_a_stated_size_is_never_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels_per_second(monkeypatch, 1e12)
    assert hold_frame_rate(job(max_side=640), Opener()).settings.max_side == 640


def interrupted(job: Any, engine: dict[str, Any]) -> None:
    """Leave what an interrupted run of a job leaves."""
    job.path.write_bytes(b"a clip")
    key = {
        "input": input_identity(job.path),
        "settings": job.settings.result_key(),
        "engine": engine,
    }
    folder = work_path(job.output)
    folder.mkdir()
    (folder / JOURNAL).write_text(
        json.dumps({"format": JOURNAL_FORMAT, "key": key, "segments": []}), encoding="utf-8"
    )


CHOSEN = {"painting_size": "832x468", "scale": "hd"}


def test_a_job_goes_on_at_the_size_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels_per_second(monkeypatch, 1e12)  # now the machine would hold the full size
    interrupted(job(tmp_path), CHOSEN)
    choice = hold_frame_rate(job(tmp_path), Opener())
    assert (choice.settings.max_side, choice.settings.detail) == (832, "hd")
    assert "as before" in str(choice)


@pytest.mark.parametrize(
    ("options", "engine"),
    [
        ({"strength": 0.5}, CHOSEN),
        ({"resume": False}, CHOSEN),
        ({}, {"painting_size": "large", "scale": "hd"}),
        ({}, {"painting_size": "832x468", "scale": "huge"}),
        ({}, {}),
    ],
)
def test_a_job_measures_anew_where_the_earlier_choice_is_of_no_use(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    engine: dict[str, Any],
) -> None:
    pixels_per_second(monkeypatch, 1e12)
    interrupted(job(tmp_path), engine)
    assert hold_frame_rate(job(tmp_path, **options), Opener()).settings.max_side == 1280


def test_another_clip_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels_per_second(monkeypatch, 1e12)
    interrupted(job(tmp_path), CHOSEN)
    job(tmp_path).path.write_bytes(b"another clip")
    assert hold_frame_rate(job(tmp_path), Opener()).settings.max_side == 1280
