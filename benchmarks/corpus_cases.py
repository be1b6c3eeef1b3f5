"""The clips of the corpus: what phones, cameras, editors, players and crashes leave behind.

Most are made by one FFmpeg command from the same master.
"""

from __future__ import annotations

from benchmarks.corpus_files import damage, timing, tracks
from benchmarks.corpus_kit import Case
from benchmarks.corpus_pictures import codecs, colour, geometry


def all_cases() -> list[Case]:
    """Every case, in the order of the table."""
    groups = (codecs, timing, geometry, colour, tracks, damage)
    return [case for group in groups for case in group()]
