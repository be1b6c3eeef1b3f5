"""Whose words an error of the FFmpeg program carries."""

from __future__ import annotations

from typing import IO

import pytest

from videotoon.errors import DiskFullError, EncodeError
from videotoon.remux.running import run_ffmpeg


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def test_its_last_words_say_why_it_took_no_more() -> None:
    def feed(pipe: IO[bytes]) -> int:
        for _ in range(64):
            pipe.write(bytes(1 << 16))
        return 64

    with pytest.raises(EncodeError, match="unheard of") as caught:
        run_ffmpeg(shell("exec <&-; echo 'codec unheard of' >&2; exit 3"), feed)
    assert caught.value.by_program


def test_a_failure_of_our_own_keeps_its_cure() -> None:
    def feed(_: IO[bytes]) -> int:
        raise EncodeError("the segments were encoded differently", "run again with --no-resume")

    with pytest.raises(EncodeError, match="--no-resume") as caught:
        run_ffmpeg(shell("cat >/dev/null; echo 'invalid data' >&2; exit 1"), feed)
    assert not caught.value.by_program


def test_a_full_disk_is_one() -> None:
    with pytest.raises(DiskFullError):
        run_ffmpeg(shell("echo 'av_interleaved_write_frame: No space left on device' >&2; exit 1"))


def test_what_was_fed_is_returned() -> None:
    assert run_ffmpeg(shell("cat >/dev/null"), lambda pipe: pipe.write(b"abc")) == 3
