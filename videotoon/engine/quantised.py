"""int8 forms of networks that came as files: where they are kept, and finding them again.

They are made by :mod:`videotoon.engine.quantise` and kept in the user's cache, under a name that
says from which weights, read how, and by which recipe. Nothing here needs more than the engine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from videotoon.engine.weights import RgbContract, StyleNetwork, WeightFile, file_sha256
from videotoon.errors import OutputError, WeightsError
from videotoon.frame import FrameSize
from videotoon.system.machine import cache_folder

if TYPE_CHECKING:
    from openvino import Model

RECIPE: Final = 1
"""Raised when int8 forms are made in another way, so that older ones are left alone."""

LEAST_DECIBELS: Final = 35.0
"""Peak signal-to-noise ratio to fp32 that an int8 form must reach on every held-out picture."""

READING_KEYS: Final = (
    "align_corners", "channels", "input_range", "layout", "least", "multiple", "output_range",
    "range",
)  # fmt: skip
"""What a sidecar may say that changes what the network computes or is given."""


@dataclass(frozen=True, slots=True)
class KeptForm:
    """An int8 form in the cache, whatever became of its source.

    Attributes:
        made_from: Name of the file it was made from; empty if unknown.
        path: Its graph.
        decibels: Peak signal-to-noise ratio to fp32 on the worst held-out picture; 0 if unknown.
        problem: What is wrong with it, empty if nothing.
    """

    made_from: str
    path: Path
    decibels: float
    problem: str = ""


def kept_forms() -> Iterator[KeptForm]:
    """Hash all int8 forms in the cache that this version would use."""
    for notes in sorted((cache_folder() / "quantised").glob(f"*-{RECIPE}.json")):
        graph = notes.with_suffix(".xml")
        try:
            facts = json.loads(notes.read_text(encoding="utf-8"))
            name, decibels = str(facts["made_from"]), float(facts["decibels"])
            hashes = {suffix: str(facts["sha256"][suffix]) for suffix in (".xml", ".bin")}
        except (OSError, ValueError, KeyError, TypeError):
            yield KeptForm("", graph, 0.0, f"{notes} is not readable")
            continue
        yield KeptForm(name, graph, decibels, _damage(graph, hashes))


def _damage(graph: Path, hashes: Mapping[str, str]) -> str:
    for suffix, wanted in hashes.items():
        file = graph.with_suffix(suffix)
        try:
            found = file_sha256(file)
        except (OSError, WeightsError):
            return f"{file} is missing or not readable"
        if found != wanted:
            return f"{file} was altered"
    return ""


def quantised_form(network: StyleNetwork, sidecar: Mapping[str, Any]) -> StyleNetwork | None:
    """Return the accepted int8 form of a network, or None if there is none that is whole.

    Args:
        network: A network given as a file.
        sidecar: Content of the ``.toml`` beside it.
    """
    notes = _notes_path(network, sidecar)
    try:
        facts = json.loads(notes.read_text(encoding="utf-8"))
        form = _form(network, notes, facts)
        whole = all(file_sha256(file.path) == file.sha256 for file in form.files)
    except (OSError, ValueError, KeyError, TypeError, WeightsError):
        return None
    good = form.decibels is not None and form.decibels >= LEAST_DECIBELS
    return form if whole and good else None


def keep_form(
    network: StyleNetwork, sidecar: Mapping[str, Any], model: Model, decibels: float
) -> StyleNetwork:
    """Keep an accepted int8 form; it is found only when all of it is written.

    Args:
        network: What it was made from, with its contract.
        sidecar: Content of the ``.toml`` beside it.
        model: The int8 graph.
        decibels: Peak signal-to-noise ratio to fp32 on the worst held-out picture.

    Raises:
        OutputError: The cache cannot be written.
    """
    import openvino

    assert network.rgb is not None
    notes = _notes_path(network, sidecar)
    part = notes.with_name(f"{notes.stem}.{os.getpid()}.xml")
    try:
        notes.parent.mkdir(parents=True, exist_ok=True)
        openvino.save_model(model, part, compress_to_fp16=False)
        facts = {
            "made_from": network.path.name,
            "decibels": decibels,
            "rgb": asdict(network.rgb),
            "sha256": {s: file_sha256(part.with_suffix(s)) for s in (".xml", ".bin")},
        }
        # The notes come last: without them, or with others', the files do not count.
        for suffix in (".bin", ".xml"):
            part.with_suffix(suffix).replace(notes.with_suffix(suffix))
        part.with_suffix(".json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        part.with_suffix(".json").replace(notes)
    except (OSError, RuntimeError, WeightsError) as error:
        raise OutputError(
            f"the int8 network cannot be kept in {notes.parent} ({error})",
            "free space there, or name another cache with VIDEOTOON_CACHE",
        ) from error
    finally:
        for suffix in (".bin", ".xml", ".json"):
            with contextlib.suppress(OSError):
                part.with_suffix(suffix).unlink(missing_ok=True)
    return _form(network, notes, facts)


def _notes_path(network: StyleNetwork, sidecar: Mapping[str, Any]) -> Path:
    read_as = {key: sidecar[key] for key in READING_KEYS if key in sidecar}
    source = [[file.sha256 for file in network.files], read_as]
    digest = hashlib.sha256(json.dumps(source, sort_keys=True, default=str).encode()).hexdigest()
    return cache_folder() / "quantised" / f"{digest[:32]}-{RECIPE}.json"


def _form(network: StyleNetwork, notes: Path, facts: Mapping[str, Any]) -> StyleNetwork:
    files = tuple(
        WeightFile(notes.with_suffix(suffix), facts["sha256"][suffix], path.stat().st_size)
        for suffix in (".xml", ".bin")
        if (path := notes.with_suffix(suffix))
    )
    return replace(
        network,
        kind="rgb",
        form="openvino",
        files=files,
        precision="int8",
        rgb=_contract(dict(facts["rgb"])),
        decibels=float(facts["decibels"]),
    )


def _contract(values: dict[str, Any]) -> RgbContract:
    for key in ("input_range", "output_range"):
        low, high = values[key]
        values[key] = (float(low), float(high))
    if values["fixed"] is not None:
        values["fixed"] = FrameSize(**values["fixed"])
    return RgbContract(**values)
