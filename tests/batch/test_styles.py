"""One compiled network serves all jobs of a batch, with as many sessions as its device takes."""

from __future__ import annotations

import pytest

from videotoon.batch.styles import StyleShelf
from videotoon.engine.openvino_backend import OpenVinoBackend
from videotoon.frame import BT709, FrameSize
from videotoon.settings import Settings
from videotoon.system.machine import usable_cores

SIZE = FrameSize(64, 48)


def test_a_style_is_compiled_once_per_size() -> None:
    shelf = StyleShelf(jobs=1)
    one, again = (shelf.open(Settings(), SIZE, BT709) for _ in range(2))
    assert one.compiled is again.compiled
    assert one.streams == usable_cores()
    shelf.open(Settings(), FrameSize(48, 64), BT709)
    assert shelf.compiled == 2


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_no_more_sessions_than_the_device_takes(
    monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    """A GPU's memory holds few, and which device `auto` is, the engine knows."""
    monkeypatch.setattr(OpenVinoBackend, "usual_streams", lambda *_: 1)
    opened = StyleShelf(jobs=1).open(Settings(device=device), SIZE, BT709)
    assert opened.streams == 1
