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

FEW = """
import sys, tempfile
from pathlib import Path
from tests.encode.test_segment import encoded
from tests.test_frame import noise
from videotoon.encode.segment import SegmentEncoder
from videotoon.frame import FrameSize

class Watched:
    def __init__(self, output): self.output = output
    def close(self): self.output.close()
    def mux(self, packet):
        print(packet.pts, packet.dts)
        self.output.mux(packet)

def watched(segment, finish=SegmentEncoder.finish):
    segment._output = Watched(segment._output)
    return finish(segment)

SegmentEncoder.finish = watched
pictures = [noise(FrameSize(96, 64), seed=seed) for seed in range(int(sys.argv[1]))]
with tempfile.TemporaryDirectory() as folder:
    encoded(Path(folder) / "work", pictures, "x265")
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="fills fresh memory through glibc")
@pytest.mark.parametrize("frames", [1, 2])
def test_decode_times_of_few_hevc_frames_do_not_either(frames: int) -> None:
    environment = {**os.environ, "MALLOC_PERTURB_": "85"}
    command = [sys.executable, "-c", FEW, str(frames)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == ["0 0", "1 1"][:frames]
