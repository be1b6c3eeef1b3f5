"""Clips of the corpus that differ in their files: timing, tracks, damage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from benchmarks.corpus_kit import AAC, COPY, H264, RATE, Case, Kit, Maker, derived, encoded
from tests.alter import Extras, Subtitle, add_tracks, flip_bytes, truncate
from tests.media import ClipSpec, make_clip


def timing() -> Iterator[Case]:
    """Variable, fractional and odd rates; starts, seams and lengths that differ."""
    yield Case("vfr.mp4", "variable frame rate", _vfr, frames=24, sound=False)
    yield Case("vfr.mkv", "variable frame rate", _vfr, ".mkv", frames=24, sound=False)
    yield Case("vfr_to_webm.mp4", "variable frame rate", _vfr, ".webm", frames=24, sound=False)
    ntsc = derived("-vf", "fps=30000/1001", *H264, *AAC)
    yield Case("ntsc.mp4", "30000/1001 frames per second", ntsc, frames=60)
    yield Case("ntsc.mkv", "the same in Matroska", ntsc, ".mkv", frames=60)
    fragmented = derived(*COPY, "-movflags", "frag_keyframe+empty_moov+delay_moov")
    yield Case("fragmented.mp4", "fragmented MP4", fragmented)
    yield Case("stream.ts", "H.264 in MPEG-TS, starts at 1.4 s", derived(*COPY))
    yield Case("stream_to_mkv.ts", "the same to Matroska", derived(*COPY), ".mkv")
    yield Case("late_video.mkv", "video begins 300 ms after the sound", _late("1:v", "0:a"), ".mkv",
               gap=0.3)  # fmt: skip
    yield Case("late_video.mp4", "the same as an edit list", _late("1:v", "0:a"), gap=0.3)
    yield Case("late_sound.mp4", "sound begins 300 ms late", _late("0:v", "1:a"), gap=-0.3)
    cut = derived("-c", "copy", before=("-ss", "0.1"))
    yield Case("edit_list.mp4", "cut without re-encoding: edit list", cut, frames=None)
    joined = "two recordings joined, times start anew"
    yield Case("joined.ts", joined, _joined, frames=100, doubled=True)
    yield Case("joined_to_mkv.ts", joined, _joined, ".mkv", 100, doubled=True)
    yield Case("raw.h264", "raw H.264, no times at all", encoded(*H264, "-an"), sound=False,
               rate=RATE)  # fmt: skip
    hevc = encoded("-c:v", "libx265", "-an")
    yield Case("raw.hevc", "raw HEVC", hevc, sound=False, rate=RATE)
    yield Case("bframes.avi", "H.264 with B-frames in AVI", derived(*COPY), rate=RATE)
    one = ("-frames:v", "1", "-an")
    yield Case("one_frame.mp4", "a single frame", encoded(*H264, *one), frames=1, sound=False)
    yield Case("one_frame.mkv", "a single frame", encoded(*H264, *one), ".mkv", 1, sound=False)
    slow = ("-vf", "setpts=N*2/TB", "-r", "1/2", "-frames:v", "4", "-an")
    yield Case("slow.mp4", "one frame in two seconds", encoded(*slow, *H264), frames=4, sound=False)
    fast = derived("-vf", "fps=240", *H264, *AAC)
    yield Case("fast.mp4", "240 frames per second", fast, frames=480)
    held = derived("-vf", "tpad=stop_mode=clone:stop=5", *H264, "-c:a", "copy")
    yield Case("sound_shorter.mp4", "sound ends first", held, frames=55)
    padded = ("-af", "apad=pad_dur=1")
    yield Case("sound_longer.mp4", "sound goes on for a second", encoded(*H264, *padded, *AAC))


def _vfr(_: Kit, target: Path) -> None:
    pts = [0]
    for n in range(23):
        pts.append(pts[-1] + (17, 33, 34, 100, 41)[n % 5])
    spec = ClipSpec(frames=24, pts=tuple(pts), time_base=Fraction(1, 1000),
                    codec_options={"bf": "0"})  # fmt: skip
    make_clip(target, spec)


def _late(first: str, second: str) -> Maker:
    def make(kit: Kit, target: Path) -> None:
        middle = kit.folder / f"{target.name}.middle.mkv"
        kit.run("-i", kit.master, *H264, *AAC, middle)
        delay = ("-itsoffset", "0.3")
        # Flash and click drift apart by exactly the delay: it must still be there afterwards.
        kit.run("-i", middle, *delay, "-i", middle, "-map", first, "-map", second,
                "-c", "copy", target)  # fmt: skip

    return make


def _joined(kit: Kit, target: Path) -> None:
    one = kit.folder / "part.ts"
    kit.run("-i", kit.master, *H264, *AAC, one)
    target.write_bytes(one.read_bytes() * 2)


def tracks() -> Iterator[Case]:
    """Sound, subtitles, covers and attachments."""
    yield Case("silent.mp4", "no sound", encoded(*H264, "-an"), sound=False)
    yield Case("mono.mp4", "mono", encoded(*H264, "-ac", "1", *AAC))
    yield Case("5_1.mp4", "5.1 sound", encoded(*H264, "-ac", "6", *AAC))
    yield Case("mp3.mp4", "MP3", encoded(*H264, "-c:a", "libmp3lame"))
    yield Case("opus.mp4", "Opus", encoded(*H264, "-c:a", "libopus"))
    yield Case("ac3.ts", "AC-3 in MPEG-TS", encoded(*H264, "-c:a", "ac3"))
    yield Case("alac.mov", "Apple lossless", encoded(*H264, "-c:a", "alac"), ".mov")
    yield Case("pcm_to_mp4.mov", "PCM", encoded(*H264, "-c:a", "pcm_s24le"))
    yield Case("aac_to_webm.mp4", "AAC to WebM: converted", encoded(*H264, *AAC), ".webm")
    two = (*H264, "-map", "0:v", "-map", "0:a", "-map", "0:a", *AAC)
    named = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=jpn")
    yield Case("two_sounds.mp4", "two sound tracks with languages", encoded(*two, *named))
    yield Case("two_sounds.mkv", "the same in Matroska", encoded(*two, *named), ".mkv")
    videos = ("-map", "0:v", "-map", "0:v", "-map", "0:a")
    yield Case("two_videos.mp4", "two video tracks", encoded(*videos, *H264, *AAC))
    yield Case("text.mp4", "subtitles and chapters", _with(Extras(
        subtitles=(Subtitle(language="deu"),), chapters=((0.0, "a"), (1.0, "b")),
        chapters_end=2.0)))  # fmt: skip
    for codec in ("srt", "ass", "webvtt"):
        extras = Extras(subtitles=(Subtitle(codec=codec),))
        yield Case(f"{codec}.mkv", f"{codec} subtitles", _with(extras), ".mkv")
        yield Case(f"{codec}_to_mp4.mkv", f"{codec} subtitles to MP4: converted", _with(extras))
    yield Case("cover.mp4", "cover art", _with_cover)
    yield Case("cover_to_mkv.mp4", "cover art to Matroska", _with_cover, ".mkv")
    yield Case("attachment.mkv", "attachment", _with_attachment, ".mkv")
    yield Case("attachment_to_mp4.mkv", "attachment to MP4: dropped, listed", _with_attachment)


def _with(extras: Extras) -> Maker:
    def make(kit: Kit, target: Path) -> None:
        middle = kit.folder / f"{target.name}.middle.mp4"
        kit.run("-i", kit.master, *H264, *AAC, middle)
        add_tracks(kit.ffmpeg, middle, target, extras)

    return make


def _with_cover(kit: Kit, target: Path) -> None:
    picture = kit.folder / "cover.jpg"
    kit.run("-i", kit.master, "-frames:v", "1", picture)
    _with(Extras(cover=picture))(kit, target)


def _with_attachment(kit: Kit, target: Path) -> None:
    file = kit.folder / "note.txt"
    file.write_text("a font, say")
    _with(Extras(attachment=file))(kit, target)


def damage() -> Iterator[Case]:
    """Cut, flipped, empty and hostile files."""
    whole = encoded(*H264, *AAC, "-movflags", "+faststart")

    def cut(keep: float, make: Maker = whole) -> Maker:
        def cut_off(kit: Kit, target: Path) -> None:
            make(kit, target)
            truncate(target, keep)

        return cut_off

    def flipped(count: int, make: Maker = whole) -> Maker:
        def damage(kit: Kit, target: Path) -> None:
            make(kit, target)
            flip_bytes(target, count)

        return damage

    def text(content: bytes) -> Maker:
        def write(_: Kit, target: Path) -> None:
            target.write_bytes(content)

        return write

    yield Case("cut.mp4", "cut off at 60 %, header first", cut(0.6), error="VerifyError")
    yield Case("cut.mkv", "Matroska cut off", cut(0.6, encoded(*H264, *AAC)), error="VerifyError")
    no_header = cut(0.9, encoded(*H264, *AAC))
    yield Case("no_header.mp4", "cut off before its header", no_header, error="DecodeError")
    yield Case("bits.mp4", "8 bytes changed", flipped(8), frames=None, sound=False)
    bits = flipped(20, encoded(*H264, *AAC))
    yield Case("bits.ts", "20 bytes changed in MPEG-TS", bits, frames=None, sound=False)
    yield Case("sound_only.mp4", "no picture", encoded("-vn", *AAC), error="DecodeError")
    yield Case("empty.mp4", "empty file", text(b""), error="InputError")
    yield Case("text.txt.mp4", "a text file", text(b"hello " * 99), error="DecodeError")
    playlist = text(b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    yield Case("playlist.mp4", "a playlist in disguise", playlist, error="HostileInputError")
    concat = text(b"ffconcat version 1.0\nfile '/etc/passwd'\n")
    yield Case("concat.mp4", "a concat list in disguise", concat, error="HostileInputError")
