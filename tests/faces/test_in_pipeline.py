"""Faces inside the pipeline: order, segments, repeats, the report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from tests.faces.made import (
    SIZE,
    Lighter,
    ScriptedDetector,
    detection_at,
    face_options,
    frames_of,
    textured,
    with_faces,
)
from videotoon.cache.repeated import RepeatedFrames
from videotoon.engine.pool import GeneratorPool
from videotoon.errors import SettingsError
from videotoon.faces.painter import FacePainter
from videotoon.faces.stage import FaceStage
from videotoon.faces.tracker import FaceTracker
from videotoon.frame import BT709
from videotoon.picture import read_picture, stylise_picture, write_picture
from videotoon.pipeline import stylise_video
from videotoon.settings import Settings
from videotoon.timing import StageClock

SEGMENT = 12


class Scenes:
    """A style source for the pool."""

    def session(self):
        lighter = Lighter(1.0, 8.0)
        return type("Scene", (), {"paint": lambda _, planes: lighter.planes(planes)})()


def clip(count: int = 30):
    background = textured(seed=5)
    path = [(120 + 3.0 * n, 130.0) for n in range(count)]
    frames = frames_of([with_faces(background, [(x, y, 60.0, 11)]) for x, y in path])
    return frames, ScriptedDetector(frames, lambda n: [detection_at(*path[n], 60.0)])


def run(frames, detector, faces: bool = True):
    stage = FaceStage(
        FaceTracker(detector, SIZE),
        lambda: FacePainter(Lighter(1.5, 0.0), BT709, face_options()),
        {},
    )
    pool = GeneratorPool(
        Scenes(), 3, RepeatedFrames(8, 1.0), StageClock(), None, stage if faces else None
    )
    items = list(pool.painted(iter(frames), lambda n: n % SEGMENT == 0))
    return [item.frame for item in items], stage, [item.reused for item in items]


def test_frames_stay_in_order_and_faces_are_painted() -> None:
    frames, detector = clip()
    painted, stage, _ = run(frames, detector)
    plain, _, _ = run(frames, detector, faces=False)
    assert [frame.index for frame in painted] == list(range(30))
    assert all((a.planes.y != b.planes.y).any() for a, b in zip(painted, plain, strict=True))
    assert stage.describe()["faces"] == 30


def test_a_resumed_run_paints_the_same_pixels() -> None:
    frames, detector = clip()
    whole, _, _ = run(frames, detector)
    rest, _, _ = run(frames[SEGMENT:], detector)
    for one, other in zip(whole[SEGMENT:], rest, strict=True):
        for a, b in zip(one.planes.colour_planes, other.planes.colour_planes, strict=True):
            np.testing.assert_array_equal(a, b)


def test_repeated_frames_reuse_their_painting() -> None:
    frames, _ = clip(3)
    held = frames_of([frames[0].planes, frames[0].planes, frames[0].planes, frames[2].planes])
    painted, _, reused = run(held, ScriptedDetector(held, lambda _: [detection_at(120, 130, 60.0)]))
    assert reused == [False, True, True, False]
    np.testing.assert_array_equal(painted[0].planes.y, painted[2].planes.y)


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    data = pytest.importorskip("skimage.data")
    picture = data.astronaut()[:300, 60:460]
    path = tmp_path / "portrait.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(12):
            part = picture[20:260, 2 * number : 2 * number + 320]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(part), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_without_weights_the_job_falls_back_says_so_and_counts(
    portrait: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIDEOTOON_WEIGHTS", raising=False)
    monkeypatch.setenv("VIDEOTOON_CACHE", str(portrait.parent / "cache"))
    with_faces_report = stylise_video(portrait, portrait.with_name("a.mp4"), Settings(face=True))
    plain = stylise_video(portrait, portrait.with_name("b.mp4"), Settings())
    assert with_faces_report.faces["detector"] == "cascade"
    hashes = with_faces_report.faces["sha256"]  # work that is saved counts only with the same ones
    assert hashes
    assert hashes == with_faces_report.engine["sha256"]
    assert with_faces_report.faces["faces"] >= 6
    assert 1 <= with_faces_report.faces["tracks"] <= 2
    assert with_faces_report.faces["detections"] >= 1
    assert sum("cascade" in warning for warning in with_faces_report.warnings) == 1
    assert plain.faces == {}
    assert plain.painted_digest != with_faces_report.painted_digest


def test_faces_of_a_picture_are_painted_and_the_rest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pytest.importorskip("skimage.data")
    monkeypatch.delenv("VIDEOTOON_WEIGHTS", raising=False)
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "in.png"
    write_picture(source, np.ascontiguousarray(data.astronaut()[::2, ::2]))
    report = stylise_picture(source, tmp_path / "a.png", Settings(face=True))
    stylise_picture(source, tmp_path / "b.png", Settings())
    assert report.faces["faces"] >= 1
    assert len(report.warnings) == 1
    one, other = (read_picture(tmp_path / name)[0] for name in ("a.png", "b.png"))
    changed = (one != other).any(axis=2)
    assert changed.any()
    assert not changed[130:].any()  # below the face
    assert not changed[:, :70].any()


def test_without_face_nothing_of_it_is_imported(portrait: Path) -> None:
    code = (
        "import sys\n"
        "from videotoon import Settings, stylise_video\n"
        f"stylise_video({str(portrait)!r}, {str(portrait.with_name('c.mp4'))!r}, Settings())\n"
        "assert not [m for m in sys.modules if m.startswith(('videotoon.faces', 'torch'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    "wrong",
    [{"face_strength": 1.1}, {"min_face": 2.0}, {"hair_color": "red"}, {"face_detector": "mtcnn"}],
)
def test_wrong_options_are_refused(wrong) -> None:
    with pytest.raises(SettingsError):
        Settings(face=True, **wrong)
