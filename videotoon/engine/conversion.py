"""Torch checkpoints as OpenVINO graphs, converted once and kept.

Reading a checkpoint imports torch, which takes seconds. The graph is therefore kept in the
cache folder under the checkpoint's hash; later jobs open it without torch.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from videotoon.engine.style_files import read_sidecar
from videotoon.engine.weights import RgbContract, StyleNetwork
from videotoon.errors import BackendError
from videotoon.system.machine import cache_folder

if TYPE_CHECKING:
    from openvino import Model

CONVERSION: Final = 2
"""Raised when converted graphs change, so that older ones are left alone."""


def convert_checkpoint(network: StyleNetwork) -> Model:
    """A checkpoint as an OpenVINO graph with free height and width.

    Raises:
        StyleError: It cannot be read or holds another network.
        BackendError: It was not converted before and torch is missing.
    """
    import openvino

    kept = _kept_path(network)
    if kept.with_suffix(".bin").is_file():
        with contextlib.suppress(RuntimeError):  # damaged: convert anew
            return openvino.Core().read_model(kept)
    model = _checkpoints().to_openvino(network)
    with contextlib.suppress(OSError, RuntimeError):  # a cache that cannot be written
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f"{kept.stem}.{os.getpid()}.xml")
        openvino.save_model(model, part, compress_to_fp16=False)
        part.with_suffix(".bin").replace(kept.with_suffix(".bin"))
        part.replace(kept)
    return model


def describe_checkpoint(network: StyleNetwork) -> StyleNetwork:
    """Complete the description of a checkpoint, without torch where it was done before.

    Raises:
        StyleError: It cannot be read or holds another network.
        BackendError: It was not described before and torch is missing.
    """
    notes = _kept_path(network).with_suffix(".json")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return _with_facts(network, json.loads(notes.read_text(encoding="utf-8")))
    described: StyleNetwork = _checkpoints().describe(network)
    facts = {
        "kind": described.kind,
        "phase": described.phase,
        "stride": described.stride,
        "receptive_field": described.receptive_field,
        "rgb": None if described.rgb is None else asdict(described.rgb),
    }
    with contextlib.suppress(OSError):
        notes.parent.mkdir(parents=True, exist_ok=True)
        part = notes.with_name(f"{notes.stem}.{os.getpid()}.json")
        part.write_text(json.dumps(facts), encoding="utf-8")
        part.replace(notes)
    return described


def _with_facts(network: StyleNetwork, facts: dict[str, Any]) -> StyleNetwork:
    rgb = facts.pop("rgb")
    if rgb is not None:
        for key in ("input_range", "output_range"):
            rgb[key] = tuple(rgb[key])
        rgb = RgbContract(**rgb)
    return replace(network, rgb=rgb, **facts)


def _kept_path(network: StyleNetwork) -> Path:
    corners = "" if read_sidecar(network.path).get("align_corners", True) else "-free"
    name = f"{network.files[0].sha256[:32]}{corners}-{CONVERSION}.xml"
    return cache_folder() / "converted" / name


def _checkpoints() -> Any:
    try:
        from videotoon.engine import checkpoints
    except ImportError as error:
        raise BackendError(
            f"opening a checkpoint needs torch ({error})", "pip install 'videotoon[torch]'"
        ) from error
    return checkpoints
