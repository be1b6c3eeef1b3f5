"""``--mix``: what is read, and that mixtures lie on a straight line between their styles."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.engine.conftest import random_planes
from videotoon.engine.mix import MixedPainting, MixedStyle, mix_planes, part_settings
from videotoon.engine.open import OpenedStyle, open_style
from videotoon.engine.styliser import Styliser
from videotoon.engine.windows import change_only
from videotoon.errors import BackendError, SettingsError, StyleError
from videotoon.frame import BT709, FrameSize, Planes
from videotoon.mixture import parse_mix, spell_mix
from videotoon.settings import BackendChoice, Settings

SIZE = FrameSize(51, 38)
FAST: dict[str, Any] = {"precision": "fp32"}


def weights_of(text: str) -> dict[str, float]:
    return {share.style: round(share.weight, 6) for share in parse_mix(text)}


def paint(settings: Settings, catalogue, planes: Planes, **options) -> Planes:
    opened = open_style(settings, planes.size, BT709, streams=1, catalogue=catalogue, **options)
    return opened.session().paint(planes)


def greatest_difference(one: Planes, other: Planes) -> float:
    pairs = zip(one.colour_planes, other.colour_planes, strict=True)
    return max(float(np.abs(a.astype(float) - b).max()) for a, b in pairs)


def equal(one: Planes, other: Planes) -> bool:
    return greatest_difference(one, other) == 0


def test_reading():
    assert weights_of("hayao:0.6,shinkai:0.4") == {"hayao": 0.6, "shinkai": 0.4}
    assert weights_of(" a:3 , b:1 ") == {"a": 0.75, "b": 0.25}
    assert weights_of("C:\\net.onnx:.5,b:0.5,c:1.") == {"C:\\net.onnx": 0.25, "b": 0.25, "c": 0.5}
    assert spell_mix(parse_mix("a:3,b:1")) == "a:0.75,b:0.25"
    assert parse_mix(spell_mix(parse_mix("a:3,b:1"))) == parse_mix("a:3,b:1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no style with a weight - write it like"),
        ("hayao", "'hayao' is no style with a weight"),
        ("hayao:0.6,", "'' is no style"),
        ("hayao:0.6,shinkai", "'shinkai' is no style"),
        ("hayao:much,b:1", "'hayao:much'"),
        ("hayao:-1,b:1", "'hayao:-1'"),
        ("hayao:nan,b:1", "'hayao:nan'"),
        ("hayao:1e3,b:1", "'hayao:1e3'"),
        (":1,b:1", "':1'"),
        ("a:0,b:1", "the weight of 'a' is 0"),
        ("a:1", "1 styles instead of 2 to 4 - for one alone use --style a"),
        ("a:1,a:2", "names 'a' twice"),
        ("a:1,b:1,c:1,d:1,e:1", "5 styles instead of 2 to 4"),
    ],
)
def test_unreadable(text: str, message: str):
    with pytest.raises(SettingsError, match=message):
        Settings(mix=text)


def test_all_of_one_style_is_that_style(catalogue):
    planes = random_planes(SIZE, alpha=True)
    alone = paint(Settings(style="p2", **FAST), catalogue, planes)
    mixed = paint(Settings(mix="p2:999999,p4:1", **FAST), catalogue, planes)
    assert equal(alone, mixed)
    assert mixed.alpha is not None
    assert planes.alpha is not None
    assert np.array_equal(mixed.alpha, planes.alpha)
    opened = open_style(Settings(style="p2", **FAST), SIZE, BT709, streams=1, catalogue=catalogue)
    single = MixedPainting(opened.compiled.spec, (opened.compiled,), (1.0,))
    assert equal(single.session().paint(planes), alone)


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_halves_are_the_mean(catalogue, backend: BackendChoice):
    planes = random_planes(SIZE, 3)
    first, second = (
        paint(Settings(style=name, backend=backend, **FAST), catalogue, planes)
        for name in ("p2", "p4")
    )
    assert greatest_difference(first, second) > 20, "the random styles must differ"
    mixed = paint(Settings(mix="p2:1,p4:1", backend=backend, **FAST), catalogue, planes)
    for one, other, found in zip(
        first.colour_planes, second.colour_planes, mixed.colour_planes, strict=True
    ):
        mean = (one.astype(float) + other) / 2
        assert np.abs(found - mean).max() <= 0.5, "rounded once"


def test_goes_from_one_to_the_other_in_a_straight_line(catalogue):
    planes = random_planes(SIZE, 5)
    ends = [paint(Settings(style=name, **FAST), catalogue, planes) for name in ("p2", "p4")]
    direction = np.sign(ends[1].y.astype(int) - ends[0].y)
    before = ends[0].y.astype(int)
    for step in range(1, 20):
        share = step / 20
        mixed = paint(Settings(mix=f"p2:{1 - share:.2f},p4:{share}", **FAST), catalogue, planes)
        found = mixed.y.astype(int)
        assert ((found - before) * direction >= 0).all(), "monotone"
        expected = (1 - share) * ends[0].y + share * ends[1].y
        assert np.abs(found - expected).max() <= 0.501
        before = found
    assert ((ends[1].y - before) * direction >= 0).all()


def test_more_than_two_are_rounded_once():
    pictures = [random_planes(SIZE, seed) for seed in range(4)]
    weights = (0.1, 0.2, 0.3, 0.4)
    mixed = mix_planes(pictures, weights)
    for index, plane in enumerate(mixed.colour_planes):
        exact = sum(
            weight * picture.colour_planes[index].astype(float)
            for weight, picture in zip(weights, pictures, strict=True)
        )
        assert np.abs(plane - exact).max() <= 0.501
        assert plane.flags.owndata or plane.base is not None
    assert equal(mix_planes(pictures[:1], (1.0,)), pictures[0])


@pytest.mark.parametrize("size", [FrameSize(1, 1), FrameSize(1, 7), FrameSize(9, 1)])
def test_smallest_pictures(catalogue, size: FrameSize):
    planes = random_planes(size)
    assert paint(Settings(mix="p2:1,p4:1", **FAST), catalogue, planes).size == size


def test_adjustments_are_applied_to_the_mixture(catalogue):
    planes = random_planes(SIZE, 7)
    mixed = Settings(mix="p2:0.5,p4:0.5", **FAST)
    full = paint(mixed, catalogue, planes)
    assert equal(paint(replace(mixed, strength=0.0), catalogue, planes), planes)
    half = paint(replace(mixed, strength=0.5), catalogue, planes)
    for original, painted, found in zip(
        planes.colour_planes, full.colour_planes, half.colour_planes, strict=True
    ):
        assert np.abs(found - (original.astype(float) + painted) / 2).max() <= 0.5
    grey = paint(replace(mixed, color_shift=0.0), catalogue, planes)
    assert np.array_equal(grey.u, planes.u)
    assert np.array_equal(grey.y, full.y)


def test_painted_smaller(catalogue):
    size = FrameSize(200, 120)
    planes = random_planes(size)
    settings = Settings(mix="p2:0.5,p4:0.5", max_side=100, **FAST)
    opened = open_style(settings, size, BT709, streams=1, catalogue=catalogue)
    assert opened.painting_size == FrameSize(100, 60)
    assert opened.session().paint(planes).size == size
    alone = paint(Settings(style="p2", max_side=100, **FAST), catalogue, planes)
    mostly = paint(replace(settings, mix="p2:999999,p4:1"), catalogue, planes)
    assert equal(alone, mostly)


def test_batches(catalogue):
    settings = Settings(mix="p2:1,p4:3", **FAST)
    opened = open_style(settings, SIZE, BT709, streams=1, batch=3, catalogue=catalogue)
    pictures = [random_planes(SIZE, seed) for seed in range(3)]
    together = opened.session().paint_batch(pictures)
    for picture, painted in zip(pictures, together, strict=True):
        assert equal(painted, opened.session().paint(picture))
    with pytest.raises(ValueError, match="4 pictures for a session of batch 3"):
        opened.session().paint_batch([*pictures, pictures[0]])


def test_networks_of_different_kinds(catalogue, make_onnx):
    path = make_onnx("brighter", last="Tanh", shift=0.2)
    planes = random_planes(FrameSize(64, 48))
    first = paint(Settings(style="p4", **FAST), catalogue, planes)
    second = paint(Settings(style=str(path), **FAST), catalogue, planes)
    mixed = paint(Settings(mix=f"p4:1,{path}:3", **FAST), catalogue, planes)
    assert np.abs(mixed.y - (0.25 * first.y + 0.75 * second.y)).max() <= 0.501


def test_behaves_like_an_opened_style(catalogue):
    settings = Settings(mix="p2:1,p4:3", workers=3)
    opened = open_style(settings, SIZE, BT709, catalogue=catalogue)
    assert isinstance(opened, MixedStyle)
    assert isinstance(opened, OpenedStyle)
    assert opened.streams == 3
    facts = opened.describe()
    assert json.loads(json.dumps(facts)) == facts
    alone = open_style(Settings(style="p2"), SIZE, BT709, catalogue=catalogue).describe()
    assert facts.keys() == alone.keys()
    assert facts["style"] == "p2:0.25,p4:0.75"
    assert facts["network"] == "p2-sd-fp32, p4-sd-fp32"
    assert facts["backend"] == "openvino"
    assert set(facts["sha256"]) == {"p2/sd.xml", "p2/sd.bin", "p4/sd.xml", "p4/sd.bin"}
    heaviest = open_style(Settings(style="p4"), SIZE, BT709, catalogue=catalogue).network
    assert replace(opened.network, style="p4") == heaviest, "the one with the largest weight"
    assert opened.network != heaviest
    assert opened.network.name == "p2:0.25,p4:0.75-sd-fp32"
    assert replace(opened, streams=1).describe()["streams"] == 1
    assert change_only(opened, settings) is None


def test_licence_of_every_part_counts(catalogue):
    mixed = Settings(mix="p2:1,locked:0.01")
    style = open_style(mixed, SIZE, BT709, streams=1, catalogue=catalogue).style
    assert style.info.commercial is False
    assert style.info.licence == "p2: MIT; locked: CC BY-NC 4.0"
    with pytest.raises(StyleError, match="'locked' forbids commercial use"):
        open_style(replace(mixed, commercial_ok=True), SIZE, BT709, catalogue=catalogue)
    allowed = Settings(mix="p2:1,p4:1", commercial_ok=True)
    assert open_style(allowed, SIZE, BT709, catalogue=catalogue).style.info.commercial


def test_unusable_parts(catalogue):
    with pytest.raises(StyleError, match="no style 'lockd'"):
        open_style(Settings(mix="p2:1,lockd:1"), SIZE, BT709, catalogue=catalogue)
    with pytest.raises(BackendError, match="int8 is not possible for style 'p2'"):
        open_style(Settings(mix="p2:1,p4:1", precision="int8"), SIZE, BT709, catalogue=catalogue)


def test_pictures(catalogue):
    picture = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    paint_mixed = Styliser(mix="p2:1,p4:1", catalogue=catalogue)
    painted = paint_mixed(picture)
    assert painted.shape == picture.shape
    assert not np.array_equal(painted, Styliser(style="p2", catalogue=catalogue)(picture))
    assert paint_mixed.describe()["style"] == "p2:0.5,p4:0.5"


def test_settings_of_the_parts():
    settings = Settings(mix="a:1,b:3", strength=0.5, max_side=100, detail="hd")
    parts = part_settings(settings)
    assert [part.style for part in parts] == ["a", "b"]
    assert all(part.mix is None and part.strength == 1.0 for part in parts)
    assert all(part.max_side is None and part.detail == "hd" for part in parts)
    assert part_settings(Settings(style="a")) == (Settings(style="a"),)
    assert "mix" in settings.result_key()
    assert settings.with_style("c") == replace(settings, style="c", mix=None)
