"""Paints with OpenVINO. Never imports torch, except to open a torch checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from videotoon.engine.base import BackendName, Core, PaintSpec, Precision
from videotoon.engine.painting import PaintingStyle, core_shape
from videotoon.engine.phases import phase_channels
from videotoon.engine.planes_graph import last_line
from videotoon.engine.weights import TORCH_FORMS, StyleNetwork
from videotoon.errors import BackendError, StyleError
from videotoon.system.machine import usable_cores

if TYPE_CHECKING:
    from openvino import CompiledModel, Model

# What is left of a quantised network between its int8 layers stays in f32: on CPUs without a
# matrix unit for bf16 the conversions cost more than they save.
INFERENCE_HINTS: Final[dict[Precision, str]] = {
    "fp32": "f32",
    "bf16": "bf16",
    "fp16": "f16",
    "int8": "f32",
}


class OpenVinoBackend:
    """Backend on OpenVINO; implements :class:`videotoon.engine.base.Backend`."""

    name: BackendName = "openvino"

    def __init__(self) -> None:
        import openvino

        self._core = openvino.Core()

    def resolve_device(self, device: str) -> str:
        """Turn ``auto``, ``cpu`` or OpenVINO's own name into a device that exists.

        Raises:
            BackendError: It does not.
        """
        if device.lower() in ("auto", "cpu"):
            return "CPU"
        present = list(self._core.available_devices)
        wanted = device.upper()
        for name in (wanted, f"{wanted}.0"):
            if name in present:
                return wanted
        raise BackendError(
            f"OpenVINO has no device {device!r} here", f"it has {', '.join(present).lower()}"
        )

    def capabilities(self, device: str = "cpu") -> tuple[Precision, ...]:
        """Precisions a device computes natively, fastest first; always includes ``fp32``."""
        name = self.resolve_device(device)
        found = set(self._core.get_property(name, "OPTIMIZATION_CAPABILITIES"))
        marks: tuple[tuple[Precision, str], ...] = (
            ("int8", "INT8"),
            ("bf16", "BF16"),
            ("fp16", "FP16"),
        )
        # CPUs report FP16 for storage only; asking them to compute in it is no gain.
        usable = [p for p, mark in marks if mark in found and (p != "fp16" or name != "CPU")]
        return (*usable, "fp32")

    def precisions(self, network: StyleNetwork, device: str = "cpu") -> tuple[Precision, ...]:
        """Precisions in which a device runs a stored network, fastest expected first."""
        usable = self.capabilities(device)
        if network.precision == "int8":
            return ("int8",)
        return tuple(precision for precision in usable if precision != "int8")

    def integer_hint(self, device: str) -> str:
        """Arithmetic between the int8 layers of RGB networks.

        Theirs are wide pictures of many channels: halving them saves more memory traffic and memory
        than the conversions cost.
        """
        return "bf16" if "bf16" in self.capabilities(device) else "f32"

    def read(self, network: StyleNetwork) -> Model:
        """Open a network's file as an OpenVINO graph.

        Raises:
            StyleError: It cannot be read.
            WeightsError: It is bundled and was altered.
        """
        if network.bundled:
            network.verify()
        if network.form in TORCH_FORMS:
            from videotoon.engine.conversion import convert_checkpoint

            return convert_checkpoint(network)
        try:
            return self._core.read_model(network.path)
        except RuntimeError as error:
            raise StyleError(
                f"{network.path} cannot be read as {network.form}: {last_line(error)}",
                "give a whole .onnx, frozen .pb, .tflite, .pt or .safetensors file",
            ) from error

    def usual_streams(self, device: str) -> int:
        """One per core; see :class:`videotoon.engine.base.Backend`."""
        return usable_cores()

    def compile(self, network: StyleNetwork, spec: PaintSpec) -> PaintingStyle:
        """Compile a network for one job; see :class:`videotoon.engine.base.Backend`."""
        device = self.resolve_device(spec.device)
        possible = self.precisions(network, spec.device)
        if spec.precision not in possible:
            raise BackendError(
                f"{network.name} cannot run in {spec.precision} on {device}",
                f"possible: {', '.join(possible)}",
            )
        graph = self._build(network, spec)
        configuration = self._configuration(spec, device)
        if spec.precision == "int8" and network.kind == "rgb":
            configuration["INFERENCE_PRECISION_HINT"] = self.integer_hint(spec.device)
        compiled = self._compile(graph, device, configuration, spec.cache_folder)
        devices = tuple(str(name) for name in compiled.get_property("EXECUTION_DEVICES"))
        if not all(name.split(".")[0] == device.split(".")[0] for name in devices):
            raise BackendError(
                f"OpenVINO put the network on {', '.join(devices)} instead of {device}",
                "choose another --device",
            )
        rows, columns = core_shape(network, spec)
        phased = network.kind == "phases"
        shape = (spec.batch, rows, columns, phase_channels(network.phase) if phased else 3)
        dtype = np.dtype(np.uint8 if phased else np.float32)
        return PaintingStyle(network, spec, lambda: OpenVinoCore(compiled, shape, dtype), devices)

    def compile_graph(self, graph: Model, spec: PaintSpec) -> CompiledModel:
        """Compile a wrapped graph with the streams, threads and precision of a job."""
        device = self.resolve_device(spec.device)
        configuration = self._configuration(spec, device)
        return self._compile(graph, device, configuration, spec.cache_folder)

    def _build(self, network: StyleNetwork, spec: PaintSpec) -> Model:
        from videotoon.engine import planes_graph

        rows, columns = core_shape(network, spec)
        model = self.read(network)
        if network.kind == "phases":
            return planes_graph.phases_graph(
                model, network.phase, spec.colour, spec.batch, rows, columns
            )
        assert network.rgb is not None, "foreign networks are inspected before they are compiled"
        return planes_graph.rgb_graph(model, network.rgb, spec.batch, rows, columns)

    @staticmethod
    def _configuration(spec: PaintSpec, device: str) -> dict[str, Any]:
        configuration: dict[str, Any] = {
            "PERFORMANCE_HINT": "THROUGHPUT" if spec.streams > 1 else "LATENCY",
            "NUM_STREAMS": str(spec.streams),
            "INFERENCE_PRECISION_HINT": INFERENCE_HINTS[spec.precision],
        }
        if device == "CPU":
            configuration["INFERENCE_NUM_THREADS"] = spec.threads or usable_cores()
            # Decoder and encoder threads share the cores; pinned ones would queue behind them.
            configuration["ENABLE_CPU_PINNING"] = False
        return configuration

    def _compile(
        self, graph: Model, device: str, configuration: dict[str, Any], cache: Path | None
    ) -> CompiledModel:
        if cache is not None:
            try:
                cache.mkdir(parents=True, exist_ok=True)
                cached = configuration | {"CACHE_DIR": str(cache)}
                return self._core.compile_model(graph, device, cached)
            except (OSError, RuntimeError):
                pass  # a cache that cannot be used must not stop the job: compile without it
        try:
            return self._core.compile_model(graph, device, configuration)
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO cannot compile the network for {device}: {last_line(error)}",
                "try --precision fp32 or --backend torch",
            ) from error


class OpenVinoCore:
    """One inference request with its own buffers; see :class:`videotoon.engine.base.Core`."""

    def __init__(
        self, compiled: CompiledModel, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        import openvino

        self._inputs = np.zeros(shape, dtype)
        self._outputs = np.zeros(shape, dtype)
        self._request = compiled.create_infer_request()
        self._request.set_input_tensor(openvino.Tensor(self._inputs, shared_memory=True))
        self._request.set_output_tensor(openvino.Tensor(self._outputs, shared_memory=True))

    @property
    def inputs(self) -> NDArray[Any]:
        """Buffer to be filled before :meth:`run`."""
        return self._inputs

    def run(self) -> NDArray[Any]:
        """Run the request; the interpreter lock is free meanwhile."""
        # Not `infer()`: that would build a dictionary of copies of the results.
        self._request.start_async()
        self._request.wait()
        return self._outputs


def _conforms(core: OpenVinoCore) -> Core:
    """Let the type checker compare the class with its protocol."""
    return core
