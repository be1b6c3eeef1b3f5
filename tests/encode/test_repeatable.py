"""The same frames always give the same file, whatever lay in memory before."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from videotoon.encode.encoders import CONTAINERS, plan_encoder
from videotoon.settings import Settings

CLIP = Path(__file__).parents[2] / "sample_media" / "walk.mp4"

ENCODE = """
import hashlib, io, sys
import av
from tests.encode.test_repeatable import CLIP, options

source = [frame for frame in av.open(str(CLIP)).decode(video=0)][150:165]
file, digest = io.BytesIO(), hashlib.sha256()
output = av.open(file, "w", format="mp4")
stream = output.add_stream("libx264", rate=30, options=options())
stream.width, stream.height, stream.pix_fmt = 960, 540, "yuv420p"
for index, frame in enumerate(source):
    frame.pts, frame.pict_type = index * 512, 0
    for packet in stream.encode(frame):
        digest.update(bytes(packet))
for packet in stream.encode(None):
    digest.update(bytes(packet))
print(digest.hexdigest())
"""


def options() -> dict[str, str]:
    return plan_encoder(Settings(preset="veryfast"), CONTAINERS[".mp4"]).options


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="fills fresh memory through glibc")
def test_x264_does_not_depend_on_what_lay_in_memory() -> None:
    digests = set()
    for filling in ("0", "85", "170"):
        environment = {**os.environ, "MALLOC_PERTURB_": filling}
        command = [sys.executable, "-c", ENCODE]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1
