"""Everything a training run depends on, frozen, and its form in a checkpoint."""

from dataclasses import asdict, dataclass, field
from typing import Any

from training.dataset import AugmentSettings
from training.losses import LossWeights
from videotoon.engine.networks.student import StudentConfig


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """A run; with the same settings and machine the result is the same."""

    network: StudentConfig = field(default_factory=StudentConfig)
    weights: LossWeights = field(default_factory=LossWeights)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    steps: int = 16000
    batch: int = 5
    side: int = 192  # of a crop, in luma pixels
    rate: float = 2e-3
    judge_rate: float = 4e-4
    warm_up: int = 200  # steps
    average_decay: float = 0.999
    adversarial_start: float = 0.5  # share of the run after which the judge joins in
    adversarial_crops: int = 4  # of a batch, judged
    adversarial_side: int = 112  # of the part of each that is judged
    int8_start: float = 1.0  # share of the run after which int8 arithmetic is simulated
    steady_crops: int = 2  # of a batch, painted a second time, disturbed
    steady_compression: float = 0.3  # share of steps in which lossy coding disturbs them, too
    seed: int = 1
    threads: int = 1  # more gain little with crops this small
    half: bool = True  # bfloat16 arithmetic where it is safe


def to_dict(settings: TrainSettings) -> dict[str, Any]:
    """Plain values, for checkpoints and metadata."""
    return asdict(settings)


def from_dict(values: dict[str, Any]) -> TrainSettings:
    """Inverse of :func:`to_dict`."""
    network = dict(values["network"])
    network["dilations"] = tuple(network["dilations"])
    return TrainSettings(
        **{
            **values,
            "network": StudentConfig(**network),
            "weights": LossWeights(**values["weights"]),
            "augment": AugmentSettings(**values["augment"]),
        }
    )
