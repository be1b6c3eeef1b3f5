"""The outputs of a live run: opened, switched, closed, and their failures told."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from videotoon.errors import VideotoonError
from videotoon.frame import FrameSize
from videotoon.live.base import LiveOutput, Shown
from videotoon.live.controls import Controls
from videotoon.live.outputs import Broadcast, Recording, VirtualCamera
from videotoon.live.painting import PaintThread
from videotoon.live.settings import LiveSettings
from videotoon.picture import write_picture


class OutputDesk:
    """Does what options and keys ask of the outputs; used by the main thread.

    Args:
        live: Options.
        paint: The painter, which feeds the outputs.
        size: Size of the pictures.
        rate: Nominal frames per second.
        say: Is told what the user should read.
    """

    def __init__(
        self,
        live: LiveSettings,
        paint: PaintThread,
        size: FrameSize,
        rate: Fraction,
        say: Callable[[str], None],
    ) -> None:
        self.recordings: list[str] = []
        self.snapshots: list[str] = []
        self.facts: dict[str, Any] = {}
        self._live = live
        self._paint = paint
        self._rate = rate
        self._say = say
        self._recording: Recording | None = None
        self._told: set[str] = set()
        if live.output:
            paint.outputs += (Broadcast(live.output, rate),)
        if live.virtual_camera:
            try:
                paint.outputs += (VirtualCamera(size, rate),)
            except VideotoonError as error:
                say(f"{error}; the preview goes on without it")

    def follow(self, controls: Controls, latest: Shown | None) -> None:
        """Do what keys asked for, and tell of outputs that failed."""
        if controls.snapshot:
            controls.snapshot = False
            if latest is not None:
                controls.message = self._save_snapshot(latest, controls)
        if controls.record != (self._recording is not None):
            controls.message = self._switch_recording()
        for output in self._paint.outputs:
            if output.problem and output.problem not in self._told:
                self._told.add(output.problem)
                controls.message = output.problem
                self._say(output.problem)

    def close(self) -> None:
        """Finish every output."""
        for output in self._paint.outputs:
            self._close_output(output)

    def _save_snapshot(self, latest: Shown, controls: Controls) -> str:
        from videotoon.live.view import compose

        path = self._free_name("snapshot", ".png")
        try:
            write_picture(path, compose(latest, controls)[:, :, ::-1].copy())
        except VideotoonError as error:
            return str(error)
        self.snapshots.append(str(path))
        self._say(f"saved {path}")
        return f"saved {path.name}"

    def _switch_recording(self) -> str:
        if self._recording is not None:
            recording, self._recording = self._recording, None
            outputs = self._paint.outputs
            self._paint.outputs = tuple(one for one in outputs if one is not recording)
            self._close_output(recording)
            self._say(f"recorded {recording.path}")
            return f"recorded {recording.path.name}"
        path = self._live.record
        if path is None or str(path) in self.recordings:
            path = self._free_name("recording", ".mp4")
        self._recording = Recording(path, self._rate)
        self.recordings.append(str(path))
        self._paint.outputs = (*self._paint.outputs, self._recording)
        return f"recording {path.name}"

    def _free_name(self, word: str, suffix: str) -> Path:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        taken = {*self.recordings, *self.snapshots}
        for extra in ("", *(f"-{number}" for number in range(2, 1000))):
            path = self._live.folder / f"videotoon-{word}-{stamp}{extra}{suffix}"
            if not path.exists() and str(path) not in taken:
                break
        return path

    def _close_output(self, output: LiveOutput) -> None:
        output.close()
        facts: dict[str, Any] = {"dropped": output.dropped}
        if output.problem:
            facts["problem"] = output.problem
        self.facts[output.name] = facts
