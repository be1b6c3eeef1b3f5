"""The window under a virtual screen: every key and the mouse, as a user would press them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from tests.live.conftest import Desktop, StartLive
from videotoon.live.controls import BINDINGS
from videotoon.picture import read_picture

pytestmark = [pytest.mark.gui, pytest.mark.slow]

SOURCE = ("--source", "testsrc", "--size", "320x180")


def test_every_key_does_what_the_help_says(
    start_live: StartLive, desktop: Desktop, display: str, tmp_path: Path
) -> None:
    live = start_live(*SOURCE, display=display)
    before = live.shows()
    desktop.focus()

    def press(key: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        desktop.do("key", key)
        return live.wait_for(holds)

    press("minus", lambda now: now["strength"] == 0.9)
    press("plus", lambda now: now["strength"] == 1.0)
    press("n", lambda now: now["message"].startswith("style "))
    press("p", lambda now: now["style"] == before["style"] == now["painting"])
    press("f", lambda now: now["faces"])
    press("f", lambda now: not now["faces"])
    press("v", lambda now: now["view"] == "side")
    press("v", lambda now: now["view"] == "split")
    press("o", lambda now: not now["overlay"])
    press("h", lambda now: now["help"])
    press("h", lambda now: not now["help"])
    frozen = press("space", lambda now: now["frozen"])
    later = live.wait_for(lambda now: True)
    assert later["shown"] - frozen["shown"] <= 1
    press("space", lambda now: not now["frozen"])
    live.wait_for(lambda now: now["shown"] > frozen["shown"] + 2)
    press("r", lambda now: now["record"])
    live.wait_for(lambda now: now["shown"] > frozen["shown"] + 12)
    press("r", lambda now: not now["record"])
    press("s", lambda now: now["message"].startswith("saved "))
    desktop.do("key", "q")
    report = live.end(None)

    assert set(report["pressed"]) == {binding.name for binding in BINDINGS.values()}
    (snapshot,), (recording,) = report["snapshots"], report["recordings"]
    picture = read_picture(tmp_path / snapshot).rgb
    assert picture.shape == (180, 320, 3)
    with av.open(str(tmp_path / recording)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 3


def test_the_split_line_follows_the_mouse(
    start_live: StartLive, desktop: Desktop, display: str
) -> None:
    live = start_live(*SOURCE, "--view", "split", display=display)
    assert live.shows()["split"] == 0.5
    window = desktop.focus()
    width = desktop.geometry(window)["WIDTH"]
    desktop.do("mousemove", "--window", window, width // 2, 60)
    desktop.do("mousedown", 1)
    desktop.do("mousemove", "--window", window, width // 4, 60)
    desktop.do("mouseup", 1)
    live.wait_for(lambda now: abs(now["split"] - 0.25) < 0.02)
    desktop.do("mousemove", "--window", window, width - 10, 60)
    assert abs(live.wait_for(lambda now: True)["split"] - 0.25) < 0.02, "it moved without a button"
    desktop.do("key", "Escape")
    live.end(None)


def test_without_a_screen_it_says_so(start_live: StartLive) -> None:
    live = start_live(*SOURCE)
    assert live.process.wait(60) == 5
    assert "--no-window" in live.errors()
