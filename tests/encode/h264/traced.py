"""What FFmpeg's own reader finds in the headers of a stream, as a second opinion on ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext, bitstream_filters_available

HAS_TRACE = "trace_headers" in bitstream_filters_available

_FIELD = re.compile(r"^\d+\s+(\S+)\s+[01]+ = (-?\d+)$")

Unit = dict[str, int]
"""Values by the standard's names; of repeated fields the last."""


def trace(file: Path | BytesIO) -> list[Unit]:
    """Return the fields of all units: parameter sets first, then pictures as they are decoded."""
    source = str(file) if isinstance(file, Path) else file
    level = av.logging.get_level()
    av.logging.set_level(av.logging.VERBOSE)
    try:
        with (
            av.open(source) as container,
            av.logging.Capture() as lines,
        ):
            stream = container.streams.video[0]
            reader = BitStreamFilterContext("trace_headers", stream)
            for packet in container.demux(stream):
                if packet.size:
                    reader.filter(packet)
    finally:
        av.logging.set_level(level)
    return list(_units(text for _, _, text in lines))


def _units(lines: Iterator[str]) -> Iterator[Unit]:
    unit: Unit = {}
    for line in lines:
        found = _FIELD.match(line.strip())
        if found is None:
            continue
        name, value = found[1], int(found[2])
        if name == "forbidden_zero_bit" and unit:
            yield unit
            unit = {}
        unit[name] = value
    if unit:
        yield unit
