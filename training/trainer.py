"""The training loop: student, moving average of its weights, and the judge."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from tqdm import tqdm

from training import losses
from training.dataset import PreparedPart, recompressed, training_batch
from training.discriminator import PatchDiscriminator
from training.int8 import Int8Simulation
from training.journal import Journal
from training.measure import held_out_scores
from training.settings import TrainSettings, from_dict, to_dict
from training.stopping import stop_between_steps
from videotoon.engine.networks.student import (
    Planes,
    StudentNetwork,
    phases_to_planes,
    planes_to_phases,
)

Terms = dict[str, float]
Module = TypeVar("Module", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Where a run reads and writes, and how often."""

    prepared: Path
    out: Path
    resume: bool = False
    start_from: Path | None = None  # checkpoint or .safetensors whose weights are the start
    save_every: int = 500
    measure_every: int = 1000
    stop_after: int | None = None  # end early at this step, as an interruption would


def learning_rate(step: int, settings: TrainSettings) -> float:
    """Linear warm-up, then a cosine to 1/100 (Loshchilov and Hutter 2017)."""
    if step < settings.warm_up:
        return settings.rate * (step + 1) / settings.warm_up
    progress = (step - settings.warm_up) / max(1, settings.steps - settings.warm_up)
    return settings.rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress))))


class Trainer:
    """All state of a run and one step of it."""

    def __init__(self, settings: TrainSettings, train: PreparedPart, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.train = train
        self.redrawn = train.redrawn() if settings.augment.redrawn > 0 else None
        self.device = device
        self.student = _placed(StudentNetwork(settings.network), device)
        self.average = _placed(StudentNetwork(settings.network), device)
        self.average.load_state_dict(self.student.state_dict())
        self.int8 = Int8Simulation(self.student)
        self.judge = _placed(PatchDiscriminator(), device)
        self.optimiser = torch.optim.AdamW(
            self.student.parameters(), settings.rate, betas=(0.9, 0.99), weight_decay=1e-4
        )
        self.judge_optimiser = torch.optim.AdamW(
            self.judge.parameters(), settings.judge_rate, betas=(0.5, 0.99)
        )
        self.step = 0

    def state(self) -> dict[str, Any]:
        """Everything that :meth:`restore` needs to go on as if nothing had happened."""
        return {
            "settings": to_dict(self.settings),
            "step": self.step,
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            "judge": self.judge.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "judge_optimiser": self.judge_optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "int8_ranges": dict(self.int8.ranges),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a state that :meth:`state` gave."""
        self.step = state["step"]
        for name in ("student", "average", "judge", "optimiser", "judge_optimiser"):
            getattr(self, name).load_state_dict(state[name])
        torch.set_rng_state(state["random"])
        self.int8.ranges = dict(state.get("int8_ranges", {}))

    def begin_with(self, weights: dict[str, Tensor]) -> None:
        """Takes over the tensors that fit this shape of network; the others start fresh."""
        own = self.student.state_dict()
        fitting = {
            name: value
            for name, value in weights.items()
            if name in own and own[name].shape == value.shape
        }
        for network in (self.student, self.average):
            network.load_state_dict(own | fitting)

    def paint(self, planes: Planes) -> Planes:
        """The student's painting of planes, unclamped."""
        phase = self.settings.network.phase
        phases = planes_to_phases(planes, phase).contiguous(memory_format=torch.channels_last)
        with self._arithmetic():
            delta = (
                self.int8(phases) if self._begun(self.settings.int8_start) else self.student(phases)
            )
        return phases_to_planes(phases + delta.float(), phase)

    def advance(self) -> Terms:
        """One step of student and judge; the terms of the loss, unweighted."""
        settings = self.settings
        photo, target = (
            tuple(plane.to(self.device) for plane in planes)
            for planes in training_batch(
                self.train,
                settings.batch,
                settings.side,
                settings.seed,
                self.step,
                settings.augment,
                self.redrawn,
            )
        )
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, settings)
        painted, terms = self._student_terms(photo, target)  # type: ignore[arg-type]
        if self._judged():
            terms["adversarial"] = self._adversarial(painted, target)  # type: ignore[arg-type]
        weights = settings.weights
        total = sum(getattr(weights, name) * value for name, value in terms.items())
        assert isinstance(total, Tensor)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimiser.step()
        self._update_average()
        self.step += 1
        return {name: float(value.detach()) for name, value in terms.items()}

    def _student_terms(self, photo: Planes, target: Planes) -> tuple[Planes, dict[str, Tensor]]:
        settings, count = self.settings, self.settings.batch
        steady = settings.steady_crops if settings.weights.steadiness > 0 else 0
        shift, batch = (0, 0), photo
        if steady:
            shift, disturbed = self._disturbed(photo, steady)
            batch = _join(photo, disturbed)
        everything = self.paint(batch)
        painted = _slice(everything, 0, count)
        terms = {
            "pixel": losses.charbonnier(painted[0], target[0]),
            "chroma": losses.chroma_distance(painted, target),
            "edge": losses.edge_distance(painted[0], target[0]),
            "structure": losses.multi_scale_structure(painted, target),
        }
        if settings.weights.fidelity > 0:
            terms["fidelity"] = losses.fidelity(painted, target)
        if steady:
            expected = losses.shifted(_slice(painted, 0, steady), *shift)
            terms["steadiness"] = losses.steadiness(_slice(everything, count, None), expected)
        return painted, terms

    def _disturbed(self, photo: Planes, count: int) -> tuple[tuple[int, int], Planes]:
        """The first crops again: shifted by up to a pixel, noisy, brighter or coded lossily."""
        rng = np.random.default_rng([self.settings.seed, self.step, 1])
        shift = (int(rng.integers(-1, 2)), int(rng.integers(-1, 2)))
        moved = losses.shifted(_slice(photo, 0, count), *shift)
        gain, spread = 1.0 + rng.normal(0.0, 0.008), rng.uniform(0.5, 4.0) / 128.0
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        disturbed = []
        for plane, strength, factor in zip(moved, (1.0, 0.5, 0.5), (gain, 1.0, 1.0), strict=True):
            noise = torch.randn(plane.shape, generator=generator).to(plane.device)
            black = -0.875 if factor != 1.0 else 0.0  # code 16
            disturbed.append((plane - black) * factor + black + noise * (spread * strength))
        planes = (disturbed[0], disturbed[1], disturbed[2])
        if rng.random() < self.settings.steady_compression:
            y, u, v = (plane.to(self.device) for plane in recompressed(planes, rng))
            planes = (y, u, v)
        return shift, planes

    def _judged(self) -> bool:
        settings = self.settings
        return settings.weights.adversarial > 0 and self._begun(settings.adversarial_start)

    def _begun(self, share: float) -> bool:
        """Whether this share of the run is over."""
        return self.step >= share * self.settings.steps

    def _adversarial(self, painted: Planes, target: Planes) -> Tensor:
        """Trains the judge once and returns the student's adversarial term."""
        count, side = self.settings.adversarial_crops, self.settings.adversarial_side // 2
        rng = np.random.default_rng([self.settings.seed, self.step, 2])
        top, left = rng.integers(0, max(1, self.settings.side // 2 - side + 1), 2)
        fake, real = (
            planes_to_phases(_slice(planes, -count, None), 2)[
                :, :, top : top + side, left : left + side
            ]
            for planes in (painted, target)
        )
        fake = fake.contiguous(memory_format=torch.channels_last)
        real = real.contiguous(memory_format=torch.channels_last)
        with self._arithmetic():
            scores = self.judge(torch.cat([real, fake.detach()]))
        loss = losses.discriminator_loss(*scores.float().chunk(2))
        self.judge_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.judge_optimiser.step()
        self.judge.requires_grad_(False)
        with self._arithmetic():
            score = self.judge(fake)
        with torch.no_grad(), self._arithmetic():
            reference = self.judge(real)
        self.judge.requires_grad_(True)
        return losses.generator_adversarial_loss(reference.float(), score.float())

    def _arithmetic(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.half)

    def _update_average(self) -> None:
        decay = min(self.settings.average_decay, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for mean, value in zip(
                self.average.parameters(), self.student.parameters(), strict=True
            ):
                mean.lerp_(value, 1.0 - decay)


def _placed(module: Module, device: torch.device) -> Module:
    """The module on the device, its weights in the layout that convolutions like best."""
    placed: Module = cast(Any, module).to(device=device, memory_format=torch.channels_last)
    return placed


def _slice(planes: Planes, start: int, stop: int | None) -> Planes:
    return planes[0][start:stop], planes[1][start:stop], planes[2][start:stop]


def _join(one: Planes, other: Planes) -> Planes:
    first, second, third = (torch.cat(pair) for pair in zip(one, other, strict=True))
    return first, second, third


def run(settings: TrainSettings, plan: RunPlan) -> Path:
    """Trains to the end (or to ``plan.stop_after``) and returns the checkpoint's path.

    Raises:
        KeyboardInterrupt: After Ctrl-C, when the step is over and saved.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    checkpoint = plan.out / "checkpoint.pt"
    state = load_checkpoint(checkpoint) if plan.resume and checkpoint.exists() else None
    if state is not None:
        settings = from_dict(state["settings"])
    torch.set_num_threads(settings.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trainer = Trainer(settings, PreparedPart.load(plan.prepared, "train"), device)
    if state is not None:
        trainer.restore(state)
        print(f"going on at step {trainer.step} with the settings of {checkpoint}")
    elif plan.resume:
        print(f"there is no {checkpoint}: beginning at step 0")
    if state is None and plan.start_from is not None:
        trainer.begin_with(starting_weights(plan.start_from))
    held_out = PreparedPart.load(plan.prepared, "held_out")
    end = min(settings.steps, plan.stop_after or settings.steps)
    with Journal(plan.out, first=trainer.step) as journal, stop_between_steps() as asked:
        for _ in tqdm(range(trainer.step, end), initial=trainer.step, total=settings.steps):
            journal.add(trainer.step, trainer.advance())
            last = trainer.step == end
            if trainer.step % plan.measure_every == 0 or last:
                journal.measured(trainer.step, held_out_scores(trainer.average, held_out, 12))
            if trainer.step % plan.save_every == 0 or last or asked():
                save_checkpoint(trainer.state(), checkpoint)
            if asked():
                raise KeyboardInterrupt
    journal.plot()
    return checkpoint


def starting_weights(file: Path) -> dict[str, Tensor]:
    """Weights of a shipped ``.safetensors`` file, or the averaged ones of a checkpoint."""
    if file.suffix == ".safetensors":
        return load_file(file)
    averaged: dict[str, Tensor] = load_checkpoint(file)["average"]
    return averaged


def save_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Written beside the old one and then renamed, so that an interruption loses nothing."""
    fresh = path.with_suffix(".new")
    torch.save(state, fresh)
    fresh.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's contents, on the CPU; only plain values and tensors are accepted."""
    contents: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return contents
