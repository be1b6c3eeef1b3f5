"""The makers and meters of the tests are checked against each other."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import pytest

from tests import alter, measure
from tests.media import Clicks, ClipSpec, held, make_clip, numbered


def test_frames_carry_their_numbers_and_times(tmp_path: Path) -> None:
    facts = make_clip(tmp_path / "a.mp4", ClipSpec(frames=20))
    read = list(measure.frames(facts.path))
    assert [seconds for seconds, _ in read] == list(facts.pts)
    assert [measure.frame_number(picture) for _, picture in read] == list(range(20))


def test_colour_survives(tmp_path: Path) -> None:
    for colour in ("bt709", "bt601"):
        facts = make_clip(tmp_path / f"{colour}.mp4", ClipSpec(frames=2, colour=colour))
        assert measure.psnr(measure.pictures(facts.path)[0], numbered(0, 192, 108)) > 28


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("vp9.webm", ClipSpec(codec="libvpx-vp9", sound=(Clicks(codec="libopus"),))),
        ("hevc.mkv", ClipSpec(codec="libx265", sound=(Clicks(codec="flac"),))),
        ("ten.mp4", ClipSpec(pix_fmt="yuv420p10le")),
        ("old.avi", ClipSpec(codec="mpeg4", sound=(Clicks(codec="pcm_s16le"),))),
        ("joined.ts", ClipSpec(sound=(Clicks(layout="mono"),))),
        ("ff.mkv", ClipSpec(codec="ffv1", width=191, height=107)),
        ("six.mov", ClipSpec(sound=(Clicks(layout="5.1"),))),
    ],
)
def test_containers_and_codecs(tmp_path: Path, name: str, spec: ClipSpec) -> None:
    facts = make_clip(tmp_path / name, spec)
    numbers = [measure.frame_number(picture) for picture in measure.pictures(facts.path)]
    assert numbers == list(range(spec.frames))
    assert len(measure.streams(facts.path)) == 1 + len(spec.sound)


def test_variable_rate_rotation_and_pixel_shape(tmp_path: Path) -> None:
    spec = ClipSpec(
        frames=6,
        pts=(0, 40, 50, 140, 141, 300),
        time_base=Fraction(1, 1000),
        rotation=90,
        sar=Fraction(4, 3),
        codec_options={"bf": "0"},
    )
    facts = make_clip(tmp_path / "v.mp4", spec)
    assert measure.frame_times(facts.path) == list(facts.pts)
    with measure.open_clip(facts.path) as container:
        assert next(container.decode(video=0)).rotation == 90
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_held_frames(tmp_path: Path) -> None:
    facts = make_clip(tmp_path / "h.mp4", ClipSpec(frames=9, paint=held(3)))
    numbers = [measure.frame_number(picture) for picture in measure.pictures(facts.path)]
    assert numbers == [0, 0, 0, 3, 3, 3, 6, 6, 6]


def test_clicks_are_where_they_were_put(tmp_path: Path) -> None:
    facts = make_clip(tmp_path / "c.mp4", ClipSpec(frames=30, sound=(Clicks(at=(0.25, 0.75)),)))
    assert measure.click_times(facts.path) == pytest.approx([0.25, 0.75], abs=0.003)


def test_added_tracks(tmp_path: Path, ffmpeg_binary: str) -> None:
    facts = make_clip(tmp_path / "a.mp4", ClipSpec(frames=30, sound=(Clicks(), Clicks(at=(0.5,)))))
    extras = alter.Extras(
        subtitles=(alter.Subtitle(language="deu", disposition="forced"),),
        chapters=((0.0, "Anfang"), (0.5, "Ende")),
        chapters_end=1.2,
        audio_languages=("eng", "fra"),
        metadata={"title": "Überschrift"},
    )
    target = alter.add_tracks(ffmpeg_binary, facts.path, tmp_path / "b.mp4", extras)
    found = [s for s in measure.streams(target) if s.kind != "data"]
    assert [s.language for s in found if s.kind == "audio"] == ["eng", "fra"]
    assert [(s.codec, s.language) for s in found if s.kind == "subtitle"] == [("mov_text", "deu")]
    assert "forced" in found[-1].disposition
    assert measure.chapters(target) == [(0.0, "Anfang"), (0.5, "Ende")]
    assert measure.packets(target) == measure.packets(facts.path)


def test_cover_and_attachment(tmp_path: Path, ffmpeg_binary: str, sample_media: Path) -> None:
    facts = make_clip(tmp_path / "a.mp4")
    cover = alter.Extras(cover=sample_media / "photo.jpg")
    found = measure.streams(alter.add_tracks(ffmpeg_binary, facts.path, tmp_path / "b.mp4", cover))
    assert "attached_pic" in found[1].disposition
    font = tmp_path / "font.ttf"
    font.write_bytes(bytes(1000))
    extras = alter.Extras(attachment=font, subtitles=(alter.Subtitle(codec="ass"),))
    found = measure.streams(alter.add_tracks(ffmpeg_binary, facts.path, tmp_path / "c.mkv", extras))
    assert [(s.kind, s.codec) for s in found[1:]] == [("subtitle", "ass"), ("attachment", "")]


def test_damage(tmp_path: Path) -> None:
    facts = make_clip(tmp_path / "a.ts", ClipSpec(frames=30))
    size = facts.path.stat().st_size
    before = facts.path.read_bytes()
    assert alter.flip_bytes(facts.path, 20).read_bytes()[: size // 5] == before[: size // 5]
    assert facts.path.read_bytes() != before
    assert alter.truncate(facts.path, 0.5).stat().st_size == size // 2


def test_run_videotoon_reports_a_process(run_videotoon, tmp_path: Path) -> None:
    result = run_videotoon("--help")
    assert result.code == 0, result


def test_thread_guard_waits_for_a_thread_that_ends() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="brief")
    thread.start()
    stop.set()  # ends within the grace of the guard


def test_thread_guard_fails_a_test_that_leaves_a_thread(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from tests.conftest import no_threads_left\n__all__ = ['no_threads_left']"
    )
    pytester.makepyfile(
        """
        import threading
        stop = threading.Event()

        def test_leaves_one():
            threading.Thread(target=stop.wait, name="forgotten").start()

        def teardown_module():
            stop.set()
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*left threads running: forgotten*"])
