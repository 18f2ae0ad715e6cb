"""Settings of fine-tuning, and of the gate that a new model must pass."""

from __future__ import annotations

from pydantic import Field

from webapp.settings.base import SettingsGroup
from webapp.settings.values import Decimal, OptionalPath, Paths, SpaceSeparated, WholeNumber


class TrainingSettings(SettingsGroup):
    """Settings of fine-tuning and of the gate."""

    gate_manifests: Paths = Field(
        default=(),
        description="Manifests of data sets on which a new model must not be worse, separated by `:`. "
        "See [learning](learning.md).",
    )
    gate_corruptions: SpaceSeparated = Field(
        default=("jpeg:50", "resize:0.5", "noise:10"),
        description="Corruptions of the gold set that the gate measures, separated by spaces.",
    )
    gate_pictures: OptionalPath = Field(
        default=None,
        description="Folder of whole pictures of which a new model must not call more real ones fake. "
        "See [learning](learning.md).",
    )
    gate_loss: Decimal = Field(
        default=0.02, ge=0, le=1, description="AUC that a new model may lose on each of these."
    )
    gate_slice_loss: Decimal = Field(
        default=0.05, ge=0, le=1, description="AUC that a new model may lose on a subgroup of the gold set."
    )
    finetune_threads: WholeNumber = Field(
        default=0, ge=0, le=1024, description="CPU threads of a fine-tuning run; 0: one per core."
    )
    replay: OptionalPath = Field(
        default=None, description="Manifest of the data set that fine-tuning mixes with the snapshot."
    )
