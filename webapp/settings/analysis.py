"""Settings of the model, of the queue of analyses and of decoding."""

from __future__ import annotations

import os

from pydantic import Field

from laanet_core.results import InferencePrecision
from laanet_core.runtimes.base import RuntimeChoice
from webapp.settings.base import SettingsGroup
from webapp.settings.values import Decimal, OptionalPath, WholeNumber

# Each analysis holds an image, or a batch of frames, in memory.
_MAX_ANALYSES = 16


def _concurrent_analyses() -> int:
    """Return one analysis per processor, and one that decodes its file or stores its result meanwhile."""
    has_affinity = hasattr(os, "sched_getaffinity")
    processors = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return min(processors + 1, _MAX_ANALYSES)


class ModelSettings(SettingsGroup):
    """Settings of the model and the runtime that it runs in."""

    weights: str = Field(
        default="starter", description="Weights: `starter`, a folder, or `hf://owner/repo@revision`."
    )
    device: str = Field(default="auto", description="`auto`, `cpu`, `cuda` or `mps`.")
    runtime: RuntimeChoice = Field(
        default="auto",
        description="Inference engine: `eager` (PyTorch), `openvino`, `cuda` (CUDA graphs). "
        "`auto`: OpenVINO on a CPU if it agrees with PyTorch, else PyTorch.",
    )
    precision: InferencePrecision = Field(
        default="float32", description="Floating-point type of inference. See [performance](performance.md)."
    )
    frames: WholeNumber = Field(default=32, ge=1, le=512, description="Frames analysed per clip.")


class QueueSettings(SettingsGroup):
    """Settings of uploads and of the queue of analyses."""

    max_upload_mb: WholeNumber = Field(default=100, ge=1, le=10_000, description="Largest file, in MB.")
    max_files: WholeNumber = Field(default=10, ge=1, le=1000, description="Files per upload.")
    max_waiting: WholeNumber = Field(
        default=32, ge=1, le=10_000, description="Visitors in the queue. Further visitors are refused."
    )
    at_once: WholeNumber = Field(
        default_factory=_concurrent_analyses,
        ge=1,
        le=64,
        description="Concurrent analyses. Clips use all but one. "
        "Default: processors + 1, at most 16; ZeroGPU: 1.",
    )
    gather_ms: Decimal = Field(
        default=3.0,
        ge=0,
        le=1000,
        description="Milliseconds that a GPU waits for faces of concurrent analyses to fill a batch. "
        "A single analysis never waits.",
    )


class DecodingSettings(SettingsGroup):
    """Settings of the decoder processes and of the provenance that they read."""

    decoders: WholeNumber = Field(default=4, ge=1, le=256, description="Decoder processes, at most.")
    decode_mb: WholeNumber = Field(
        default=1024, ge=256, le=65_536, description="Memory of a decoder process in MB, without its code."
    )
    decode_seconds: WholeNumber = Field(
        default=45, ge=1, le=3600, description="Seconds to decode an image, or the next frame of a clip."
    )
    c2pa_trust: OptionalPath = Field(
        default=None,
        description="PEM file with the authorities whose signers of Content Credentials are trusted. "
        "Without it no signer is. See [provenance](#provenance).",
    )
