"""Files that try to make FFmpeg open other files or addresses, or to exhaust the machine."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest

from tests.alter import run_ffmpeg
from tests.media import ClipSpec, make_clip
from videotoon.decode.file import FileSource
from videotoon.decode.limits import Limits, Stopwatch
from videotoon.decode.opening import open_media
from videotoon.decode.probe import probe
from videotoon.errors import DecodeError, HostileInputError, InputError
from videotoon.pipeline import stylise_video
from videotoon.settings import Settings

LISTS = {
    "list.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n",
    "disguised.mp4": b"#EXTM3U\n#EXTINF:9,\nfile://{secret}\n",
    "bom.mp4": b"\xef\xbb\xbf#EXTM3U\n#EXTINF:9,\n{secret}\n",
    "list.ffconcat": b"ffconcat version 1.0\nfile '{secret}'\n",
    "concat.txt": b"file '{secret}'\n",
    "stream.mpd": b"<?xml version='1.0'?><MPD><BaseURL>{secret}</BaseURL></MPD>",
    "bare.mpd": b"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{secret}</BaseURL></MPD>",
    "session.sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "list.asx": b"[reference]\nRef1=http://127.0.0.1/x\n",
    "meta.ffmeta": b";FFMETADATA1\ntitle=x\n",
    "vapoursynth.vpy": b"import os\nos.system('touch pwned')\n",
    "avisynth.avs": b'AviSource("{secret}")\n',
    "subs.srt": b"1\n00:00:00,000 --> 00:00:09,000\nhello\n",
    "lavfi.mp4": b"movie={secret}",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_refused(tmp_path: Path, name: str) -> None:
    secret = make_clip(tmp_path / "secret.mp4", ClipSpec(frames=2)).path
    trap = tmp_path / name
    trap.write_bytes(LISTS[name].replace(b"{secret}", bytes(secret)))
    with pytest.raises((HostileInputError, DecodeError)) as refusal:
        stylise_video(trap, tmp_path / "out.mp4", Settings(strength=0.0))
    assert "\n" not in str(refusal.value)
    assert repr(name) in str(refusal.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "secret.mp4"])


@pytest.mark.parametrize(
    "name",
    [
        "http://127.0.0.1:9/x.mp4",
        "https://localhost/x.mp4",
        "tee:a.mp4|b.mp4",
        "data:video/mp4;base64,AAAA",
        "subfile,,start,0,end,100,,:secret.mp4",
        "concat:secret.mp4|secret.mp4",
        "concatf:list.txt",
        "pipe:0",
        "rtsp://127.0.0.1/x",
        "lavfi:testsrc",
        "img%03d.png",
        "cache:secret.mp4",
        "crypto:secret.mp4",
    ],
)
def test_protocols_are_only_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make_clip(tmp_path / "secret.mp4", ClipSpec(frames=2))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"does not exist|is an address"):
        stylise_video(name, "out.mp4", Settings(strength=0.0))


@pytest.mark.parametrize(
    "name",
    ["-y.mp4", "a:b.mp4", "http:x.mp4", "100%.mp4", "%03d.mp4", "it's \"q\".mp4", "two\nlines.mp4",
     "ümlaut 日本.mp4", "a|b;c&d.mp4", "[x]*?.mp4", "~.mp4", "file:x.mp4"],
)  # fmt: skip
def test_strange_names_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    plain = make_clip(tmp_path / "plain.mp4", ClipSpec(frames=2, width=64, height=48)).path
    plain.rename(tmp_path / name)
    report = stylise_video(name, f"out {name}", Settings(strength=0.0))
    assert report.frames_out == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, f"out {name}"])


def test_a_name_that_is_not_utf8_works(tmp_path: Path) -> None:
    import os

    plain = make_clip(tmp_path / "plain.mp4", ClipSpec(frames=2, width=64, height=48)).path
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.mp4"))
    try:
        plain.rename(strange)
    except OSError:
        pytest.skip("this file system only takes UTF-8")
    target = Path(os.fsdecode(os.fsencode(tmp_path) + b"/out\xff.mp4"))
    assert stylise_video(strange, target, Settings(strength=0.0)).frames_out == 2


def test_media_data_in_another_file_is_not_opened(tmp_path: Path) -> None:
    secret = make_clip(tmp_path / "secret.mov", ClipSpec(frames=4)).path
    content = bytearray(secret.read_bytes())
    place = content.find(b"url ")
    assert place > 0
    # The box says where the media lies: in this file (flag 1), or in the file it names.
    content[place + 4 : place + 8] = struct.pack(">I", 0)
    trap = tmp_path / "trap.mov"
    trap.write_bytes(bytes(content[: content.find(b"mdat") + 4]) + bytes(64))
    trap.write_bytes(bytes(content))
    with open_media(trap) as container:
        assert container.options.get("enable_drefs") == "0"


def test_forged_size_is_refused(tmp_path: Path) -> None:
    limits = Limits()
    with pytest.raises(HostileInputError, match="forged"):
        limits.check_picture("a.mp4", 8000, 8000, 1000)
    limits.check_picture("a.mp4", 4096, 2304, 1000)
    limits.check_picture("a.mp4", 7680, 4320, 20_000)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_side=100), "pixels a side"),
        (Limits(max_pixels=1000), "pixels"),
        (Limits(max_frames=5), "frames"),
        (Limits(max_seconds=0.2), "lasts"),
        (Limits(max_bytes=100), "bytes"),
        (Limits(max_tracks=0), "tracks"),
        (Limits(max_decode_seconds=0.0), "decode"),
    ],
)
def test_limits_can_be_set(tmp_path: Path, limits: Limits, words: str) -> None:
    clip = make_clip(tmp_path / "a.mp4", ClipSpec(frames=12)).path
    with pytest.raises(HostileInputError, match=words):
        list(FileSource(probe(clip, limits), limits=limits).frames())
    with pytest.raises(HostileInputError, match=words):
        stylise_video(clip, tmp_path / "out.mp4", Settings(strength=0.0), limits=limits)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_frame_limit_holds_at_a_constant_rate(tmp_path: Path) -> None:
    spec = ClipSpec(frames=3, pts=(0, 1, 3_600_000), time_base=Fraction(1, 1000))
    clip = make_clip(tmp_path / "a.mkv", spec).path
    settings = Settings(strength=0.0, fps="1000")
    with pytest.raises(HostileInputError, match="frames at 1000 fps"):
        stylise_video(clip, tmp_path / "o.mp4", settings, limits=Limits(max_frames=1_000_000))


def test_stopwatch_adds_up() -> None:
    now = iter([0.0, 1.0, 10.0, 11.5])
    watch = Stopwatch("a.mp4", Limits(max_decode_seconds=2.0), lambda: next(now))
    watch.start()
    watch.stop()
    watch.start()
    with pytest.raises(HostileInputError, match=r"a\.mp4"):
        watch.stop()


def test_sound_of_the_result_comes_from_the_input_only(tmp_path: Path, ffmpeg_binary: str) -> None:
    """The FFmpeg child is told the same lists: it refuses what PyAV would refuse."""
    trap = tmp_path / "list.mp4"
    trap.write_bytes(b"ffconcat version 1.0\nfile '/etc/passwd'\n")
    from videotoon.decode.opening import ALLOWED_DEMUXERS

    with pytest.raises(AssertionError, match=r"[Nn]ot on whitelist|Invalid data"):
        run_ffmpeg(
            ffmpeg_binary, "-protocol_whitelist", "file,pipe", "-format_whitelist",
            ",".join(ALLOWED_DEMUXERS), "-i", f"file:{trap}", str(tmp_path / "out.mp4"),
        )  # fmt: skip
