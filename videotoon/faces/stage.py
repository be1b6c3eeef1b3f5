"""Where faces enter the pipeline: one tracker for the clip, one painter per worker."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from videotoon.engine.base import Session
from videotoon.engine.open import OpenedStyle, open_style
from videotoon.errors import WeightsError
from videotoon.faces.base import FaceState
from videotoon.faces.crops import CropSessions, CropStyle
from videotoon.faces.opening import open_detector
from videotoon.faces.options import FaceOptions, parse_colour
from videotoon.faces.painter import CROP_SIDES, FacePainter
from videotoon.faces.parsing import open_parser
from videotoon.faces.regions import RegionSource
from videotoon.faces.tracker import FaceTracker
from videotoon.frame import ColourTags, Frame, FrameSize
from videotoon.settings import Settings
from videotoon.weights_store.catalogue import BISENET, RETINAFACE
from videotoon.weights_store.store import find_weights


@dataclass(slots=True)
class FaceStage:
    """Everything that a job needs for its faces.

    Attributes:
        tracker: Follows faces; used by the thread that feeds the workers.
        make_painter: Makes the painter of one worker.
        facts: What a report should say.
        notices: Sentences for the user, each said once.
    """

    tracker: FaceTracker
    make_painter: Callable[[], FacePainter]
    facts: dict[str, Any]
    notices: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Begin afresh: what follows must not depend on what came before."""
        self.tracker.forget()

    @property
    def restless(self) -> bool:
        """True where a repeated frame must be painted anew because a face is fading."""
        return self.tracker.restless

    def follow(self, frame: Frame) -> tuple[FaceState, ...]:
        """Faces of the next frame that is painted."""
        return self.tracker.follow(frame)

    def painter(self) -> FacePainter:
        """Return a painter for one worker."""
        return self.make_painter()

    def describe(self) -> dict[str, Any]:
        """Facts and counts for the report."""
        counts = self.tracker.counts
        return self.facts | {
            "faces": counts.faces,
            "tracks": counts.tracks,
            "detections": counts.detections,
            "searches": counts.searches,
            "frames_followed": counts.frames,
            "cuts": counts.cuts,
        }


def options_from(settings: Settings) -> FaceOptions:
    """The face options of a job."""
    return FaceOptions(
        strength=settings.face_strength,
        smallest=settings.min_face,
        likeness=settings.face_likeness,
        skin=settings.face_skin,
        eyes=settings.face_eyes,
        lips=settings.face_lips,
        blend=settings.face_blend,
        hair_colour=parse_colour(settings.hair_color),
        cloth_colour=parse_colour(settings.cloth_color),
    )


def crop_settings(settings: Settings) -> Settings:
    """The options with which crops of faces are painted."""
    named = settings.with_style(settings.face_style) if settings.face_style else settings
    return replace(named, max_side=None, detail="sd")


def face_weights() -> list[str]:
    """Names of the fetched networks that faces are found and parted with, where they are here."""
    found = []
    for file in (RETINAFACE, BISENET):
        with contextlib.suppress(WeightsError):  # altered: as if it were not there
            if find_weights(file) is not None:
                found.append(file.name)
    return found


def open_faces(
    settings: Settings, scene: OpenedStyle | None, size: FrameSize, colour: ColourTags
) -> FaceStage:
    """Open detector, face style and parser for one job.

    Args:
        settings: The job's options.
        scene: The style that paints the scene, None where it is not known.
        size: Size of the frames.
        colour: Meaning of their codes.

    Raises:
        VideotoonError: Something that was asked for by name is not to be had.
    """
    options = options_from(settings)
    detector, sentence = open_detector(settings.face_detector, size, colour)
    notices = [sentence] if sentence else []
    face_settings = crop_settings(settings)
    streams = 1 if scene is None else scene.streams
    opened = open_crop(face_settings, CROP_SIDES[0], 1, streams, colour)
    compiled = {(CROP_SIDES[0], 1): opened}

    def compile_for(side: int, batch: int) -> Callable[[], Session]:
        ready = compiled.get((side, batch))
        return (ready or open_crop(face_settings, side, batch, streams, colour)).session

    crops = CropStyle(compile_for)
    regions: RegionSource | None = None
    if options.dyes:
        regions = open_parser(colour)
        if regions is None:
            notices.append(
                "hair and clothes keep their colours: the weights that tell them apart are not "
                "here; `videotoon weights pull bisenet` fetches them"
            )
    described = opened.describe()
    same = scene is not None and opened.network == scene.network and scene.painting_size == size
    return FaceStage(
        tracker=FaceTracker(detector, size, 0.8 * options.smallest),
        make_painter=lambda: FacePainter(
            CropSessions(crops), colour, options, same_network=same, regions=regions
        ),
        facts={"detector": detector.name, "style": opened.style.info.name,
               **{name: described[name] for name in ("network", "sha256", "backend", "precision")},
               "regions": "landmarks" if regions is None else "parsing"},
        notices=notices,
    )  # fmt: skip


def open_crop(
    settings: Settings, side: int, batch: int, streams: int, colour: ColourTags
) -> OpenedStyle:
    """Compile the face style for square crops."""
    return open_style(settings, FrameSize(side, side), colour, streams=streams, batch=batch)
