"""Candidates: weights of a finished training, in half precision, calibrated and registered."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webapp.domain.enums import ModelState
from webapp.domain.errors import Unable
from webapp.services.model_registry.version_files import RegisteredVersion
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.run_store import Run
from webapp.services.training.trainer_process import TRAIN_FOLDER


class CandidateBuilder:
    """Builder of candidates in the registry `versions`; calibration runs on `device`."""

    def __init__(self, versions: VersionService, device: str) -> None:
        self._versions = versions
        self._device = device

    def build(
        self,
        run: Run,
        folder: Path,
        snapshot: Path,
        base: RegisteredVersion,
        split_counts: dict[str, dict[str, int]],
    ) -> RegisteredVersion:
        """Build, calibrate and register the candidate of a run, or return it if it is registered already.

        `folder` has the trained weights. `snapshot` is the folder of the data; thresholds are chosen on its
        val split. `split_counts` are its faces by split and label, for the candidate's card.
        """
        from laanet_core.data.dataset import DatasetFiles
        from laanet_core.evaluation.run import EvaluationOptions, ManifestSource, calibrate_weights
        from laanet_core.modeling.loading import load_weights, save_weights
        from laanet_core.modeling.weights_files import write_decision

        # A run may be interrupted after the registration of its candidate.
        with contextlib.suppress(Unable):
            return self._versions.verify(run.version)
        train = folder / TRAIN_FOLDER
        trained, parent = load_weights(train / "weights"), load_weights(base.folder)
        training = json.loads((train / "config.json").read_text(encoding="utf-8"))["training"]
        card = _card(run, training, dataclasses.asdict(parent.info), parent.card, split_counts)
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            weights = Path(unfinished)
            save_weights(
                trained.model,
                weights,
                decision=parent.decision,
                version=run.version,
                card=card,
                half=True,
            )
            source = ManifestSource(
                DatasetFiles(snapshot / "manifest.csv", packs=snapshot), names=("labelled",)
            )
            options = EvaluationOptions(device=self._device, progress=False)
            # Loaded again, so that the rounding to half precision is part of the calibration.
            calibration = calibrate_weights(load_weights(weights), source, options=options)
            write_decision(weights, calibration.decision)
            return self._versions.register(
                weights,
                run.version,
                state=ModelState.CANDIDATE,
                parent_sha256=base.sha256,
                run_id=run.id,
            )


def _card(
    run: Run,
    training: dict[str, Any],
    parent_info: Mapping[str, Any],
    parent_card: Mapping[str, Any],
    split_counts: dict[str, dict[str, int]],
) -> dict[str, Any]:
    """Return the candidate's card: recipe, run, snapshot and the whole card of its parent."""
    snapshot = {"id": run.snapshot, "sha256": run.snapshot_sha256, "parts": split_counts}
    card: dict[str, Any] = {
        "training": training,
        "run": {"id": run.public_id, **run.config.model_dump(mode="json")},
        "snapshot": snapshot,
        "parent": {**parent_info, **parent_card},
    }
    if "notice" in parent_card:
        card["notice"] = parent_card["notice"]
    return card
