"""The committed clips are what ``sample_media/README.md`` says they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import measure
from tools.make_sample_media import CLIPS, PORTRAIT, WALK, Clip
from tools.sample_sound import CLICK_HZ

MAX_BYTES_TOGETHER = 3_000_000
SYNC_S = 0.001
HELD = range(62, 84)
"""Frames of walk.mp4 that repeat frame 61."""

clips = pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)


@clips
def test_frames_and_times(sample_media: Path, clip: Clip) -> None:
    read = list(measure.frames(sample_media / clip.name))
    assert [seconds for seconds, _ in read] == [n / clip.fps for n in range(clip.frames)]
    assert {picture.shape for _, picture in read} == {(clip.size[1], clip.size[0], 3)}


@clips
def test_colour_tags(sample_media: Path, clip: Clip) -> None:
    with measure.open_clip(sample_media / clip.name) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name == "yuv420p"
        tags = (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range)
        assert tuple(int(tag) for tag in tags) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("clip", "seconds"),
    [(WALK, [Fraction(2), Fraction(5)]), (PORTRAIT, [Fraction(1001, 1000)])],
    ids=["walk", "portrait"],
)
def test_flash_and_click_coincide(sample_media: Path, clip: Clip, seconds: list[Fraction]) -> None:
    path = sample_media / clip.name
    wanted = [float(s) for s in seconds]
    assert measure.flash_times(path) == pytest.approx(wanted, abs=1e-9)
    assert measure.click_times(path) == pytest.approx(wanted, abs=SYNC_S)


def test_channels_have_their_own_pitch(sample_media: Path) -> None:
    samples, rate, first = measure.sound(sample_media / "walk.mp4")
    start = round((2.0 - first) * rate)
    for channel, pitch in enumerate(CLICK_HZ):
        click = samples[channel, start : start + round(0.03 * rate)]
        spectrum = np.abs(np.fft.rfft(click, 8192))
        assert np.argmax(spectrum) * rate / 8192 == pytest.approx(pitch, abs=40)


def test_tracks_chapters_and_title(sample_media: Path) -> None:
    path = sample_media / "walk.mp4"
    found = [s for s in measure.streams(path) if s.kind != "data"]
    assert [(s.kind, s.codec) for s in found] == [
        ("video", "h264"),
        ("audio", "aac"),
        ("subtitle", "mov_text"),
    ]
    assert [s.language for s in found[1:]] == ["eng", "eng"]
    starts, titles = zip(*measure.chapters(path), strict=True)
    assert titles == ("Astronaut", "Coffee", "Cat")
    assert starts == pytest.approx((0, 2.8, 4.3333), abs=0.001)
    with measure.open_clip(path) as container:
        assert container.metadata["title"] == WALK.title


def test_subtitle_texts(sample_media: Path) -> None:
    texts = b" ".join(measure.packets(sample_media / "walk.mp4", "subtitle"))
    for _, _, text in WALK.subtitles:
        assert text.encode() in texts


def test_scene_cuts_and_held_still(sample_media: Path) -> None:
    pictures = measure.pictures(sample_media / "walk.mp4")
    small = [cv2.resize(p, (60, 34), interpolation=cv2.INTER_AREA).astype(int) for p in pictures]
    for cut in WALK.cuts[1:]:
        assert np.abs(small[cut] - small[cut - 1]).mean() > 25
    still = max(np.abs(small[n] - small[61]).max() for n in HELD)
    moving = min(np.abs(small[n] - small[n - 1]).max() for n in range(5, 55))
    assert still <= 2 < 12 <= moving


def test_only_launch_is_silent(sample_media: Path) -> None:
    silent = [
        c.name
        for c in CLIPS
        if not any(s.kind == "audio" for s in measure.streams(sample_media / c.name))
    ]
    assert silent == ["launch.mp4"]


def test_photo(sample_media: Path) -> None:
    picture = cv2.imread(str(sample_media / "photo.jpg"))
    assert picture is not None
    assert picture.shape == (300, 451, 3)


def test_small_and_attributed(sample_media: Path) -> None:
    files = [path for path in sample_media.iterdir() if path.suffix in {".mp4", ".jpg"}]
    assert sum(path.stat().st_size for path in files) < MAX_BYTES_TOGETHER
    readme = (sample_media / "README.md").read_text(encoding="utf-8")
    for path in files:
        assert f"`{path.name}`" in readme
    for photo in {scene.photo for clip in CLIPS for scene in clip.scenes}:
        assert f"`{photo}`" in readme
