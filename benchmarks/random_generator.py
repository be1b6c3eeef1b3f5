"""A checkpoint of AnimeGANv2's published architecture with random weights, for timing.

Speed does not depend on the weights' values, and the published ones need not be downloaded.
"""

from __future__ import annotations

from pathlib import Path


def random_checkpoint(path: Path) -> Path:
    """Write the checkpoint and return its path."""
    import torch
    from safetensors.torch import save_file

    from videotoon.engine.networks.animegan2 import AnimeGan2Generator

    torch.manual_seed(0)
    save_file(AnimeGan2Generator().state_dict(), str(path))
    return path
