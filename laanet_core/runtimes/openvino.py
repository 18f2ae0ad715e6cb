"""OpenVINO runtime for x86 and Arm processors, in float32 or bfloat16.

In float32 it computes what torch computes, planned for this machine. In bfloat16 the fine layers stay in
float32.

Three choices come from measurements (docs/performance.md). Images go one at a time through two streams, each
with half of the threads; no larger batch is faster on a small machine. Two calls run at the same time, so
that no stream waits for the other. Input shapes are fixed, which saves up to a third of the time of a compact
network.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.results import InferencePrecision, RuntimeInfo
from laanet_core.runtimes.base import RuntimeUnavailable
from laanet_core.runtimes.openvino_graph import (
    GRAPH_FORMAT,
    first_convolution_is_float32,
    join_padding,
    keep_fine_layers_in_float32,
)

# OpenVINO's own names of the precisions.
PRECISION_HINTS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}

# Errors that tracing, converting, reading or compiling a network may raise.
_CONVERSION_ERRORS = (
    RuntimeError,
    TypeError,
    ValueError,
    AttributeError,
    ImportError,
    NotImplementedError,
)

# Package through which OpenVINO reports its use over the network.
_TELEMETRY = "openvino_telemetry"


def import_openvino() -> ModuleType:
    """Import `openvino` without its telemetry. Raises RuntimeUnavailable if it is not installed."""
    telemetry = sys.modules.get(_TELEMETRY)
    # None in sys.modules makes the import of that name raise ImportError, which OpenVINO expects.
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
    try:
        import openvino
    except (ImportError, OSError) as error:
        raise RuntimeUnavailable(
            f"OpenVINO is not installed here, or does not fit this machine: {error}"
        ) from error
    finally:
        del sys.modules[_TELEMETRY]
        if telemetry is not None:
            sys.modules[_TELEMETRY] = telemetry
    package: ModuleType = openvino
    return package


class OpenVINORuntime:
    """Runtime of a LAANet compiled for this machine's processor.

    The converted graph is cached beside `cache_file`, whose name must identify weights and configuration; the
    versions of OpenVINO and of our changes to the graph are added to the name. `refresh_cache` converts again
    instead of reading the cache. `from_cache` says whether the graph came from the cache.

    Raises RuntimeUnavailable if OpenVINO is missing or cannot convert the network, if the device is not a
    CPU, or if the processor lacks the precision.
    """

    gains_from_batching = False

    def __init__(
        self,
        model: LAANet,
        precision: InferencePrecision = "float32",
        *,
        cache_file: Path | None = None,
        refresh_cache: bool = False,
    ) -> None:
        self.config = model.config
        self.device = next(model.parameters()).device
        if self.device.type != "cpu":
            raise RuntimeUnavailable(f"OpenVINO runs on CPUs here, not on {self.device}")
        openvino = import_openvino()
        core = openvino.Core()
        _require_precision(core, precision)
        self.info = RuntimeInfo("openvino", precision, "cpu")

        threads = torch.get_num_threads()
        streams = min(2, threads)
        # A larger batch takes no less time per image, and other threads wait longer for it.
        self.batch_size = 2 * streams
        self.max_concurrent_calls = streams
        settings = {
            "INFERENCE_PRECISION_HINT": PRECISION_HINTS[precision],
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": str(threads),
            # Two processes pinned to the same cores would wait for each other.
            "ENABLE_CPU_PINNING": "NO",
        }

        path = None if cache_file is None else _versioned(cache_file, openvino)
        try:
            graph = None if path is None or refresh_cache else _read_graph(core, path)
            self.from_cache = graph is not None
            if graph is None:
                graph = _convert(model)
                if path is not None:
                    _write_graph(openvino, graph, path)
            if precision != "float32":
                graph = keep_fine_layers_in_float32(openvino, core, graph)
            compiled = core.compile_model(graph, "CPU", settings)
        except _CONVERSION_ERRORS as error:
            raise RuntimeUnavailable(f"OpenVINO cannot run this network: {error}") from error
        if precision != "float32" and not first_convolution_is_float32(compiled):
            raise RuntimeUnavailable(
                f"this OpenVINO runs the fine layers in {precision} too, which wipes out traces of blending"
            )

        # One list of requests for each concurrent call; a call takes a list and puts it back.
        self._idle_requests: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
        for _ in range(self.max_concurrent_calls):
            requests = [compiled.create_infer_request() for _ in range(self.batch_size)]
            self._idle_requests.put(requests)

    def __call__(self, images: Tensor) -> LAANetOutput:
        """Run the network on images (N, 3, S, S) float32 in [-1, 1] on the CPU."""
        cells = self.config.heatmap_size
        logits = np.empty(len(images), np.float32)
        heatmaps = np.empty((len(images), 1, cells, cells), np.float32)
        pixels = np.ascontiguousarray(images.numpy())
        requests = self._idle_requests.get()
        try:
            _run(requests, pixels, logits, heatmaps)
        finally:
            try:
                _wait_for(requests)
            finally:
                self._idle_requests.put(requests)
        return LAANetOutput(torch.from_numpy(logits), torch.from_numpy(heatmaps), None)


def _require_precision(core: Any, precision: InferencePrecision) -> None:
    """Raise RuntimeUnavailable if the processor lacks the precision."""
    if precision == "float32":
        return
    capabilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if PRECISION_HINTS[precision].upper() not in capabilities:
        raise RuntimeUnavailable(f"this machine's processor has no {precision} arithmetic")


def _run(
    requests: Sequence[Any],
    pixels: npt.NDArray[np.float32],
    logits: npt.NDArray[np.float32],
    heatmaps: npt.NDArray[np.float32],
) -> None:
    """Run pixels (N, 3, S, S) one image per request, and fill logits (N,) and heatmaps (N, 1, S/4, S/4)."""
    for start in range(0, len(pixels), len(requests)):
        # Not strict, because the last group may have fewer images than requests.
        running = list(zip(requests, range(start, len(pixels)), strict=False))
        for request, index in running:
            request.start_async({0: pixels[index : index + 1]})
        for request, index in running:
            request.wait()
            logits[index] = request.get_output_tensor(0).data[0]
            heatmaps[index] = request.get_output_tensor(1).data[0]


def _wait_for(requests: Sequence[Any]) -> None:
    """Wait until no request is running; after the error of one request, the others may still run."""
    for request in requests:
        with contextlib.suppress(RuntimeError):
            request.wait()


class _TwoOutputs(nn.Module):
    """LAANet without its consistency head, returning plain tensors, as tracing needs."""

    def __init__(self, model: LAANet) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return `fake_logit` (N,) and `heatmap_logits` (N, 1, S/4, S/4)."""
        output = self.model(images)
        return output.fake_logit, output.heatmap_logits


def _convert(model: LAANet) -> Any:
    """Trace the network and convert it to OpenVINO's graph.

    The conversion calls OpenVINO's frontend, because `openvino.convert_model` uses telemetry.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    size = model.config.input_size
    example = torch.zeros(1, 3, size, size).contiguous(memory_format=torch.channels_last)
    with warnings.catch_warnings(), torch.inference_mode():
        # Tracing is deprecated, and warns about every comparison of a shape.
        warnings.simplefilter("ignore")
        # Annotated because torch does not type this function.
        trace: Any = torch.jit.trace
        traced = torch.jit.freeze(trace(_TwoOutputs(model).eval(), example, check_trace=False))
    frontend = FrontEndManager().load_by_framework("pytorch")
    # This variable keeps the decoder alive during the conversion.
    decoder = TorchScriptPythonDecoder(traced)
    graph = frontend.convert(frontend.load(decoder))
    graph.reshape({graph.inputs[0]: [1, 3, size, size]})
    join_padding(graph)
    return graph


def _versioned(cache_file: Path, openvino: ModuleType) -> Path:
    """Return the path of the .xml file whose name also has the versions of our changes and of OpenVINO."""
    version = openvino.__version__.split("-")[0]
    return cache_file.with_name(f"{cache_file.name}-{GRAPH_FORMAT}-{version}.xml")


def _read_graph(core: Any, path: Path) -> Any | None:
    """Read a cached graph; None if there is none, or if the file is truncated or foreign."""
    if path.exists():
        with contextlib.suppress(RuntimeError):
            return core.read_model(path)
    return None


def _write_graph(openvino: ModuleType, graph: Any, path: Path) -> None:
    """Cache a graph in two files, each of which appears complete. An unwritable folder is ignored.

    `_read_graph` looks for the .xml file, so that one is moved last.
    """
    with contextlib.suppress(OSError, RuntimeError), _temporary_folder_beside(path) as folder:
        openvino.save_model(graph, folder / path.name, compress_to_fp16=False)
        xml_file = folder / path.name
        xml_file.with_suffix(".bin").replace(path.with_suffix(".bin"))
        xml_file.replace(path)


@contextlib.contextmanager
def _temporary_folder_beside(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        yield Path(folder)
