"""Candidates: trained weights in half precision that are calibrated and registered for the gate."""

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
    """Builds candidates and registers them with `versions`. Calibration runs on `device`."""

    def __init__(self, versions: VersionService, device: str) -> None:
        self._versions = versions
        self._device = device

    def build(
        self,
        run: Run,
        *,
        run_folder: Path,
        snapshot_folder: Path,
        base: RegisteredVersion,
        split_counts: dict[str, dict[str, int]],
    ) -> RegisteredVersion:
        """Build, calibrate and register the candidate of a run, or return it if it is registered already.

        `run_folder` has the trained weights. Thresholds are chosen on the val split of `snapshot_folder`.
        `base` is the version that the run began with. `split_counts` are the snapshot's faces by split and
        label, for the candidate's card.
        """
        from laanet_core.data.dataset import DatasetFiles
        from laanet_core.evaluation.run import EvaluationOptions, ManifestSource, calibrate_weights
        from laanet_core.modeling.loading import load_weights, save_weights
        from laanet_core.modeling.weights_files import write_decision

        # A run may be interrupted after the registration of its candidate.
        with contextlib.suppress(Unable):
            return self._versions.verify(run.version)
        train_folder = run_folder / TRAIN_FOLDER
        trained = load_weights(train_folder / "weights")
        parent = load_weights(base.folder)
        train_config = json.loads((train_folder / "config.json").read_text(encoding="utf-8"))
        card = _card(
            run,
            recipe=train_config["training"],
            parent_info=dataclasses.asdict(parent.info),
            parent_card=parent.card,
            split_counts=split_counts,
        )
        with tempfile.TemporaryDirectory(dir=run_folder) as temporary_folder:
            weights_folder = Path(temporary_folder)
            save_weights(
                trained.model,
                weights_folder,
                decision=parent.decision,
                version=run.version,
                card=card,
                half=True,
            )
            files = DatasetFiles(snapshot_folder / "manifest.csv", packs=snapshot_folder)
            source = ManifestSource(files, names=("labelled",))
            options = EvaluationOptions(device=self._device, progress=False)
            # Loaded again, so that the rounding to half precision is part of the calibration.
            calibration = calibrate_weights(load_weights(weights_folder), source, options=options)
            write_decision(weights_folder, calibration.decision)
            return self._versions.register(
                weights_folder,
                run.version,
                state=ModelState.CANDIDATE,
                parent_sha256=base.sha256,
                run_id=run.id,
            )


def _card(
    run: Run,
    *,
    recipe: dict[str, Any],
    parent_info: Mapping[str, Any],
    parent_card: Mapping[str, Any],
    split_counts: dict[str, dict[str, int]],
) -> dict[str, Any]:
    """Return the candidate's card: recipe, run, snapshot and the whole card of its parent."""
    snapshot = {"id": run.snapshot, "sha256": run.snapshot_sha256, "parts": split_counts}
    card: dict[str, Any] = {
        "training": recipe,
        "run": {"id": run.public_id, **run.config.model_dump(mode="json")},
        "snapshot": snapshot,
        "parent": {**parent_info, **parent_card},
    }
    if "notice" in parent_card:
        card["notice"] = parent_card["notice"]
    return card
