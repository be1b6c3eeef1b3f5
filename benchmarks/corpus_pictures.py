"""Clips of the corpus that differ in their pictures: codecs, geometry, colour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpus_kit import AAC, COPY, FRAMES, H264, Case, Kit, Maker, derived, encoded


def codecs() -> Iterator[Case]:
    """Codecs and containers."""
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


def geometry() -> Iterator[Case]:
    """Sizes, rotations, pixel shapes, fields."""

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


def colour() -> Iterator[Case]:
    """Colour spaces, depths, opacity."""
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
