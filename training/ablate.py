"""What each loss term is worth: short equal runs, each with one term switched off."""

from dataclasses import fields, replace
from pathlib import Path

from training.dataset import PreparedPart
from training.losses import LossWeights
from training.measure import held_out_scores, paint_planes
from training.settings import TrainSettings
from training.steadiness import flicker_ratio
from training.trainer import RunPlan, load_checkpoint, run
from videotoon.engine.networks.student import StudentNetwork


def ablate(settings: TrainSettings, prepared: Path, out: Path, clip: Path) -> str:
    """Trains with every term, then without each; a Markdown table of the held-out figures."""
    variants = {"all terms": settings.weights}
    for field in fields(LossWeights):
        variants[f"without {field.name}"] = replace(settings.weights, **{field.name: 0.0})
    held_out = PreparedPart.load(prepared, "held_out")
    rows = ["| run | SSIM | PSNR, dB | warping / source |", "|---|---|---|---|"]
    for name, weights in variants.items():
        folder = out / name.replace(" ", "_")
        checkpoint = run(replace(settings, weights=weights), RunPlan(prepared, folder))
        network = StudentNetwork(settings.network)
        network.load_state_dict(load_checkpoint(checkpoint)["average"])
        network.eval()
        scores = held_out_scores(network, held_out)
        warping = "not measured"
        if clip.exists():
            ratio = flicker_ratio(clip, lambda y, c, n=network: paint_planes(n, y, c))  # type: ignore[misc]
            warping = f"{ratio:.2f}"
        rows.append(f"| {name} | {scores['ssim']:.3f} | {scores['psnr']:.2f} | {warping} |")
        print(rows[-1], flush=True)
    table = "\n".join(rows) + "\n"
    (out / "table.md").write_text(table)
    return table
