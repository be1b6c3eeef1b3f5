"""The catalogue of bundled styles, and styles given as files.

Reading it needs no inference engine: names, licences and hashes come from ``manifest.toml``. What
a foreign network's graph says about itself is added later by :mod:`videotoon.engine.foreign`.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from videotoon.engine.base import BackendName, Precision
from videotoon.errors import StyleError, WeightsError
from videotoon.frame import FrameSize
from videotoon.settings import DetailChoice

NetworkKind = Literal["phases", "rgb"]
NetworkForm = Literal["openvino", "safetensors", "pytorch", "onnx", "tensorflow", "tflite"]
Scale = Literal["sd", "hd"]
Layout = Literal["NHWC", "NCHW"]

MANIFEST_FORMAT: Final = 1
SMALL_SIDE: Final = 640
"""Pictures whose shorter side is at most this take the ``sd`` network, with finer lines."""

FORMS: Final[Mapping[str, NetworkForm]] = {
    ".pt": "pytorch",
    ".pth": "pytorch",
    ".safetensors": "safetensors",
    ".onnx": "onnx",
    ".pb": "tensorflow",
    ".tflite": "tflite",
    ".xml": "openvino",
}
"""Suffixes of files that can be a style."""

TORCH_FORMS: Final[tuple[NetworkForm, ...]] = ("pytorch", "safetensors")


@dataclass(frozen=True, slots=True)
class RgbContract:
    """What a network that paints RGB expects and returns.

    Attributes:
        layout: Order of the input's axes.
        output_layout: Order of the output's axes.
        channels: Order of the colour channels, in and out.
        input_range: Values of black and white at the input.
        output_range: Values of black and white at the output.
        fixed: Size it is fixed at, or None if it takes any.
        multiple: Sides must be multiples of this.
        least: Shortest side it takes.
        range_source: How the ranges were found: ``stated``, ``graph`` or ``probed``.
    """

    layout: Layout = "NCHW"
    output_layout: Layout = "NCHW"
    channels: Literal["RGB", "BGR"] = "RGB"
    input_range: tuple[float, float] = (-1.0, 1.0)
    output_range: tuple[float, float] = (-1.0, 1.0)
    fixed: FrameSize | None = None
    multiple: int = 1
    least: int = 1
    range_source: Literal["stated", "graph", "probed"] = "stated"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a network with its pinned content.

    Attributes:
        path: Where it lies.
        sha256: Hash of its content, lower-case hexadecimal.
        size: Its length in bytes.
    """

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class StyleNetwork:
    """One network of a style, as stored.

    Attributes:
        style: Name of the style.
        kind: ``phases`` (ours: planes in, planes out) or ``rgb``.
        form: File format.
        files: All files it consists of; the first is the one to open.
        scale: ``sd`` or ``hd`` for bundled networks, None for foreign ones.
        precision: Stored precision.
        phase: Space-to-depth factor (``phases`` only).
        stride: Sides must be multiples of this many luma pixels (``phases`` only).
        receptive_field: Width in luma pixels of what one pixel depends on; 0 = the whole picture.
        rgb: Contract of an ``rgb`` network; None until its graph was read.
        bundled: True if it ships with the package and its hash is pinned.
    """

    style: str
    kind: NetworkKind
    form: NetworkForm
    files: tuple[WeightFile, ...]
    scale: Scale | None = None
    precision: Precision = "fp32"
    phase: int = 0
    stride: int = 1
    receptive_field: int = 0
    rgb: RgbContract | None = None
    bundled: bool = False

    @property
    def path(self) -> Path:
        """The file to open."""
        return self.files[0].path

    @property
    def name(self) -> str:
        """Short name for reports, e.g. ``cel-sd-int8`` or the file's name."""
        return f"{self.style}-{self.scale}-{self.precision}" if self.bundled else self.path.name

    def verify(self) -> None:
        """Check that every bundled file has its pinned content.

        Raises:
            WeightsError: A file is missing or was altered.
        """
        for file in self.files:
            found = file_sha256(file.path)
            if found != file.sha256:
                raise WeightsError(
                    f"{file.path} has sha256 {found[:12]}..., expected {file.sha256[:12]}...",
                    "install videotoon again",
                )


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

    @property
    def size(self) -> int:
        """Bytes of all weights together."""
        files = {file.path: file.size for network in self.networks for file in network.files}
        return sum(files.values())

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
            return list(self.networks)
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
        text: Name of a bundled style, or path of a network file.
        catalogue: Where names are looked up; the bundled styles by default.

    Raises:
        StyleError: Neither a known name (the nearest is suggested) nor a usable path.
    """
    suffix = Path(text).suffix.lower()
    if suffix in FORMS or "/" in text or "\\" in text or Path(text).is_file():
        return _foreign_style(Path(text).expanduser())
    catalogue = catalogue or load_catalogue()
    if text in catalogue.styles:
        return catalogue.styles[text]
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


def file_sha256(path: Path) -> str:
    """Hash of a file's content; remembered until the file changes.

    Raises:
        WeightsError: It cannot be read.
    """
    try:
        status = path.stat()
        return _hash_content(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise WeightsError(
            f"cannot read {path}: {error.strerror or error}", "check the file, or install again"
        ) from error


@functools.lru_cache(maxsize=256)
def _hash_content(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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


def rgb_contract(entry: Mapping[str, Any], base: RgbContract | None = None) -> RgbContract:
    """Read what a manifest or a sidecar says about an RGB network.

    Keys, all optional: ``layout`` ("NHWC" or "NCHW"), ``channels`` ("RGB" or "BGR"),
    ``input_range`` and ``output_range`` (two numbers: black and white; ``range`` sets both),
    ``multiple`` and ``least`` (pixels).

    Args:
        entry: The keys.
        base: What holds where a key is absent.

    Raises:
        ValueError: A value is not one of those.
    """
    contract = base or RgbContract()
    changes: dict[str, Any] = {}
    if "layout" in entry:
        changes["layout"] = changes["output_layout"] = _choice(entry, "layout", ("NHWC", "NCHW"))
    if "channels" in entry:
        changes["channels"] = _choice(entry, "channels", ("RGB", "BGR"))
    for key in ("input_range", "output_range"):
        values = entry.get(key, entry.get("range"))
        if values is not None:
            low, high = (float(value) for value in values)
            if not low < high:
                raise ValueError(f"{key} = {values}: black must be below white")
            changes[key] = (low, high)
            changes["range_source"] = "stated"
    for key in ("multiple", "least"):
        if key in entry:
            changes[key] = int(entry[key])
            if changes[key] < 1:
                raise ValueError(f"{key} = {entry[key]}: must be at least 1")
    return replace(contract, **changes)


def _choice(entry: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    value = str(entry[key]).upper()
    if value not in allowed:
        raise ValueError(f"{key} = {entry[key]!r}: must be one of {', '.join(allowed)}")
    return value


def _foreign_style(path: Path) -> Style:
    if path.suffix.lower() not in FORMS:
        raise StyleError(
            f"--style {str(path)!r} is not a kind of network file that is known",
            f"give one of {' '.join(FORMS)}, or a name from `videotoon styles`",
        )
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "does not exist"
        raise StyleError(f"--style {str(path)!r} {problem}", "check the path of the network file")
    path = path.resolve()
    form = FORMS[path.suffix.lower()]
    sidecar = read_sidecar(path)
    files = [path, path.with_suffix(".bin")] if form == "openvino" else [path]
    for file in files:
        if not file.is_file():
            raise StyleError(f"{path} needs {file.name} beside it", "copy both files")
    network = StyleNetwork(
        style=path.stem,
        kind="rgb",
        form=form,
        files=tuple(WeightFile(f, file_sha256(f), f.stat().st_size) for f in files),
    )
    commercial = sidecar.get("commercial")
    info = StyleInfo(
        name=str(path),
        title=str(sidecar.get("title", path.stem)),
        licence=str(sidecar.get("licence", "not stated")),
        commercial=commercial if isinstance(commercial, bool) else None,
        source=str(sidecar.get("source", "your file")),
    )
    return Style(info, (network,), sidecar)


def read_sidecar(path: Path) -> Mapping[str, Any]:
    """Content of ``<file>.toml`` beside a network file; empty where there is none.

    Raises:
        StyleError: It is there but is no TOML.
    """
    sidecar = path.with_name(path.name + ".toml")
    if not sidecar.is_file():
        return {}
    try:
        return tomllib.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StyleError(f"cannot read {sidecar}: {error}", "correct or remove it") from error
