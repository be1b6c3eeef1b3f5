"""The clips of the corpus: what phones, cameras, editors, players and crashes leave behind.

Most are made by one FFmpeg command from the same master: two seconds at 25 frames per second in
which a white frame flashes at the start and at the end, each together with a click.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.alter import Extras, Subtitle, add_tracks, flip_bytes, truncate
from tests.media import Clicks, ClipSpec, Rgb, make_clip, numbered

FRAMES = 50
RATE = Fraction(25)
FLASHES = (5, 45)
"""Frames that are white; the clicks sound at the same times."""

Maker = Callable[["Kit", Path], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One clip and what must become of it.

    Attributes:
        name: File name; the suffix picks the container.
        about: What is special, for the table.
        make: Writes the clip.
        output: Suffix of the result.
        frames: Frames of the result; None where only wholeness is asked for.
        error: Class of the error that is the right answer, empty where the clip must pass.
        size: Width and height of the result, None for the input's.
        sound: The clip has flashes and clicks, whose distance is measured.
        gap: Seconds from a click to its flash.
        rate: Frames stand at this rate; None to compare with the packets' own times.
        doubled: The clip is one recording twice in a row. The second belongs where the first has
            ended in full: its sound may go on after its last picture, and sound cannot overlap.
    """

    name: str
    about: str
    make: Maker
    output: str = ".mp4"
    frames: int | None = FRAMES
    error: str = ""
    size: tuple[int, int] | None = None
    sound: bool = True
    gap: float = 0.0
    rate: Fraction | None = None
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class Kit:
    """What makers work with: the FFmpeg program, a folder and the master clip."""

    ffmpeg: str
    folder: Path
    master: Path

    @classmethod
    def make(cls, ffmpeg: str, folder: Path) -> Kit:
        """Write the master clip."""
        master = folder / "master.mkv"
        spec = ClipSpec(
            frames=FRAMES, codec="ffv1", pix_fmt="bgr0", colour=None, paint=flashing,
            sound=(clicks("flac"),),
        )  # fmt: skip
        make_clip(master, spec)
        return cls(ffmpeg, folder, master)

    def run(self, *arguments: str | Path) -> None:
        """Run FFmpeg; a failure is a mistake in the corpus and ends it."""
        command = [self.ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, timeout=120, check=False
        )
        if done.returncode:
            words = done.stderr.decode(errors="replace")
            raise RuntimeError(f"ffmpeg {' '.join(map(str, arguments))}: {words}")


def flashing(index: int, width: int, height: int) -> Rgb:
    """White at the flashes, numbered pictures otherwise."""
    picture = numbered(index, width, height)
    if index in FLASHES:
        picture[:] = 255
    return picture


def clicks(codec: str, layout: str = "stereo") -> Clicks:
    """Sound whose clicks fall on the flashes."""
    return Clicks(at=tuple(float(n / RATE) for n in FLASHES), codec=codec, layout=layout)


def encoded(*arguments: str) -> Maker:
    """The master with other codecs, filters or flags."""

    def make(kit: Kit, target: Path) -> None:
        kit.run("-i", kit.master, *arguments, target)

    return make


def derived(*arguments: str, source: tuple[str, ...] = (), before: tuple[str, ...] = ()) -> Maker:
    """A second pass (copying, mostly) over an encoded master.

    Args:
        arguments: Options of the second pass.
        source: Options of the first pass, which writes an MP4.
        before: Options ahead of the second pass's input.
    """

    def make(kit: Kit, target: Path) -> None:
        middle = kit.folder / f"{target.stem}.middle.mp4"
        kit.run("-i", kit.master, *(source or H264), *AAC, middle)
        kit.run(*before, "-i", middle, *arguments, target)
        middle.unlink()

    return make


H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "20")
AAC = ("-c:a", "aac")
COPY = ("-map", "0", "-c", "copy")


def _codecs() -> Iterator[Case]:
    yield Case("h264.mp4", "H.264 with B-frames, AAC", encoded(*H264, *AAC))
    yield Case("h264_baseline.mp4", "H.264 baseline", encoded(*H264, "-profile:v", "baseline"))
    open_gop = ("-x264-params", "open-gop=1:keyint=12:bframes=3")
    yield Case("h264_open_gop.mp4", "open groups of pictures", encoded(*H264, *open_gop))
    yield Case("h264_intra.mov", "intra only, PCM", encoded(*H264, "-g", "1", "-c:a", "pcm_s16le"))
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1")
    yield Case("hevc.mp4", "HEVC", encoded(*hevc, *AAC))
    yield Case("hevc.mkv", "HEVC in Matroska", encoded(*hevc[:-2], "-c:a", "flac"), ".mkv")
    vp8 = ("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "200k")
    yield Case("vp8.webm", "VP8 with hidden frames", encoded(*vp8, "-c:a", "libvorbis"), ".webm")
    vp9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-pix_fmt", "yuv420p")
    yield Case("vp9.webm", "VP9, Opus", encoded(*vp9, "-c:a", "libopus"), ".webm")
    yield Case("vp9_to_mp4.webm", "VP9, Opus, to MP4", encoded(*vp9, "-c:a", "libopus"))
    av1 = ("-c:v", "libsvtav1", "-preset", "12", "-pix_fmt", "yuv420p")
    yield Case("av1.mp4", "AV1", encoded(*av1, *AAC))
    yield Case("av1.webm", "AV1 in WebM", encoded(*av1, "-c:a", "libopus"), ".webm")
    mpeg2 = ("-c:v", "mpeg2video", "-b:v", "2M", "-bf", "2")
    yield Case("mpeg2.mpg", "MPEG-2 programme stream", encoded(*mpeg2, "-c:a", "mp2"))
    yield Case("mpeg2.ts", "MPEG-2 transport stream", encoded(*mpeg2, "-c:a", "mp2"), ".mkv")
    yield Case("mpeg1.mpg", "MPEG-1", encoded("-c:v", "mpeg1video", "-b:v", "2M", "-c:a", "mp2"))
    mpeg4 = ("-c:v", "mpeg4", "-b:v", "1M")
    yield Case("mpeg4.avi", "MPEG-4 part 2 in AVI, MP3", encoded(*mpeg4, "-c:a", "libmp3lame"))
    yield Case("mpeg4_bf.avi", "the same with B-frames", encoded(*mpeg4, "-bf", "2", *AAC))
    prores = ("-c:v", "prores_ks", "-profile:v", "2", "-c:a", "pcm_s16le")
    yield Case("prores.mov", "ProRes 422, 10 bit", encoded(*prores))
    yield Case("prores_to_mov.mov", "ProRes to MOV", encoded(*prores), ".mov")
    mjpeg = ("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj422p")
    yield Case("mjpeg.avi", "Motion JPEG", encoded(*mjpeg, "-c:a", "pcm_s16le"))
    yield Case("mjpeg.mkv", "Motion JPEG in Matroska", encoded(*mjpeg, *AAC), ".mkv")
    yield Case("anim.gif", "GIF", encoded("-an"), sound=False)
    yield Case("ffv1.mkv", "FFV1, RGB", encoded("-c", "copy"), ".mkv")
    yield Case("flv1.flv", "Flash video", encoded("-c:v", "flv1", "-ar", "44100"))
    yield Case("h264.flv", "H.264 in FLV", encoded(*H264, *AAC))
    yield Case("wmv.wmv", "Windows Media", encoded("-c:v", "wmv2", "-b:v", "1M", "-c:a", "wmav2"))
    yield Case(
        "wmv.asf", "Windows Media to Matroska", encoded("-c:v", "wmv2", "-b:v", "1M"), ".mkv"
    )
    yield Case("dnxhr.mov", "DNxHR, 422", encoded(*DNXHR, "-c:a", "pcm_s24le"))
    yield Case("huffyuv.avi", "HuffYUV", encoded("-c:v", "huffyuv", "-pix_fmt", "yuv422p"))
    yield Case("png.mov", "PNG frames in MOV", encoded("-c:v", "png"))
    yield Case("raw.avi", "uncompressed", encoded("-c:v", "rawvideo", "-pix_fmt", "yuv420p"))
    yield Case("theora.ogv", "Theora in Ogg", encoded("-c:v", "libtheora", "-c:a", "libvorbis"))


DNXHR = ("-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p", "-s", "256x144")


def _timing() -> Iterator[Case]:
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


def _geometry() -> Iterator[Case]:
    def sized(width: int, height: int, frames: int = FRAMES) -> Maker:
        scale = f"scale={width}:{height}:flags=neighbor"
        return encoded("-vf", scale, *H264[:4], "-pix_fmt", "yuv444p", "-frames:v", str(frames))

    yield Case("1x1.mp4", "1x1 pixel", sized(1, 1), size=(2, 2))
    yield Case("1x1_webm.mp4", "1x1 pixel to WebM", sized(1, 1), ".webm", size=(1, 1))
    yield Case("2x2.mp4", "2x2 pixels", sized(2, 2))
    yield Case("3x200.mp4", "3x200 pixels", sized(3, 200), size=(4, 200))
    yield Case("odd.mp4", "853x479", sized(853, 479, 10), frames=10, size=(854, 480), sound=False)
    yield Case("odd_webm.mp4", "191x107 to WebM", sized(191, 107), ".webm", size=(191, 107))
    yield Case("4096.mp4", "4096x2304, two frames", sized(4096, 2304, 2), frames=2, sound=False)
    for angle in (90, 180, 270):
        turned = derived(*COPY, before=("-display_rotation", str(angle)))
        size = (192, 108) if angle == 180 else (108, 192)
        yield Case(f"turned_{angle}.mp4", f"rotated by {angle} degrees", turned, size=size)
    for flip in ("hflip", "vflip"):
        flipped = derived(*COPY, before=(f"-display_{flip}",))
        yield Case(f"{flip}.mp4", f"mirrored by its matrix ({flip})", flipped, size=(192, 108))
    both = derived(*COPY, before=("-display_rotation", "90", "-display_hflip"))
    yield Case("turned_mirrored.mp4", "rotated and mirrored", both, size=(108, 192))
    shaped = encoded(*H264, *AAC, "-vf", "setsar=4/3")
    for suffix in (".mp4", ".mkv", ".webm", ".mov"):
        yield Case(f"sar_to{suffix}.mp4", f"pixels 4:3 to {suffix}", shaped, suffix)
    turned_sar = derived(*COPY, source=(*H264, "-vf", "setsar=4/3"), before=TURNED)
    yield Case("sar_turned.mp4", "pixels 4:3, rotated", turned_sar, size=(108, 192))
    for order in ("tff", "bff"):
        fields = ("-vf", f"setfield={order},setparams=field_mode={order}", "-flags", "+ildct+ilme")
        woven = encoded(*fields, "-c:v", "mpeg2video", "-b:v", "2M", "-c:a", "mp2")
        yield Case(f"interlaced_{order}.ts", f"interlaced, {order}", woven)
    h264i = (*H264, "-x264-params", "tff=1", "-flags", "+ildct+ilme", "-vf", "setfield=tff")
    yield Case("interlaced.mp4", "interlaced H.264 (MBAFF)", encoded(*h264i, *AAC))
    yield Case("resized.ts", "frame size changes midway", _resized, frames=100, sound=False)


TURNED = ("-display_rotation", "90")


def _resized(kit: Kit, target: Path) -> None:
    data = b""
    for number, size in enumerate(("192:108", "128:96")):
        part = kit.folder / f"size{number}.ts"
        offset = ("-output_ts_offset", str(2.2 * number))
        kit.run("-i", kit.master, "-vf", f"scale={size}", *H264, "-an", *offset, part)
        data += part.read_bytes()
    target.write_bytes(data)


def _colour() -> Iterator[Case]:
    for matrix, tag in (("bt709", "bt709"), ("smpte170m", "smpte170m")):
        for span in ("tv", "pc"):
            name = (
                f"{'709' if matrix == 'bt709' else '601'}_{'limited' if span == 'tv' else 'full'}"
            )
            yield Case(f"{name}.mp4", f"tagged {tag}, {span} range", encoded(
                *coloured(matrix, span, "yuv420p"), *H264[:4], *AAC))  # fmt: skip
    ten = coloured("bt709", "tv", "yuv420p10le")
    yield Case("10bit.mp4", "10 bit H.264", encoded(*ten, *H264[:4], *AAC))
    sdr2020 = coloured("bt2020nc", "tv", "yuv420p10le")
    yield Case("2020.mp4", "BT.2020, 10 bit", encoded(*sdr2020, "-c:v", "libx265", *AAC))
    for name, trc in (("pq", "smpte2084"), ("hlg", "arib-std-b67")):
        tags = coloured("bt2020nc", "tv", "yuv420p10le", trc)
        yield Case(f"{name}.mp4", f"{name.upper()} HDR", encoded(*tags, "-c:v", "libx265", *AAC))
    for pix_fmt in ("yuv422p", "yuv444p", "yuv422p10le", "gray"):
        made = encoded(*H264[:4], "-pix_fmt", pix_fmt, *AAC)
        yield Case(f"{pix_fmt}.mp4", f"H.264 {pix_fmt}", made)
    twelve = encoded("-c:v", "libx265", "-pix_fmt", "yuv444p12le", *AAC)
    yield Case("12bit.mkv", "HEVC 4:4:4, 12 bit", twelve, ".mkv")
    yield Case("rgb.mkv", "H.264 RGB", encoded("-c:v", "libx264rgb", "-crf", "10"), ".mkv")
    see_through = ("-vf", "format=rgba,colorchannelmixer=aa=0.5,format=yuva420p")
    vp9a = encoded(*see_through, "-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus")
    yield Case("alpha.webm", "VP9 with opacity, kept", vp9a, ".webm")
    yield Case("alpha_to_mp4.webm", "VP9 with opacity, laid onto black", vp9a, sound=False)
    prores = ("-c:v", "prores_ks", "-pix_fmt", "yuva444p10le", "-vf", "colorchannelmixer=aa=0.5")
    yield Case("alpha.mov", "ProRes 4444 with opacity, kept", encoded(*prores), ".mov")


def coloured(matrix: str, span: str, pix_fmt: str, trc: str = "") -> tuple[str, ...]:
    """Options that convert to a colour space and tag it."""
    primaries = {"bt709": "bt709", "smpte170m": "smpte170m"}.get(matrix, "bt2020")
    transfer = trc or {"bt709": "bt709", "smpte170m": "smpte170m"}.get(matrix, "bt2020-10")
    scale = f"scale=out_color_matrix={matrix.removesuffix('nc')}:out_range={span}"
    return (
        "-vf", f"{scale},format={pix_fmt},setparams=color_primaries={primaries}:"
        f"color_trc={transfer}:colorspace={matrix}:range={span}",
        "-color_primaries", primaries, "-color_trc", transfer, "-colorspace", matrix,
        "-color_range", span,
    )  # fmt: skip


def _tracks() -> Iterator[Case]:
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


def _damage() -> Iterator[Case]:
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


def all_cases() -> list[Case]:
    """Every case, in the order of the table."""
    groups = (_codecs, _timing, _geometry, _colour, _tracks, _damage)
    return [case for group in groups for case in group()]
