"""A result that cannot be read back is no bad input."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.media import ClipSpec, make_clip
from videotoon.errors import VerifyError
from videotoon.frame import FrameSize
from videotoon.remux.verify import Expectation, verify

EXPECTED = Expectation(frames=12, size=FrameSize(192, 108), length=Fraction(11, 25), tracks=())


def test_a_whole_result_passes(tmp_path: Path) -> None:
    verify(make_clip(tmp_path / "a.mp4", ClipSpec()).path, EXPECTED)


@pytest.mark.parametrize("content", [b"", bytes(100), b"#EXTM3U"], ids=["empty", "zeros", "list"])
def test_an_unreadable_result_is_told_apart_from_an_unreadable_input(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(VerifyError, match="cannot be read back"):
        verify(tmp_path / "a.mp4", EXPECTED)


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        (ClipSpec(frames=11), "11 frames instead of 12"),
        (ClipSpec(width=96), "96x108 picture size"),
        (ClipSpec(fps=Fraction(24)), "seconds of video"),
    ],
)
def test_another_result_is_refused(tmp_path: Path, spec: ClipSpec, word: str) -> None:
    with pytest.raises(VerifyError, match=word):
        verify(make_clip(tmp_path / "a.mp4", spec).path, EXPECTED)
