"""Several styles mixed into one: ``--mix hayao:0.6,shinkai:0.4``.

Each style paints the frame in full; the paintings are averaged plane by plane with the styles'
weights and rounded once. Averaging paintings rather than weights of networks works for styles of
any architecture, precision and origin, and moves in a straight line from one style to the other.
Strength, edges and colour are applied to the mixture, not to its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from videotoon.engine.base import Adjustments, CompiledStyle, PaintSpec, Session
from videotoon.engine.open import OpenedStyle, choose_painting_size, open_style
from videotoon.engine.painting import PlanesSession
from videotoon.engine.styles import (
    Catalogue,
    Style,
    StyleInfo,
    require_commercial_use,
    resolve_style,
)
from videotoon.frame import ColourTags, FrameSize, Plane, Planes
from videotoon.mixture import Share, parse_mix, spell_mix
from videotoon.settings import Settings


@dataclass(frozen=True, slots=True)
class MixedPainting:
    """Compiled styles with their weights; stands where one compiled style would.

    Attributes:
        spec: The job of the mixture.
        parts: Compiled for the painting size, without adjustments.
        weights: One for each part, adding up to 1.
    """

    spec: PaintSpec
    parts: tuple[CompiledStyle, ...]
    weights: tuple[float, ...]

    def session(self) -> Session:
        """Return a new session; sessions may run in parallel."""
        return MixedSession(self.spec, [part.session() for part in self.parts], self.weights)


class MixedSession(PlanesSession):
    """Paints with several sessions, one after the other, and averages.

    Args:
        spec: The job of the mixture.
        sessions: Those of its parts; owned by this session.
        weights: One for each part, adding up to 1.
    """

    def __init__(
        self, spec: PaintSpec, sessions: Sequence[Session], weights: Sequence[float]
    ) -> None:
        self._spec = spec
        self._sessions = sessions
        self._weights = weights

    def _paint_all(self, pictures: Sequence[Planes]) -> list[Planes]:
        painted = [session.paint_batch(pictures) for session in self._sessions]
        return [mix_planes(versions, self._weights) for versions in zip(*painted, strict=True)]


@dataclass(frozen=True, slots=True)
class MixedStyle(OpenedStyle):
    """A mixture that is ready to paint.

    What :class:`OpenedStyle` says of network, engine and precision is that of the part with the
    largest weight, under the mixture's name; :meth:`describe` speaks of all.

    Attributes:
        parts: The opened styles.
    """

    parts: tuple[OpenedStyle, ...] = ()

    def describe(self) -> dict[str, Any]:
        """Facts for the report: plain values only."""
        facts = [part.describe() for part in self.parts]
        keys = ("network", "scale", "backend", "device", "precision")
        described = {
            key: ", ".join(dict.fromkeys(one[key] for one in facts if one[key])) or None
            for key in keys
        }
        return {
            "style": self.style.info.name,
            "licence": self.style.info.licence,
            **described,
            "sha256": {
                f"{one['style']}/{name}": digest
                for one in facts
                for name, digest in one["sha256"].items()
            },
            "painting_size": str(self.painting_size),
            "streams": self.streams,
        }


def open_mix(
    settings: Settings,
    size: FrameSize,
    colour: ColourTags,
    *,
    streams: int | None = None,
    threads: int = 0,
    batch: int = 1,
    catalogue: Catalogue | None = None,
) -> MixedStyle:
    """Open the styles of ``settings.mix``; see :func:`videotoon.engine.open.open_style`.

    Raises:
        StyleError: A style is unknown, unusable or refused.
        WeightsError: Weights are missing or altered.
        BackendError: Engine, device or precision are not to be had for one of the styles.
    """
    assert settings.mix is not None
    shares = parse_mix(settings.mix)
    for share in shares:  # all of them before the first is compiled
        style = resolve_style(share.style, catalogue)
        if settings.commercial_ok:
            require_commercial_use(style)
    painting_size = choose_painting_size(size, settings.max_side)
    parts = tuple(
        open_style(
            part, painting_size, colour, streams=streams, threads=threads, batch=batch,
            catalogue=catalogue,
        )
        for part in part_settings(settings)
    )  # fmt: skip
    main = max(zip(parts, shares, strict=True), key=lambda pair: pair[1].weight)[0]
    spec = replace(
        main.compiled.spec,
        size=size,
        adjustments=Adjustments(settings.strength, settings.edge_preserve, settings.color_shift),
    )
    weights = tuple(share.weight for share in shares)
    return MixedStyle(
        style=_mixed_style([part.style for part in parts], shares),
        network=replace(main.network, style=spell_mix(shares)),
        compiled=MixedPainting(spec, tuple(part.compiled for part in parts), weights),
        backend=main.backend,
        device=main.device,
        precision=main.precision,
        painting_size=painting_size,
        streams=main.streams,
        parts=parts,
    )


def part_settings(settings: Settings) -> tuple[Settings, ...]:
    """Settings that open each style of a mixture by itself, in full style and at its own size."""
    if settings.mix is None:
        return (settings,)
    return tuple(
        replace(
            settings, mix=None, style=share.style, max_side=None,
            strength=1.0, edge_preserve=1.0, color_shift=1.0,
        )
        for share in parse_mix(settings.mix)
    )  # fmt: skip


def mix_planes(pictures: Sequence[Planes], weights: Sequence[float]) -> Planes:
    """Average pictures of one size, plane by plane; alpha is left out.

    Args:
        pictures: At least one.
        weights: One for each, adding up to 1.
    """
    planes = zip(*(picture.colour_planes for picture in pictures), strict=True)
    y, u, v = (_mix_plane(versions, weights) for versions in planes)
    return Planes(y, u, v)


def _mix_plane(planes: Sequence[Plane], weights: Sequence[float]) -> Plane:
    import cv2

    total = planes[0].astype(np.float32)
    taken = weights[0]
    for plane, weight in zip(planes[1:], weights[1:], strict=True):
        taken += weight
        cv2.accumulateWeighted(plane, total, weight / taken)
    # Averages of 0..255 stay within: only rounding is left to be done.
    return np.asarray(cv2.convertScaleAbs(total), np.uint8).reshape(planes[0].shape)


def _mixed_style(styles: Sequence[Style], shares: tuple[Share, ...]) -> Style:
    infos = [style.info for style in styles]
    allowed = [info.commercial for info in infos]
    commercial = False if False in allowed else (None if None in allowed else True)
    info = StyleInfo(
        name=spell_mix(shares),
        title="Mixture of " + " and ".join(info.title for info in infos),
        licence="; ".join(dict.fromkeys(f"{info.name}: {info.licence}" for info in infos)),
        commercial=commercial,
        source="; ".join(dict.fromkeys(info.source for info in infos)),
    )
    return Style(info, tuple(network for style in styles for network in style.networks))
