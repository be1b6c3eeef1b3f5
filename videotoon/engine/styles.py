"""The catalogue of bundled styles, and finding a style by name or path.

Reading it needs no inference engine: names, licences and hashes come from ``manifest.toml``. What
a foreign network's graph says about itself is added later by :mod:`videotoon.engine.foreign`.
"""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from videotoon.engine.base import BackendName, Precision
from videotoon.engine.weights import (
    FORMS,
    TORCH_FORMS,
    NetworkForm,
    NetworkKind,
    RgbContract,
    Scale,
    StyleNetwork,
    WeightFile,
    file_sha256,
    rgb_contract,
)
from videotoon.errors import StyleError, WeightsError
from videotoon.frame import FrameSize
from videotoon.settings import DetailChoice

__all__ = [
    "Catalogue",
    "NetworkForm",
    "NetworkKind",
    "RgbContract",
    "Scale",
    "Style",
    "StyleInfo",
    "StyleNetwork",
    "WeightFile",
    "file_sha256",
    "load_catalogue",
    "require_commercial_use",
    "resolve_style",
    "weights_folder",
]

MANIFEST_FORMAT: Final = 1
SMALL_SIDE: Final = 640
"""Pictures whose shorter side is at most this take the ``sd`` network, with finer lines."""


@dataclass(frozen=True, slots=True)
class StyleInfo:
    """What a user should know about a style.

    Attributes:
        name: What ``--style`` takes.
        title: One line.
        licence: Licence of the weights.
        commercial: Whether the licence allows commercial use; None if nobody said.
        source: Where the weights come from.
        card: Model card, or None.
    """

    name: str
    title: str
    licence: str
    commercial: bool | None
    source: str
    card: Path | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """A style with all its networks.

    Attributes:
        info: Facts for people.
        networks: At least one.
        sidecar: Content of the ``.toml`` beside a foreign file.
    """

    info: StyleInfo
    networks: tuple[StyleNetwork, ...]
    sidecar: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bundled(self) -> bool:
        """True for styles of the package, False for files."""
        return self.networks[0].bundled

    def precisions(self, backend: BackendName) -> tuple[Precision, ...]:
        """Stored precisions among the networks that a backend can open."""
        return tuple(dict.fromkeys(network.precision for network in self._readable(backend)))

    def network(
        self, size: FrameSize, detail: DetailChoice, backend: BackendName, precision: Precision
    ) -> StyleNetwork:
        """Pick the network for a painting size.

        Args:
            size: Size at which will be painted.
            detail: ``sd``, ``hd`` or ``auto`` (by the shorter side).
            backend: Engine that will run it.
            precision: Arithmetic; ``int8`` needs a network stored so, the others must not be.

        Returns:
            The network of the wanted scale, or of the only scale there is.

        Raises:
            StyleError: No network of this style fits.
        """
        integer = precision == "int8"
        fitting = [n for n in self._readable(backend) if (n.precision == "int8") == integer]
        if not fitting:
            stored = ", ".join(self.precisions(backend)) or "nothing"
            raise StyleError(
                f"style {self.info.name!r} has no {precision} network for {backend}",
                f"it holds {stored} for that engine; choose another --precision or --backend",
            )
        scale = detail if detail != "auto" else ("sd" if size.short_side <= SMALL_SIDE else "hd")
        return next((n for n in fitting if n.scale == scale), fitting[0])

    def _readable(self, backend: BackendName) -> list[StyleNetwork]:
        if not self.bundled:
            return [n for n in self.networks if n.decibels is None or backend == "openvino"]
        own = [n for n in self.networks if (n.form in TORCH_FORMS) == (backend == "torch")]
        return sorted(own, key=lambda network: network.precision != "fp32")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All bundled styles.

    Attributes:
        folder: Where the manifest lies.
        default: Name of the style taken when none is named.
        styles: By name, in the manifest's order.
    """

    folder: Path
    default: str
    styles: Mapping[str, Style]


def weights_folder() -> Path:
    """Folder of the bundled weights: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_weights"
    return inside if inside.is_dir() else package.parent / "weights"


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read the manifest of the bundled styles (or of another folder).

    Raises:
        WeightsError: There is no manifest, or it is not one.
    """
    return _read_catalogue(folder or weights_folder())


def resolve_style(text: str, catalogue: Catalogue | None = None) -> Style:
    """Find a style by name or path.

    Args:
        text: Name of a bundled or fetched style, or path of a network file.
        catalogue: Where names are looked up; the bundled styles by default.

    Raises:
        StyleError: Neither a known name (the nearest is suggested) nor a usable path.
        WeightsError: A style that can be fetched but was not yet, or was altered since.
    """
    suffix = Path(text).suffix.lower()
    if suffix in FORMS or "/" in text or "\\" in text or Path(text).is_file():
        from videotoon.engine.style_files import style_of_file

        return style_of_file(Path(text).expanduser())
    catalogue = catalogue or load_catalogue()
    if text in catalogue.styles:
        return catalogue.styles[text]
    from videotoon.weights_store.styles import fetched_style

    if fetched := fetched_style(text):
        return fetched
    near = difflib.get_close_matches(text.lower(), list(catalogue.styles), n=1, cutoff=0.4)
    known = ", ".join(catalogue.styles)
    cure = f"did you mean {near[0]!r}? " if near else ""
    raise StyleError(
        f"there is no style {text!r}",
        f"{cure}Known: {known}; or give a file ({' '.join(FORMS)})",
    )


def require_commercial_use(style: Style) -> None:
    """Refuse a style whose licence forbids commercial use, or does not say.

    Raises:
        StyleError: It may not be used commercially as far as is known.
    """
    if style.info.commercial:
        return
    if style.info.commercial is None:
        raise StyleError(
            f"nobody stated whether {style.info.name!r} allows commercial use",
            f"write `commercial = true` to {style.info.name}.toml beside it if it does",
        )
    raise StyleError(
        f"style {style.info.name!r} forbids commercial use (licence: {style.info.licence})",
        "choose another style (`videotoon styles`) or leave out --commercial-ok",
    )


@functools.lru_cache(maxsize=16)
def _read_catalogue(folder: Path) -> Catalogue:
    path = folder / "manifest.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(
            f"no bundled styles: cannot read {path}: {error.strerror or error}",
            "install videotoon again, or give a network file with --style",
        ) from error
    except ValueError as error:
        raise WeightsError(f"{path} is damaged: {error}", "install videotoon again") from error
    if content.get("format") != MANIFEST_FORMAT:
        raise WeightsError(
            f"{path} has format {content.get('format')}, this version reads {MANIFEST_FORMAT}",
            "install videotoon again",
        )
    try:
        networks = [_bundled_network(folder, entry) for entry in content["network"]]
        styles = {
            name: Style(
                StyleInfo(
                    name=name,
                    title=entry["title"],
                    licence=entry["licence"],
                    commercial=entry["commercial"],
                    source=entry["source"],
                    card=folder / entry["card"] if "card" in entry else None,
                ),
                tuple(network for network in networks if network.style == name),
            )
            for name, entry in content["style"].items()
        }
        return Catalogue(folder, content["default"], styles)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is damaged: {error!r}", "install videotoon again") from error


def _bundled_network(folder: Path, entry: Mapping[str, Any]) -> StyleNetwork:
    network = StyleNetwork(
        style=entry["style"],
        kind=entry.get("kind", "phases"),
        form=entry["form"],
        files=tuple(
            WeightFile(folder / file["path"], file["sha256"].lower(), file["bytes"])
            for file in entry["files"]
        ),
        scale=entry["scale"],
        precision=entry["precision"],
        phase=entry.get("phase", 0),
        stride=entry.get("stride", 1),
        receptive_field=entry.get("receptive_field", 0),
        bundled=True,
    )
    if not network.files:
        raise ValueError(f"network {network.name} has no files")
    if network.kind == "rgb":
        return replace(network, rgb=rgb_contract(entry))
    if network.phase not in (2, 4, 8) or network.stride % network.phase:
        raise ValueError(f"network {network.name}: phase {network.phase}, stride {network.stride}")
    return network
