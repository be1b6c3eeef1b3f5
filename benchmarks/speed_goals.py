"""What the speed benchmark must show: every measure with its target and its floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.speed_report import Row

LARGE: Final = "512x512 8 MB"
HELD: Final = "75 % repeats 8 MB"

Rows = Mapping[tuple[str, str], Row]
"""Rows by clip and contender."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One measure.

    Attributes:
        name: What is measured, in words.
        target: What is aimed at.
        floor: What is bearable.
        value: Takes the figure from the rows; raises KeyError where it was not measured.
        unit: Unit for people.
        least: True where more is better.
        note: What to say beside the figure: which contender it is of, say.
    """

    name: str
    target: float
    floor: float
    value: Callable[[Rows], float | None]
    unit: str = ""
    least: bool = True
    note: Callable[[Rows], str] = lambda rows: ""

    def verdict(self, found: float) -> str:
        """Tell how far a figure reaches."""
        sign = 1.0 if self.least else -1.0
        if sign * found >= sign * self.target:
            return "target reached"
        return "floor reached" if sign * found >= sign * self.floor else "missed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A goal and what was measured.

    Attributes:
        name: What is measured.
        found: The figure.
        target: What is aimed at.
        floor: What is bearable.
        unit: Unit for people.
        verdict: How far the figure reaches.
        note: What to say beside the figure.
    """

    name: str
    found: float
    target: float
    floor: float
    unit: str
    verdict: str
    note: str = ""


def outcomes(rows: Sequence[Row]) -> list[Outcome]:
    """Compare what was measured with the goals; goals that were not measured are left out."""
    by_key = {(row.scene, row.key): row for row in rows}
    found: list[Outcome] = []
    for goal in GOALS:
        try:
            value = goal.value(by_key)
        except KeyError:
            continue
        if value is not None:
            found.append(
                Outcome(
                    goal.name, value, goal.target, goal.floor, goal.unit, goal.verdict(value),
                    goal.note(by_key),
                )
            )  # fmt: skip
    return found


def _fps(scene: str, key: str) -> Callable[[Rows], float]:
    return lambda rows: rows[scene, key].fps


def _to_base(scene: str, key: str) -> Callable[[Rows], float | None]:
    return lambda rows: rows[scene, key].to_base


def _to_transcode(scene: str, key: str) -> Callable[[Rows], float | None]:
    return lambda rows: rows[scene, key].to_transcode


def _megabytes(scene: str, key: str) -> Callable[[Rows], float]:
    return lambda rows: rows[scene, key].peak_bytes / 1e6


def _seconds(scene: str, key: str) -> Callable[[Rows], float]:
    return lambda rows: 1.0 / rows[scene, key].fps


def _of_bound(scene: str) -> Callable[[Rows], float | None]:
    return lambda rows: rows[scene, "on"].to_bound


def _best(scene: str, suffix: str = "") -> Callable[[Rows], str]:
    """Find the precision in which the large network is fastest."""

    def find(rows: Rows) -> str:
        there = [key for key in ("bf16", "int8") if (scene, key + suffix) in rows]
        if not there:
            raise KeyError(scene)
        return max(there, key=lambda key: rows[scene, key + suffix].fps)

    return find


def _of_best(
    scene: str, take: Callable[[str, str], Callable[[Rows], float | None]], suffix: str = ""
) -> Callable[[Rows], float | None]:
    find = _best(scene, suffix)
    return lambda rows: take(scene, find(rows) + suffix)(rows)


def _in_process(rows: Rows) -> str:
    batch, one = rows["small pictures", "batch"], rows["small pictures", "one"]
    return f"a command each; {batch.fps / one.fps:.2f} to one process in turn"


GOALS: Final = (
    Goal("540x960: fps / upstream loop", 200, 120, _to_base("540x960", "videotoon")),
    Goal("720p: fps", 48, 30, _fps("720p", "videotoon")),
    Goal("720p: fps / transcode", 0.45, 0.30, _to_transcode("720p", "videotoon")),
    Goal("1080p: fps", 24, 16, _fps("1080p", "videotoon")),
    Goal(
        "8 MB, 512x512: fps / upstream loop", 6.5, 5, _of_best(LARGE, _to_base), note=_best(LARGE)
    ),
    Goal("8 MB, 512x512: fps", 4, 3, _of_best(LARGE, _fps), note=_best(LARGE)),
    Goal(
        "8 MB, 1024x1024 photo, warm",
        1.1,
        1.4,
        _of_best("photo", _seconds),
        "s",
        least=False,
        note=_best("photo"),
    ),
    Goal(
        "8 MB, 1024x1024 photo: RSS",
        1200,
        1400,
        _of_best("photo", _megabytes),
        "MB",
        least=False,
        note=_best("photo"),
    ),
    Goal("720p: cores busy", 0.92, 0.85, lambda rows: rows["720p", "videotoon"].busy),
    Goal(
        "75 % repeats 8 MB: on / off",
        3.5,
        3,
        _of_best(HELD, _to_base, " on"),
        note=_best(HELD, " on"),
    ),
    Goal("75 % repeats: of the bound", 0.9, 0.8, _of_bound("75 % repeats")),
    Goal("still camera: change-only on / off", 2, 1.5, _to_base("still camera", "on")),
    Goal("moving clip: change-only on / off", 0.97, 0.97, _to_base("720p", "change-only")),
    Goal(
        "small pictures: batch / one by one",
        3,
        2,
        _to_base("small pictures", "batch"),
        note=_in_process,
    ),
    Goal("720p: peak RSS", 700, 1200, _megabytes("720p", "videotoon"), "MB", least=False),
    Goal("1080p: peak RSS", 1000, 1200, _megabytes("1080p", "videotoon"), "MB", least=False),
    Goal("one frame from a cold start", 2, 3, _seconds("cold start", "cold"), "s", least=False),
)
