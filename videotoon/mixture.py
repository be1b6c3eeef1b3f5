"""Reading ``--mix``: which styles are mixed, and how much of each is taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from videotoon.errors import SettingsError

LEAST_STYLES: Final = 2
MOST_STYLES: Final = 4
HOW: Final = "write it like hayao:0.6,shinkai:0.4"

_WEIGHT: Final = re.compile(r"\d{1,6}(\.\d*)?|\.\d+")


@dataclass(frozen=True, slots=True)
class Share:
    """One style of a mixture.

    Attributes:
        style: Name or path, as ``--style`` takes it.
        weight: Its part of the whole, above 0; those of a mixture add up to 1.
    """

    style: str
    weight: float

    def __str__(self) -> str:
        return f"{self.style}:{self.weight:.4g}"


def parse_mix(text: str) -> tuple[Share, ...]:
    """Read ``hayao:0.6,shinkai:0.4``; weights need not add up to 1.

    Raises:
        SettingsError: It is no mixture of two to four different styles with weights above 0.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        # The last colon: paths on Windows have one of their own.
        style, _, weight = part.strip().rpartition(":")
        style, weight = style.strip(), weight.strip()
        if not style or _WEIGHT.fullmatch(weight) is None:
            raise SettingsError(f"--mix {text!r}: {part.strip()!r} is no style with a weight", HOW)
        if style in found:
            raise SettingsError(f"--mix {text!r} names {style!r} twice", "name it once")
        if float(weight) <= 0:
            raise SettingsError(
                f"--mix {text!r}: the weight of {style!r} is 0", "leave it out, or give it more"
            )
        found[style] = float(weight)
    if not LEAST_STYLES <= len(found) <= MOST_STYLES:
        cure = f"for one alone use --style {next(iter(found))}" if len(found) == 1 else "name fewer"
        raise SettingsError(
            f"--mix {text!r} names {len(found)} styles instead of {LEAST_STYLES} to {MOST_STYLES}",
            cure,
        )
    total = sum(found.values())
    return tuple(Share(style, weight / total) for style, weight in found.items())


def spell_mix(shares: tuple[Share, ...]) -> str:
    """Write a mixture the way ``--mix`` takes it, with weights that add up to 1."""
    return ",".join(map(str, shares))
