"""Figures of a shipped network, and what they must reach: targets, and floors for shipping."""

from dataclasses import dataclass, field

SIZE_FLOOR = 1_000_000
INT8_FLOOR = 40.0
MILLISECONDS = {"540×960": (9.0, 12.0), "720p": (10.0, 15.0), "1080p": (18.0, 25.0)}
"""Target and floor of a frame's time in int8 on two cores of a Zen 5 processor."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Target and floor of one network's figures; None where there is none."""

    ssim: tuple[float, float]
    psnr: tuple[float, float] | None = None
    to_photo: tuple[float, float] | None = None  # likeness to the photograph: at most
    warping: tuple[float, float] | None = None


_OWN = Goal((0.92, 0.88), to_photo=(0.85, 0.88))

GOALS: dict[tuple[str, str], Goal] = {
    ("hayao", "sd"): Goal((0.92, 0.90), (29.5, 28.3), warping=(1.0, 1.1)),
    ("hayao", "hd"): Goal((0.86, 0.81), (27.0, 25.5)),
    ("shinkai", "sd"): Goal((0.90, 0.88), warping=(1.35, 1.35)),
    ("shinkai", "hd"): Goal((0.84, 0.79)),
    **{(style, scale): _OWN for style in ("cel", "cyberpunk", "cute") for scale in ("sd", "hd")},
}


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of the table; SSIM on RGB with 7x7 windows, PSNR in dB."""

    style: str
    scale: str
    ssim_to_target: float
    psnr_to_target: float
    ssim_to_photo: float
    target_to_photo: float
    int8_to_fp32: float
    warping: float | None
    bytes: int
    milliseconds: dict[str, float]


@dataclass(slots=True)
class _Findings:
    found: list[str] = field(default_factory=list)

    def at_least(self, name: str, value: float, bounds: tuple[float, float] | None) -> None:
        if bounds and value < bounds[0]:
            self._add(name, value < bounds[1], f"≥ {bounds[value < bounds[1]]:g}")

    def at_most(self, name: str, value: float, bounds: tuple[float, float] | None) -> None:
        if bounds and value > bounds[0]:
            self._add(name, value > bounds[1], f"≤ {bounds[value > bounds[1]]:g}")

    def _add(self, name: str, below_floor: bool, bound: str) -> None:
        self.found.append(f"{name} {'floor' if below_floor else 'target'} {bound}")


def missed(figures: Figures) -> list[str]:
    """What was not reached, such as ``SSIM target ≥ 0.92``; floors are named as floors."""
    findings = _Findings()
    goal = GOALS.get((figures.style, figures.scale))
    if goal is not None:
        findings.at_least("SSIM", figures.ssim_to_target, goal.ssim)
        findings.at_least("PSNR", figures.psnr_to_target, goal.psnr)
        findings.at_most("SSIM to photo", figures.ssim_to_photo, goal.to_photo)
        if figures.warping is not None:
            findings.at_most("warping", figures.warping, goal.warping)
    findings.at_least("int8", figures.int8_to_fp32, (45.0, INT8_FLOOR))
    findings.at_most("kB", figures.bytes / 1000, (500.0, SIZE_FLOOR / 1000))
    for name, milliseconds in figures.milliseconds.items():
        findings.at_most(f"{name} ms", milliseconds, MILLISECONDS.get(name))
    return findings.found
