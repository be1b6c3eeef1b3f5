"""The real command, which also writes down the number of every frame at the moment it is painted.

The numbers go to the file that ``PAINTED`` names, each in a system call of its own, so that they
survive ``kill -9``.
"""

from __future__ import annotations

import os
import time
from typing import Any

from videotoon.cli.app import main
from videotoon.encode import segment
from videotoon.engine.painters import Painter

PAINTED = "VIDEOTOON_TEST_PAINTED"
"""Environment variable that names the file."""


SAVES_NOTHING = "VIDEOTOON_TEST_SAVES_NOTHING"
"""Environment variable that lets no file of saved work be finished."""


def watch() -> None:
    """Let every painter write down what it begins to paint."""
    if os.environ.get(SAVES_NOTHING):
        vars(segment)["SegmentEncoder"].finish = lambda _: time.sleep(600)
    handle = os.open(os.environ[PAINTED], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    painter: Any = Painter
    paint = painter.paint

    def watched(self: Any, task: Any) -> Any:
        os.write(handle, f"{task.frame.index}\n".encode())
        return paint(self, task)

    painter.paint = watched


if __name__ == "__main__":
    watch()
    main()
