"""Which tags the result has lost, since no container keeps them all, and how to spell languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from videotoon.decode.opening import open_media
from videotoon.remux.tracks import TrackPlan
from videotoon.remux.verify import OWN_LIMITS

_OF_THE_FILE: Final = frozenset(
    {
        "encoder", "major_brand", "minor_version", "compatible_brands", "duration", "handler_name",
        "vendor_id", "timecode", "language",
    }
)  # fmt: skip
"""Said of the file as it was written, not of what it shows."""

QUICKTIME_LANGUAGES: Final = {
    "bod": "tib", "cze": "ces", "deu": "ger", "ell": "gre", "fre": "fra", "hye": "arm",
    "isl": "ice", "kat": "geo", "mkd": "mac", "msa": "may", "mya": "bur", "nld": "dut",
    "rum": "ron", "slo": "slk", "sqi": "alb", "swe": "sve", "zho": "chi",
}  # fmt: skip
"""Codes of ISO 639-2 by others for the same language that FFmpeg knows QuickTime's number of."""


def lost_tags(tags: Mapping[str, str], target: Path, tracks: Sequence[TrackPlan]) -> Iterator[str]:
    """Name the tags of the input that the result does not have.

    Args:
        tags: Those of the input's file.
        target: The result.
        tracks: What became of the input's tracks.

    Yields:
        Sentences for the user.
    """
    with open_media(target, OWN_LIMITS) as after:
        lost = sorted(_missing(tags, after.metadata))
        if lost:
            yield f"tags {', '.join(lost)} dropped: {target.suffix} does not hold them"
        kept = [plan for plan in tracks if plan.fate in ("copied", "converted")]
        for kind in ("audio", "subtitle"):
            plans = [plan for plan in kept if plan.track.kind == kind]
            streams = [stream for stream in after.streams if stream.type == kind]
            for plan, stream in zip(plans, streams, strict=False):
                if plan.track.title and plan.track.title not in stream.metadata.values():
                    yield (
                        f"title {plan.track.title!r} of {plan.track} dropped: "
                        f"{target.suffix} does not hold it"
                    )
                language = plan.track.language
                if language not in ("", "und") and stream.metadata.get("language", "und") == "und":
                    yield (
                        f"language of {plan.track} dropped: {target.suffix} has no code for "
                        f"{language!r}"
                    )


def _missing(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of tags that are gone; containers spell names in other cases."""
    found = {name.lower() for name in after}
    for name, value in before.items():
        if value and name.lower() not in found | _OF_THE_FILE:
            yield name
