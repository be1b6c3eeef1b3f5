"""``videotoon preview``: the sheet, its labels, and what it refuses."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import measure
from tests.cli.conftest import Desk, Refused
from tests.conftest import RunVideotoon
from tests.media import ClipSpec, make_clip, numbered
from videotoon.cli import sheet as sheets
from videotoon.cli.preview import columns_of, frames_at, in_minutes, label_of, moments
from videotoon.decode.probe import probe
from videotoon.frame import FrameSize
from videotoon.picture import write_picture
from videotoon.settings import Settings


def picture_at(path: Path) -> sheets.Rgb:
    found = cv2.imread(str(path))
    assert found is not None
    return np.asarray(found[:, :, ::-1], np.uint8)


def test_sheet_of_a_clip(desk: Desk, run_videotoon: RunVideotoon) -> None:
    result = run_videotoon("preview", "in.mp4", "sheet.png", "--at", "0s,0.2s,0.4s")
    assert result.code == 0, result
    assert result.error_lines == [
        f"sheet.png: 3 x 2 pictures, {'x'.join(map(str, size_of(desk.path / 'sheet.png')))} pixels"
    ]
    width, height = size_of(desk.path / "sheet.png")
    assert 2 * 96 < width < 3 * 96
    assert 3 * 64 < height < 4 * 64
    assert sorted(entry.name for entry in desk.path.iterdir()) == ["in.mp4", "sheet.png"]


def size_of(path: Path) -> tuple[int, int]:
    height, width, _ = picture_at(path).shape
    return width, height


def test_sheet_of_a_picture(desk: Desk, run_videotoon: RunVideotoon, small_picture: Path) -> None:
    result = run_videotoon("preview", small_picture, "sheet.jpg")
    assert result.code == 0, result
    drawn = picture_at(desk.path / "sheet.jpg")
    assert drawn.shape[1] > 2 * 96


def test_a_mixture_has_a_column_of_its_own(desk: Desk, run_videotoon: RunVideotoon) -> None:
    mix = "cel:0.5,cyberpunk:0.5"
    for sheet, options in (
        ("cel.png", ["--styles", "cel"]),
        ("mixed.png", ["--mix", mix]),
        ("both.png", ["--styles", "cel", "--mix", mix]),
    ):
        result = run_videotoon("preview", "in.mp4", sheet, "--at", "0", *options)
        assert result.code == 0, result
    cel, mixed, both = (
        picture_at(desk.path / f"{name}.png").astype(int) for name in ("cel", "mixed", "both")
    )
    below_titles = slice(cel.shape[0] // 2, None)
    assert cel.shape == mixed.shape
    assert np.abs(cel - mixed)[below_titles].max() > 8
    assert both.shape[1] > cel.shape[1]


def test_faces_are_painted_where_asked_for(desk: Desk, run_videotoon: RunVideotoon) -> None:
    data = pytest.importorskip("skimage.data")
    write_picture(desk.path / "face.png", np.ascontiguousarray(data.astronaut()[::2, ::2]))
    for sheet, options in (("plain.png", []), ("faces.png", ["--face"])):
        result = run_videotoon("preview", "face.png", sheet, *options)
        assert result.code == 0, result
    plain, faces = (
        picture_at(desk.path / f"{name}.png").astype(int) for name in ("plain", "faces")
    )
    changed = (plain != faces).any(axis=2)
    middle = changed.shape[1] // 2
    assert changed[:, middle:].any()
    assert not changed[:, :middle].any(), "the original is as it was"


def test_columns() -> None:
    def titles(styles: str, **options: str) -> list[str]:
        return [column.title for column in columns_of(styles, Settings(**options))]

    assert titles("") == ["cel"]
    assert titles("hayao,cel,hayao") == ["hayao", "cel"]
    assert titles("", mix="cel:1,hayao:1") == ["cel:1,hayao:1"]
    assert titles("shinkai", mix="cel:1,hayao:1") == ["shinkai", "cel:1,hayao:1"]


def test_moments_by_default_are_spread(small_clip: Path) -> None:
    times = moments("", probe(small_clip))
    assert len(times) == 3
    assert 0 < times[0] < times[1] < times[2] < Fraction(12, 25)


def test_frame_on_screen_at_a_moment(tmp_path: Path) -> None:
    spec = ClipSpec(width=96, height=64, frames=10)
    info = probe(make_clip(tmp_path / "in.mp4", spec).path)
    times = [Fraction(9, 25), Fraction(0), Fraction(3, 25), Fraction(7, 50)]
    from videotoon.engine.pictures import planes_to_rgb

    shown = [
        measure.frame_number(planes_to_rgb(planes, info.colour).astype(np.uint8))
        for planes in frames_at(info, times)
    ]
    assert shown == [9, 0, 3, 3]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["in.mp4", "sheet.mp4"], 5, ["'sheet.mp4'", "not a picture", ".png"]),
        (["in.mp4", "sheet.png", "--at", "soon"], 2, ["--at", "'soon'", "not a time"]),
        (["in.mp4", "sheet.png", "--at", "9s"], 2, ["--at", "'9s'", "behind the end", "0.48 s"]),
        (["in.mp4", "sheet.png", "--at", "0," * 30], 2, ["--at", "30 moments", "24"]),
        (["in.mp4", "sheet.png", "--styles", "cel,ceel"], 6, ["'ceel'", "did you mean 'cel'"]),
        (["in.mp4", "in.mp4"], 5, ["'in.mp4'"]),
        (["gone.mp4", "sheet.png"], 3, ["'gone.mp4'", "does not exist"]),
        (["in.mp4", "no/sheet.png"], 5, ["'no'", "does not exist"]),
        (["in.mp4"], 2, ["SHEET is missing", "preview --help"]),
    ],
)
def test_refusals(refused: Refused, arguments: list[object], code: int, words: list[str]) -> None:
    refused(code, ["preview", *arguments], *words)


def test_existing_sheet(refused: Refused, desk: Desk) -> None:
    (desk.path / "sheet.png").write_bytes(b"precious")
    refused(5, ["preview", "in.mp4", "sheet.png"], "'sheet.png'", "exists", "--overwrite")


def test_moment_of_a_picture(refused: Refused, desk: Desk, small_picture: Path) -> None:
    shutil.copyfile(small_picture, desk.path / "photo.png")
    refused(2, ["preview", "photo.png", "sheet.png", "--at", "3"], "--at", "picture")


# --- drawing -----------------------------------------------------------------------------------


def test_pictures_lie_where_the_titles_are() -> None:
    red, blue = (
        np.full((60, 90, 3), (200, 0, 0), np.uint8),
        np.full((60, 90, 3), (0, 0, 200), np.uint8),
    )
    drawn = sheets.draw_sheet(["one", "two"], ["0:01.0"], [[red, blue]])
    reds = np.argwhere((drawn == (200, 0, 0)).all(axis=2))
    blues = np.argwhere((drawn == (0, 0, 200)).all(axis=2))
    assert len(reds) == len(blues) == 60 * 90
    assert reds[:, 1].max() < blues[:, 1].min()
    top = reds[:, 0].min()
    for found in (reds, blues):
        title = drawn[:top, found[:, 1].min() : found[:, 1].max()]
        assert title.min() < 100, "a title above the picture"
    assert drawn[:, : reds[:, 1].min()].min() < 100, "a label left of it"


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (13, 24), (2, 24), (13, 1)])
def test_sheets_have_a_sensible_size(columns: int, rows: int) -> None:
    for picture in (FrameSize(3840, 2160), FrameSize(540, 960), FrameSize(16, 16)):
        cell = sheets.cell_size(picture, columns, rows)
        assert columns * cell.width <= sheets.MAX_SHEET_SIDE
        assert rows * cell.height <= sheets.MAX_SHEET_SIDE
        assert cell.width <= picture.width
        assert cell.width / cell.height == pytest.approx(picture.width / picture.height, rel=0.2)


def test_letters_that_the_font_lacks() -> None:
    assert sheets.drawable("Hayaō 宮崎.onnx") == "Hayao ??.onnx"
    drawn = sheets.draw_sheet(["é 🎬"], [""], [[numbered(0, 64, 48)]])
    assert drawn.shape[2] == 3


def test_long_titles_are_cut() -> None:
    text = sheets.fitted("a very long name of a network", 12, 80)
    assert text.endswith("...")
    assert sheets.text_width(text, 12) <= 80
    assert sheets.fitted("cel", 12, 80) == "cel"


def test_labels() -> None:
    assert [in_minutes(Fraction(t)) for t in ("0", "9.96", "61.5", "600")] == [
        "0:00.0", "0:10.0", "1:01.5", "10:00.0",
    ]  # fmt: skip
    assert label_of("/a/b/net.onnx") == "net.onnx"
    assert label_of("cel") == "cel"


def test_pixels_that_are_not_square(desk: Desk, run_videotoon: RunVideotoon) -> None:
    make_clip(desk.path / "wide.mp4", ClipSpec(width=96, height=64, frames=2, sar=Fraction(2)))
    assert run_videotoon("preview", "wide.mp4", "sheet.png", "--at", "0").code == 0
    assert size_of(desk.path / "sheet.png")[0] > 4 * 96


def test_a_mixture_counts_among_the_styles():
    from videotoon.cli.preview import MAX_STYLES, columns_of
    from videotoon.errors import SettingsError
    from videotoon.settings import Settings

    names = ",".join(f"one{number}.onnx" for number in range(MAX_STYLES))
    with pytest.raises(SettingsError, match=f"--mix names {MAX_STYLES + 1} styles"):
        columns_of(names, Settings(mix="cel:1,hayao:1"))
