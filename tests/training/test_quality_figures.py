"""The quality table says which targets and floors were missed."""

from benchmarks.quality_figures import Figures, missed

GOOD = Figures(
    style="hayao",
    scale="sd",
    ssim_to_target=0.93,
    psnr_to_target=30.0,
    ssim_to_photo=0.8,
    target_to_photo=0.8,
    int8_to_fp32=46.0,
    warping=0.9,
    bytes=400_000,
    milliseconds={"540×960": 8.0},
)


def with_(**changes: object) -> Figures:
    return Figures(**{**{name: getattr(GOOD, name) for name in Figures.__slots__}, **changes})


def test_good_figures_miss_nothing() -> None:
    assert missed(GOOD) == []


def test_between_floor_and_target_is_a_missed_target() -> None:
    assert missed(with_(ssim_to_target=0.91)) == ["SSIM target ≥ 0.92"]
    assert missed(with_(milliseconds={"540×960": 10.0})) == ["540×960 ms target ≤ 9"]


def test_below_the_floor_is_named_so() -> None:
    assert missed(with_(ssim_to_target=0.89)) == ["SSIM floor ≥ 0.9"]
    assert missed(with_(warping=1.2)) == ["warping floor ≤ 1.1"]
    assert missed(with_(int8_to_fp32=39.0)) == ["int8 floor ≥ 40"]
    assert missed(with_(bytes=1_100_000)) == ["kB floor ≤ 1000"]


def test_a_cartoon_must_differ_from_the_photograph() -> None:
    assert missed(with_(style="cel", ssim_to_photo=0.9)) == ["SSIM to photo floor ≤ 0.88"]
