"""A checkpoint of AnimeGANv2's published architecture with random weights, for timing.

Speed does not depend on the weights' values, and the published ones need not be downloaded.
"""

from __future__ import annotations

from pathlib import Path

from videotoon.errors import BackendError, WeightsError


def random_checkpoint(path: Path) -> Path:
    """Write the checkpoint and return its path."""
    import torch
    from safetensors.torch import save_file

    from videotoon.engine.networks.animegan2 import AnimeGan2Generator

    torch.manual_seed(0)
    save_file(AnimeGan2Generator().state_dict(), str(path))
    return path


def int8_form_made(checkpoint: str) -> bool:
    """Make the checkpoint's int8 form in the cache unless it is there; tell whether it is good."""
    from videotoon.engine.quantise import quantise_style
    from videotoon.engine.styles import resolve_style

    style = resolve_style(checkpoint)
    if any(network.precision == "int8" for network in style.networks):
        return True
    try:
        quantise_style(style)
    except (BackendError, WeightsError) as error:
        print(f"int8 of the 8 MB architecture is left out: {error}", flush=True)
        return False
    return True
