"""A live run, in the order in which the data flows.

source -> capture -> one-slot inbox -> painter -> outputs, and a one-slot outbox -> window

The main thread shows the picture, because windows insist on it. Nothing upstream ever waits for
anything downstream: whoever is slow gets fewer pictures, never older ones.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from videotoon.engine.styles import load_catalogue
from videotoon.errors import OutputError
from videotoon.live.base import Captured, LiveSource, Shown
from videotoon.live.capture import Capture
from videotoon.live.controls import Controls
from videotoon.live.desk import OutputDesk
from videotoon.live.faces import LiveFaces
from videotoon.live.meter import Meter
from videotoon.live.outputs import check_record
from videotoon.live.painting import OfOneSize, PaintThread
from videotoon.live.report import LiveReport, resident_megabytes
from videotoon.live.settings import LiveSettings
from videotoon.live.sizing import SizeControl, ladder
from videotoon.live.sources import open_source
from videotoon.live.studio import LivePainter, Studio
from videotoon.settings import Settings
from videotoon.system.queues import QueueClosed

PAINTING_SHARE: Final = 0.85
"""Of the time between two pictures, painting may take this much; the rest is for the others."""

LATENCY_SHARE: Final = 0.6
"""Of the latency wanted, painting may take this much."""

STATUS_SECONDS: Final = 1.0
WARM_SECONDS: Final = 5.0

Status = Callable[[dict[str, Any]], None]
Wrap = Callable[[LivePainter], LivePainter]


def run_live(
    camera: str,
    settings: Settings,
    live: LiveSettings,
    say: Callable[[str], None],
    status: Status = lambda _: None,
    wrap: Wrap = lambda painter: painter,
    source: LiveSource | None = None,
) -> LiveReport:
    """Paint what a camera sees until the user ends it.

    Args:
        camera: Number, device path or name.
        settings: Style, strength, engine.
        live: Options of the live run.
        say: Is told what the user should read.
        status: Is told once a second, and after each key, how things are.
        wrap: Goes round the painter; for tests and measurements.
        source: Used instead of the camera that the options name; for tests.

    Returns:
        What was done. Ctrl-C is a normal end.

    Raises:
        VideotoonError: The camera, the style or the screen is not to be had.
    """
    if live.record is not None:
        check_record(live.record, settings.overwrite)
    run = _Run(settings, live, source or open_source(camera, live), say, status)
    with contextlib.closing(run), contextlib.suppress(KeyboardInterrupt):
        run.prepare(wrap)
        run.show()
    run.raise_failures()
    return run.report()


class _Run:
    def __init__(
        self,
        settings: Settings,
        live: LiveSettings,
        source: LiveSource,
        say: Callable[[str], None],
        status: Status,
    ) -> None:
        self._settings = settings
        self._live = live
        self._source = source
        self._say = say
        self._status = status
        self._meter = Meter()
        self._report = LiveReport(source.name)
        self._capture = Capture(source, live.reconnect, say)
        self._studio: Studio | None = None
        self._sizing: SizeControl | None = None
        self._paint: PaintThread | None = None
        self._desk: OutputDesk | None = None
        self._window: Any = None
        self._controls = Controls(
            styles=_style_names(settings.look),
            style=settings.look,
            strength=settings.strength,
            edge_preserve=settings.edge_preserve,
            color_shift=settings.color_shift,
            faces=settings.face,
            view=live.view,
            record=live.record is not None,
        )
        self._ending = contextlib.ExitStack()
        self._begun = time.monotonic()
        self._told = 0.0
        self._latest: Shown | None = None
        self._asked_style = settings.look

    def prepare(self, wrap: Wrap) -> None:
        """Wait for the first picture, then compile for its size and open the outputs."""
        self._capture.start()
        self._ending.callback(self._capture.close)
        first = self._first_picture()
        size = first.planes.size
        sizes = ladder(size, self._settings.max_side)
        self._studio = Studio(self._settings, size, first.colour, sizes)
        self._ending.callback(self._studio.close)
        if self._live.adapt:
            self._sizing = SizeControl(sizes, self._budget())
        faces = LiveFaces(self._settings, self._studio.scene, size, first.colour, self._say)
        self._ending.callback(faces.close)
        inbox = OfOneSize(self._capture.inbox, first)
        painter = wrap(self._studio)
        if self._live.window:
            from videotoon.live.window import Window

            self._window = Window(self._controls)
            self._ending.callback(self._window.close)
        self._paint = PaintThread(inbox, painter, self._sizing, self._controls, faces)
        self._desk = OutputDesk(self._live, self._paint, size, self._source.rate, self._say)
        self._ending.callback(self._desk.close)
        self._desk.follow(self._controls, None)
        self._begun = time.monotonic()
        self._paint.start()
        self._ending.callback(self._paint.close)

    def show(self) -> None:
        """Show pictures until the end is wanted or the source is over."""
        assert self._paint is not None
        pause = 0.01 if self._window is not None else 0.1
        while not self._controls.quit and not self._out_of_time():
            try:
                shown = self._paint.outbox.get(pause)
            except QueueClosed:
                break
            if shown is not None:
                self._present(shown)
            elif self._window is not None:
                self._hear()
            self._follow_controls()
            if time.monotonic() - self._told >= STATUS_SECONDS:
                self._tell()

    def close(self) -> None:
        """End every thread, latest first; what was recorded is finished."""
        self._ending.close()

    def raise_failures(self) -> None:
        """Raise what ended the source or the painter."""
        self._capture.raise_failure()
        if self._paint is not None:
            self._paint.raise_failure()

    def report(self) -> LiveReport:
        """Return what was done."""
        report = self._report
        report.take(self._meter)
        report.captured = self._capture.captured
        report.dropped = self._capture.inbox.dropped
        report.outages = self._capture.outages
        if self._paint is not None:
            report.painted = self._paint.painted
            report.painting_sizes = dict(self._paint.sizes)
        report.size_changes = 0 if self._sizing is None else self._sizing.changes
        report.engine = {} if self._studio is None else dict(self._studio.describe())
        report.controls = self._state()
        if self._desk is not None:
            report.recordings, report.snapshots = self._desk.recordings, self._desk.snapshots
            report.outputs = self._desk.facts
        report.pressed = self._controls.pressed
        report.memory_mb = [*report.memory_mb[:1], resident_megabytes()]
        return report

    def _first_picture(self) -> Captured:
        while True:
            try:
                first = self._capture.inbox.get(0.2)
            except QueueClosed:
                self._capture.raise_failure()
                raise OutputError(f"{self._source.name} holds no picture", "try another") from None
            if first is not None:
                return first

    def _budget(self) -> float:
        rate = self._live.target_fps or float(self._source.rate)
        return min(PAINTING_SHARE / rate, LATENCY_SHARE * self._live.latency / 1000)

    def _out_of_time(self) -> bool:
        limit = self._live.seconds
        return limit is not None and time.monotonic() - self._begun >= limit

    def _present(self, shown: Shown) -> None:
        self._latest = shown
        if self._window is not None:
            if not self._controls.frozen:
                self._draw(shown)
            self._hear()
        if not self._controls.frozen:
            self._meter.note(shown.captured.number, shown.captured.stamp, time.monotonic())

    def _draw(self, shown: Shown) -> None:
        from videotoon.live.view import compose, draw_figures

        picture = compose(shown, self._controls)
        draw_figures(picture, self._figures(shown), self._controls)
        self._window.show(picture)

    def _figures(self, shown: Shown) -> list[str]:
        recent, controls = self._meter.recent(), self._controls
        lines = [
            f"{recent.fps:.1f} fps   p95 {recent.p95:.0f} ms   "
            f"dropped {self._capture.inbox.dropped}   {shown.painting_size}",
            f"{controls.style}   strength {controls.strength:.0%}   h: help",
        ]
        if self._capture.away:
            lines.append(f"{self._source.name} is away")
        if controls.message:
            lines.append(controls.message)
        return lines

    def _hear(self) -> None:
        key = self._window.keys()
        if key and self._controls.press(key):
            if self._latest is not None and self._controls.frozen:
                self._draw(self._latest)
            self._follow_controls()
            self._tell()

    def _follow_controls(self) -> None:
        """Do what keys asked for."""
        controls = self._controls
        if self._studio is not None and controls.style != self._asked_style:
            self._asked_style = controls.style
            self._studio.change_style(controls.style)
        if self._studio is not None and self._studio.problem:
            controls.message, self._studio.problem = self._studio.problem, ""
            controls.style = self._asked_style = self._studio.style
            self._say(controls.message)
        if self._desk is not None:
            self._desk.follow(controls, self._latest)

    def _state(self) -> dict[str, Any]:
        hidden = ("styles", "pressed", "quit", "snapshot")
        state = {
            name: value for name, value in asdict(self._controls).items() if name not in hidden
        }
        return state | {"painting": self._studio.style if self._studio is not None else ""}

    def _tell(self) -> None:
        self._told = time.monotonic()
        if self._told - self._begun > WARM_SECONDS and not self._report.memory_mb:
            self._report.memory_mb.append(resident_megabytes())
        recent = self._meter.recent()
        self._status(
            {
                "event": "status",
                "fps": round(recent.fps, 1),
                "p95_ms": round(recent.p95, 1),
                "seconds": round(self._meter.last - self._meter.first, 3),
                "shown": self._meter.shown,
                "dropped": self._capture.inbox.dropped,
                "painting_size": "" if self._latest is None else str(self._latest.painting_size),
                "memory_mb": resident_megabytes(),
                **self._state(),
            }
        )


def _style_names(chosen: str) -> list[str]:
    known = list(load_catalogue().styles)
    return known if chosen in known else [chosen, *known]
