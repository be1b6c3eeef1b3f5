"""An exported core network wrapped for measuring: 8-bit planes in, 8-bit planes out, one graph."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino
import openvino.opset13 as ops

from training.colour import Image8


@dataclass(frozen=True, slots=True)
class PlaneRunner:
    """A compiled network for frames of one size."""

    compiled: openvino.CompiledModel
    height: int
    width: int

    @classmethod
    def load(
        cls, file: Path, phase: int, height: int, width: int, threads: int = 2, streams: int = 2
    ) -> "PlaneRunner":
        """Compiles an IR file for luma planes of height x width, multiples of its stride."""
        core = openvino.Core()
        model = planes_model(core.read_model(file), phase, height, width)
        settings = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": str(threads),
        }
        return cls(core.compile_model(model, "CPU", settings), height, width)

    def paint(self, luma: Image8, chroma: Image8) -> tuple[Image8, Image8]:
        """Painted luma [H, W] and chroma [2, H/2, W/2]."""
        results = self.compiled(self._inputs(luma, chroma))
        y, u, v = (np.array(results[i][0, 0]) for i in range(3))
        return y, np.stack([u, v])

    @staticmethod
    def _inputs(luma: Image8, chroma: Image8) -> list[Image8]:
        return [luma[None, None], chroma[None, None, 0], chroma[None, None, 1]]


def planes_model(core_model: openvino.Model, phase: int, height: int, width: int) -> openvino.Model:
    """The core network between 8-bit planes [1, 1, H, W], [1, 1, H/2, W/2] twice."""
    sizes = [(height, width), (height // 2, width // 2), (height // 2, width // 2)]
    blocks = [phase, phase // 2, phase // 2]
    inputs = [ops.parameter([1, 1, *size], np.uint8) for size in sizes]
    entering = []
    for plane, block in zip(inputs, blocks, strict=True):
        centred = ops.subtract(ops.convert(plane, "f32"), np.float32(128.0))
        units = ops.multiply(centred, np.float32(1.0 / 128.0))
        entering.append(ops.space_to_depth(units, "depth_first", block) if block > 1 else units)
    phases = ops.concat(entering, 1)
    parameter, result = core_model.get_parameters()[0], core_model.get_results()[0]
    parameter.output(0).replace(phases.output(0))
    painted = ops.add(result.input_value(0), phases)
    lengths = np.array([block * block for block in blocks], np.int64)
    parts = ops.variadic_split(painted, np.int64(1), lengths)
    outputs = []
    for index, block in enumerate(blocks):
        part = parts.output(index)
        plane = ops.depth_to_space(part, "depth_first", block) if block > 1 else part
        codes = ops.add(ops.multiply(plane, np.float32(128.0)), np.float32(128.0))
        rounded = ops.round(ops.clamp(codes, 0.0, 255.0), "half_to_even")
        outputs.append(ops.result(ops.convert(rounded, "u8")))
    return openvino.Model(outputs, inputs, "planes")
