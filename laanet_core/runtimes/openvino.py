"""OpenVINO on x86 and Arm processors: the same arithmetic in float32, planned for the machine; bfloat16 where the processor has it, for all
but the fine layers.

Measured choices (docs/performance.md): images go one at a time through two streams, each with half of the threads, which no larger batch
beats on a small machine; two callers are served at a time, so that no stream waits for the other; shapes are fixed, which saves up to a
third of the time of a compact network.
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
import torch
from torch import Tensor, nn

from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.results import RuntimeInfo
from laanet_core.runtimes.base import Precision, RuntimeUnavailable
from laanet_core.runtimes.openvino_graph import FORM, fine_in_float32, join_padding, keeps_float32

HINTS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
_CANNOT = (
    RuntimeError,
    TypeError,
    ValueError,
    AttributeError,
    ImportError,
    NotImplementedError,
)  # what tracing or reading may raise
_REPORTS_HOME = "openvino_telemetry"


def load() -> ModuleType:
    """The package. Importing it would tell its maker so over the network: its reporting package is made unfindable meanwhile.

    Raises RuntimeUnavailable where it is not installed.
    """
    known = sys.modules.get(_REPORTS_HOME)
    sys.modules[_REPORTS_HOME] = None  # type: ignore[assignment]  # what makes an import raise ImportError
    try:
        import openvino
    except (ImportError, OSError) as error:
        raise RuntimeUnavailable(
            f"OpenVINO is not installed here, or does not fit this machine: {error}"
        ) from error
    finally:
        del sys.modules[_REPORTS_HOME]
        if known is not None:
            sys.modules[_REPORTS_HOME] = known
    package: ModuleType = openvino
    return package


class OpenVINO:
    """A LAANet compiled for this machine's processor.

    What was converted is kept in `file`, whose name must tell weights and configuration, and read from there the next time, unless it is
    wanted `anew`; to the name OpenVINO's version is added, and the form of what is kept. Raises RuntimeUnavailable where OpenVINO is
    missing or cannot convert the network, the device is no CPU, or the processor lacks the precision.
    """

    company = False

    def __init__(
        self, model: LAANet, precision: Precision = "float32", *, file: Path | None = None, anew: bool = False
    ) -> None:
        self.config = model.config
        self.device = next(model.parameters()).device
        if self.device.type != "cpu":
            raise RuntimeUnavailable(f"OpenVINO runs on CPUs here, not on {self.device}")
        openvino = load()
        core = openvino.Core()
        if precision != "float32" and HINTS[precision].upper() not in core.get_property(
            "CPU", "OPTIMIZATION_CAPABILITIES"
        ):
            raise RuntimeUnavailable(f"this machine's processor has no {precision} arithmetic")
        self.info = RuntimeInfo("openvino", precision, "cpu")
        threads = torch.get_num_threads()
        streams = min(2, threads)
        self.batch_size = 2 * streams  # more take no less time each, and others wait the longer
        settings = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": str(threads),
            "ENABLE_CPU_PINNING": "NO",  # two processes pinned to the same cores would wait for each other
        }
        path = (
            None
            if file is None
            else file.with_name(f"{file.name}-{FORM}-{openvino.__version__.split('-')[0]}.xml")
        )
        try:
            graph = _read(core, path) if path is not None and not anew else None
            graph = graph or _made(openvino, model, path)
            if precision != "float32":
                graph = fine_in_float32(openvino, core, graph)
            compiled = core.compile_model(graph, "CPU", settings)
        except _CANNOT as error:
            raise RuntimeUnavailable(f"OpenVINO cannot carry out this network: {error}") from error
        if precision != "float32" and not keeps_float32(compiled):
            raise RuntimeUnavailable(
                f"this OpenVINO carries out the fine layers in {precision} too, in which they lose what is looked for"
            )
        self.side_by_side = streams
        self._free: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
        for _ in range(self.side_by_side):
            self._free.put([compiled.create_infer_request() for _ in range(self.batch_size)])

    def __call__(self, images: Tensor) -> LAANetOutput:
        cells = self.config.heatmap_size
        logits = np.empty(len(images), np.float32)
        heatmaps = np.empty((len(images), 1, cells, cells), np.float32)
        pixels = np.ascontiguousarray(images.numpy())
        requests = self._free.get()
        try:
            for start in range(0, len(images), self.batch_size):
                running = list(zip(requests, range(start, len(images)), strict=False))
                for request, index in running:
                    request.start_async({0: pixels[index : index + 1]})
                for request, index in running:
                    request.wait()
                    logits[index] = request.get_output_tensor(0).data[0]
                    heatmaps[index] = request.get_output_tensor(1).data[0]
        finally:
            try:
                _end(requests)
            finally:
                self._free.put(requests)
        return LAANetOutput(torch.from_numpy(logits), torch.from_numpy(heatmaps), None)


def _end(requests: Sequence[Any]) -> None:
    """Wait for those that still run, as they do where one of them failed."""
    for request in requests:
        with contextlib.suppress(RuntimeError):
            request.wait()


class _TwoAnswers(nn.Module):
    """The network without its consistency head, answering with plain tensors."""

    def __init__(self, model: LAANet) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        output = self.model(images)
        return output.fake_logit, output.heatmap_logits


def _read(core: Any, path: Path) -> Any | None:
    if path.exists():
        with contextlib.suppress(RuntimeError):  # cut short, or written by another hand: it is made anew
            return core.read_model(path)
    return None


def _made(openvino: ModuleType, model: LAANet, path: Path | None) -> Any:
    graph = _converted(model)
    if path is not None:
        _write(openvino, graph, path)
    return graph


def _converted(model: LAANet) -> Any:
    """Traced by torch and read by OpenVINO's own frontend: `openvino.convert_model` would report home."""
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    size = model.config.input_size
    example = torch.zeros(1, 3, size, size).contiguous(memory_format=torch.channels_last)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter(
            "ignore"
        )  # tracing is deprecated, and says of every check of a shape that it is not traced
        trace: Any = torch.jit.trace  # untyped
        traced = torch.jit.freeze(trace(_TwoAnswers(model).eval(), example, check_trace=False))
    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced)  # must outlive the conversion
    graph = frontend.convert(frontend.load(decoder))
    graph.reshape({graph.inputs[0]: [1, 3, size, size]})
    join_padding(graph)
    return graph


def _write(openvino: ModuleType, graph: Any, path: Path) -> None:
    """Both files of a graph appear whole, the one that is looked for last; a folder that takes nothing is no reason not to judge."""
    with contextlib.suppress(OSError, RuntimeError), _folder_beside(path) as folder:
        openvino.save_model(graph, folder / path.name, compress_to_fp16=False)
        (folder / path.name).with_suffix(".bin").replace(path.with_suffix(".bin"))
        (folder / path.name).replace(path)


@contextlib.contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        yield Path(folder)
