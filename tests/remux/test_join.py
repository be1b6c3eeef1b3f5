"""Halves become one stream with rising decode times, whatever is missing at their beginnings."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.encode.coded import SMALL, TICK, moving, plan_for, video_format
from videotoon.encode.encoders import EncoderPlan
from videotoon.encode.segment import SegmentEncoder, SegmentRecord
from videotoon.errors import EncodeError
from videotoon.frame import Frame
from videotoon.remux.join import join_segments

Halves = list[tuple[Path, SegmentRecord]]


def halves(folder: Path, parts: list[list[int]], plans: list[EncoderPlan]) -> Halves:
    """Encode frames at given times; the pictures of odd times repeat those before."""
    pictures = moving(SMALL, 1 + max(parts[-1]))
    found, index = [], 0
    for number, (times, plan) in enumerate(zip(parts, plans, strict=True)):
        encoder = SegmentEncoder(video_format(plan, SMALL), folder, number)
        for pts in times:
            encoder.write(Frame(index, pts, TICK, pictures[pts - pts % 2], 1))
            index += 1
        record = encoder.finish()
        found.append((folder / record.file, record))
    return found


def joined(parts: Halves) -> list[Fraction]:
    """Join and return the times of the frames."""
    output = io.BytesIO()
    count = join_segments(parts, TICK, output, "mp4", {})
    output.seek(0)
    with av.open(output) as container:
        times = [Fraction(frame.pts) * frame.time_base for frame in container.decode(video=0)]
    assert count == len(times)
    return times


@pytest.mark.parametrize("spared", [True, False], ids=["repeats woven in", "all coded"])
@pytest.mark.parametrize("missing", [set(), {13}, {13, 14}, {14}, {13, 15}, {11, 13, 14, 15, 16}])
def test_frames_may_be_missing_at_the_beginning_of_a_half(
    tmp_path: Path, spared: bool, missing: set[int]
) -> None:
    plan = plan_for(spares_repeats=spared)
    parts = [[n for n in half if n not in missing] for half in (range(12), range(12, 24))]
    times = joined(halves(tmp_path, parts, [plan, plan]))
    assert times == [n * TICK for part in parts for n in part]


def test_halves_of_different_encoders_are_refused(tmp_path: Path) -> None:
    parts = [list(range(12)), list(range(12, 24))]
    with pytest.raises(EncodeError, match="--no-resume"):
        joined(halves(tmp_path, parts, [plan_for("veryfast"), plan_for("slow")]))
